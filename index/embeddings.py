"""Each text is embedded once: what versions hold, and beside them what none holds (any more)."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
import zlib
from collections.abc import Collection, Mapping, Sequence
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
"""The file's size from which the older half of it is dropped when it is opened."""

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

    A text comes to the embedder only if no version that is kept, no run that was stopped and no
    version that was deleted had its vector, and then once. With nothing to embed for an index that
    has a `base`, no weights are read. Raises BylineError for an embedder of another width than
    `base`.
    """
    if base is None:
        on_progress("embed", 0, 0)  # the weights load
    dim = base.dim if base else embedder.dim
    wanted = dict(zip(hashes, texts, strict=True))
    maker = (embedder.name, embedder.weights_hash)
    known = _in_versions(directory, set(wanted), maker)
    with closing(Embeddings(directory, *maker)) as waiting:
        known |= waiting.get(wanted.keys() - known.keys())
        known = {h: vector for h, vector in known.items() if len(vector) == 4 * dim}
        # The longest first, as the embedder does it: little padding, and no time left too short.
        new = sorted(wanted.keys() - known.keys(), key=lambda h: (-len(wanted[h]), h))
        if new:
            on_progress("embed", 0, len(new))
        if new and base:
            check_width(directory, base, embedder.dim)
        for start in range(0, len(new), SAVED_EVERY):
            some = new[start : start + SAVED_EVERY]

            def count(done: int, _: int, start: int = start) -> None:
                on_progress("embed", start + done, len(new))

            rows = embedder.embed_passages([wanted[h] for h in some], count)
            fresh = {h: row.tobytes() for h, row in zip(some, rows, strict=True)}
            waiting.put(fresh)
            known |= fresh
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
            with closing(_store(directory, version)) as store:
                known |= store.vectors_by_hash(missing)
        except BylineError as error:
            _log.warning("What the version %s holds is embedded anew: %s", version, error)
    return known


def outlive(directory: Path, leaving: Collection[str]) -> None:
    """Put away the vectors that only these versions hold, which are about to be deleted: an article
    that comes back one day is not embedded again."""
    staying = [one for one in versions.version_ids(directory) if one not in leaving]
    for version in leaving:
        maker = versions.made_by(directory, version)
        if maker is None:
            continue
        try:
            with closing(_store(directory, version)) as store:
                alone = store.text_hashes()
                for other in (one for one in staying if versions.made_by(directory, one) == maker):
                    with closing(_store(directory, other)) as kept:
                        alone -= kept.text_hashes()
                if alone:
                    with closing(Embeddings(directory, *maker)) as waiting:
                        waiting.put(store.vectors_by_hash(alone))
        except BylineError as error:
            _log.warning("What only the version %s holds is not put away: %s", version, error)


def _store(directory: Path, version: str) -> Store:
    return Store(versions.version_folder(directory, version) / versions.STORE)


class Embeddings:
    """Vectors by the hash of their text, of one embedder, that no version holds.

    Several processes may use it at once. The file is there to save time and never stands in the
    way: where it is damaged it is begun anew, and where it cannot be written nothing is kept.
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
        if self._db is None:
            return {}
        sql = "SELECT vector, crc32 FROM embeddings WHERE model = ? AND text_hash = ?"
        found: dict[bytes, bytes] = {}
        try:
            for h in hashes:
                for vector, crc32 in self._db.execute(sql, [self._model, h]):
                    if _crc32(h, vector) == crc32:
                        found[h] = vector
        except sqlite3.Error as error:
            self._begin_anew(error)
        return found

    def put(self, vectors: Mapping[bytes, bytes]) -> None:
        """Keep float32 bytes by the hash of their text; they outlive this process from here on."""
        if self._refused or (self._db is None and not self._open()):
            return
        assert self._db is not None
        try:
            with self._db:
                self._db.executemany(
                    "INSERT OR REPLACE INTO embeddings(model, text_hash, vector, crc32)"
                    " VALUES (?, ?, ?, ?)",
                    ((self._model, h, vector, _crc32(h, vector)) for h, vector in vectors.items()),
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
        held = store.text_hashes()
        sql = "SELECT id, text_hash FROM embeddings WHERE model = ?"
        try:
            rows = self._db.execute(sql, [self._model]).fetchall()
            going = [(id_,) for id_, h in rows if h in held]
            [left] = self._db.execute("SELECT count(*) FROM embeddings").fetchone()
            if left == len(going):
                self.drop()
            elif going:
                with self._db:
                    self._db.executemany("DELETE FROM embeddings WHERE id = ?", going)
                if len(going) > left / 2:
                    self._db.execute("VACUUM")
        except sqlite3.Error as error:
            self._begin_anew(error)

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
            self._db = sqlite3.connect(self._path, timeout=30)
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
        if "locked" in str(error):  # by another process, for over half a minute
            _log.warning("%s is not used: %s", self._path, error)
            self.close()
            self._refused = True
            return
        _log.warning("%s is of no use (%s); what it held is embedded again", self._path, error)
        self.drop()


def _crc32(text_hash: bytes, vector: bytes) -> int:
    return zlib.crc32(vector, zlib.crc32(text_hash))
