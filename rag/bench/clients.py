"""Clients that ask one server at once over HTTP, as people and programs do, and what they see."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

SEARCH_EVERY = 4
"""Of so many requests of a client the second is a search."""
_PATIENCE_S = 600.0
_WARMS = 6  # answers, as some questions need what others do not
_MOST_KINDS = 10  # of errors that are told apart


@dataclass
class Seen:
    """What all clients saw so far. Times are in seconds: `first` from a question to the first event
    of its stream that tells something, `whole` to its end; both from when the server took it."""

    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    searches: list[float] = field(default_factory=list)
    busy: int = 0
    waits: list[float] = field(default_factory=list)  # from when a client wanted an answer
    errors: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)  # by client

    def error(self, what: str) -> None:
        if what not in self.errors and len(self.errors) >= _MOST_KINDS:
            what = "others"
        self.errors[what] += 1


class Refused(Exception):
    """The server answered with an error; busy if it named the seconds to wait."""

    def __init__(self, status: int, told: str, wait_s: float | None) -> None:
        super().__init__(f"status {status}: {told}")
        self.wait_s = wait_s


async def ask_all(url: str, clients: int, seconds: float, questions: Sequence[str]) -> Seen:
    """Let so many clients ask one thing after the other for so many seconds; what is under way then
    is waited for."""
    import httpx

    seen = Seen(answers=Counter(dict.fromkeys(range(clients), 0)))
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(
        base_url=url, timeout=_PATIENCE_S, trust_env=False, limits=limits
    ) as http:
        until = time.monotonic() + seconds
        await asyncio.gather(
            *(_visit(http, number, until, questions, seen) for number in range(clients))
        )
    return seen


async def warm_up(url: str, clients: int, questions: Sequence[str]) -> None:
    """A search of every client at once, and some answers, so that what loads once is loaded."""
    import httpx

    seen = Seen()
    async with httpx.AsyncClient(base_url=url, timeout=_PATIENCE_S, trust_env=False) as http:
        await asyncio.gather(*(_search(http, questions[0], seen) for _ in range(clients)))
        for question in questions[:_WARMS]:
            await _ask(http, question, seen)


async def _visit(
    http: httpx.AsyncClient, number: int, until: float, questions: Sequence[str], seen: Seen
) -> None:
    turns = itertools.count()
    while time.monotonic() < until:
        turn = next(turns)
        question = questions[(number + turn) % len(questions)]
        if turn % SEARCH_EVERY == 1:
            await _told(seen, until, _search(http, question, seen))
            continue
        wanted = time.monotonic()
        while time.monotonic() < until:
            if await _told(seen, until, _ask(http, f"{question} ({number}-{turn})", seen)):
                seen.answers[number] += 1
                seen.waits.append(time.monotonic() - wanted)
                break


async def _told(seen: Seen, until: float, request: Any) -> bool:
    """Whether a request went well. Whoever is told to come back waits as long as that says."""
    import httpx

    try:
        await request
        return True
    except Refused as error:
        if error.wait_s is None:
            seen.error(str(error))
            return False
        seen.busy += 1
        await asyncio.sleep(min(error.wait_s, max(0.0, until - time.monotonic())))
    except (httpx.HTTPError, ValueError) as error:
        seen.error(f"{type(error).__name__}: {error}"[:200])
    return False


async def _search(http: httpx.AsyncClient, question: str, seen: Seen) -> None:
    began = time.monotonic()
    answer = await http.post("/v1/search", json={"query": question, "k": 5})
    _check(answer.status_code, answer.headers, answer.content)
    seen.searches.append(time.monotonic() - began)


async def _ask(http: httpx.AsyncClient, question: str, seen: Seen) -> None:
    """One answer by its stream. Raises Refused, also for an error within it."""
    body = {
        "model": "byline",
        "messages": [{"role": "user", "content": question}],
        "stream": True,
        "byline": {"events": True, "literal": True},
    }
    began, first, said = time.monotonic(), None, False
    async with http.stream("POST", "/v1/chat/completions", json=body) as answer:
        if answer.status_code != 200:
            _check(answer.status_code, answer.headers, await answer.aread())
        async for line in answer.aiter_lines():
            if not line.startswith("data: ") or line == "data: [DONE]":
                continue
            event = json.loads(line[6:])
            if "status" in event:
                raise Refused(event["status"], event["detail"], None)
            if first is None and event.get("byline"):
                first = time.monotonic() - began
            said = said or bool(event["choices"] and event["choices"][0]["delta"].get("content"))
    if first is None or not said:
        raise ValueError("a stream ended without an answer")
    seen.first.append(first)
    seen.whole.append(time.monotonic() - began)


def _check(status: int, headers: Any, body: bytes) -> None:
    if status == 200:
        return
    try:
        told = str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        told = body[:100].decode(errors="replace")
    wait = headers.get("retry-after", "") if status in (429, 503) else ""
    raise Refused(status, told, float(wait) if wait.isdecimal() else None)
