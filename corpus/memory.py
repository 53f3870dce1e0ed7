"""What earlier looks at a source found, so that the next one asks only for what is new."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from corpus.errors import BylineError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pages(
    source TEXT NOT NULL, url TEXT NOT NULL, article_id TEXT, content_hash TEXT, etag TEXT,
    last_modified TEXT, stamp TEXT, checked_at REAL NOT NULL, PRIMARY KEY (source, url)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS looks(
    source TEXT PRIMARY KEY, checked_at REAL NOT NULL, etag TEXT, last_modified TEXT,
    not_before REAL NOT NULL
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A page as it was when it was last asked for; times are in seconds since 1970.

    `article_id` is None where the page gave no article. `content_hash` is that of the article as
    the index took it.
    """

    url: str
    article_id: str | None = None
    content_hash: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    stamp: str | None = None
    checked_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """When a source was last looked at, and what its list said of its own version.

    `not_before` is the earliest time at which its host wants to be asked again.
    """

    checked_at: float = 0.0
    etag: str | None = None
    last_modified: str | None = None
    not_before: float = 0.0


class Memory:
    """A SQLite file beside the index; each `remember` is written whole or not at all.

    Losing it costs nothing but asking for every page once more.
    """

    def __init__(self, path: Path) -> None:
        """Raises BylineError when the file is no memory or cannot be written."""
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=30)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error
        try:
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            self._db.close()
            raise self._unusable(error) from error

    def close(self) -> None:
        self._db.close()

    def look(self, source: str) -> Look:
        """The last look at a source; one of long ago when there was none."""
        sql = "SELECT checked_at, etag, last_modified, not_before FROM looks WHERE source = ?"
        row = self._db.execute(sql, [source]).fetchone()
        return Look(*row) if row else Look()

    def pages(self, source: str) -> dict[str, Known]:
        """All pages that a source has ever listed and that were asked for, by address."""
        names = ", ".join(field.name for field in fields(Known))
        rows = self._db.execute(f"SELECT {names} FROM pages WHERE source = ?", [source])
        return {row[0]: Known(*row) for row in rows}

    def remember(
        self, pages: Iterable[tuple[str, Known]], looks: Iterable[tuple[str, Look]]
    ) -> None:
        """Put pages and looks, each with its source's key, in the place of earlier ones."""
        try:
            with self._db:
                self._db.executemany(
                    "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    ((source, *astuple(page)) for source, page in pages),
                )
                self._db.executemany(
                    "INSERT OR REPLACE INTO looks VALUES (?, ?, ?, ?, ?)",
                    ((source, *astuple(look)) for source, look in looks),
                )
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> BylineError:
        return BylineError(
            f"{self._path}, which remembers what was fetched, cannot be used ({error}): make room "
            "for it, or delete it to have every page fetched once more."
        )
