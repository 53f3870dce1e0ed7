"""Hosts, and how often and where to they may be asked."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from corpus.transfer import NotFetched

if TYPE_CHECKING:
    from protego import Protego

_IN_A_ROW = 3  # addresses of a host that fail before the others are not asked for


class Host:
    """One host: its rules, when it may be asked again, and how often it has failed in a row."""

    def __init__(self, name: str, root: str, delay_s: float) -> None:
        self.name, self.root, self.delay_s = name, root, delay_s
        self.rules: Protego | None = None
        self.asked = False
        self.asking = asyncio.Lock()
        self._one = asyncio.Lock()
        self._free_at = self._closed_until = 0.0
        self.failures = 0

    def failed(self, wait_s: float | None) -> None:
        """Note that an address gave nothing, and for how many seconds the host asks for peace."""
        self.failures += 1
        self._closed_until = time.monotonic() + (wait_s or 0.0)

    def check(self) -> None:
        """Raise `NotFetched` for a host that wants to be left alone, or that is down."""
        wait = self._closed_until - time.monotonic()
        if wait > 0:
            raise NotFetched(f"{self.name} asks to be left alone for {wait:,.0f} s", wait_s=wait)
        if self.failures >= _IN_A_ROW:
            raise NotFetched(f"{self.name} failed {self.failures} times in a row, so not asked")

    @asynccontextmanager
    async def turn(self, sleep: Callable[[float], Awaitable[None]]) -> AsyncIterator[None]:
        """The host for oneself, once it has had its pause."""
        async with self._one:
            wait = self._free_at - time.monotonic()
            if wait > 0:
                await sleep(wait)
            try:
                yield
            finally:
                self._free_at = time.monotonic() + self.delay_s


async def check_place(url: str, found_in: str | None) -> None:
    """Refuse what leads from the web into the machine's own network, where pages are private."""
    host = urlsplit(url).hostname
    origin = urlsplit(found_in).hostname if found_in else None
    if origin is None or host is None or origin == host or await _inside(origin):
        return
    if await _inside(host):
        raise NotFetched(f"{origin} leads to {host}, which is no address on the web")


async def is_inside(url: str) -> bool:
    """Whether an address names this machine or its own network; one without a host does not."""
    host = urlsplit(url).hostname
    return host is not None and await _inside(host)


async def _inside(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host.partition("%")[0]).is_global
    except ValueError:
        loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False  # behind a proxy no name is known here; the request says what is wrong
    return any(not ipaddress.ip_address(str(a[4][0]).partition("%")[0]).is_global for a in found)
