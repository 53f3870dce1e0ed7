"""Answers to questions that were asked before, for as long as nothing they rest on has changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from rag.clock import Clock
from rag.finish import Request
from rag.types import Answer, Done, Event, Found, Searched


@dataclass(frozen=True, slots=True)
class Asked:
    """All that an answer depends on within one pipeline, whose model and limits do not change: the
    version of the index, the part of it that is searched, the question as it was understood after
    the chat before it, the day that it is as of, and today, from which an answer tells its age."""

    index_version: str
    scope: Hashable
    understood: str
    as_of: date | None
    today: date


class AnswerCache:
    """The answers that were last asked for, at most `size`; from any thread. Of size 0 it keeps
    none."""

    def __init__(self, size: int = 0) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._answers: OrderedDict[Asked, Answer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, asked: Asked) -> Answer | None:
        with self._lock:
            if asked in self._answers:
                self._answers.move_to_end(asked)
            return self._answers.get(asked)

    def stream(
        self,
        index: Searched,
        request: Request,
        clock: Clock,
        answer: Callable[[], Iterator[Event]],
    ) -> Iterator[Event]:
        """The kept answer to a request or, where there is none, the events of `answer`, which is
        kept."""
        asked = asked_of(index, request)
        if kept := self.get(asked):
            clock.found()
            yield Found(kept.hits)
            yield Done(again(kept, request, clock))
            return
        for event in answer():
            if isinstance(event, Done):
                self.put(asked, event.answer)
            yield event

    def put(self, asked: Asked, answer: Answer) -> None:
        """Keep it; the one that was not asked for longest goes. Answers from versions before this
        one go, too: what was removed from the index is not kept here."""
        with self._lock:
            gone = [one for one in self._answers if one.index_version != asked.index_version]
            for one in gone:
                del self._answers[one]
            self._answers[asked] = answer
            self._answers.move_to_end(asked)
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)


def asked_of(index: Searched, request: Request) -> Asked:
    """The key of a question that is asked now."""
    return Asked(index.manifest.version, index.scope, request.query, request.as_of, date.today())


def again(answer: Answer, request: Request, clock: Clock) -> Answer:
    """A kept answer as one to this request: it may have been asked in other words."""
    return replace(
        answer,
        question=request.question,
        understood=request.query if request.query != request.question else None,
        timings=replace(clock.timings(), cached=True),
    )
