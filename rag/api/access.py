"""Who asks: by a key, by having logged in, or as a trusted proxy says."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.types import Scope

from rag.api.pace import PerMinute
from rag.api.problems import Problem
from rag.people import People, checked
from rag.who import Right, Who

COOKIE = "byline-session"
_SAFE = ("GET", "HEAD", "OPTIONS")
_TRIES_PER_MINUTE = 20
"""Keys that are not known, and passwords, from one address."""


@dataclass(frozen=True)
class Proxy:
    """A header in which a reverse proxy says who was let in, believed from these addresses only;
    whom it names has this right."""

    header: str
    addresses: Container[str]
    right: Right


class SignedIn:
    """Lets in whoever says who they are."""

    def __init__(self, people: People, proxy: Proxy | None = None, per_minute: int = 0) -> None:
        """`per_minute` is how many requests of the API anybody may make whose key does not say."""
        self.people, self._proxy, self._per_minute = people, proxy, per_minute
        self._asked, self._tried = PerMinute(), PerMinute()
        self._looking = anyio.CapacityLimiter(4)

    async def who(self, scope: Scope, headers: Headers) -> Who:
        """Raises Problem for nobody (401), for another site (403), and for too many (429)."""
        who = await self.known(scope, headers)
        if who is None:
            self.tried(scope)
            raise Problem(
                401,
                "Who asks is not known: send a key as Authorization: Bearer, or log in.",
                {"WWW-Authenticate": "Bearer"},
            )
        if most := who.per_minute or self._per_minute:
            _or_wait(self._asked.wait(who.key or who.name, most))
        return who

    async def known(self, scope: Scope, headers: Headers) -> Who | None:
        """None where nobody is told of. Raises Problem for another site that asks in the name of
        who is logged in."""
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return await self._look(self.people.of_key, token.strip()[:200])
        who = self._of_proxy(scope, headers)
        if who is None and (session := cookie_of(headers)):
            who = await self._look(self.people.of_session, session[:200])
        if who is not None:
            check_origin(scope, headers)
        return who

    def _of_proxy(self, scope: Scope, headers: Headers) -> Who | None:
        if self._proxy is None or scope["peer"] not in self._proxy.addresses:
            return None
        names = headers.getlist(self._proxy.header)
        if len(names) != 1 or not names[0]:
            return None
        return Who(checked(names[0]), self._proxy.right)

    def tried(self, scope: Scope) -> None:
        """Note that somebody tries a password, or showed no key that is known. Raises Problem for
        whoever did so too often."""
        client = scope.get("client") or ("", 0)
        _or_wait(self._tried.wait(client[0], _TRIES_PER_MINUTE))

    async def _look(self, look: object, *given: str) -> Who | None:
        assert callable(look)
        found = await anyio.to_thread.run_sync(look, *given, limiter=self._looking)
        assert found is None or isinstance(found, Who)
        return found


def cookie_of(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def check_origin(scope: Scope, headers: Headers) -> None:
    """A browser sends a cookie, and a proxy its header, whoever made it ask: another site may not
    change anything."""
    if scope["method"] in _SAFE or "origin" not in headers:
        return
    hosts = {headers.get("host"), headers.get("x-forwarded-host")} - {None}
    if urlsplit(headers["origin"]).netloc not in hosts:
        raise Problem(403, "Another site asks in your name: nothing was done.")


def _or_wait(seconds: float) -> None:
    if seconds:
        after = {"Retry-After": str(int(seconds) + 1)}
        raise Problem(429, f"Too many requests: wait {seconds:.0f} seconds.", after)
