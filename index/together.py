"""What several threads want at the same time, made in one go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

MOST = 32
"""Wanted at once, so that nobody waits long for the others'."""

Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(eq=False, slots=True)
class _Wanted(Generic[Given, Made]):
    given: Given
    made: list[Made]  # empty until it is there
    error: BaseException | None = None

    @property
    def done(self) -> bool:
        return bool(self.made) or self.error is not None


class Together(Generic[Given, Made]):
    """Whoever comes while nobody is at work goes at once, and alone; what others want meanwhile is
    made together next. From any thread."""

    def __init__(self, make: Callable[[list[Given]], Iterable[Made]]) -> None:
        """`make` is called by one thread at a time, and gives one thing for each."""
        self._make = make
        self._changed = threading.Condition()
        self._wanted: list[_Wanted[Given, Made]] = []
        self._at_work = False

    def one(self, given: Given) -> Made:
        """What is made of it. Raises what making it, or what was made with it, raised."""
        own = _Wanted[Given, Made](given, [])
        with self._changed:
            self._wanted.append(own)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: own.done or not self._at_work)
                if own.error is not None:
                    raise own.error
                if own.made:
                    return own.made[0]
                self._at_work = True
                batch, self._wanted = self._wanted[:MOST], self._wanted[MOST:]
            self._work(batch)

    def _work(self, batch: list[_Wanted[Given, Made]]) -> None:
        try:
            made = self._make([one.given for one in batch])
            for one, thing in zip(batch, made, strict=True):
                one.made.append(thing)
        except BaseException as error:
            for one in batch:
                one.error = error
        finally:
            with self._changed:
                self._at_work = False
                self._changed.notify_all()
