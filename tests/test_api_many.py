"""Fifty clients at once for some seconds: nobody is failed, all wait their turn, nothing grows."""

from __future__ import annotations

import re
import threading
from collections import Counter as Counts
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil
from counter import SAID, Counter, counter
from deal import QUESTION
from fakes import ScriptedGenerator

from rag.types import Message

CLIENTS = 50
ROUNDS = 3
MOST_GROWTH = 30_000_000  # bytes between the first round and the last
PATIENCE_S = 120


class OneAtATime(ScriptedGenerator):
    """Notes how many it is asked for at once."""

    at_once = most = 0

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        yield from super().generate(messages)
        self.at_once -= 1


def visit(one: Counter, number: int, seen: Counts[int], turns: list[int]) -> None:
    """One client's round: a question if there is room in the line, and a look at the rest."""
    with httpx.Client(
        base_url=one.url, timeout=PATIENCE_S, trust_env=False, verify=False
    ) as client:
        body: dict[str, Any] = {
            "model": "byline",
            "messages": [{"role": "user", "content": QUESTION}],
            "stream": number % 2 == 0,
        }
        for _ in range(50):
            answer = client.post("/v1/chat/completions", json=body)
            seen[answer.status_code] += 1
            if answer.status_code != 503:
                assert SAID[:20] in answer.text
                turns.append(number)
                break
            assert answer.headers["retry-after"]
            one.parts.line.wait()
        for path in ("/v1/articles", "/health", "/v1/index"):
            seen[client.get(path).status_code] += 1
        seen[client.post("/v1/search", json={"query": QUESTION}).status_code] += 1


def test_fifty_at_once(tmp_path: Path) -> None:
    generator = OneAtATime(SAID)
    sizes: list[int] = []
    with counter(tmp_path, generator) as one:
        for _ in range(ROUNDS):
            seen, turns = Counts[int](), list[int]()
            threads = [
                threading.Thread(target=visit, args=(one, number, seen, turns))
                for number in range(CLIENTS)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE_S)
            assert sorted(turns) == list(range(CLIENTS))
            assert set(seen) <= {200, 503}
            assert seen[200] == 5 * CLIENTS
            assert one.parts.line.people() == 0
            sizes.append(psutil.Process().memory_info().rss)
        left = [thread.name for thread in threading.enumerate() if thread.name == "answer"]
    assert generator.most == 1
    assert left == []
    assert sizes[-1] - sizes[0] < MOST_GROWTH


def test_who_came_first_is_answered_first(tmp_path: Path) -> None:
    began = threading.Event()
    go = threading.Event()
    order: list[str] = []

    class Held(ScriptedGenerator):
        def generate(self, messages: Sequence[Message]) -> Iterator[str]:
            order.extend(re.findall(r"vell\d", messages[-1].content)[-1:])
            began.set()
            assert go.wait(PATIENCE_S)
            yield from super().generate(messages)

    def ask(one: Counter, word: str) -> None:
        body = {
            "model": "byline",
            "messages": [{"role": "user", "content": f"{QUESTION} ({word})"}],
            "byline": {"literal": True},
        }
        one.client.post("/v1/chat/completions", json=body, timeout=PATIENCE_S)

    with counter(tmp_path, Held(SAID)) as one:
        threads = []
        for number in range(6):
            threads.append(threading.Thread(target=ask, args=(one, f"vell{number}")))
            threads[-1].start()
            for _ in range(200):
                if one.parts.line.people() == number + 1:
                    break
                one.parts.line.wait()
            assert one.parts.line.people() == number + 1
        go.set()
        for thread in threads:
            thread.join(PATIENCE_S)
    assert list(dict.fromkeys(order)) == [f"vell{number}" for number in range(6)]
