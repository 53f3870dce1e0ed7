"""One answer for one request: it waits its turn in the line, and ends when its client leaves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request

from rag.api.parts import Parts
from rag.narrow import Scope
from rag.tracing import span
from rag.types import Done, Event, Turn

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many are before this question."""

    before: int


class Gone(Exception):
    """The client has left."""


def events(
    parts: Parts, question: str, history: Sequence[Turn], scope: Scope, owner: str | None = None
) -> AsyncGenerator[Waiting | Event, None]:
    """What becomes of an `owner`'s question, `Done` last; closing it stops the model. Raises
    Crowded where too many wait, and while it goes on whatever the pipeline raises."""
    return _events(_Work(parts, (question, history, scope), owner))


async def _events(work: _Work) -> AsyncGenerator[Waiting | Event, None]:
    try:
        while (event := await work.told.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event
    finally:
        work.stopped.set()


class _Work:
    """The thread that waits and then drives the pipeline, and what it has told. At most as many are
    at work as the line is long."""

    def __init__(
        self, parts: Parts, asked: tuple[str, Sequence[Turn], Scope], owner: str | None
    ) -> None:
        self.told: asyncio.Queue[Waiting | Event | Exception | None] = asyncio.Queue()
        self.stopped = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._parts, self._asked = parts, asked
        self._ticket = parts.line.join(owner, of_api=True)
        run = copy_context().run  # of the request, whose log and trace it goes on with
        threading.Thread(target=run, args=[self._run], name="answer", daemon=True).start()

    def _run(self) -> None:
        try:
            self._wait()
            if not self.stopped.is_set():
                self._answer()
        except Exception as error:  # whoever asked is told
            self._tell(error)
        finally:
            self._parts.line.leave(self._ticket)
            self._tell(None)

    def _wait(self) -> None:
        line, before = self._parts.line, 0
        with span("waiting"):
            while (ahead := line.ahead(self._ticket)) and not self.stopped.is_set():
                if ahead != before:
                    before = ahead
                    self._tell(Waiting(ahead))
                line.wait()

    def _answer(self) -> None:
        with closing(self._parts.loading.get().stream(*self._asked)) as stream:
            for event in stream:
                if isinstance(event, Done) and not event.answer.timings.cached:
                    self._parts.line.took(event.answer.timings.total_ms / 1000)
                self._tell(event)
                if self.stopped.is_set():
                    return

    def _tell(self, event: Waiting | Event | Exception | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self.told.put_nowait, event)
        except RuntimeError:  # the server has ended, and with it whoever listened
            self.stopped.set()


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """What the work gives; it is cancelled, and Gone raised, when the client leaves."""
    doing = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({doing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise Gone
        return doing.result()
    finally:
        for task in (doing, leaving):
            task.cancel()
        await asyncio.gather(doing, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    message: dict[str, Any] = {}
    while message.get("type") != "http.disconnect":
        message = dict(await request.receive())
