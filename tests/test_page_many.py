"""Twenty people at once, each in a thread as the page serves them, over one real pipeline."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest
from deal import QUESTION, Make
from fakes import ScriptedGenerator

from page.chat import Exchange, Loading, run
from rag.line import CROWDED, Line
from rag.narrow import Narrowing
from rag.types import Message

PATIENCE_S = 60.0
PEOPLE = 20


class OneAtATime(ScriptedGenerator):
    """Waits to be let go, and notes how many it answers at once."""

    def __init__(self) -> None:
        super().__init__("Meta bought a stake of 49%.")
        self.go = threading.Event()
        self.at_once = self.most = 0

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        assert self.go.wait(PATIENCE_S)
        yield from super().generate(messages)
        self.at_once -= 1


class Crowd:
    """People who ask at once, each listening to what is told."""

    def __init__(self, make: Make, line: Line) -> None:
        self.generator, self._line = OneAtATime(), line
        pipeline = Narrowing(make(self.generator))
        self._loading = Loading(lambda: pipeline)  # type: ignore[arg-type, return-value]
        self.exchanges: list[Exchange] = []
        self._threads: list[threading.Thread] = []

    def come(self, number: int, notices: list[str] | None = None) -> None:
        """So many more; `notices` hears what they are told, in whatever order."""
        for _ in range(number):
            exchange = Exchange(1, QUESTION)
            self.exchanges.append(exchange)
            thread = threading.Thread(target=self._ask, args=(exchange, notices))
            thread.start()
            self._threads.append(thread)

    def _ask(self, exchange: Exchange, notices: list[str] | None) -> None:
        for _ in run(exchange, self._loading, [], self._line):
            if notices is not None and exchange.notice:
                notices.append(exchange.notice)

    def go(self) -> None:
        """Let the model answer, until everybody is done."""
        self.generator.go.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


def until_full(line: Line, people: int) -> None:
    """Everybody has joined the line."""
    waited = threading.Event()
    for _ in range(int(PATIENCE_S / 0.02)):
        if len(line._tickets) == people:
            return
        waited.wait(0.02)
    pytest.fail(f"{len(line._tickets)} of {people} came")


def test_all_are_answered_one_after_the_other(make: Make) -> None:
    line, notices = Line(), list[str]()
    crowd = Crowd(make, line)
    crowd.come(PEOPLE, notices)
    until_full(line, PEOPLE)
    crowd.go()
    assert all(one.answer and not one.answer.abstained for one in crowd.exchanges)
    assert (crowd.generator.most, len(crowd.generator.asked)) == (1, PEOPLE)
    assert any("1 question before yours" in notice for notice in notices)
    assert line._tickets == []


def test_whoever_is_too_many_is_told_at_once_and_the_others_are_answered(make: Make) -> None:
    line = Line(longest=PEOPLE)
    crowd = Crowd(make, line)
    crowd.come(PEOPLE)
    until_full(line, PEOPLE)
    late = Exchange(1, QUESTION)
    list(run(late, crowd._loading, [], line))  # it does not wait for anybody
    assert late.error == CROWDED.format(before=f"{PEOPLE} questions")
    crowd.go()
    assert all(one.answer for one in crowd.exchanges)


def test_whoever_leaves_the_line_is_not_answered(make: Make) -> None:
    line = Line()
    crowd = Crowd(make, line)
    crowd.come(PEOPLE)
    until_full(line, PEOPLE)
    waiting = [one for one in crowd.exchanges if one.notice and "before yours" in one.notice]
    gone = waiting[-5:]
    for one in gone:
        one.stop_asked = True
    until_full(line, PEOPLE - len(gone))
    crowd.go()
    assert len(crowd.generator.asked) == PEOPLE - len(gone)
    assert [one for one in crowd.exchanges if not one.answer] == [
        one for one in crowd.exchanges if one in gone
    ]
