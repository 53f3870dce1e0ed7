"""What a reader may know of the parts at work."""

from __future__ import annotations

from dataclasses import dataclass

from index.search import Index
from rag.types import Generator


@dataclass(frozen=True, slots=True)
class Description:
    """The model, the engine that computes it, and the index.

    `newest` is an ISO 8601 date; `problem` says why answers come from an earlier version than the
    one in use, if they do.
    """

    model: str
    engine: str
    index_version: str
    articles: int
    passages: int
    newest: str | None
    problem: str | None = None


def describe(index: Index, generator: Generator, problem: str | None = None) -> Description:
    """Both as they are now."""
    dates = [row.published_at for row in index.articles() if row.published_at]
    return Description(
        model=generator.name,
        engine=generator.engine,
        index_version=index.manifest.version,
        articles=index.manifest.articles,
        passages=index.manifest.passages,
        newest=max(dates)[:10] if dates else None,
        problem=problem,
    )
