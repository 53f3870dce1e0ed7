"""Keys of the API, people with passwords, and who is logged in, in a database.

A key is random, so that its SHA-256 is enough to know it by; a password is hashed by Argon2id. What
is changed here counts from the next request on, also for every server that runs.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Delete, delete, exists, insert, select, update

from corpus.errors import BylineError
from rag.database.connect import Database
from rag.database.tables import KEYS, PEOPLE, SESSIONS
from rag.who import Right, Who

PREFIX = "byline"
SESSION_S = 12 * 3600
"""Seconds after which one logs in again."""
LEAST_PASSWORD = 10
"""Characters, as NIST SP 800-63B has it for one that is typed, and two more."""
MOST_PASSWORD = 1000
_NAME = re.compile(r"[\w.@+\- ]{1,80}")
_NOBODY = bytes(32)  # compared with where there is no such key, so that it takes as long


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
    """Those of one database, from any thread; all raise BylineError where it cannot be used."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def close(self) -> None:
        self.database.close()

    def any(self) -> bool:
        """Whether anybody could say who they are."""
        query = select(exists().where(KEYS.c.revoked.is_(None)) | select(PEOPLE.c.name).exists())
        with self.database.reading() as db:
            return bool(db.execute(query).scalar())

    # Keys.

    def add_key(self, owner: str, right: Right, per_minute: int = 0) -> str:
        """A new key, which is known to nobody else and cannot be read again."""
        id_, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        token = f"{PREFIX}_{id_}_{secret}"
        row = {"id": id_, "hash": _hash(token), "owner": checked(owner), "may": right}
        with self.database.writing() as db:
            more = {"per_minute": per_minute, "created": time.time()}
            db.execute(insert(KEYS).values(**row, **more))
        return token

    def keys(self) -> list[Key]:
        """The oldest first, with those that were revoked."""
        names = [field.name for field in fields(Key)]
        columns = [KEYS.c["may" if name == "right" else name] for name in names]
        with self.database.reading() as db:
            return [Key(*row) for row in db.execute(select(*columns).order_by(KEYS.c.created))]

    def revoke(self, id_: str) -> None:
        """Let a key open nothing any more, nor what was logged in by it."""
        with self.database.writing() as db:
            change = update(KEYS).where(_in_use(id_)).values(revoked=time.time())
            found = db.execute(change).rowcount
            db.execute(delete(SESSIONS).where(SESSIONS.c.key == id_))
        if not found:
            raise BylineError(f"There is no key {id_} in use: byline keys list names them.")

    def of_key(self, token: str) -> Who | None:
        """Whose key it is; None for one that is not known or revoked, which takes as long."""
        id_ = token.split("_", 2)[1] if token.count("_") >= 2 else ""
        columns = (KEYS.c[name] for name in ("owner", "may", "id", "per_minute", "hash"))
        with self.database.reading() as db:
            row = db.execute(select(*columns).where(_in_use(id_))).first()
        same = hmac.compare_digest(_hash(token), row[4] if row else _NOBODY)
        return Who(*row[:4]) if row and same else None

    # People.

    def add_person(self, name: str, password: str, right: Right) -> None:
        """Or give one another password and right."""
        if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
            raise BylineError(f"A password has {LEAST_PASSWORD} characters at least: take more.")
        row = {"hash": _argon2().hash(password), "may": right, "created": time.time()}
        change = self.database.insert(PEOPLE).values(name=checked(name), **row)
        with self.database.writing() as db:
            db.execute(change.on_conflict_do_update(index_elements=["name"], set_=row))
            db.execute(_logged_out(name))

    def people(self) -> list[Person]:
        query = select(PEOPLE.c.name, PEOPLE.c.may, PEOPLE.c.created).order_by(PEOPLE.c.created)
        with self.database.reading() as db:
            return [Person(*row) for row in db.execute(query)]

    def remove_person(self, name: str) -> None:
        with self.database.writing() as db:
            found = db.execute(delete(PEOPLE).where(PEOPLE.c.name == name)).rowcount
            db.execute(_logged_out(name))
        if not found:
            raise BylineError(f"Nobody is named {name}: byline people list names all.")

    def _of_password(self, name: str, password: str) -> tuple[Who | None, str]:
        """Who has this password, and the hash by which that is known."""
        from argon2.exceptions import InvalidHashError, VerificationError

        query = select(PEOPLE.c.name, PEOPLE.c.may, PEOPLE.c.hash).where(PEOPLE.c.name == name)
        with self.database.reading() as db:
            row = db.execute(query).first()
        hash_ = row[2] if row else _nobody()
        try:
            _argon2().verify(hash_, password[:MOST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return None, hash_
        return (Who(row[0], row[1]) if row else None), hash_

    # Sessions.

    def log_in(self, name: str, password: str) -> str | None:
        """What a browser holds to be known again; None where name and password, or a key in its
        place, are not right."""
        who = self.of_key(password) if password.startswith(f"{PREFIX}_") else None
        if who is not None and who.name != name:
            return None
        hash_ = ""
        if who is None and self.people():
            who, hash_ = self._of_password(name, password)
        if who is None:
            return None
        by_password = (PEOPLE.c.name == who.name) & (PEOPLE.c.hash == hash_)
        still = select(KEYS.c.id).where(_in_use(who.key)) if who.key else select(PEOPLE.c.name)
        still = still if who.key else still.where(by_password)
        token, now = secrets.token_urlsafe(32), time.time()
        row = {"hash": _hash(token), "name": who.name, "may": who.right, "key": who.key}
        with self.database.writing() as db:
            # Whoever takes the key or the password back meanwhile waits, and then ends this.
            if db.execute(still.with_for_update()).first() is None:
                return None
            old = select(SESSIONS.c.hash).where(SESSIONS.c.ends < now)
            old = old.with_for_update(skip_locked=True)  # of which another process makes an end
            db.execute(delete(SESSIONS).where(SESSIONS.c.hash.in_(old)))
            db.execute(insert(SESSIONS).values(**row, ends=now + SESSION_S))
        return token

    def of_session(self, token: str) -> Who | None:
        query = select(SESSIONS.c.name, SESSIONS.c.may, SESSIONS.c.key)
        query = query.where(SESSIONS.c.hash == _hash(token), SESSIONS.c.ends > time.time())
        with self.database.reading() as db:
            row = db.execute(query).first()
        return Who(*row, logged_in=True) if row else None

    def log_out(self, token: str) -> None:
        with self.database.writing() as db:
            db.execute(delete(SESSIONS).where(SESSIONS.c.hash == _hash(token)))


def _in_use(id_: str) -> ColumnElement[bool]:
    return (KEYS.c.id == id_) & KEYS.c.revoked.is_(None)


def _logged_out(name: str) -> Delete:
    """Ends what was logged in by a password."""
    return delete(SESSIONS).where(SESSIONS.c.name == name, SESSIONS.c.key == "")


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
