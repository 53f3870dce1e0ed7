"""Pages over HTTP, within bounds of size, time and redirects, and as politely as hosts ask."""

from __future__ import annotations

import asyncio
import email.utils
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from importlib.metadata import version
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    import httpx
    from protego import Protego

AGENT = "Byline"
_TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_IN_A_ROW = 3  # addresses of a host that fail before the others are not asked for
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


class NotFetched(Exception):
    """Why an address gave nothing. `wait_s` is how long its host asks to be left alone."""

    def __init__(self, reason: str, status: int | None = None, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.status, self.wait_s = reason, status, wait_s

    @property
    def gone(self) -> bool:
        """Whether the host says that there is nothing at this address (404 or 410)."""
        return self.status in (404, 410)


class _NoAnswer(NotFetched):
    """Nothing came in time, or not even the rules of the host."""


class _TryAgain(Exception):
    def __init__(self, reason: str, status: int | None = None, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.status, self.wait_s = reason, status, wait_s


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
    ) -> None:
        self._bounds, self._sleep = bounds, sleep
        self._hosts: dict[str, _Host] = {}
        self._client: httpx.AsyncClient | None = None
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
        if self._client is not None:
            await self._client.aclose()
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
            except _NoAnswer as error:
                host.failed(error.wait_s)
                raise
            except _TryAgain as error:
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
            await _check_place(url, found_in)
            if not await self._allowed(host, url):
                raise NotFetched(f"{host.name} does not allow it (robots.txt)")
            async with host.turn(self._sleep):
                began = time.monotonic()
                answer = await self._timed(self._ask(url, headers), left)
                left -= time.monotonic() - began
            if isinstance(answer, Fetched):
                return answer
            url, found_in = answer, url
        raise NotFetched(f"more than {self._bounds.redirects} redirects")

    async def _timed(self, work: Coroutine[Any, Any, Result], seconds: float) -> Result:
        try:
            return await asyncio.wait_for(work, max(seconds, 0.0))
        except asyncio.TimeoutError:
            raise _NoAnswer(f"took more than {self._bounds.seconds:g} s") from None

    async def _ask(self, url: str, headers: dict[str, str]) -> Fetched | str:
        """One request: what came, or the address to go on to."""
        import httpx

        try:
            async with self._opened().stream("GET", url, headers=headers) as answer:
                status = answer.status_code
                if answer.has_redirect_location:
                    return urljoin(url, answer.headers["Location"])
                if status in _TRY_AGAIN:
                    wait = _retry_after(answer.headers.get("Retry-After"))
                    raise _TryAgain(f"status {status}", status, wait)
                if status != 304 and not 200 <= status < 300:
                    raise NotFetched(f"status {status}", status)
                body = b"" if status == 304 else await _body(answer, self._bounds.bytes)
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
            raise _TryAgain(str(error).rstrip(".") or type(error).__name__) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise NotFetched(f"not understood ({error})") from error

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx
            import truststore

            self._client = httpx.AsyncClient(
                verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
                timeout=httpx.Timeout(None, connect=15.0),  # `_timed` bounds the rest
                headers={
                    "User-Agent": f"{AGENT}/{version('byline')}",
                    "Accept": "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.5",
                    "Accept-Encoding": "gzip",
                },
            )
        return self._client

    def _host(self, url: str) -> _Host:
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
            self._hosts[root] = _Host(parts.hostname, root, self._bounds.delay_s)
        return self._hosts[root]

    async def _allowed(self, host: _Host, url: str) -> bool:
        async with host.asking:
            if not host.asked:
                host.rules = await self._rules(host)
                host.asked = True
                delay = host.rules.crawl_delay(AGENT) if host.rules else None
                if delay is not None:
                    host.delay_s = max(host.delay_s, min(delay, self._bounds.longest_delay_s))
        return host.rules is None or bool(host.rules.can_fetch(url, AGENT))

    async def _rules(self, host: _Host) -> Protego | None:
        """The rules of robots.txt; None where there are none. An error of the host forbids all."""
        from protego import Protego

        url = f"{host.root}/robots.txt"
        try:
            for _ in range(6):
                answer = await self._timed(self._robots(url), self._bounds.seconds)
                if not isinstance(answer, str):
                    return Protego.parse(answer.decode("utf-8", "replace")) if answer else None
                self._host(answer)
                await _check_place(answer, url)
                url = answer
        except _TryAgain as error:
            raise _NoAnswer(
                f"{host.name}: {_with_wait(error)} (for robots.txt, so nothing more was asked)",
                wait_s=error.wait_s,
            ) from error
        return None  # RFC 9309: after five redirects it may be taken as missing

    async def _robots(self, url: str) -> bytes | str:
        import httpx

        try:
            async with self._opened().stream("GET", url) as answer:
                if answer.has_redirect_location:
                    return urljoin(url, answer.headers["Location"])
                if answer.status_code >= 500 or answer.status_code == 429:
                    wait = _retry_after(answer.headers.get("Retry-After"))
                    raise _TryAgain(f"status {answer.status_code}", answer.status_code, wait)
                if answer.status_code != 200:
                    return b""
                return await _body(answer, _ROBOTS_BYTES, cut=True)
        except httpx.TransportError as error:
            raise _TryAgain(str(error).rstrip(".") or type(error).__name__) from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise NotFetched(f"robots.txt not understood ({error})") from error


class _Host:
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
        self.failures += 1
        self._closed_until = time.monotonic() + (wait_s or 0.0)

    def check(self) -> None:
        """Raise `NotFetched` for a host that wants to be left alone, or that is down."""
        wait = self._closed_until - time.monotonic()
        if wait > 0:
            raise NotFetched(f"{self.name} asks to be left alone for {wait:,.0f} s", wait_s=wait)
        if self.failures >= _IN_A_ROW:
            raise NotFetched(f"{self.name} failed {self.failures} times in a row, so not asked")

    def turn(self, sleep: Callable[[float], Awaitable[None]]) -> _Turn:
        return _Turn(self, sleep)

    async def take(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        await self._one.acquire()
        try:
            wait = self._free_at - time.monotonic()
            if wait > 0:
                await sleep(wait)
        except BaseException:
            self._one.release()
            raise

    def leave(self) -> None:
        self._free_at = time.monotonic() + self.delay_s
        self._one.release()


class _Turn:
    def __init__(self, host: _Host, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._host, self._sleep = host, sleep

    async def __aenter__(self) -> None:
        await self._host.take(self._sleep)

    async def __aexit__(self, *error: object) -> None:
        self._host.leave()


async def _body(answer: httpx.Response, most: int, cut: bool = False) -> bytes:
    """The unpacked body, at most `most` bytes: one that is longer is refused, or `cut` there."""
    coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in ("identity", "", "gzip", "x-gzip", "deflate"):
        raise NotFetched(f"packed as {coding}, which was not asked for")
    length = answer.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > most and not cut:
        raise NotFetched(f"{int(length) // 1_000_000} MB, more than {_megabytes(most)}")
    unpacker = None if coding in ("identity", "") else _Unpacker()
    body, raw = bytearray(), 0
    async for chunk in answer.aiter_raw(65_536):
        raw += len(chunk)
        body += unpacker.unpack(chunk, most + 1 - len(body)) if unpacker else chunk
        if max(len(body), raw) > most:
            if cut:
                return bytes(body[:most])
            packed = f" ({raw:,} bytes packed)" if unpacker else ""
            raise NotFetched(f"stopped after {_megabytes(most)}{packed}")
    if unpacker is not None and not unpacker.whole:
        raise _TryAgain("its packed data ends in the middle")
    return bytes(body)


class _Unpacker:
    """gzip and deflate, a bounded number of bytes at a time."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(47)  # either header
        self.whole = True

    def unpack(self, data: bytes, most: int) -> bytes:
        out = bytearray()
        while data and len(out) < most:
            if self._stream.eof:
                self._stream = zlib.decompressobj(47)
            try:
                out += self._stream.decompress(data, most - len(out))
            except zlib.error as error:
                raise NotFetched(f"its packed data is damaged ({error})") from None
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
        self.whole = self._stream.eof
        return bytes(out)


async def _check_place(url: str, found_in: str | None) -> None:
    """Refuse what leads from the web into the machine's own network, where pages are private."""
    host = urlsplit(url).hostname
    origin = urlsplit(found_in).hostname if found_in else None
    if origin is None or host is None or origin == host or await _inside(origin):
        return
    if await _inside(host):
        raise NotFetched(f"{origin} leads to {host}, which is no address on the web")


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


def _retry_after(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or a date."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def _with_wait(error: _TryAgain) -> str:
    asks = f", come back in {error.wait_s:,.0f} s" if error.wait_s else ""
    return error.reason + asks


def _megabytes(count: int) -> str:
    return f"{count / 1_000_000:,.0f} MB" if count >= 1_000_000 else f"{count:,} bytes"
