"""The answer to one request: its body within bounds, and why there is none."""

from __future__ import annotations

import email.utils
import time
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


class NotFetched(Exception):
    """Why an address gave nothing. `wait_s` is how long its host asks to be left alone."""

    def __init__(self, reason: str, status: int | None = None, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.status, self.wait_s = reason, status, wait_s

    @property
    def gone(self) -> bool:
        """Whether the host says that there is nothing at this address (404 or 410)."""
        return self.status in (404, 410)


class NoAnswer(NotFetched):
    """Nothing came in time, or not even the rules of the host."""


class TryAgain(Exception):
    """What may go better the next time, with the seconds that the host asks to be given."""

    def __init__(self, reason: str, status: int | None = None, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.status, self.wait_s = reason, status, wait_s


async def read_body(answer: httpx.Response, most: int, cut: bool = False) -> bytes:
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
        raise TryAgain("its packed data ends in the middle")
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


def retry_after(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or a date."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None


def _megabytes(count: int) -> str:
    return f"{count / 1_000_000:,.0f} MB" if count >= 1_000_000 else f"{count:,} bytes"
