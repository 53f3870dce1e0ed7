"""Hosts, and how often and where to they may be asked."""

from __future__ import annotations

import asyncio
import contextlib
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

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
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


class Inside(NotFetched):
    """A host is this machine or of its own network, where pages are private."""

    def __init__(self, host: str) -> None:
        super().__init__(f"{host} is no address on the web, so it is not fetched")
        self.host = host


async def is_inside(url: str) -> bool:
    """Whether an address names this machine or its own network; one without a host does not."""
    host = urlsplit(url).hostname
    if host is None:
        return False
    try:
        return not all(map(is_on_web, await addresses_of(host)))
    except (OSError, UnicodeError):
        return False  # behind a proxy no name is known here; the request says what is wrong


async def addresses_of(host: str) -> list[str]:
    """What a name stands for, in the order to be tried; also of the forms 127.1, 0x7f000001 and
    2130706433 of an address. Raises OSError for a name that is not known."""
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(host.partition("%")[0])
        return [host]
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def is_on_web(address: str) -> bool:
    """Whether anybody can reach an address: not this machine's, its networks', a group's or
    nobody's, also where one of IPv4 is written within one of IPv6."""
    one = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(one, ipaddress.IPv6Address):
        within = [one.ipv4_mapped, one.sixtofour, *(one.teredo or ())]
        if one in _NAT64:
            within.append(ipaddress.IPv4Address(int(one) & 0xFFFFFFFF))
        if one.is_site_local or not all(is_on_web(str(inner)) for inner in within if inner):
            return False
        if one.ipv4_mapped:
            return True
    return one.is_global and not one.is_multicast
