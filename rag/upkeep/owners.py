"""Whose an article is: who added it through the page or the API may change it, and an admin."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select

from corpus.errors import BylineError
from rag.database.connect import Database
from rag.database.tables import OWNERS
from rag.who import Who

_AT_ONCE = 500  # ids in one statement, of which SQLite takes a bounded number


class NotYours(BylineError):
    """Somebody else's article was to be changed."""


class Owners:
    """The owners in one database, from any thread; all raise BylineError where it cannot be used.

    Whoever is not asked who they are owns nothing, and may change everything.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, ids: Collection[str]) -> dict[str, str]:
        """The owners by id; articles from the command line have none."""
        known, found = list(ids), dict[str, str]()
        with self._database.reading() as db:
            for start in range(0, len(known), _AT_ONCE):
                some = OWNERS.c.article.in_(known[start : start + _AT_ONCE])
                rows = db.execute(select(OWNERS.c.article, OWNERS.c.owner).where(some))
                found.update((article, owner) for article, owner in rows)
        return found

    def check(self, ids: Collection[str], who: Who | None) -> None:
        """Raises NotYours where articles that the index holds are to be changed by another than
        their owner."""
        if who is None or who.may("admin"):
            return
        owners = self.of(ids)
        others = [id_ for id_ in ids if owners.get(id_) != who.name]
        if others:
            which = others[0][:200] if len(others) == 1 else f"{len(others)} of these articles"
            raise NotYours(
                f"You may not change {which}, which you did not add: ask whoever did, or an admin."
            )

    def claim(self, new: Collection[str], held: Collection[str], who: Who | None) -> None:
        """Before articles are put into an index, of which it holds some already: these must be
        theirs, and the others become so."""
        self.check([id_ for id_ in new if id_ in held], who)
        if who is None or not who.name:
            return
        with self._database.writing() as db:
            for id_ in new:
                if id_ not in held:
                    change = self._database.insert(OWNERS).values(article=id_, owner=who.name)
                    told = {"owner": who.name}
                    db.execute(change.on_conflict_do_update(index_elements=["article"], set_=told))

    def forget(self, ids: Collection[str]) -> None:
        """Once these are removed."""
        with self._database.writing() as db:
            for id_ in ids:
                db.execute(delete(OWNERS).where(OWNERS.c.article == id_))
