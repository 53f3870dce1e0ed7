"""Whose turn it is to have the language model: one line for the page and the API."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from corpus.errors import BylineError
from rag.wording import count

CROWDED = "Byline is busy: {before} are waiting already. Ask again in a few minutes."
LONGEST_LINE = 30
"""Questions that wait or are at work at once. Each of the page has one of the 40 threads that
Gradio serves all readers with, so some are left for who only reads."""
_MOMENT_S = 0.5
_RECENT = 9  # answers from which it is told how long the next one takes


class Crowded(BylineError):
    """The line is as long as it may be."""


class Line:
    """Who waits for an answer, in order: one at a time is at work, as the model has the machine."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._changed = threading.Condition()
        self._tickets: list[object] = []
        self._seconds: deque[float] = deque(maxlen=_RECENT)

    def people(self) -> int:
        """How many wait or are at work."""
        with self._changed:
            return len(self._tickets)

    def took(self, seconds: float) -> None:
        """Remember how long an answer took, for those to come."""
        with self._changed:
            self._seconds.append(seconds)

    def about(self, answers: int) -> str:
        """How long so many answers take, in words; nothing before the first is known."""
        with self._changed:
            if not self._seconds:
                return ""
            return f", about {max(1, round(answers * median(self._seconds)))} s"

    def join(self) -> object:
        """A ticket, with which one must leave at the end. Raises Crowded where the line is as
        long as it may be."""
        ticket = object()
        with self._changed:
            if len(self._tickets) >= self._longest:
                raise Crowded(CROWDED.format(before=count(self._longest, "question")))
            self._tickets.append(ticket)
        return ticket

    def leave(self, ticket: object) -> None:
        with self._changed:
            self._tickets.remove(ticket)
            self._changed.notify_all()

    def ahead(self, ticket: object) -> int:
        """How many are before one."""
        with self._changed:
            return self._tickets.index(ticket)

    def wait(self) -> None:
        """Until somebody has left, or a moment has gone by."""
        with self._changed:
            self._changed.wait(_MOMENT_S)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One's turn, once it has come. Raises Crowded."""
        ticket = self.join()
        try:
            while self.ahead(ticket):
                self.wait()
            yield
        finally:
            self.leave(ticket)
