"""The article: one news report as it was read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Article:
    """One news report. Citations point into `body`, so it never changes once read.

    `published_at` is ISO 8601 (`2025-06-13` or `2025-06-13T09:30:00+02:00`); `language` is a
    BCP 47 tag. `updated_at` is the time of the text's last change, in the form of `published_at`;
    `correction` is the notice, in the outlet's own words, that something in it was put right or
    taken back. `None` means that the source does not say, never a guess.
    """

    id: str
    title: str
    body: str
    url: str | None = None
    outlet: str | None = None
    author: str | None = None
    published_at: str | None = None
    language: str | None = None
    updated_at: str | None = None
    correction: str | None = None


def content_id(title: str, body: str, outlet: str | None = None) -> str:
    """An id for an article that came without one: 16 hex digits of the SHA-256 of its words and,
    if it has one, its outlet, so that each of two outlets that carry the same words is told."""
    words = f"{title}\n{body}"
    if outlet is not None:
        words += f"\0{outlet.casefold()}"  # no text holds a NUL
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def has_content_id(article: Article) -> bool:
    """Whether its id was made of its words."""
    return article.id == content_id(article.title, article.body, article.outlet)


def of_outlet(article: Article, outlet: str | None) -> Article:
    """The same article with this outlet, and an id that was made of its words made anew."""
    changed = replace(article, outlet=outlet)
    if not has_content_id(article):
        return changed
    return replace(changed, id=content_id(article.title, article.body, outlet))
