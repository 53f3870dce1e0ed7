"""JSON lines: one article a line, as feeds and data sets ship them."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from corpus.fields import Found, Unreadable, article_from

LONGEST_LINE = 50_000_000  # bytes; a longer one is no article


def read_json_lines(
    path: Path, on_bytes: Callable[[int], None] | None = None
) -> Iterator[Found | Unreadable]:
    """The articles of a `.jsonl` or `.jsonl.gz` file, line by line, each read or refused.

    A line is an object with `title` and `text` and, where known, `id`, `url`, `outlet`, `author`,
    `published_at`, `language`, `updated_at` and `correction`. Blank lines do not count. The file
    may be larger than memory. `on_bytes` hears how many bytes of the file were taken so far.
    """
    with path.open("rb") as file, unpacked(path.name, file) as stream:
        for result in read_lines(stream):
            yield result
            if on_bytes:
                on_bytes(file.tell())


def read_lines(
    stream: BinaryIO | gzip.GzipFile, most_bytes: int | None = None, lines_before: int = 0
) -> Iterator[Found | Unreadable]:
    """`read_json_lines` of a stream; what comes after `most_bytes` is not read, and said so. A
    stream that begins within a file is told how many lines of it come before."""
    number, size = lines_before, 0
    try:
        while line := stream.readline(LONGEST_LINE + 1):
            number += 1
            size += len(line)
            if len(line) > LONGEST_LINE:
                limit = LONGEST_LINE // 1_000_000
                reason = f"over {limit} MB long; the rest was not read: give each article a line"
                yield Unreadable(reason, number)
                return
            if most_bytes is not None and size > most_bytes:
                limit = most_bytes // 1_000_000
                reason = f"more than {limit} MB; the rest was not read: unpack it first"
                yield Unreadable(reason, number)
                return
            if line.strip():
                yield _read_line(line, number)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        yield Unreadable(
            f"the gzip data is damaged here ({error}); pack or fetch it again", number + 1
        )
    if number == 0:
        yield Unreadable("the file is empty")


def unpacked(name: str, file: BinaryIO) -> BinaryIO:
    """The lines of a file that may be packed, by the ending of its name."""
    if name.lower().endswith(".gz"):
        return cast(BinaryIO, gzip.open(file, "rb"))
    return file


def _read_line(line: bytes, number: int) -> Found | Unreadable:
    try:
        fields = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        if not isinstance(fields, dict):
            raise Unreadable('not a JSON object; write {"title": ..., "text": ...}')
        found = article_from(fields)
    except Unreadable as error:
        return Unreadable(error.reason, number)
    except UnicodeDecodeError:
        return Unreadable("not UTF-8; save the file as UTF-8", number)
    except json.JSONDecodeError as error:
        return Unreadable(
            f"not valid JSON: {error.msg} at column {error.colno}; correct the line", number
        )
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, nesting without end
        return Unreadable(f"not valid JSON: {error}; correct the line", number)
    return Found(found.article, number, found.notes)
