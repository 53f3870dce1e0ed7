"""What every request passes first: its id, its size, who asks, and what is written down of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Container, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from corpus.errors import BylineError
from corpus.files import LARGEST_FILE
from rag.api.access import SignedIn
from rag.api.application import MCP, OPEN, is_of_api
from rag.api.login import PATHS, Login, told
from rag.api.logs import about, log
from rag.api.metrics import Metrics
from rag.api.paths import route_path
from rag.api.problems import Problem, problem_for, response_of
from rag.loopback import of_this_machine
from rag.tracing import Span, request, trace_id_of
from rag.who import Who, signed_in

LARGEST_BODY = 8_000_000
"""Bytes of a request; of files that are sent, as many as one file may have."""
_FILES = "/v1/articles:upload"
_UPLOAD = "/gradio_api/upload"
_UNTRACED = (*OPEN, "/metrics")
_ID = re.compile(r"[\w.\-]{1,100}", re.ASCII)


class Access(Protocol):
    """Knows who asks."""

    async def who(self, scope: Scope, headers: Headers) -> Who:
        """Raises Problem for whoever may not ask at all."""
        ...


@dataclass(frozen=True)
class Agents:
    """The MCP server: its application, which answers while it is `running`."""

    app: ASGIApp
    running: Callable[[], AbstractAsyncContextManager[None]]


class ThisMachine:
    """Lets in who is at this machine: without keys nobody else may ask, nor may another site in the
    name of whoever browses here."""

    async def who(self, scope: Scope, headers: Headers) -> Who:
        if not of_this_machine(headers):
            raise Problem(403, "Without keys the API answers this machine only: byline keys add")
        return Who()


class Gate:
    """The API and the page behind one door.

    Where people sign in, nobody sees the page who has not, and its code knows whoever asks by
    `rag.who.signed_in`.
    """

    def __init__(
        self,
        api: ASGIApp,
        page: ASGIApp,
        access: Access,
        metrics: Metrics,
        trusted: Container[str] = (),
        agents: Agents | None = None,
    ) -> None:
        """Proxies at the addresses `trusted` say whether a request came by TLS. Without `agents`
        there is no MCP server."""
        self._api, self._page, self._metrics = api, page, metrics
        self._agents = agents
        self._access, self._trusted = access, trusted
        self._login = Login(access) if isinstance(access, SignedIn) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            async with self._agents.running() if self._agents else nullcontext():
                await self._page(scope, receive, send)
        elif scope["type"] == "http":
            self._hear_proxy(scope)
            headers = Headers(scope=scope)
            given = headers.get("x-request-id", "")
            scope["request_id"] = given if _ID.fullmatch(given) else uuid4().hex
            path = route_path(scope)
            looked_at = is_of_api(path) and path not in _UNTRACED
            with request(scope["method"], headers) if looked_at else Span() as span:
                trace_id = span.trace_id or trace_id_of(headers.get("traceparent", ""))
                with about(scope["request_id"], trace_id):
                    await self._pass_on(scope, headers, receive, send, span)

    async def _pass_on(
        self, scope: Scope, headers: Headers, receive: Receive, send: Send, span: Span
    ) -> None:
        if is_of_api(route_path(scope)):
            await self._to_api(scope, headers, receive, send, span)
        elif self._login is None:
            await self._page(scope, receive, send)
        else:
            await self._to_page(self._login, scope, headers, receive, send)

    def _hear_proxy(self, scope: Scope) -> None:
        """`peer` is who is at the other end, `client` whom a trusted proxy there speaks for."""
        scope["peer"] = (scope.get("client") or ("", 0))[0]
        if scope["peer"] not in self._trusted:
            return
        headers = Headers(scope=scope)
        if (scheme := headers.get("x-forwarded-proto", "")) in ("http", "https"):
            scope["scheme"] = scheme
        if told := headers.get("x-forwarded-for", "").rpartition(",")[2].strip()[:100]:
            scope["client"] = (told, 0)

    async def _to_api(
        self, scope: Scope, headers: Headers, receive: Receive, send: Send, span: Span
    ) -> None:
        answer = _Answer(send, scope["request_id"])
        began = time.monotonic()
        try:
            if route_path(scope) in OPEN:
                scope["who"] = Who(right="read")
            else:
                scope["who"] = await self._access.who(scope, headers)
            body = _Bounded(receive, headers, _most(scope))
            agents = self._agents if route_path(scope) == MCP else None
            await (agents.app if agents else self._api)(scope, body, answer)
        except Exception as error:
            await answer.fail(error, scope, receive)
        finally:
            self._note(scope, answer, time.monotonic() - began, span)

    async def _to_page(
        self, login: Login, scope: Scope, headers: Headers, receive: Receive, send: Send
    ) -> None:
        answer = _Answer(send, scope["request_id"])
        try:
            if route_path(scope) in PATHS:
                await login(scope, receive, answer)
                return
            who = await login.access.known(scope, headers)
            if who is None and "text/html" in headers.get("accept", ""):
                root = scope.get("root_path", "").rstrip("/")
                await RedirectResponse(f"{root}/login", 303)(scope, receive, answer)
                return
            if who is None:
                raise Problem(401, "Who asks is not known: log in.")
            if route_path(scope).startswith(_UPLOAD) and not who.may("write"):
                raise Problem(403, f"{who.name} may {who.right} only.")
        except Exception as error:
            await answer.fail(error, scope, receive, as_page=True)
            return
        before = signed_in.set(who)
        try:
            await self._page(scope, receive, send)
        finally:
            signed_in.reset(before)

    def _note(self, scope: Scope, answer: _Answer, seconds: float, span: Span) -> None:
        """Nothing of a question, an article or an address: only what route it was."""
        route = getattr(scope.get("route"), "path", "none")
        status = answer.status or 499  # the client had left
        self._metrics.request(scope["method"], route, status, seconds)
        span.rename(f"{scope['method']} {route}")
        span.note(method=scope["method"], route=route, status=status)
        span.note(request_id=scope["request_id"])
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
        log.info("%s", json.dumps(row))


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

    async def fail(
        self, error: Exception, scope: Scope, receive: Receive, as_page: bool = False
    ) -> None:
        """Tell of an error, if nothing was sent yet; what nobody foresaw goes to the log."""
        if self.status is not None:
            if not isinstance(error, BylineError | Problem):
                log.error("The request %s ended in an error", self._id, exc_info=error)
            return
        problem = problem_for(error)
        as_page = as_page and "text/html" in Headers(scope=scope).get("accept", "")
        response = told(problem) if as_page else response_of(problem, self._id)
        await response(scope, receive, self)


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
    return LARGEST_FILE if route_path(scope) == _FILES else LARGEST_BODY
