"""What the nodes of a cluster read: pieces of files in batches, and what they gave, recalled."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import pyarrow as pa

from corpus.fields import Found, Unreadable, packed, unpacked
from corpus.files import refusal
from corpus.pieces import Piece, cut
from corpus.read import files_below
from corpus.recall import Recall, reading_code
from index.parts import batches_of, part, write_table
from index.types import Progress

BATCH_BYTES = 1_000_000
"""Of files: a few hundred articles, so some seconds of embedding, which is what is lost of each
process of a node that dies."""
_MOST_PIECES = 64
_ENDING = "04"
"""A batch ends after a piece whose digest is below this, one of 64: so what comes after a new file
is in the batches in which it was before, but for the next few."""
_SCHEMA = pa.schema([("path", pa.binary()), ("start", pa.int64()), ("results", pa.string())])


@dataclass(frozen=True, slots=True)
class Batch:
    """Some pieces, and the name of the part that is made of them."""

    pieces: tuple[Piece, ...]

    @property
    def name(self) -> str:
        told = json.dumps([astuple(piece) for piece in self.pieces])
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    @property
    def size_bytes(self) -> int:
        return sum(piece.end - piece.start for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Batches:
    """All files that nodes can read, cut: the batches, and for each path the digest of its file and
    the part and start of each of its pieces."""

    batches: tuple[Batch, ...]
    files: Mapping[bytes, tuple[str, list[tuple[str, int]]]]


def in_batches(paths: Sequence[Path], on_progress: Progress, batch_bytes: int) -> Batches:
    """The files of these paths and below them; what `read_articles` refuses is left to it.

    Raises BylineError for a path that does not exist.
    """
    digests: dict[bytes, str] = {}
    pieces: list[Piece] = []
    files = [file for file, refused in files_below(paths) if refused is None]
    sizes = {file: size for file in files if (size := _size(file)) is not None}
    done, total = 0, sum(sizes.values()) // 1000
    for file, size in sizes.items():
        try:
            digest, made = cut(file, batch_bytes)
        except OSError:  # the reading says so
            continue
        digests[_key(file)] = digest
        pieces += made
        done += size
        on_progress("cut", min(done // 1000, total), total)
    batches = tuple(_batched(pieces, batch_bytes))
    places: dict[bytes, list[tuple[str, int]]] = {key: [] for key in digests}
    for batch in batches:
        name = batch.name
        for piece in batch.pieces:
            places[os.fsencode(piece.path)].append((name, piece.start))
    return Batches(batches, {key: (digest, places[key]) for key, digest in digests.items()})


def readings_folder(folder: Path) -> Path:
    """Where the nodes put what files gave: readings by another code are not mixed with these."""
    return folder / f"readings-{reading_code().hex()[:16]}"


def write_readings(
    folder: Path, name: str, results: Iterable[tuple[Piece, Sequence[Found | Unreadable]]]
) -> None:
    """Write what the pieces of a batch gave as one part."""
    rows = [
        (os.fsencode(piece.path), piece.start, json.dumps([packed(one) for one in given]))
        for piece, given in results
    ]
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    write_table(pa.table(list(map(list, columns)), schema=_SCHEMA), part(folder, name))


class NodeReadings:
    """A `corpus.recall.Recall` of what nodes have read, of which another one learns.

    A file that has changed since it was cut is read here, like one that no node was given.
    """

    def __init__(self, folder: Path, batches: Batches, learner: Recall) -> None:
        self._folder, self._files, self._learner = folder, batches.files, learner
        self._read: tuple[str, dict[tuple[bytes, int], str]] = "", {}

    def results(self, path: Path, digest: str) -> list[Found | Unreadable] | None:
        key = _key(path)
        known, places = self._files.get(key, ("", []))
        if known != digest:
            return None
        results: list[Found | Unreadable] = []
        for name, start in places:
            given = self._part(name).get((key, start))
            if given is None:
                return None
            results += map(unpacked, json.loads(given))
        self._learner.learn(path, digest, results)
        return results

    def learn(self, path: Path, digest: str, results: Sequence[Found | Unreadable]) -> None:
        self._learner.learn(path, digest, results)

    def _part(self, name: str) -> dict[tuple[bytes, int], str]:
        """Files are asked for in the order in which they were put into parts, so one is kept."""
        if self._read[0] != name:
            file = part(self._folder, name)
            self._read = (
                name,
                {
                    (path, start): results
                    for batch in batches_of(file, _SCHEMA.names)
                    for path, start, results in zip(
                        *(column.to_pylist() for column in batch), strict=True
                    )
                },
            )
        return self._read[1]


def _batched(pieces: Iterable[Piece], batch_bytes: int) -> Iterable[Batch]:
    some, size = list[Piece](), 0
    for piece in pieces:
        some.append(piece)
        size += piece.end - piece.start
        if size >= batch_bytes or len(some) == _MOST_PIECES or piece.digest < _ENDING:
            yield Batch(tuple(some))
            some, size = [], 0
    if some:
        yield Batch(tuple(some))


def _size(file: Path) -> int | None:
    """Bytes of a file that a reader takes."""
    try:
        return None if refusal(file) else file.stat().st_size
    except OSError:
        return None


def _key(path: Path) -> bytes:
    return os.fsencode(os.path.abspath(path))
