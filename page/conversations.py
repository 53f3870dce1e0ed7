"""Conversations that last, in a database in which each person sees their own alone."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Select,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from corpus.errors import BylineError
from rag.database.connect import Database
from rag.database.tables import CONVERSATIONS, SHARES, TURNS

LONGEST_TITLE = 80
MOST_LISTED = 200
LONGEST_SEARCH = 1000
"""Characters of words that are looked for."""


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
    """The conversations of one database, from any thread; without one they last as long as this.

    Who asks for a conversation that is not theirs is told what is told of one that does not exist.
    All raise BylineError where the database cannot be used.
    """

    def __init__(self, database: Database | None = None) -> None:
        self.database = database or Database()

    def close(self) -> None:
        self.database.close()

    def entries(self, owner: str, words: str = "") -> list[Entry]:
        """The newest first of those that hold every one of the words, or a part of a word."""
        of, id_ = CONVERSATIONS.c, CONVERSATIONS.c.id
        query = select(id_, of.title, of.changed).where(of.owner == owner)
        for word in words.casefold()[:LONGEST_SEARCH].split():
            said = exists().where(
                TURNS.c.conversation == id_, TURNS.c.searched.contains(word, autoescape=True)
            )
            query = query.where(of.folded.contains(word, autoescape=True) | said)
        with self.database.reading() as db:
            rows = db.execute(query.order_by(of.changed.desc(), id_).limit(MOST_LISTED))
            return [Entry(*row) for row in rows]

    def open(self, owner: str, id_: str) -> Kept | None:
        return self._kept(_whole().where(CONVERSATIONS.c.id == id_, CONVERSATIONS.c.owner == owner))

    def shared(self, token: str) -> Kept | None:
        """What was shared by this link, for whoever has it: as far as it went then."""
        query = _whole().join(SHARES, SHARES.c.conversation == CONVERSATIONS.c.id)
        return self._kept(query.where(SHARES.c.token == token, TURNS.c.number <= SHARES.c.turns))

    def keep(
        self, owner: str, id_: str | None, number: int, searched: str, question: str, turn: str
    ) -> str:
        """Keep one turn, and return the conversation's id; without one, a new one begins, named by
        the question. Raises BylineError for one that is not theirs, or was deleted."""
        now = time.time()
        row = {"searched": searched.casefold(), "turn": turn}
        with self.database.writing() as db:
            if id_ is None:
                id_ = secrets.token_urlsafe(16)
                values = {"id": id_, "owner": owner, "changed": now, **_titled(question)}
                db.execute(insert(CONVERSATIONS).values(values))
            else:
                _touch(db, owner, id_, {"changed": now})
            change = self.database.insert(TURNS).values(conversation=id_, number=number, **row)
            key = ["conversation", "number"]
            db.execute(change.on_conflict_do_update(index_elements=key, set_=row))
        return id_

    def rename(self, owner: str, id_: str, title: str) -> None:
        if not title.strip():
            raise BylineError("A chat needs a name: write one first.")
        with self.database.writing() as db:
            _touch(db, owner, id_, _titled(title))

    def delete(self, owner: str, id_: str) -> None:
        """With its turns and its link."""
        with self.database.writing() as db:
            _theirs(db.execute(delete(CONVERSATIONS).where(_own(owner, id_))))

    def share(self, owner: str, id_: str) -> str:
        """The token of its link, the same each time, which shows what there is by now."""
        same = TURNS.c.conversation == id_
        new = select(literal(secrets.token_urlsafe(24)), func.max(TURNS.c.number), literal(id_))
        change = self.database.insert(SHARES)
        change = change.from_select(["token", "turns", "conversation"], new.where(same))
        turns = {"turns": change.excluded.turns}
        with self.database.writing() as db:
            _touch(db, owner, id_, {"owner": owner})  # so that nobody deletes it meanwhile
            db.execute(change.on_conflict_do_update(index_elements=["conversation"], set_=turns))
            return str(
                db.execute(select(SHARES.c.token).where(SHARES.c.conversation == id_)).scalar_one()
            )

    def unshare(self, owner: str, id_: str) -> None:
        """Let its link lead nowhere."""
        with self.database.writing() as db:
            _touch(db, owner, id_, {"owner": owner})
            db.execute(delete(SHARES).where(SHARES.c.conversation == id_))

    def _kept(self, query: Select[Any]) -> Kept | None:
        with self.database.reading() as db:
            rows = db.execute(query.order_by(TURNS.c.number)).all()
        if not rows:
            return None
        return Kept(rows[0][0], rows[0][1], tuple(row[2] for row in rows))


def _whole() -> Select[Any]:
    """Of a conversation and each of its turns."""
    columns = CONVERSATIONS.c.id, CONVERSATIONS.c.title, TURNS.c.turn
    return select(*columns).join(TURNS, TURNS.c.conversation == CONVERSATIONS.c.id)


def _touch(db: Connection, owner: str, id_: str, values: dict[str, Any]) -> None:
    """Change a conversation, which nobody else does until the transaction ends. Raises BylineError
    for one that is not theirs."""
    _theirs(db.execute(update(CONVERSATIONS).where(_own(owner, id_)).values(values)))


def _theirs(changed: CursorResult[Any]) -> None:
    if not changed.rowcount:
        raise BylineError("This chat is not there any more: begin a new one.")


def _own(owner: str, id_: str) -> ColumnElement[bool]:
    return (CONVERSATIONS.c.id == id_) & (CONVERSATIONS.c.owner == owner)


def _titled(text: str) -> dict[str, str]:
    title = _title(text)
    return {"title": title, "folded": title.casefold()}


def _title(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST_TITLE else f"{words[: LONGEST_TITLE - 1].rstrip()}…"
