"""The stories in the SQLite file of a version: who belongs to which, what repeats what, and what
stood at the address of an article before."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

from corpus.article import Article
from corpus.errors import BylineError
from index import versions
from index.near import signature
from index.repeats import find_repeats
from index.store import FIELDS, Store
from index.stories import group
from index.timeline import Entry, timeline
from index.types import Copy, Passage, Progress
from index.versions import STORE

SCHEMA = f"""
CREATE TABLE stories(
    article_id TEXT PRIMARY KEY, story_id TEXT NOT NULL, signature BLOB NOT NULL
);
CREATE INDEX articles_of_story ON stories(story_id);
CREATE TABLE repeats(passage_id INTEGER PRIMARY KEY);
CREATE TABLE carried(
    passage_id INTEGER NOT NULL, article_id TEXT NOT NULL, PRIMARY KEY (passage_id, article_id)
) WITHOUT ROWID;
CREATE TABLE earlier(
    number INTEGER PRIMARY KEY, {", ".join(f"{name} TEXT" for name in FIELDS)}
);
CREATE INDEX earlier_of_article ON earlier(id, number);
"""
_NAMES = ", ".join(f"a.{name}" for name in FIELDS)
_COLUMNS = ", ".join(FIELDS)
_values = attrgetter(*FIELDS)


@dataclass(frozen=True, slots=True)
class _Head:
    """What is read of an article to group it: all but its text."""

    id: str
    title: str
    url: str | None
    outlet: str | None
    published_at: str | None


def forget(
    db: sqlite3.Connection, article_ids: Collection[str], replaced: Collection[str] = ()
) -> None:
    """Take articles out of their stories, before their rows go; of those in `replaced` the text as
    it is now stays readable. `tell` has to follow."""
    for id_ in article_ids:
        if id_ in replaced:
            db.execute(
                f"INSERT INTO earlier({_COLUMNS}) SELECT {_COLUMNS} FROM articles WHERE id = ?",
                [id_],
            )
        else:
            db.execute("DELETE FROM earlier WHERE id = ?", [id_])
        db.execute(  # an empty id marks a story that is to be told anew
            "UPDATE stories SET story_id = '' WHERE story_id = "
            "(SELECT story_id FROM stories WHERE article_id = ?)",
            [id_],
        )
        for table in ("repeats", "carried"):
            db.execute(
                f"DELETE FROM {table} WHERE passage_id IN "
                "(SELECT id FROM passages WHERE article_id = ?)",
                [id_],
            )
        db.execute("DELETE FROM stories WHERE article_id = ?", [id_])


def tell(db: sqlite3.Connection, on_progress: Progress) -> None:
    """Bring the stories up to date with the articles and passages.

    Only articles that are new are signed, and only stories that are not as they were are read.
    `on_progress` hears of the stages "sign", "group" and "tell".
    """
    heads = [
        _Head(*row)
        for row in db.execute("SELECT id, title, url, outlet, published_at FROM articles")
    ]
    before = dict(db.execute("SELECT article_id, story_id FROM stories"))
    new = [head.id for head in heads if head.id not in before]
    for done, id_ in enumerate(new, start=1):
        signed = signature(_article(db, id_))
        db.execute("INSERT INTO stories VALUES (?, '', ?)", [id_, signed])
        on_progress("sign", done, len(new))
    signatures = dict(db.execute("SELECT article_id, signature FROM stories"))
    after = group(heads, signatures, partial(on_progress, "group"))
    moved = {id_ for id_, story in after.items() if before.get(id_) != story}
    db.executemany(
        "UPDATE stories SET story_id = ? WHERE article_id = ?", ((after[id_], id_) for id_ in moved)
    )
    changed = {after[id_] for id_ in moved} | {before.get(id_, "") for id_ in moved}
    members: dict[str, list[str]] = defaultdict(list)
    for id_, story in sorted(after.items()):
        if story in changed:
            members[story].append(id_)
    for done, article_ids in enumerate(members.values(), start=1):
        _tell_one(db, article_ids)
        on_progress("tell", done, len(members))


def _tell_one(db: sqlite3.Connection, article_ids: Sequence[str]) -> None:
    passages: dict[int, Passage] = {}
    for id_ in article_ids:
        rows = db.execute(
            'SELECT id, start, "end" FROM passages WHERE article_id = ? ORDER BY id', [id_]
        ).fetchall()
        if len(article_ids) > 1:
            article = _article(db, id_)
            passages |= {p: Passage(article, start, end) for p, start, end in rows}
        for table in ("repeats", "carried"):
            db.executemany(f"DELETE FROM {table} WHERE passage_id = ?", ((r[0],) for r in rows))
    if not passages:
        return
    found = find_repeats(passages)
    db.executemany("INSERT INTO repeats VALUES (?)", ((i,) for i in sorted(found.repeated)))
    db.executemany(
        "INSERT INTO carried VALUES (?, ?)",
        ((passage, id_) for passage, ids in found.carried.items() for id_ in ids),
    )


def _article(db: sqlite3.Connection, id_: str) -> Article:
    row = db.execute(f"SELECT {_NAMES} FROM articles a WHERE a.id = ?", [id_]).fetchone()
    return Article(*row)


def inherit(db: sqlite3.Connection, before: Store) -> None:
    """Keep, of the articles in the file, the earlier states that a version before holds, and the
    ones it has as the newest where they read otherwise now."""
    ids = {row[0] for row in db.execute("SELECT id FROM articles")}
    states = [a for a in Stories(before).all_earlier() if a.id in ids]
    states += [a for a, _ in before.all_articles() if a.id in ids and a != _article(db, a.id)]
    db.executemany(
        f"INSERT INTO earlier({_COLUMNS}) VALUES ({', '.join('?' * len(FIELDS))})",
        (_values(article) for article in states),
    )


class Stories:
    """The stories of a published file."""

    def __init__(self, store: Store) -> None:
        self._query = store.query

    def repeats(self) -> frozenset[int]:
        """The passages that need not be searched, as a chosen copy says the same."""
        return frozenset(row[0] for row in self._query("SELECT passage_id FROM repeats"))

    def copies(self, passage_ids: Collection[int]) -> dict[int, tuple[Copy, ...]]:
        """The other articles that say what a passage says, the first to publish first."""
        rows: list[Any] = self._query(
            "SELECT c.passage_id, a.id, a.title, a.outlet, a.published_at, a.url FROM carried c"
            f" JOIN articles a ON a.id = c.article_id WHERE c.passage_id IN ({_marks(passage_ids)})"
            " ORDER BY a.published_at IS NULL, a.published_at, a.id",
            list(passage_ids),
        )
        found: dict[int, tuple[Copy, ...]] = defaultdict(tuple)
        for id_, *values in rows:
            found[id_] += (Copy(*values),)
        return found

    def named(self, name: str) -> str | None:
        """The id of the story with this id, or of an article with this id or address."""
        rows = self._query(
            "SELECT s.story_id FROM stories s JOIN articles a ON a.id = s.article_id"
            " WHERE a.id = ? OR a.url = ? ORDER BY a.id LIMIT 1",
            [name] * 2,
        )
        return str(rows[0][0]) if rows else None

    def timeline(self, name: str) -> list[Entry]:
        """How the story of this name went on; empty where there is none."""
        story = self.named(name)
        articles = self.articles(story) if story is not None else []
        return timeline(articles, {a.id: self.earlier(a.id) for a in articles})

    def articles(self, story_id: str) -> list[Article]:
        """The articles of a story as they are now."""
        rows = self._query(
            f"SELECT {_NAMES} FROM articles a JOIN stories s ON s.article_id = a.id"
            " WHERE s.story_id = ? ORDER BY a.id",
            [story_id],
        )
        return [Article(*row) for row in rows]

    def all_earlier(self) -> list[Article]:
        """What stood before at all addresses; nothing in a file of an older schema."""
        if not self._query("SELECT 1 FROM sqlite_master WHERE name = 'earlier'"):
            return []
        return [
            Article(*row) for row in self._query(f"SELECT {_COLUMNS} FROM earlier ORDER BY number")
        ]

    def earlier(self, article_id: str) -> list[Article]:
        """What stood at the address of an article before, the oldest first."""
        rows = self._query(
            f"SELECT {_COLUMNS} FROM earlier WHERE id = ? ORDER BY number", [article_id]
        )
        return [Article(*row) for row in rows]


def read_timeline(directory: Path, name: str) -> tuple[str, list[Entry]]:
    """The id and the timeline of the story in the version in use that has this id, or an article
    of this id or address. Raises BylineError when there is none, or no index."""
    manifest = versions.read_manifest(directory)
    with closing(Store(versions.version_folder(directory, manifest.version) / STORE)) as store:
        stories = Stories(store)
        story = stories.named(name)
        if story is None:
            raise BylineError(
                f"No story or article of the index in {directory} has the id or address {name!r}: "
                "byline search names the articles that it finds"
            )
        return story, stories.timeline(story)


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))
