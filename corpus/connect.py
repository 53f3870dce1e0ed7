"""Connections that go where they were checked to go: a name is looked up once, and what it then
stood for is asked. A second look-up could say otherwise (DNS rebinding: Jackson et al., "Protecting
Browsers from DNS Rebinding Attacks", CCS 2007)."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from corpus.hosts import Inside, addresses_of, is_inside, is_on_web


class WebTransport(httpx.AsyncBaseTransport):
    """Requests by connections of its own; by the proxies of the environment where it names any,
    which then look names up themselves.

    With `only_web` it raises Inside in place of asking an address that is not on the web. `on_web`
    hears of each host that a connection was made to there.
    """

    def __init__(
        self, verify: ssl.SSLContext, only_web: bool, on_web: Callable[[str], None]
    ) -> None:
        self._verify, self._only_web = verify, only_web
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=verify,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=_Checked(only_web, on_web),
        )
        self._proxies = getproxies()
        self._proxied: dict[str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if proxy := self._proxy(request.url):
            if self._only_web and await is_inside(str(request.url)):
                raise Inside(request.url.host)
            return await proxy.handle_async_request(request)
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        with _as_httpx():
            answer = await self._pool.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=url,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Stream(answer.stream),
            extensions=answer.extensions,
        )

    async def aclose(self) -> None:
        await self._pool.aclose()
        for proxied in self._proxied.values():
            await proxied.aclose()

    def _proxy(self, url: httpx.URL) -> httpx.AsyncHTTPTransport | None:
        address = self._proxies.get(url.scheme) or self._proxies.get("all")
        if not address or proxy_bypass(url.host):
            return None
        if address not in self._proxied:
            proxy = address if "://" in address else f"http://{address}"
            self._proxied[address] = httpx.AsyncHTTPTransport(verify=self._verify, proxy=proxy)
        return self._proxied[address]


class _Checked(httpcore.AsyncNetworkBackend):
    """Looks a name up, checks all that it stands for, and connects to the first of it that takes
    connections."""

    def __init__(self, only_web: bool, on_web: Callable[[str], None]) -> None:
        self._only_web, self._on_web = only_web, on_web
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await addresses_of(host)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(str(error)) from error
        on_web = all(map(is_on_web, addresses))
        if self._only_web and not on_web:
            raise Inside(host)
        stream = await self._first(addresses, port, timeout, local_address, socket_options)
        if on_web:
            self._on_web(host)
        return stream

    async def _first(
        self, addresses: list[str], port: int, *how: Any
    ) -> httpcore.AsyncNetworkStream:
        *others, last = addresses
        for address in others:
            try:
                return await self._plain.connect_tcp(address, port, *how)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._plain.connect_tcp(last, port, *how)

    async def sleep(self, seconds: float) -> None:
        await self._plain.sleep(seconds)


class _Stream(httpx.AsyncByteStream):
    """A body as httpx takes it."""

    def __init__(self, body: Any) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for piece in self._body:
                yield piece

    async def aclose(self) -> None:
        await self._body.aclose()


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.TimeoutException,
        httpcore.UnsupportedProtocol,
    ) as error:
        raise httpx.TransportError(str(error) or type(error).__name__) from error
