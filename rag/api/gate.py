"""What every request passes first: its id, its size, who asks, and what is written down of it."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Protocol
from uuid import uuid4

from starlette._utils import get_route_path
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corpus.errors import BylineError
from corpus.files import LARGEST_FILE
from rag.api.application import OPEN, is_of_api
from rag.api.metrics import Metrics
from rag.api.parts import Who
from rag.api.problems import Problem, problem_for, response_of
from rag.loopback import of_this_machine

log = logging.getLogger("byline.api")

LARGEST_BODY = 8_000_000
"""Bytes of a request; of files that are sent, as many as one file may have."""
_FILES = "/v1/articles/files"
_ID = re.compile(r"[\w.\-]{1,100}", re.ASCII)


class Access(Protocol):
    """Knows who asks."""

    async def who(self, scope: Scope, headers: Headers) -> Who:
        """Raises Problem for whoever may not ask at all."""
        ...


class Gate:
    """The API and the page behind one door."""

    def __init__(self, api: ASGIApp, page: ASGIApp, access: Access, metrics: Metrics) -> None:
        self._api, self._page, self._access, self._metrics = api, page, access, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_of_api(get_route_path(scope)):
            await self._page(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        scope["request_id"] = given if _ID.fullmatch(given) else uuid4().hex
        answer = _Answer(send, scope["request_id"])
        began = time.monotonic()
        try:
            await self._let_in(scope, headers)
            body = _Bounded(receive, headers, _most(scope))
            await self._api(scope, body, answer)
        except Exception as error:
            await answer.fail(error, scope, receive)
        finally:
            self._note(scope, answer, time.monotonic() - began)

    async def _let_in(self, scope: Scope, headers: Headers) -> None:
        if get_route_path(scope) in OPEN:
            scope["who"] = Who(right="read")
        else:
            scope["who"] = await self._access.who(scope, headers)

    def _note(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        """Nothing of a question, an article or an address: only what route it was."""
        route = getattr(scope.get("route"), "path", "none")
        status = answer.status or 499  # the client had left
        self._metrics.request(scope["method"], route, status, seconds)
        who = scope.get("who")
        row = {
            "request_id": scope["request_id"],
            "method": scope["method"],
            "route": route,
            "status": status,
            "ms": round(seconds * 1000),
            "who": who.name if who else "",
            "key": who.key if who else "",
        }
        log.info("%s", json.dumps(row), extra={"fields": row})


class _Answer:
    """What is sent, with the request's id in its head."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self._id = send, request_id
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self._id
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Cache-Control", "no-store")
        await self._send(message)

    async def fail(self, error: Exception, scope: Scope, receive: Receive) -> None:
        """Tell of an error, if nothing was sent yet; what nobody foresaw goes to the log."""
        if self.status is not None:
            if not isinstance(error, BylineError | Problem):
                log.error("The request %s ended in an error", self._id, exc_info=error)
            return
        await response_of(problem_for(error), self._id)(scope, receive, self)


class _Bounded:
    """A request's body, up to so many bytes."""

    def __init__(self, receive: Receive, headers: Mapping[str, str], most: int) -> None:
        """Raises Problem where it says itself that it has more."""
        self._receive, self._most, self._had = receive, most, 0
        said = headers.get("content-length", "")
        if said.isdecimal() and int(said) > most:
            raise self._problem()

    async def __call__(self) -> Message:
        message = await self._receive()
        self._had += len(message.get("body", b""))
        if self._had > self._most:
            raise self._problem()
        return message

    def _problem(self) -> Problem:
        return Problem(413, f"The request has more than {self._most:,} bytes: send less at once.")


def _most(scope: Scope) -> int:
    return LARGEST_FILE if get_route_path(scope) == _FILES else LARGEST_BODY


class ThisMachine:
    """Lets in who is at this machine: without keys nobody else may ask, nor may another site in the
    name of whoever browses here."""

    async def who(self, scope: Scope, headers: Headers) -> Who:
        if not of_this_machine(headers):
            raise Problem(403, "Without keys the API answers this machine only: byline keys add")
        return Who()
