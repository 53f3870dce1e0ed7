"""Server-sent events out of bytes that are cut anywhere.

Source: the WHATWG HTML standard, "Server-sent events", 9.2.6 "Interpreting an event stream".
"""

from __future__ import annotations

from collections.abc import Iterator

LONGEST_LINE = 1_000_000
"""Bytes of a line, and of an event's data, beyond which what comes is no answer of a model."""


class EndlessLine(Exception):
    """A line, or the data of one event, is longer than any that a model's answer has."""


class EventReader:
    """Feed it bytes as they come; it gives the data of each event that they complete.

    Comments, names and ids of events are passed over, as are bytes after the last whole event.
    """

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._rest = b""
        self._after_cr = False  # a line feed right after belongs to that line's end
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[str]:
        """Raises EndlessLine."""
        if self._after_cr and chunk:
            chunk, self._after_cr = chunk.removeprefix(b"\n"), False
        self._after_cr = chunk.endswith(b"\r")
        lines = (self._rest + chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            if line:
                self._take(line)
            elif self._data:
                yield "\n".join(self._data)
                self._data, self._size = [], 0
        self._check(len(self._rest))

    def _take(self, line: bytes) -> None:
        self._check(len(line))
        name, _, value = line.decode("utf-8", "replace").partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
            self._size += len(value)
            self._check(self._size)

    def _check(self, size: int) -> None:
        if size > self._longest:
            raise EndlessLine(f"a line of more than {self._longest:,} bytes")
