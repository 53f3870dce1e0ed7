"""The SQLite file of one version: articles, passages, vectors, and the full-text index."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np

from corpus.article import Article
from corpus.errors import BylineError
from index.types import Passage
from index.words import match_expression

TITLE_WEIGHT = 2.0
"""How much a word in the title weighs in BM25, against 1 in the passage."""

_SCHEMA = """
CREATE TABLE articles(
    id TEXT PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL, url TEXT, outlet TEXT,
    author TEXT, published_at TEXT, language TEXT, updated_at TEXT, correction TEXT,
    content_hash TEXT NOT NULL
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
CREATE VIRTUAL TABLE words USING fts5(
    title, text, content='', tokenize='porter unicode61 remove_diacritics 2'
);
"""
_FIELDS = tuple(field.name for field in fields(Article))  # the columns, in the same order
_ARTICLE = ", ".join(f"a.{name}" for name in _FIELDS)


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """One article as a list shows it, without its body."""

    id: str
    title: str
    outlet: str | None
    published_at: str | None
    passages: int


def content_hash(article: Article) -> str:
    """SHA-256 over all that is known of the article, 64 hex digits."""
    return hashlib.sha256(json.dumps(asdict(article), sort_keys=True).encode()).hexdigest()


def text_hash(text: str) -> bytes:
    """SHA-256 of an embedding text: the same text has the same vector."""
    return hashlib.sha256(text.encode()).digest()


def write_store(
    path: Path,
    articles: Iterable[Article],
    passages: Sequence[Passage],
    hashes: Sequence[bytes],
    vectors: np.ndarray,
) -> None:
    """Write a new file. Passages get the ids 1, 2, ... in their order.

    `hashes` are those of the passages' embedding texts, `vectors` float32 of shape
    (len(passages), dim). Raises sqlite3.Error.
    """
    with closing(sqlite3.connect(path)) as db:
        # A version that is not whole is thrown away, so a journal would guard nothing.
        db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
        db.executemany(
            f"INSERT INTO articles VALUES ({', '.join('?' * (len(_FIELDS) + 1))})",
            ((*attrgetter(*_FIELDS)(a), content_hash(a)) for a in articles),
        )
        numbered = list(enumerate(passages, start=1))
        db.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?)",
            ((i, p.article.id, p.start, p.end) for i, p in numbered),
        )
        db.executemany(
            "INSERT INTO words(rowid, title, text) VALUES (?, ?, ?)",
            ((i, p.article.title, p.text) for i, p in numbered),
        )
        db.executemany(
            "INSERT INTO vectors VALUES (?, ?, ?)",
            ((i, hashes[i - 1], vectors[i - 1].tobytes()) for i, _ in numbered),
        )
        db.execute("INSERT INTO words(words) VALUES ('optimize')")
        db.commit()


class Store:
    """A published file, read only. Threads take turns on one connection, which stays good after
    the file is deleted."""

    def __init__(self, path: Path) -> None:
        """Raises BylineError when the file is missing or is no index."""
        self._path = path
        self._lock = threading.Lock()
        try:
            self._db = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise self._damaged(error) from error
        try:
            self.passage_count = int(self._rows("SELECT count(*) FROM passages")[0][0])
        except BylineError:
            self._db.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def article(self, article_id: str) -> Article | None:
        rows = self._rows(f"SELECT {_ARTICLE} FROM articles a WHERE a.id = ?", [article_id])
        return Article(*rows[0]) if rows else None

    def articles(self) -> list[ArticleRow]:
        """All articles, the newest first, those without a date last."""
        return [
            ArticleRow(*row)
            for row in self._rows(
                "SELECT a.id, a.title, a.outlet, a.published_at, count(p.id)"
                " FROM articles a LEFT JOIN passages p ON p.article_id = a.id"
                " GROUP BY a.id ORDER BY a.published_at DESC NULLS LAST, a.title, a.id"
            )
        ]

    def passages(self, ids: Collection[int]) -> dict[int, Passage]:
        """The passages with these ids. Those of one article share the Article."""
        articles: dict[str, Article] = {}
        found: dict[int, Passage] = {}
        for id_, start, end, *values in self._rows(
            f'SELECT p.id, p.start, p."end", {_ARTICLE} FROM passages p'
            " JOIN articles a ON a.id = p.article_id"
            f" WHERE p.id IN ({', '.join('?' * len(ids))})",
            list(ids),
        ):
            article = articles.setdefault(values[0], Article(*values))
            found[id_] = Passage(article, start, end)
        return found

    def search(self, question: str, k: int) -> list[int]:
        """The ids of the `k` best passages by BM25 over any of the question's words.

        Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, as
        FTS5 computes it (k1 = 1.2, b = 0.75), on Porter stems.
        """
        query = match_expression(question)
        if not query:
            return []
        rows = self._rows(
            "SELECT rowid FROM words WHERE words MATCH ? AND rank MATCH ?"
            " ORDER BY rank, rowid LIMIT ?",
            [query, f"bm25({TITLE_WEIGHT}, 1.0)", k],
        )
        return [row[0] for row in rows]

    def vectors(self) -> tuple[list[int], np.ndarray]:
        """All passage ids and their vectors, float32 of shape (passages, dim)."""
        rows = self._rows("SELECT passage_id, vector FROM vectors ORDER BY passage_id")
        flat = np.frombuffer(b"".join(row[1] for row in rows), dtype=np.float32)
        return [row[0] for row in rows], flat.reshape(len(rows), -1 if rows else 0)

    def vectors_by_hash(self) -> dict[bytes, bytes]:
        """float32 bytes of the vector of each embedding text, by the text's hash."""
        return dict(self._rows("SELECT text_hash, vector FROM vectors"))

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            with self._lock:
                return self._db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> BylineError:
        return BylineError(
            f"The index file {self._path} is missing or damaged ({error}): "
            "rebuild it with: byline index build"
        )
