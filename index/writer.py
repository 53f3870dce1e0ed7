"""Writing the SQLite file of a version that is not published yet."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from corpus.article import Article
from corpus.errors import BylineError
from index.store import FIELDS, Store, content_hash, contents_digest
from index.story_tables import SCHEMA as _STORIES
from index.story_tables import forget, inherit, tell
from index.types import Passage, Progress
from index.versions import MEND

_SCHEMA = """
CREATE TABLE articles(
    id TEXT PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL, url TEXT, outlet TEXT,
    author TEXT, published_at TEXT, language TEXT, updated_at TEXT, correction TEXT,
    content_hash TEXT NOT NULL, origin TEXT
);
CREATE TABLE passages(
    id INTEGER PRIMARY KEY, article_id TEXT NOT NULL REFERENCES articles(id),
    start INTEGER NOT NULL, "end" INTEGER NOT NULL
);
CREATE INDEX passages_of_article ON passages(article_id);
CREATE TABLE vectors(
    passage_id INTEGER PRIMARY KEY REFERENCES passages(id),
    text_hash BLOB NOT NULL, vector BLOB NOT NULL
);
CREATE INDEX vectors_of_text ON vectors(text_hash);
CREATE VIRTUAL TABLE words USING fts5(
    title, text, content='', tokenize='porter unicode61 remove_diacritics 2'
);
INSERT INTO words(words, rank) VALUES ('hashsize', 67108864); -- bytes of words written at a time
"""
_PIECE = 1 << 20  # bytes read at once
_AT_ONCE = 500  # passages written at once
_values = attrgetter(*FIELDS)


class StoreWriter:
    """One file, new or a copy of an earlier version's, until `finish`. Raises sqlite3.Error.

    What goes wrong on the way leaves a file of no use: it is for a folder that is thrown away then.
    """

    def __init__(self, path: Path, on_progress: Progress) -> None:
        """`on_progress` hears of the stages from "remove" to "merge"."""
        self._on_progress = on_progress
        is_new = not path.exists()
        self._db = sqlite3.connect(path)
        # A journal would guard nothing here; what is deleted is overwritten, so that it is gone.
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA secure_delete = ON;"
            + (_SCHEMA + _STORIES if is_new else "")
        )

    def remove(self, article_ids: Collection[str], replaced: Collection[str] = ()) -> None:
        """Take articles out, with their passages, vectors and words; those of `replaced` stay as
        earlier states of what is put in their place."""
        forget(self._db, article_ids, replaced)
        for done, id_ in enumerate(article_ids, start=1):
            rows = self._rows(
                'SELECT p.id, a.title, a.body, p.start, p."end" FROM passages p'
                " JOIN articles a ON a.id = p.article_id WHERE a.id = ?",
                id_,
            )
            # The words of a passage are not kept: FTS5 forgets them when it is told them again.
            self._db.executemany(
                "INSERT INTO words(words, rowid, title, text) VALUES ('delete', ?, ?, ?)",
                ((p, title, body[start:end]) for p, title, body, start, end in rows),
            )
            for sql in (
                "DELETE FROM vectors WHERE passage_id = ?",
                "DELETE FROM passages WHERE id = ?",
            ):
                self._db.executemany(sql, ((row[0],) for row in rows))
            self._db.execute("DELETE FROM articles WHERE id = ?", [id_])
            self._on_progress("remove", done, len(article_ids))

    def add(
        self,
        articles: Iterable[Article],
        passages: Sequence[Passage],
        hashes: Sequence[bytes],
        vectors: np.ndarray,
        origins: Mapping[str, str],
    ) -> None:
        """Put articles in. Their passages get the ids that follow the highest, in their order.

        `hashes` are those of the passages' embedding texts, `vectors` float32 of shape
        (len(passages), dim), `origins` where articles were read, by id.
        """
        self._db.executemany(
            f"INSERT INTO articles VALUES ({', '.join('?' * (len(FIELDS) + 2))})",
            ((*_values(a), content_hash(a), origins.get(a.id)) for a in articles),
        )
        first = (self._rows("SELECT max(id) FROM passages")[0][0] or 0) + 1
        for start in range(0, len(passages), _AT_ONCE):
            some = range(start, min(start + _AT_ONCE, len(passages)))
            numbered = [(first + n, passages[n]) for n in some]
            self._db.executemany(
                "INSERT INTO passages VALUES (?, ?, ?, ?)",
                ((i, p.article.id, p.start, p.end) for i, p in numbered),
            )
            self._db.executemany(
                "INSERT INTO words(rowid, title, text) VALUES (?, ?, ?)",
                ((i, p.article.title, p.text) for i, p in numbered),
            )
            self._db.executemany(
                "INSERT INTO vectors VALUES (?, ?, ?)",
                ((first + n, hashes[n], vectors[n].tobytes()) for n in some),
            )
            self._on_progress("write", some.stop, len(passages))

    def move(self, origins: Mapping[str, str]) -> None:
        """Note where articles are read from now."""
        self._db.executemany(
            "UPDATE articles SET origin = ? WHERE id = ?",
            ((origin, id_) for id_, origin in origins.items()),
        )

    def tell(self) -> None:
        """Bring the stories up to date with what was put in and taken out."""
        tell(self._db, self._on_progress)

    def inherit(self, before: Store) -> None:
        """Keep the earlier states that a version before this file holds of the same articles."""
        inherit(self._db, before)

    def merge(self) -> None:
        """Merge the pieces of the full-text index, which makes it smaller and faster to search."""
        self._on_progress("merge", 0, 0)
        self._db.execute("INSERT INTO words(words) VALUES ('optimize')")

    def finish(self) -> tuple[int, int, str]:
        """Write it all out; the number of articles, of passages, and the digest of the contents."""
        self._db.commit()
        pairs = self._rows("SELECT id, content_hash FROM articles")
        return len(pairs), self._rows("SELECT count(*) FROM passages")[0][0], contents_digest(pairs)

    def shrink(self) -> None:
        """Give back the room of what was removed, after `finish`."""
        self._on_progress("merge", 0, 0)
        self._db.execute("VACUUM")

    def close(self) -> None:
        self._db.close()

    def _rows(self, sql: str, *values: object) -> list[Any]:
        return self._db.execute(sql, values).fetchall()


def copy_store(old: Path, new: Path, sha256: str, on_progress: Progress) -> None:
    """Copy a version's file, unless it is not as it was written: then raises BylineError.

    To copy is far less work than to write the same rows again, for the full-text index.
    `on_progress` hears ("copy", done, total) in kilobytes.
    """
    digest = hashlib.sha256()
    size = old.stat().st_size
    with open(old, "rb") as source, open(new, "wb") as target:
        while piece := source.read(_PIECE):
            digest.update(piece)
            target.write(piece)
            on_progress("copy", target.tell() // 1000, size // 1000)
    if digest.hexdigest() != sha256:
        raise BylineError(f"The index file {old} has changed since it was written: {MEND}")


def sha256_of(path: Path, on_progress: Progress) -> str:
    """Of a file's bytes, 64 hex digits. `on_progress` hears ("hash", done, total) in kilobytes."""
    digest = hashlib.sha256()
    size = path.stat().st_size
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            on_progress("hash", file.tell() // 1000, size // 1000)
    return digest.hexdigest()
