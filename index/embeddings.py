"""Each text is embedded once: what versions hold, and what a run that did not end had made."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import zlib
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from corpus.errors import BylineError
from index import versions
from index.guard import check_width
from index.store import Store
from index.types import Embedder, Progress
from index.versions import Manifest

FILE = "embeddings.sqlite"
MOST_BYTES = 1 << 30
"""The file's size from which the older half of it is dropped when a run begins."""

SAVED_EVERY = 128
"""Passages that are embedded before they are put away for the case that the run is stopped."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS embeddings(
    id INTEGER PRIMARY KEY, model BLOB NOT NULL, text_hash BLOB NOT NULL,
    vector BLOB NOT NULL, crc32 INTEGER NOT NULL, UNIQUE (model, text_hash)
);
"""
_log = logging.getLogger(__name__)


def vectors_of(
    directory: Path,
    base: Manifest | None,
    texts: Sequence[str],
    hashes: Sequence[bytes],
    embedder: Embedder,
    on_progress: Progress,
) -> np.ndarray:
    """float32 vectors of shape (len(texts), dim); `hashes` are those of the texts.

    A text comes to the embedder only if no version that is kept, and no run that was stopped, has
    its vector, and then once. With nothing to embed for an index that has a `base`, no weights are
    read. Raises BylineError for an embedder of another width than `base`.
    """
    dim = base.dim if base else embedder.dim
    wanted = dict(zip(hashes, texts, strict=True))
    maker = (embedder.name, embedder.weights_hash)
    known = _in_versions(directory, set(wanted), maker)
    with closing(Embeddings(directory, *maker)) as waiting:
        known |= waiting.get(wanted.keys() - known.keys())
        known = {h: vector for h, vector in known.items() if len(vector) == 4 * dim}
        # The longest first, as the embedder does it: little padding, and no time left too short.
        new = sorted(wanted.keys() - known.keys(), key=lambda h: (-len(wanted[h]), h))
        if new and base:
            check_width(directory, base, embedder.dim)
        for start in range(0, len(new), SAVED_EVERY):
            some = new[start : start + SAVED_EVERY]

            def count(done: int, _: int, start: int = start) -> None:
                on_progress("embed", start + done, len(new))

            fresh = embedder.embed_passages([wanted[h] for h in some], count)
            waiting.put(some, fresh)
            known |= {h: row.tobytes() for h, row in zip(some, fresh, strict=True)}
    flat = np.frombuffer(b"".join(known[h] for h in hashes), dtype=np.float32)
    return flat.reshape(len(texts), dim)


def _in_versions(
    directory: Path, wanted: Collection[bytes], maker: tuple[str, str]
) -> dict[bytes, bytes]:
    """What the kept versions hold of `wanted`, made by an embedder of this name and weights."""
    known: dict[bytes, bytes] = {}
    for version in versions.version_ids(directory):
        missing = {h for h in wanted if h not in known}
        if not missing or versions.made_by(directory, version) != maker:
            continue
        try:
            store = Store(versions.version_folder(directory, version) / versions.STORE)
            with closing(store):
                known |= store.vectors_by_hash(missing)
        except BylineError as error:
            _log.warning("What the version %s holds is embedded anew: %s", version, error)
    return known


class Embeddings:
    """Vectors by the hash of their text, of one embedder, that are in no version yet.

    For the holder of the index's lock. The file is there to save time and never stands in the way:
    where it is damaged it is begun anew, and where it cannot be written nothing is kept.
    """

    def __init__(
        self, directory: Path, embedder: str, weights_hash: str, most_bytes: int = MOST_BYTES
    ) -> None:
        self._path = directory / FILE
        self._model = hashlib.sha256(f"{embedder}\0{weights_hash}".encode()).digest()
        self._most_bytes = most_bytes
        self._db: sqlite3.Connection | None = None
        self._refused = False
        if self._path.exists():
            self._open()

    def get(self, hashes: Collection[bytes]) -> dict[bytes, bytes]:
        """float32 bytes of those vectors that are here and whole."""
        if self._db is None or not hashes:
            return {}
        try:
            rows = self._db.execute(
                "SELECT text_hash, vector, crc32 FROM embeddings WHERE model = ?", [self._model]
            ).fetchall()
        except sqlite3.Error as error:
            self._begin_anew(error)
            return {}
        return {h: v for h, v, crc32 in rows if h in hashes and _crc32(h, v) == crc32}

    def put(self, hashes: Sequence[bytes], vectors: np.ndarray) -> None:
        """Keep vectors of shape (len(hashes), dim); they outlive this process from here on."""
        if self._refused or (self._db is None and not self._open()):
            return
        assert self._db is not None
        rows = [(h, row.tobytes()) for h, row in zip(hashes, vectors, strict=True)]
        try:
            with self._db:
                self._db.executemany(
                    "INSERT OR REPLACE INTO embeddings(model, text_hash, vector, crc32)"
                    " VALUES (?, ?, ?, ?)",
                    ((self._model, h, vector, _crc32(h, vector)) for h, vector in rows),
                )
        except sqlite3.Error as error:
            _log.warning(
                "%s cannot be written (%s): should this run be stopped, what it embeds is lost",
                *(self._path, error),
            )
            self._refused = True

    def forget(self, store: Store) -> None:
        """Drop what a published version holds, and the file when nothing is left in it."""
        if self._db is None:
            return
        try:
            rows = self._db.execute(
                "SELECT text_hash FROM embeddings WHERE model = ?", [self._model]
            ).fetchall()
            with self._db:
                self._db.executemany(
                    "DELETE FROM embeddings WHERE model = ? AND text_hash = ?",
                    ((self._model, h) for h in store.vectors_by_hash({row[0] for row in rows})),
                )
            left = self._db.execute("SELECT EXISTS (SELECT 1 FROM embeddings)").fetchone()[0]
        except sqlite3.Error as error:
            self._begin_anew(error)
        else:
            if not left:
                self.drop()

    def drop(self) -> None:
        """Take the file away."""
        self.close()
        for path in (self._path, self._path.with_name(f"{FILE}-journal")):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                _log.warning("%s could not be removed: %s", path, error)
                self._refused = True

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _open(self) -> bool:
        try:
            self._db = sqlite3.connect(self._path)
            self._db.executescript("PRAGMA synchronous = NORMAL;" + _SCHEMA)
            while self._path.stat().st_size > self._most_bytes:
                with self._db:
                    self._db.execute(
                        "DELETE FROM embeddings WHERE id <= (SELECT (min(id) + max(id)) / 2"
                        " FROM embeddings)"
                    )
                self._db.execute("VACUUM")
        except sqlite3.Error as error:
            self._begin_anew(error)
        return self._db is not None

    def _begin_anew(self, error: Exception) -> None:
        _log.warning("%s is of no use (%s); what it held is embedded again", self._path, error)
        self.drop()


def _crc32(text_hash: bytes, vector: bytes) -> int:
    return zlib.crc32(vector, zlib.crc32(text_hash))
