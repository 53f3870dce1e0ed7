"""Requests to a server with OpenAI's HTTP API: within bounds of time and size, tried again where
that can help, and with one sentence where it cannot."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from corpus.errors import Away, BylineError
from corpus.transfer import retry_after
from rag import tracing
from rag.engines.sse import EndlessLine, EventReader
from rag.reading.untrusted import visible

if TYPE_CHECKING:
    import httpx

PART = "the language model's server"
_CHECK_S = 3.0  # for a look whether it is there
_BUSY = {408, 429, 500, 502, 503, 504}
_LARGEST_REPLY = 4_000_000
_LONGEST_REASON = 300
_DONE = "[DONE]"
_SHAPE = "base_url must name an OpenAI-compatible API, such as http://127.0.0.1:8080/v1"

Event = dict[str, Any]
Events = Generator[Event, None, None]
Once = Callable[[], Events]


@dataclass(frozen=True, slots=True)
class Patience:
    """`silent_s` is how long the server may take until the next event, and to a whole reply."""

    silent_s: float = 120.0
    connect_s: float = 10.0
    attempts: int = 3
    backoff_s: float = 0.5  # before the second attempt; twice that before the third
    longest_wait_s: float = 30.0  # that a Retry-After may ask for; a longer one ends the attempts


class _TryAgain(Exception):
    """What may go better the next time, as long as nothing of the answer has come."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.wait_s = reason, wait_s


class Refused(BylineError):
    """The server understood the request and will not have it."""


class OpenAIClient:
    """One server, from any thread. The key goes to it alone, and into no message."""

    def __init__(
        self,
        base_url: str,
        key: str | None = None,
        patience: Patience = Patience(),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises BylineError for an address or a key that cannot be one."""
        import httpx
        import truststore

        self.url, is_here = _address(base_url)
        self._key, self._patience, self._sleep = _checked(key), patience, sleep
        self._client = httpx.Client(
            headers={"Accept-Encoding": "identity"}
            | ({"Authorization": f"Bearer {self._key}"} if self._key else {}),
            verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            timeout=httpx.Timeout(patience.silent_s, connect=patience.connect_s),
            # llama.cpp closes a connection after a stream without saying so.
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=not is_here,  # no proxy reaches this machine better than itself
        )

    def models(self) -> list[str] | None:
        """The names of the models that it serves; None where it does not tell."""
        try:
            (listed,) = self._tried(lambda: self._json("GET", "models"))
        except Refused:
            return None
        rows = listed.get("data")
        if not isinstance(rows, list):
            return None
        names = [row.get("id") for row in rows if isinstance(row, dict)]
        return [visible(name) for name in names if isinstance(name, str)]

    def check(self) -> None:
        """Raises Away where it does not answer soon, or says that it is not ready."""
        import httpx

        try:
            status = self._client.get(f"{self.url}/models", timeout=_CHECK_S).status_code
            reason = f"status {status}" if status in _BUSY else ""
        except httpx.HTTPError as error:
            reason = self._plain(str(error)) or type(error).__name__
        if reason:
            raise Away(
                PART,
                f"The server {self.url} is not ready ({reason}): start it or wait until it is.",
            )

    def reply(self, body: Event) -> Event:
        """The completion of a chat, whole. Raises BylineError."""
        (reply,) = self._tried(lambda: self._json("POST", "chat/completions", body))
        return reply

    def stream(self, body: Event) -> Events:
        """The events of a completion as they come; closing the iterator closes the connection.

        Raises BylineError; after the first word it is not tried again, so nothing is said twice.
        """
        return self._tried(lambda: self._events(body))

    def _tried(self, once: Once) -> Events:
        attempt, has_begun, is_whole = 1, False, False
        while True:
            try:
                with closing(once()) as events:
                    for event in events:
                        has_begun = has_begun or bool(said(event))
                        is_whole = is_whole or is_last(event)
                        yield event
                return
            except _TryAgain as error:
                if is_whole:
                    return  # all was said; only the count of tokens may be missing
                if has_begun:
                    raise Away(
                        PART,
                        f"The server {self.url} broke off in the middle of its answer "
                        f"({error.reason}): what it had said is all that came; ask again.",
                    ) from error
                self._wait(attempt, error)
            attempt += 1

    def _wait(self, attempt: int, error: _TryAgain) -> None:
        patience = self._patience
        wait = max(patience.backoff_s * 2 ** (attempt - 1), error.wait_s or 0.0)
        if attempt < patience.attempts and wait <= patience.longest_wait_s:
            self._sleep(wait)
            return
        asks = f"; it asks to come back in {error.wait_s:,.0f} s" if error.wait_s else ""
        times = "once" if attempt == 1 else f"{attempt} times"
        raise Away(
            PART,
            f"The server {self.url} gave no answer, asked {times} ({error.reason}{asks}): start it "
            "or wait until it is ready, or correct base_url.",
        ) from error

    def _json(self, method: str, path: str, body: Event | None = None) -> Events:
        with self._asked(method, path, body, "application/json") as response:
            yield self._parsed(self._body(response))

    def _events(self, body: Event) -> Events:
        with self._asked("POST", "chat/completions", body, "text/event-stream") as response:
            reader, heard = EventReader(), time.monotonic()
            for chunk in response.iter_raw():
                for data in reader.feed(chunk):
                    if data.strip() == _DONE:
                        return
                    heard = time.monotonic()
                    event = self._parsed(data)
                    yield event
                    heard = max(heard, time.monotonic())  # whoever reads may take its time
                if time.monotonic() - heard > self._patience.silent_s:
                    raise self._silent()  # comments, or bytes of nothing
        raise _TryAgain("its stream ended without an end of the answer")

    @contextmanager
    def _asked(
        self, method: str, path: str, body: Event | None, kind: str
    ) -> Iterator[httpx.Response]:
        """The response to one request, if it is of status 200 and of this kind."""
        import httpx

        try:
            address, head = f"{self.url}/{path}", tracing.headers()
            with self._client.stream(method, address, json=body, headers=head) as response:
                self._check(response, kind)
                yield response
        except httpx.ConnectTimeout as error:
            raise _TryAgain("no connection in time") from error
        except httpx.TimeoutException as error:
            raise self._silent() from error
        except httpx.TransportError as error:
            raise _TryAgain(self._plain(str(error)) or type(error).__name__) from error
        except EndlessLine as error:
            raise self._nonsense(str(error)) from error

    def _check(self, response: httpx.Response, kind: str) -> None:
        status = response.status_code
        found = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if status == 200 and found == kind:
            return
        if status == 200 and found != "application/json":
            raise self._nonsense(f"{found or 'no content type'} in place of {kind}")
        body = self._body(response)
        reason = _reason(body)
        if status == 200 and reason is None:
            raise self._nonsense(f"{found} in place of {kind}")
        told = f"status {status}{f': {self._plain(reason)}' if reason else ''}"
        if status in _BUSY:
            raise _TryAgain(told, retry_after(response.headers.get("Retry-After")))
        if status in (401, 403):
            raise BylineError(
                f"The server {self.url} does not take the key ({told}): set BYLINE_API_KEY to one "
                "that it takes."
            )
        raise Refused(
            f"The server {self.url} would not answer ({told}): correct what it names, or base_url "
            "and --model."
        )

    def _body(self, response: httpx.Response) -> bytes:
        body, began = bytearray(), time.monotonic()
        for chunk in response.iter_raw():
            body += chunk
            if len(body) > _LARGEST_REPLY:
                raise self._nonsense(f"more than {_LARGEST_REPLY:,} bytes")
            if time.monotonic() - began > self._patience.silent_s:
                raise self._silent()
        return bytes(body)

    def _parsed(self, data: bytes | str) -> Event:
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise self._nonsense("what is no JSON") from error
        if not isinstance(value, dict):
            raise self._nonsense("JSON that is no object")
        if value.get("error"):
            reason = self._plain(_reason(json.dumps(value).encode()) or "an error without a name")
            raise BylineError(f"The server {self.url} could not answer: {reason.rstrip('.')}.")
        try:
            said(value), is_last(value)
        except (TypeError, AttributeError, KeyError, IndexError) as error:
            raise self._nonsense("JSON of another shape") from error
        return value

    def _nonsense(self, what: str) -> BylineError:
        return BylineError(f"The server {self.url} answered with {what}: {_SHAPE}.")

    def _silent(self) -> Away:
        return Away(
            PART,
            f"The server {self.url} was silent for {self._patience.silent_s:g} s: see whether it "
            "is at work, or raise server_wait.",
        )

    def _plain(self, text: str) -> str:
        """What a server says of an error: one line, within bounds, and never with the key."""
        line = " ".join(visible(text).split())
        line = line.replace(self._key, "***") if self._key else line
        return line if len(line) <= _LONGEST_REASON else f"{line[:_LONGEST_REASON]}…"


def said(event: Event) -> str:
    """The words that an event brings, of a stream or a whole reply; none for events without."""
    for choice in event.get("choices") or ():
        told = choice.get("delta") or choice.get("message") or {}
        return "" + (told.get("content") or "")
    return ""


def is_last(event: Event) -> bool:
    """Whether the answer ends with this event."""
    return any(choice.get("finish_reason") for choice in event.get("choices") or ())


def _reason(body: bytes) -> str | None:
    """What the server says is wrong, where it says so as OpenAI's does, or nearly."""
    try:
        error = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(error, dict):
        return None
    error = error.get("error", error)
    for name in ("message", "detail"):
        if isinstance(error, dict) and error.get(name):
            return str(error[name])
    return error if isinstance(error, str) else None


def _address(base_url: str) -> tuple[str, bool]:
    """The address without a slash at its end, `/v1` where it has no path; whether it is of this
    machine."""
    try:
        parts = urlsplit(base_url.strip())
        host, has_key = parts.hostname or "", parts.username is not None
        if has_key:
            raise BylineError("base_url holds a name or a key: set the key in BYLINE_API_KEY.")
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
            raise ValueError("http://HOST:PORT/v1 is wanted")
        path = parts.path.rstrip("/") or "/v1"
        here = host == "localhost" or host == "::1" or host.startswith("127.")
        _ = parts.port  # raises ValueError for what is no port
        return f"{parts.scheme}://{parts.netloc}{path}", here
    except ValueError as error:
        raise BylineError(
            f"base_url cannot be {visible(base_url)[:_LONGEST_REASON]} ({error}): {_SHAPE}."
        ) from error


def _checked(key: str | None) -> str:
    key = (key or "").strip()
    if not key.isascii() or not key.isprintable():
        raise BylineError("BYLINE_API_KEY holds what no key has in it: copy the key once more.")
    return key
