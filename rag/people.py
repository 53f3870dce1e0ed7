"""Keys of the API, people with passwords, and who is logged in: one SQLite file.

A key is random, so that its SHA-256 is enough to know it by; a password is hashed by Argon2id. What
is changed here counts from the next request on, also for a server that runs.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import BylineError
from rag.who import Right, Who

PREFIX = "byline"
SESSION_S = 12 * 3600
"""Seconds after which one logs in again."""
LEAST_PASSWORD = 10
"""Characters, as NIST SP 800-63B has it for one that is typed, and two more."""
MOST_PASSWORD = 1000
_NAME = re.compile(r"[\w.@+\- ]{1,80}")
_NOBODY = bytes(32)  # compared with where there is no such key, so that it takes as long
_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, hash BLOB NOT NULL, owner TEXT NOT NULL, may TEXT NOT NULL,
    per_minute INTEGER NOT NULL, created REAL NOT NULL, revoked REAL);
CREATE TABLE IF NOT EXISTS people (
    name TEXT PRIMARY KEY, hash TEXT NOT NULL, may TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS sessions (
    hash BLOB PRIMARY KEY, name TEXT NOT NULL, may TEXT NOT NULL, key TEXT NOT NULL,
    ends REAL NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Key:
    """A key without what it opens with; times are in seconds since 1970."""

    id: str
    owner: str
    right: Right
    per_minute: int
    created: float
    revoked: float | None


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    right: Right
    created: float


class People:
    """Those of one file, from any thread; all raise BylineError where it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, check_same_thread=False)
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(error) from error

    def close(self) -> None:
        self._db.close()

    def any(self) -> bool:
        """Whether anybody could say who they are."""
        with self._use() as db:
            query = (
                "SELECT EXISTS (SELECT 1 FROM keys WHERE revoked IS NULL)"
                " OR EXISTS (SELECT 1 FROM people)"
            )
            return bool(db.execute(query).fetchone()[0])

    # Keys.

    def add_key(self, owner: str, right: Right, per_minute: int = 0) -> str:
        """A new key, which is known to nobody else and cannot be read again."""
        id_, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        token = f"{PREFIX}_{id_}_{secret}"
        values = [id_, _hash(token), checked(owner), right, per_minute, time.time()]
        with self._use() as db:
            db.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, NULL)", values)
        return token

    def keys(self) -> list[Key]:
        """The oldest first, with those that were revoked."""
        query = "SELECT id, owner, may, per_minute, created, revoked FROM keys ORDER BY created"
        with self._use() as db:
            return [Key(*row) for row in db.execute(query)]

    def revoke(self, id_: str) -> None:
        """Let a key open nothing any more, nor what was logged in by it."""
        with self._use() as db:
            found = db.execute(
                "UPDATE keys SET revoked = ? WHERE id = ? AND revoked IS NULL", [time.time(), id_]
            ).rowcount
            db.execute("DELETE FROM sessions WHERE key = ?", [id_])
        if not found:
            raise BylineError(f"There is no key {id_} in use: byline keys list names them.")

    def of_key(self, token: str) -> Who | None:
        """Whose key it is; None for one that is not known or revoked, which takes as long."""
        id_ = token.split("_", 2)[1] if token.count("_") >= 2 else ""
        with self._use() as db:
            query = (
                "SELECT owner, may, id, per_minute, hash FROM keys WHERE id = ? AND revoked IS NULL"
            )
            row = db.execute(query, [id_]).fetchone()
        same = hmac.compare_digest(_hash(token), row[4] if row else _NOBODY)
        return Who(*row[:4]) if row and same else None

    # People.

    def add_person(self, name: str, password: str, right: Right) -> None:
        """Or give one another password and right."""
        if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
            raise BylineError(f"A password has {LEAST_PASSWORD} characters at least: take more.")
        values = [checked(name), _argon2().hash(password), right, time.time()]
        with self._use() as db:
            db.execute("INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?)", values)
            db.execute("DELETE FROM sessions WHERE name = ? AND key = ''", [name])

    def people(self) -> list[Person]:
        with self._use() as db:
            return [Person(*row) for row in db.execute("SELECT name, may, created FROM people")]

    def remove_person(self, name: str) -> None:
        with self._use() as db:
            found = db.execute("DELETE FROM people WHERE name = ?", [name]).rowcount
            db.execute("DELETE FROM sessions WHERE name = ? AND key = ''", [name])
        if not found:
            raise BylineError(f"Nobody is named {name}: byline people list names all.")

    def _of_password(self, name: str, password: str) -> Who | None:
        from argon2.exceptions import InvalidHashError, VerificationError

        with self._use() as db:
            row = db.execute("SELECT hash, may FROM people WHERE name = ?", [name]).fetchone()
        hasher = _argon2()
        try:
            hasher.verify(row[0] if row else _nobody(), password[:MOST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return None
        return Who(name, row[1]) if row else None

    # Sessions.

    def log_in(self, name: str, password: str) -> str | None:
        """What a browser holds to be known again; None where name and password, or a key in its
        place, are not right."""
        who = self.of_key(password) if password.startswith(f"{PREFIX}_") else None
        if who is not None and who.name != name:
            return None
        if who is None and self.people():
            who = self._of_password(name, password)
        if who is None:
            return None
        token, now = secrets.token_urlsafe(32), time.time()
        values = [_hash(token), who.name, who.right, who.key, now + SESSION_S]
        with self._use() as db:
            db.execute("DELETE FROM sessions WHERE ends < ?", [now])
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", values)
        return token

    def of_session(self, token: str) -> Who | None:
        query = "SELECT name, may, key FROM sessions WHERE hash = ? AND ends > ?"
        with self._use() as db:
            row = db.execute(query, [_hash(token), time.time()]).fetchone()
        return Who(*row) if row else None

    def log_out(self, token: str) -> None:
        with self._use() as db:
            db.execute("DELETE FROM sessions WHERE hash = ?", [_hash(token)])

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
        return BylineError(
            f"The keys in {self._path} cannot be used ({error}): make room or mend the rights "
            "there, or name another file in BYLINE_PEOPLE."
        )


def checked(name: str) -> str:
    """A name that can stand in a log and in a header. Raises BylineError for another."""
    if not _NAME.fullmatch(name) or name != name.strip():
        raise BylineError("A name has letters, digits and . @ + - _ and at most 80 of them.")
    return name


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _argon2() -> Any:
    try:
        from argon2 import PasswordHasher
    except ImportError as error:
        raise BylineError(
            "Passwords need argon2-cffi, which is not installed: pip install 'byline[serve]', or "
            "use keys."
        ) from error
    return PasswordHasher()


def _nobody() -> str:
    """The hash of a password that nobody has: to look for who is not there takes as long."""
    global _nobodys
    _nobodys = _nobodys or str(_argon2().hash(secrets.token_urlsafe(32)))
    return _nobodys


_nobodys = ""
