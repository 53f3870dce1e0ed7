"""The article: one news report as it was read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


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


def content_id(title: str, body: str) -> str:
    """An id for an article that came without one: 16 hex digits of the SHA-256 of its words."""
    return hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()[:16]
