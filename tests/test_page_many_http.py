"""Twenty sessions of the page over HTTP at once, as browsers speak it, over one real pipeline."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import pytest
from deal import QUESTION, Make
from fakes import ScriptedGenerator
from test_page_launch import loops_closed

from app import launch
from page.chat import Pipeline
from rag.line import Line
from rag.narrow import Narrowing
from rag.types import Message

SESSIONS = 20
GONE = 5
PATIENCE_S = 120.0


class Held(ScriptedGenerator):
    """Says nothing before it is let go."""

    def __init__(self) -> None:
        super().__init__("Meta bought a stake of 49%.")
        self.go = threading.Event()

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        assert self.go.wait(PATIENCE_S)
        yield from super().generate(messages)


class Served:
    """The page, its line and its model."""

    def __init__(self, make: Make) -> None:
        self.generator = Held()
        pipeline: Pipeline = Narrowing(make(self.generator))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.blocks = launch(lambda: pipeline, port=port, block=False)
        self.url = f"http://127.0.0.1:{port}"
        self.line = self._line()

    def _line(self) -> Line:
        """Of the method that answers."""
        found = [fn.fn.__self__ for fn in self.blocks.fns.values() if self.named(fn, "answer")]
        line = found[0].line
        assert isinstance(line, Line)
        return line

    def named(self, fn: Any, name: str) -> bool:
        return getattr(fn.fn, "__name__", "") == name and hasattr(fn.fn, "__self__")

    def number_of(self, name: str) -> tuple[int, int]:
        """An event's number, and how many inputs it takes."""
        fns = [(number, fn) for number, fn in self.blocks.fns.items() if self.named(fn, name)]
        number, fn = fns[0]
        return number, len(fn.inputs)

    def values(self, name: str, question: str) -> list[Any]:
        """The inputs of an event as a browser sends them that has just opened the page."""
        number, _ = self.number_of(name)
        inputs = self.blocks.fns[number].inputs
        return [question, *(getattr(one, "value", None) for one in inputs[1:])]

    async def until(self, people: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self.line.people() != people:
            assert time.monotonic() < deadline, f"{self.line.people()} people"
            await asyncio.sleep(0.05)


@pytest.fixture
def served(make: Make) -> Iterator[Served]:
    with loops_closed():
        one = Served(make)
        yield one
        one.generator.go.set()
        one.blocks.close(verbose=False)


async def session(one: Served, number: int, gone: asyncio.Event | None) -> str:
    """Ask, and listen to the end; or until `gone`, and then leave. What was last told."""
    hash_, last = f"session{number}", ""
    async with httpx.AsyncClient(base_url=one.url, timeout=PATIENCE_S, trust_env=False) as http:
        asked = {"session_hash": hash_, "fn_index": one.number_of("ask")[0]}
        asked |= {"data": [_plain(value) for value in one.values("ask", QUESTION)]}
        taken = await http.post("/gradio_api/run/predict", json=asked)
        assert taken.status_code == 200, taken.text
        joining = {"session_hash": hash_, "fn_index": one.number_of("answer")[0], "data": [None]}
        assert (await http.post("/gradio_api/queue/join", json=joining)).status_code == 200
        connected = asyncio.Event()
        listening = asyncio.ensure_future(_listen(http, hash_, connected))
        if gone is not None:
            await connected.wait()
            await gone.wait()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        else:
            last = await listening
    return last


def _plain(value: Any) -> Any:
    """What stands for a state that the server keeps is nothing."""
    return value if isinstance(value, str | int | float | bool | list | dict) else None


async def _listen(http: httpx.AsyncClient, hash_: str, connected: asyncio.Event) -> str:
    params = {"session_hash": hash_}
    last = ""
    async with http.stream("GET", "/gradio_api/queue/data", params=params) as answer:
        connected.set()
        async for line in answer.aiter_lines():
            event = json.loads(line.removeprefix("data: ")) if line else {"msg": ""}
            assert event["msg"] != "unexpected_error", event
            if event["msg"] in ("process_generating", "process_completed"):
                assert event["success"], event
                last = json.dumps(event)
    return last


def run(work: Callable[[], Any]) -> Any:
    return asyncio.run(work())


def test_all_are_answered_but_those_who_left(served: Served) -> None:
    async def visits() -> list[str]:
        gone = asyncio.Event()
        visits = [
            asyncio.ensure_future(session(served, n, gone if n >= SESSIONS - GONE else None))
            for n in range(SESSIONS)
        ]
        await served.until(SESSIONS)
        gone.set()
        await served.until(SESSIONS - GONE)
        served.generator.go.set()
        told = await asyncio.gather(*visits)
        await served.until(0)
        return list(told)

    told = run(visits)
    stayed = SESSIONS - GONE
    assert all("process_completed" in last for last in told[:stayed])
    # Whoever was at work when they left had begun.
    assert stayed <= len(served.generator.asked) <= stayed + 1
