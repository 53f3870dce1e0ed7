"""Pages over HTTP, within bounds of size, time and redirects, and as politely as hosts ask."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from importlib.metadata import version
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from corpus.hosts import Host, Inside, is_inside
from corpus.transfer import NoAnswer, NotFetched, TryAgain, read_body, retry_after

if TYPE_CHECKING:
    import httpx
    from protego import Protego

__all__ = ["Bounds", "Fetched", "Fetcher", "NotFetched"]

AGENT = "Byline"
_TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_ROBOTS_BYTES = 512_000  # RFC 9309 lets a reader stop here

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bytes are counted unpacked; `seconds` are those of one attempt with all its redirects."""

    bytes: int = 20_000_000
    seconds: float = 60.0
    redirects: int = 10
    attempts: int = 3
    backoff_s: float = 1.0  # before the second attempt; twice that before the third
    longest_wait_s: float = 60.0  # that a Retry-After may ask for; a longer one ends the attempts
    delay_s: float = 1.0  # between two requests to one host
    longest_delay_s: float = 30.0  # that a robots.txt may ask for


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave; `url` is where its redirects led.

    `not_modified` means that nothing has changed since the `etag` or `last_modified` that the
    question came with: then there is no body.
    """

    url: str
    body: bytes = b""
    content_type: str = ""
    charset: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    not_modified: bool = False


class Fetcher:
    """Fetches for any number of threads; a host gets one request at a time, and not too often.

    Obeys robots.txt (RFC 9309), and goes nowhere but to http and https. Close it at the end.
    """

    def __init__(
        self,
        bounds: Bounds = Bounds(),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        only_web: bool = False,
    ) -> None:
        """With `only_web` nothing of this machine or its own network is fetched."""
        self._bounds, self._sleep, self._only_web = bounds, sleep, only_web
        self._hosts: dict[str, Host] = {}
        self._of_web: set[str] = set()  # hosts that were asked at an address on the web
        self._clients: dict[bool, httpx.AsyncClient] = {}  # those that ask the web only, and others
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fetch", daemon=True)
        self._thread.start()

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End what is under way, and let the connections go."""
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def get(
        self,
        url: str,
        etag: str | None = None,
        last_modified: str | None = None,
        found_in: str | None = None,
    ) -> Fetched:
        """What is at an address now, or that it is as it was at `etag` or `last_modified`.

        `found_in` is the page or feed that named the address: one on the web must not lead into
        the network of the machine that reads it. Raises `NotFetched`.
        """
        headers = {}
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        return self._run(self._get(url, headers, found_in))

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for client in self._clients.values():
            await client.aclose()
        await self._loop.shutdown_default_executor()

    async def _get(self, url: str, headers: dict[str, str], found_in: str | None) -> Fetched:
        bounds, attempt = self._bounds, 1
        host = self._host(url)
        while True:
            host.check()
            try:
                answer = await self._follow(url, headers, found_in)
                host.failures = 0
                return answer
            except NoAnswer as error:
                host.failed(error.wait_s)
                raise
            except TryAgain as error:
                wait = bounds.backoff_s * 2 ** (attempt - 1)
                if error.wait_s is not None:
                    wait = max(wait, error.wait_s)
                if attempt == bounds.attempts or wait > bounds.longest_wait_s:
                    host.failed(error.wait_s)
                    raise NotFetched(_with_wait(error), error.status, error.wait_s) from error
            attempt += 1
            await self._sleep(wait)

    async def _follow(self, url: str, headers: dict[str, str], found_in: str | None) -> Fetched:
        seen: set[str] = set()
        left = self._bounds.seconds
        for _ in range(self._bounds.redirects + 1):
            if url in seen:
                raise NotFetched(f"redirects in a circle by way of {url}")
            seen.add(url)
            host = self._host(url)
            client = self._opened(await self._stays_on_web(found_in))
            try:
                if not await self._allowed(host, url, client):
                    raise NotFetched(f"{host.name} does not allow it (robots.txt)")
                async with host.turn(self._sleep):
                    began = time.monotonic()
                    answer = await self._timed(self._ask(url, headers, client), left)
                    left -= time.monotonic() - began
            except Inside as error:
                raise _led(found_in, error) from error
            if isinstance(answer, Fetched):
                return answer
            url, found_in = answer, url
        raise NotFetched(f"more than {self._bounds.redirects} redirects")

    async def _timed(self, work: Coroutine[Any, Any, Result], seconds: float) -> Result:
        try:
            return await asyncio.wait_for(work, max(seconds, 0.0))
        except asyncio.TimeoutError:
            raise NoAnswer(f"took more than {self._bounds.seconds:g} s") from None

    async def _stays_on_web(self, found_in: str | None) -> bool:
        """Whether what an address was found in must not lead into the machine's own network. A host
        that was on the web once stays there, whatever its name stands for by now."""
        if self._only_web or found_in is None:
            return self._only_web
        return urlsplit(found_in).hostname in self._of_web or not await is_inside(found_in)

    async def _ask(
        self, url: str, headers: dict[str, str], client: httpx.AsyncClient
    ) -> Fetched | str:
        """One request: what came, or the address to go on to."""
        import httpx

        try:
            async with client.stream("GET", url, headers=headers) as answer:
                status = answer.status_code
                if answer.has_redirect_location:
                    return urljoin(url, answer.headers["Location"])
                if status in _TRY_AGAIN:
                    wait = retry_after(answer.headers.get("Retry-After"))
                    raise TryAgain(f"status {status}", status, wait)
                if status != 304 and not 200 <= status < 300:
                    raise NotFetched(f"status {status}", status)
                body = b"" if status == 304 else await read_body(answer, self._bounds.bytes)
                return Fetched(
                    url,
                    body,
                    answer.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
                    answer.charset_encoding,
                    answer.headers.get("ETag"),
                    answer.headers.get("Last-Modified"),
                    status == 304,
                )
        except httpx.TransportError as error:
            raise TryAgain(str(error).rstrip(".") or type(error).__name__) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise NotFetched(f"not understood ({error})") from error

    def _opened(self, only_web: bool) -> httpx.AsyncClient:
        if only_web not in self._clients:
            import httpx
            import truststore

            from corpus.connect import WebTransport

            verify = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._clients[only_web] = httpx.AsyncClient(
                transport=WebTransport(verify, only_web, self._of_web.add),
                timeout=httpx.Timeout(None, connect=15.0),  # `_timed` bounds the rest
                headers={
                    "User-Agent": f"{AGENT}/{version('byline')}",
                    "Accept": "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.5",
                    "Accept-Encoding": "gzip",
                },
            )
        return self._clients[only_web]

    def _host(self, url: str) -> Host:
        try:
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https"):
                raise NotFetched(f"only http and https are fetched, not {parts.scheme or url!r}")
            if not parts.hostname:
                raise NotFetched(f"no host in the address {url!r}")
            root = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        except ValueError as error:
            raise NotFetched(f"no address ({error}): {url!r}") from None
        if root not in self._hosts:
            self._hosts[root] = Host(parts.hostname, root, self._bounds.delay_s)
        return self._hosts[root]

    async def _allowed(self, host: Host, url: str, client: httpx.AsyncClient) -> bool:
        async with host.asking:
            if not host.asked:
                host.rules = await self._rules(host, client)
                host.asked = True
                delay = host.rules.crawl_delay(AGENT) if host.rules else None
                if delay is not None:
                    host.delay_s = max(host.delay_s, min(delay, self._bounds.longest_delay_s))
        return host.rules is None or bool(host.rules.can_fetch(url, AGENT))

    async def _rules(self, host: Host, client: httpx.AsyncClient) -> Protego | None:
        """The rules of robots.txt; None where there are none. An error of the host forbids all."""
        from protego import Protego

        url = f"{host.root}/robots.txt"
        try:
            for _ in range(6):
                answer = await self._timed(self._robots(url, client), self._bounds.seconds)
                if not isinstance(answer, str):
                    return Protego.parse(answer.decode("utf-8", "replace")) if answer else None
                self._host(answer)
                client = self._opened(await self._stays_on_web(url))
                url = answer
        except TryAgain as error:
            raise NoAnswer(
                f"{host.name}: {_with_wait(error)} (for robots.txt, so nothing more was asked)",
                wait_s=error.wait_s,
            ) from error
        return None  # RFC 9309: after five redirects it may be taken as missing

    async def _robots(self, url: str, client: httpx.AsyncClient) -> bytes | str:
        import httpx

        try:
            async with client.stream("GET", url) as answer:
                if answer.has_redirect_location:
                    return urljoin(url, answer.headers["Location"])
                if answer.status_code >= 500 or answer.status_code == 429:
                    wait = retry_after(answer.headers.get("Retry-After"))
                    raise TryAgain(f"status {answer.status_code}", answer.status_code, wait)
                if answer.status_code != 200:
                    return b""
                return await read_body(answer, _ROBOTS_BYTES, cut=True)
        except httpx.TransportError as error:
            raise TryAgain(str(error).rstrip(".") or type(error).__name__) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise NotFetched(f"robots.txt not understood ({error})") from error


def _led(found_in: str | None, error: Inside) -> NotFetched:
    """The same, with what led there."""
    origin = urlsplit(found_in).hostname if found_in else None
    if origin is None:
        return error
    return NotFetched(f"{origin} leads to {error.host}, which is no address on the web")


def _with_wait(error: TryAgain) -> str:
    asks = f", come back in {error.wait_s:,.0f} s" if error.wait_s else ""
    return error.reason + asks
