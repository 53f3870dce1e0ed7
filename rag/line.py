"""Whose turn it is to have the language model: one line for the page and the API."""

from __future__ import annotations

import threading
from bisect import insort
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count as numbers
from statistics import median

from corpus.errors import BylineError
from rag.wording import count

CROWDED = "Byline is busy: {before} are waiting already. Ask again in a few minutes."
LONGEST_LINE = 30
"""Questions of the page that wait or are at work at once. Each has one of the 40 threads that
Gradio serves all readers with, so some are left for who only reads."""
LONGEST_OF_API = 200
"""The same of the API, whose clients ask again as soon as they have an answer: where the line is
shorter than they are many, those who are in it fill it again, and the others wait for ever."""
_SHARE = 2  # half of the API's places, that one key may have
_MOMENT_S = 0.5
_RECENT = 9  # answers from which it is told how long the next one takes


class Crowded(BylineError):
    """The line is as long as it may be."""


@dataclass(frozen=True, slots=True, order=True)
class Ticket:
    """A place in the line: that of the lowest `turn`, and then `number`, is the first."""

    turn: int
    number: int
    owner: str | None
    of_api: bool


class Line:
    """Who waits for an answer: one at a time is at work, as the model has the machine.

    First come, first served; of one owner's questions each waits for one of everybody else's, so
    that nobody who sends many at once holds up the others (Nagle, "On Packet Switches with Infinite
    Storage", RFC 970, 1985).
    """

    def __init__(self, longest: int = LONGEST_LINE, longest_of_api: int = LONGEST_OF_API) -> None:
        self._longest = {False: longest, True: longest_of_api}
        self._changed = threading.Condition()
        self._numbers = numbers()
        self._tickets: list[Ticket] = []
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

    def join(self, owner: str | None = None, *, of_api: bool = False) -> Ticket:
        """A ticket, with which one must leave at the end; without an `owner` it is nobody else's
        who waits. Raises Crowded where as many wait as may, or as many of the owner's."""
        with self._changed:
            before = sum(ticket.of_api == of_api for ticket in self._tickets)
            own = [t for t in self._tickets if owner is not None and t.owner == owner]
            most = self._longest[of_api]
            if before >= most:
                raise Crowded(CROWDED.format(before=count(before, "question")))
            if of_api and len(own) >= max(1, most // _SHARE):
                raise Crowded(CROWDED.format(before=count(len(own), "question") + " of yours"))
            now = self._tickets[0].turn if self._tickets else 0
            turn = max([now, *(ticket.turn + 1 for ticket in own)])
            ticket = Ticket(turn, next(self._numbers), owner, of_api)
            insort(self._tickets, ticket)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        with self._changed:
            self._tickets.remove(ticket)
            self._changed.notify_all()

    def ahead(self, ticket: Ticket) -> int:
        """How many are before one."""
        with self._changed:
            return self._tickets.index(ticket)

    def wait(self) -> None:
        """Until somebody has left, or a moment has gone by."""
        with self._changed:
            self._changed.wait(_MOMENT_S)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One's turn, of a request of the API, once it has come. Raises Crowded."""
        ticket = self.join(of_api=True)
        try:
            while self.ahead(ticket):
                self.wait()
            yield
        finally:
            self.leave(ticket)
