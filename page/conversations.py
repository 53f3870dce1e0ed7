"""Conversations that last: one SQLite file, in which each person sees their own alone."""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import BylineError

LONGEST_TITLE = 80
MOST_LISTED = 200
_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversations (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, changed REAL NOT NULL);
CREATE INDEX IF NOT EXISTS conversations_of ON conversations (owner, changed);
CREATE TABLE IF NOT EXISTS turns (
    conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    number INTEGER NOT NULL, searched TEXT NOT NULL, turn TEXT NOT NULL,
    PRIMARY KEY (conversation, number));
CREATE TABLE IF NOT EXISTS shares (
    token TEXT PRIMARY KEY, turns INTEGER NOT NULL,
    conversation TEXT NOT NULL UNIQUE REFERENCES conversations ON DELETE CASCADE);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One conversation in a list; `changed` is in seconds since 1970."""

    id: str
    title: str
    changed: float


@dataclass(frozen=True, slots=True)
class Kept:
    """A conversation as it was kept: its turns as JSON, in order."""

    id: str
    title: str
    turns: tuple[str, ...]


def new_owner() -> str:
    """What a browser holds to be known again, and nobody can guess."""
    return secrets.token_urlsafe(32)


class Conversations:
    """The conversations of one file, from any thread; without a file they last as long as this.

    Who asks for a conversation that is not theirs is told what is told of one that does not exist.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Raises BylineError where the file cannot be used."""
        self._lock = threading.Lock()
        self._path = path
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path or ":memory:", check_same_thread=False)
            self._db.create_function("casefold", 1, str.casefold, deterministic=True)
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def close(self) -> None:
        self._db.close()

    def entries(self, owner: str, words: str = "") -> list[Entry]:
        """The newest first of those that hold every one of the words, or a part of a word."""
        holds = (
            "(instr(casefold(c.title), ?) OR EXISTS (SELECT 1 FROM turns t"
            " WHERE t.conversation = c.id AND instr(t.searched, ?)))"
        )
        wanted = words.casefold().split()
        where = " AND ".join(["c.owner = ?", *[holds] * len(wanted)])
        with self._use() as db:
            rows = db.execute(
                f"SELECT c.id, c.title, c.changed FROM conversations c WHERE {where}"
                " ORDER BY c.changed DESC, c.id LIMIT ?",
                [owner, *(word for word in wanted for _ in range(2)), MOST_LISTED],
            ).fetchall()
        return [Entry(*row) for row in rows]

    def open(self, owner: str, id_: str) -> Kept | None:
        return self._kept("WHERE c.id = ? AND c.owner = ?", [id_, owner])

    def shared(self, token: str) -> Kept | None:
        """What was shared by this link, for whoever has it: as far as it went then."""
        return self._kept(
            "JOIN shares s ON s.conversation = c.id WHERE s.token = ?",
            [token],
            "AND t.number <= (SELECT turns FROM shares WHERE conversation = t.conversation)",
        )

    def keep(
        self, owner: str, id_: str | None, number: int, searched: str, question: str, turn: str
    ) -> str:
        """Keep one turn, and return the conversation's id; without one, a new one begins, named by
        the question. Raises BylineError for one that is not theirs, or was deleted."""
        now = time.time()
        with self._use() as db:
            if id_ is None:
                id_ = secrets.token_urlsafe(16)
                values = [id_, owner, _title(question), now]
                db.execute("INSERT INTO conversations VALUES (?, ?, ?, ?)", values)
            else:
                self._own(db, owner, id_)
                db.execute("UPDATE conversations SET changed = ? WHERE id = ?", [now, id_])
            values = [id_, number, searched.casefold(), turn]
            db.execute("INSERT OR REPLACE INTO turns VALUES (?, ?, ?, ?)", values)
        return id_

    def rename(self, owner: str, id_: str, title: str) -> None:
        if not title.strip():
            raise BylineError("A chat needs a name: write one first.")
        with self._use() as db:
            self._own(db, owner, id_)
            db.execute("UPDATE conversations SET title = ? WHERE id = ?", [_title(title), id_])

    def delete(self, owner: str, id_: str) -> None:
        """With its turns and its link."""
        with self._use() as db:
            self._own(db, owner, id_)
            db.execute("DELETE FROM conversations WHERE id = ?", [id_])

    def share(self, owner: str, id_: str) -> str:
        """The token of its link, the same each time, which shows what there is by now."""
        with self._use() as db:
            self._own(db, owner, id_)
            db.execute(
                "INSERT INTO shares SELECT ?, max(number), conversation FROM turns"
                " WHERE conversation = ? GROUP BY conversation"
                " ON CONFLICT (conversation) DO UPDATE SET turns = excluded.turns",
                [secrets.token_urlsafe(24), id_],
            )
            row = db.execute("SELECT token FROM shares WHERE conversation = ?", [id_]).fetchone()
        return str(row[0])

    def unshare(self, owner: str, id_: str) -> None:
        with self._use() as db:
            self._own(db, owner, id_)
            db.execute("DELETE FROM shares WHERE conversation = ?", [id_])

    def _kept(self, where: str, values: Sequence[Any], limit: str = "") -> Kept | None:
        with self._use() as db:
            query = f"SELECT c.id, c.title FROM conversations c {where}"
            row = db.execute(query, values).fetchone()
            if row is None:
                return None
            query = f"SELECT turn FROM turns t WHERE conversation = ? {limit} ORDER BY number"
            turns = tuple(turn for (turn,) in db.execute(query, [row[0]]))
        return Kept(row[0], row[1], turns)

    def _own(self, db: sqlite3.Connection, owner: str, id_: str) -> None:
        query = "SELECT 1 FROM conversations WHERE id = ? AND owner = ?"
        if db.execute(query, [id_, owner]).fetchone() is None:
            raise BylineError("This chat is not there any more: begin a new one.")

    @contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        """The database for one transaction, which an error takes back."""
        with self._lock:
            try:
                with self._db:
                    yield self._db
            except sqlite3.Error as error:
                raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> BylineError:
        place = self._path or "memory"
        return BylineError(
            f"The chats in {place} cannot be used ({error}): make room or mend the rights there, "
            "or name another file in BYLINE_CHATS."
        )


def _title(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST_TITLE else f"{words[: LONGEST_TITLE - 1].rstrip()}…"
