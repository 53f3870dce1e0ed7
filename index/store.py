"""Reading the SQLite file of one version: articles, passages, vectors, and the full-text index."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.article import Article
from corpus.errors import BylineError
from index import versions
from index.types import Passage
from index.versions import MEND, STORE, Manifest
from index.words import TITLE_WEIGHT, match_expression

if TYPE_CHECKING:
    import numpy as np

FIELDS = tuple(field.name for field in fields(Article))  # the columns, in the same order
_ARTICLE = ", ".join(f"a.{name}" for name in FIELDS)
_values = attrgetter(*FIELDS)
_AT_ONCE = 500  # values of one query; SQLite takes at least 999
_BATCH = 10_000  # vectors or texts read at once


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """One article as a list shows it, without its body."""

    id: str
    title: str
    outlet: str | None
    published_at: str | None
    passages: int


@dataclass(frozen=True, slots=True)
class Held:
    """What a store holds an article as: the hash of its content, and the file or address that it
    was read from, None where nobody said."""

    content_hash: str
    origin: str | None


def day_stated(text: str | None) -> date | None:
    """The day of an ISO 8601 date or time; None where it is none."""
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError:
        return None


def content_hash(article: Article) -> str:
    """SHA-256 over all that is known of the article, 64 hex digits."""
    pieces: list[bytes] = []
    for value in _values(article):
        data = b"" if value is None else value.encode(errors="surrogatepass")
        pieces += (b"%d:" % (-1 if value is None else len(data)), data)
    return hashlib.sha256(b"".join(pieces)).hexdigest()


def contents_digest(hashes: Iterable[tuple[str, str]]) -> str:
    """SHA-256, 64 hex digits, over pairs of article id and content hash, in whatever order."""
    return hashlib.sha256(repr(sorted(hashes)).encode(errors="surrogatepass")).hexdigest()


def text_hash(text: str) -> bytes:
    """SHA-256 of an embedding text: the same text has the same vector."""
    return hashlib.sha256(text.encode()).digest()


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

    def articles_of(self, ids: Collection[str]) -> dict[str, Article]:
        """The articles with these ids that are there, by id."""
        wanted, found = list(ids), dict[str, Article]()
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            rows = self._rows(
                f"SELECT {_ARTICLE} FROM articles a WHERE a.id IN ({_marks(some)})", some
            )
            found |= {row[0]: Article(*row) for row in rows}
        return found

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
            f" WHERE p.id IN ({_marks(ids)})",
            list(ids),
        ):
            article = articles.setdefault(values[0], Article(*values))
            found[id_] = Passage(article, start, end)
        return found

    def days(self, ids: Collection[int]) -> dict[int, date]:
        """On which day the articles of these passages were published, where that is known."""
        rows = self._rows(
            "SELECT p.id, a.published_at FROM passages p JOIN articles a ON a.id = p.article_id"
            f" WHERE p.id IN ({_marks(ids)})",
            list(ids),
        )
        return {id_: day for id_, stated in rows if (day := day_stated(stated))}

    def outlets_of(self, ids: Collection[int]) -> dict[int, str]:
        """In which outlet the articles of these passages stood, where that is known."""
        rows = self._rows(
            "SELECT p.id, a.outlet FROM passages p JOIN articles a ON a.id = p.article_id"
            f" WHERE a.outlet IS NOT NULL AND p.id IN ({_marks(ids)})",
            list(ids),
        )
        return dict(rows)

    def outlets(self) -> list[str]:
        """Those of all articles, in the order of the alphabet."""
        rows = self._rows(
            "SELECT DISTINCT outlet FROM articles WHERE outlet IS NOT NULL ORDER BY outlet", []
        )
        return [outlet for (outlet,) in rows]

    def search(
        self, question: str, k: int, allow: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` best (passage id, BM25) over any of the question's words, best first, equal ones
        by id: of those in `allow`, or else of all but those that repeat what a copy of their
        article says.

        Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, as
        FTS5 computes it (k1 = 1.2, b = 0.75), on Porter stems.
        """
        query = match_expression(question)
        if not query:
            return []
        values: list[Any] = [query, f"bm25({TITLE_WEIGHT}, 1.0)"]
        wanted = "rowid NOT IN (SELECT passage_id FROM repeats)"
        if allow is not None:
            # The plus keeps SQLite from looking up each id by itself in the full-text index.
            wanted = "+rowid IN (SELECT value FROM json_each(?))"
            values.append(json.dumps(list(allow)))
        rows = self._rows(
            "SELECT rowid, -rank FROM words WHERE words MATCH ? AND rank MATCH ?"
            f" AND {wanted} ORDER BY rank, rowid LIMIT ?",
            [*values, k],
        )
        return [(id_, score) for id_, score in rows]

    def texts(self) -> Iterator[list[tuple[int, str, str]]]:
        """(id, title of its article, text) of every passage in order, some at a time."""
        last = -1
        while rows := self._rows(
            'SELECT p.id, a.title, substr(a.body, p.start + 1, p."end" - p.start)'
            " FROM passages p JOIN articles a ON a.id = p.article_id WHERE p.id > ?"
            " ORDER BY p.id LIMIT ?",
            [last, _BATCH],
        ):
            last = rows[-1][0]
            yield rows

    def vocabulary(self) -> dict[str, int]:
        """The Porter stem of every word, with the number of passages whose text or title has it."""
        self._rows(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.stems USING fts5vocab(main, words, row)"
        )
        return dict(self._rows("SELECT term, doc FROM temp.stems"))

    def held(self) -> dict[str, Held]:
        """All article ids, with what they are held as."""
        rows = self._rows("SELECT id, content_hash, origin FROM articles")
        return {id_: Held(digest, origin) for id_, digest, origin in rows}

    def named(self, name: str) -> list[str]:
        """The ids of the articles with this id or address."""
        rows = self._rows("SELECT id FROM articles WHERE id = ? OR url = ? ORDER BY id", [name] * 2)
        return [row[0] for row in rows]

    def all_articles(self) -> Iterator[tuple[Article, str | None]]:
        """Every article with its origin, in the order of their ids, also of an older schema."""
        columns = {row[1] for row in self._rows("PRAGMA table_info(articles)")}
        wanted = [name if name in columns else "NULL" for name in (*FIELDS, "origin")]
        ids = [row[0] for row in self._rows("SELECT id FROM articles ORDER BY id")]
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            for *values, origin in self._rows(
                f"SELECT {', '.join(wanted)} FROM articles WHERE id IN ({_marks(some)})"
                " ORDER BY id",
                some,
            ):
                yield Article(*values), origin

    def spans(self) -> list[tuple[int, str, int, int, bytes]]:
        """(passage id, article id, start, end, hash of its embedding text) of every passage."""
        return self._rows(
            'SELECT p.id, p.article_id, p.start, p."end", v.text_hash FROM passages p'
            " JOIN vectors v ON v.passage_id = p.id ORDER BY p.id"
        )

    def counts(self) -> dict[str, int]:
        """How many rows each part of the file has."""
        tables = ("articles", "passages", "vectors", "words_docsize")
        return {table: self._rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables}

    def damage(self) -> str | None:
        """What SQLite finds wrong with the file, None when nothing."""
        try:
            found = [row[0] for row in self._rows("PRAGMA integrity_check(3)")]
        except BylineError as error:
            return str(error.__cause__)
        return None if found == ["ok"] else "; ".join(found)

    def passage_ids(self) -> list[int]:
        """Of all passages, in order."""
        return [row[0] for row in self._rows("SELECT id FROM passages ORDER BY id")]

    def vector_batches(self, dim: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """All passage ids and their vectors in order, some at a time: int64 of shape (n,) and
        float32 of shape (n, dim)."""
        last = -1
        while rows := self._rows(
            "SELECT passage_id, vector FROM vectors WHERE passage_id > ? ORDER BY passage_id"
            " LIMIT ?",
            [last, _BATCH],
        ):
            last = rows[-1][0]
            yield self._as_arrays(rows, dim)

    def exact_vectors(self, ids: Sequence[int], dim: int) -> tuple[np.ndarray, np.ndarray]:
        """Those of these passages that are there, as `vector_batches` gives them."""
        rows: list[Any] = []
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            rows += self._rows(
                f"SELECT passage_id, vector FROM vectors WHERE passage_id IN ({_marks(some)})",
                some,
            )
        return self._as_arrays(rows, dim)

    def _as_arrays(self, rows: Sequence[Any], dim: int) -> tuple[np.ndarray, np.ndarray]:
        import numpy as np  # here, as most of what reads a store needs none of it

        flat = np.frombuffer(b"".join(row[1] for row in rows), dtype=np.float32)
        try:
            vectors = flat.reshape(len(rows), dim)
        except ValueError as error:
            raise self._damaged(error) from error
        return np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows)), vectors

    def text_hashes(self) -> set[bytes]:
        """The hashes of all embedding texts that the file holds a vector of."""
        return {row[0] for row in self._rows("SELECT text_hash FROM vectors")}

    def vectors_by_hash(self, hashes: Collection[bytes]) -> dict[bytes, bytes]:
        """float32 bytes of the vectors of those embedding texts, by hash, that the file holds."""
        if len(hashes) * 4 > self.passage_count:  # one look at everything is the faster way
            rows = self._rows("SELECT text_hash, vector FROM vectors")
            return {h: vector for h, vector in rows if h in hashes}
        wanted, found = list(hashes), dict[bytes, bytes]()
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            found |= self._rows(
                f"SELECT text_hash, vector FROM vectors WHERE text_hash IN ({_marks(some)})", some
            )
        return found

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """The rows that a statement finds. Raises BylineError when the file is damaged."""
        return self._rows(sql, values)

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            with self._lock:
                return self._db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> BylineError:
        return BylineError(f"The index file {self._path} is missing or damaged ({error}): {MEND}")


def store_in_use(directory: Path) -> tuple[Manifest, Store]:
    """The version in use, open. Raises BylineError when there is none or it is damaged."""
    while True:
        version = versions.current_version(directory)
        try:
            manifest = versions.read_manifest(directory, version)
            return manifest, Store(versions.version_folder(directory, manifest.version) / STORE)
        except BylineError:
            # Another version may have been published, and this one deleted, on the way.
            if versions.current_version(directory) == version:
                raise


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))
