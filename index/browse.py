"""The list of articles as a person looks through it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from index.store import Store


@dataclass(frozen=True, slots=True)
class Row:
    """One article of the list. `copies` counts the other articles that tell the same story."""

    id: str
    title: str
    outlet: str | None
    published_at: str | None
    passages: int
    copies: int
    searched: str  # what words are looked for in, without case


def all_rows(store: Store) -> list[Row]:
    """All articles of a version, the newest first, those without a date last."""
    story_of = dict(store.query("SELECT article_id, story_id FROM stories"))
    sizes = Counter(story_of.values())
    passages = dict(store.query("SELECT article_id, count(*) FROM passages GROUP BY article_id"))
    heads = store.query(
        "SELECT id, title, outlet, published_at FROM articles"
        " ORDER BY published_at DESC NULLS LAST, title, id"
    )
    return [
        Row(
            *(id_, title, outlet, published_at),
            passages.get(id_, 0),
            sizes[story_of[id_]] - 1 if id_ in story_of else 0,
            "\n".join((title, outlet or "", published_at or "", day(published_at))).casefold(),
        )
        for id_, title, outlet, published_at in heads
    ]


def matching(rows: Iterable[Row], words: str) -> list[Row]:
    """The rows whose title, outlet and date hold every one of the words, or a part of a word."""
    wanted = words.casefold().split()
    return [row for row in rows if all(word in row.searched for word in wanted)]


def day(published_at: str | None) -> str:
    """`2025-06-13T09:30:00+02:00` as `13 June 2025`; another form as it stands."""
    try:
        found = date.fromisoformat((published_at or "")[:10])
    except ValueError:
        return published_at or ""
    return f"{found.day} {found:%B %Y}"
