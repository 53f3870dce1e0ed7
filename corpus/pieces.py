"""Files cut into pieces that are parsed apart, as by many machines, and give what files give."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from corpus.beside import Parsers
from corpus.fields import Found, Unreadable
from corpus.files import is_beside, is_json_lines
from corpus.forms import read_form
from corpus.jsonlines import LONGEST_LINE, read_lines, unpacked
from corpus.recall import begun_digest

_READ = 1 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes `start` to `end` of the file at an absolute path, with so many lines before them, and
    their SHA-256 in hex digits."""

    path: str
    start: int
    end: int
    lines_before: int
    digest: str


def cut(path: Path, least_bytes: int) -> tuple[str, list[Piece]]:
    """`corpus.recall.digest_of` a file, and its pieces in order. May raise OSError.

    JSON lines that are not packed are cut at the ends of lines, as soon as a piece has so many
    bytes; every other file is one piece. Equal bytes are cut alike, so that what is appended to a
    file leaves the pieces before as they were, but for the last.
    """
    place, pieces = os.path.abspath(path), list[Piece]()
    whole, digest = begun_digest(), hashlib.sha256()
    start = end = lines = 0
    cuts = is_json_lines(path) and not path.name.casefold().endswith(".gz")
    with path.open("rb") as file:
        for data, count in _lines(file, least_bytes) if cuts else ():
            end += len(data)
            whole.update(data)
            pieces.append(Piece(place, start, end, lines, hashlib.sha256(data).hexdigest()))
            start, lines = end, lines + count
        while data := file.read(_READ):
            end += len(data)
            whole.update(data)
            digest.update(data)
    return whole.hexdigest(), pieces or [Piece(place, 0, end, 0, digest.hexdigest())]


def parse(piece: Piece, parsers: Parsers) -> list[Found | Unreadable] | None:
    """What a piece gives, None where the file has other bytes there by now. May raise OSError."""
    path = Path(piece.path)
    with path.open("rb") as file:
        file.seek(piece.start)
        data = file.read(piece.end - piece.start)
    if hashlib.sha256(data).hexdigest() != piece.digest:
        return None
    if is_json_lines(path):
        with unpacked(path.name, io.BytesIO(data)) as stream:
            return list(read_lines(stream, lines_before=piece.lines_before))
    if is_beside(path, len(data)):
        return parsers.parse(path).result()
    return list(read_form(path.name, data))


def _lines(file: BinaryIO, least_bytes: int) -> Iterator[tuple[bytes, int]]:
    """Whole lines together, and how many. It ends at a line that is too long, as a reader does."""
    some, size = list[bytes](), 0
    while line := file.readline(LONGEST_LINE + 1):
        some.append(line)
        size += len(line)
        if size >= least_bytes or len(line) > LONGEST_LINE:
            yield b"".join(some), len(some)
            some, size = [], 0
        if len(line) > LONGEST_LINE:
            return
    if some:
        yield b"".join(some), len(some)
