"""What the files of an index gave when they were last read, kept beside it."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from corpus.article import Article
from corpus.fields import Found, Unreadable
from index.store import Store, content_hash, store_in_use
from index.versions import current_version

FILE = "readings.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS readings(
    path BLOB PRIMARY KEY, digest TEXT NOT NULL, results TEXT NOT NULL
) WITHOUT ROWID;
"""
_log = logging.getLogger(__name__)


@contextmanager
def recalling(directory: Path, *, anew: bool = False) -> Iterator[Readings]:
    """Recalls files that are as they were, and at the end keeps what the others gave.

    `anew` reads every file, and only keeps. Keep it open until the index in `directory` holds the
    articles.
    """
    if anew or current_version(directory) is None:
        readings = Readings(directory / FILE, None)
        yield readings
    else:
        _, store = store_in_use(directory)
        with closing(store), closing(Readings(directory / FILE, store)) as readings:
            yield readings
    readings.save()


class Readings:
    """A `corpus.recall.Recall` that takes articles from the index itself, from any thread.

    A file is recalled only where the index holds each of its articles exactly as it gave them, so
    nothing depends on what is kept here: it may be lost, damaged, or of another version of the
    index, and costs no more than reading the files once more. A file that gives two articles of one
    id that differ is read each time.
    """

    def __init__(self, path: Path, store: Store | None) -> None:
        """Without a `store` nothing is recalled."""
        self._path, self._store = path, store
        self._learnt: dict[bytes, tuple[str, str]] = {}
        self._db: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def results(self, path: Path, digest: str) -> list[Found | Unreadable] | None:
        if self._store is None:
            return None
        known, packed = self._kept(_key(path))
        if known != digest:
            return None
        rows = json.loads(packed)
        hashes = {id_: hash_ for id_, hash_, *_ in rows if id_ is not None}
        held = self._store.articles_of(hashes)
        if any(id_ is not None and not _is_held(held, id_, hash_) for id_, hash_, *_ in rows):
            return None
        return [_unpacked(row, held) for row in rows]

    def learn(self, path: Path, digest: str, results: Sequence[Found | Unreadable]) -> None:
        self._learnt[_key(path)] = digest, json.dumps([_packed(result) for result in results])

    def save(self) -> None:
        """Keep what was learnt, and nothing of files that are gone."""
        if not self._learnt:
            return
        try:
            with closing(sqlite3.connect(self._path, timeout=30)) as db, db:
                db.executescript(_SCHEMA)
                rows = ((path, *learnt) for path, learnt in self._learnt.items())
                db.executemany("INSERT OR REPLACE INTO readings VALUES (?, ?, ?)", rows)
                paths = db.execute("SELECT path FROM readings").fetchall()
                gone = (row for row in paths if not os.path.exists(row[0]))
                db.executemany("DELETE FROM readings WHERE path = ?", gone)
        except sqlite3.Error as error:
            self._lose(error)

    def _kept(self, key: bytes) -> tuple[str, str]:
        try:
            with self._lock:
                if self._db is None:
                    if not self._path.exists():
                        return "", ""
                    self._db = sqlite3.connect(self._path, timeout=30, check_same_thread=False)
                sql = "SELECT digest, results FROM readings WHERE path = ?"
                return self._db.execute(sql, [key]).fetchone() or ("", "")
        except sqlite3.Error as error:
            self._lose(error)
            return "", ""

    def _lose(self, error: sqlite3.Error) -> None:
        _log.warning("%s is of no use, and files are read again: %s", self._path, error)
        self.close()
        self._path.unlink(missing_ok=True)


def _key(path: Path) -> bytes:
    """A file's name as the system has it, which may be no text."""
    return os.fsencode(os.path.abspath(path))


def _is_held(held: Mapping[str, Article], id_: str, digest: str) -> bool:
    return id_ in held and content_hash(held[id_]) == digest


def _packed(result: Found | Unreadable) -> list[Any]:
    if isinstance(result, Unreadable):
        return [None, result.reason, result.line, result.member]
    article = result.article
    return [article.id, content_hash(article), result.line, result.member, result.notes]


def _unpacked(row: list[Any], held: Mapping[str, Article]) -> Found | Unreadable:
    id_, text, line, member, *notes = row
    if id_ is None:
        return Unreadable(text, line, member)
    return Found(held[id_], line, tuple(notes[0]), member)
