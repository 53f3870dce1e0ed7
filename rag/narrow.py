"""Answers from a part of the articles: of some outlets, of some days, or as of a day."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import cast

from corpus.article import Article
from corpus.errors import BylineError
from index.live import LiveIndex
from index.search import Index
from index.store import ArticleRow
from index.types import Hit
from index.versions import Manifest
from rag.describe import Description
from rag.pipeline import Pipeline
from rag.types import Event, Turn


@dataclass(frozen=True, slots=True)
class Scope:
    """What an answer may rest on: articles of these `outlets` (all, if none is named) that were
    published from `first` to `last`, as they were known `as_of` a day. One whose day is not known
    is in no range of days. A `literal` question is read as it is written: without the chat before
    it, and with its spelling as it is.
    """

    outlets: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    as_of: date | None = None
    literal: bool = False

    def __post_init__(self) -> None:
        if self.first and self.last and self.first > self.last:
            raise BylineError("The first day comes after the last one: change one of them.")

    @property
    def narrows(self) -> bool:
        return bool(self.outlets or self.first or self.last)

    def holds(self, outlet: str | None, published_at: str | None) -> bool:
        """Whether an article of this outlet and day is in it."""
        if self.outlets and outlet not in self.outlets:
            return False
        if not (self.first or self.last):
            return True
        try:
            day = date.fromisoformat((published_at or "")[:10])
        except ValueError:
            return False
        return (self.first or day) <= day <= (self.last or day)

    def holds_hit(self, hit: Hit) -> bool:
        """Whether the article, or one that says the same, is in it: copies of a story are searched
        in one of them alone."""
        article = hit.passage.article
        return self.holds(article.outlet, article.published_at) or any(
            self.holds(each.outlet, each.published_at) for each in hit.copies
        )


class Narrowing:
    """A pipeline that can be asked within a scope; from any thread."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def describe(self) -> Description:
        return self._pipeline.describe()

    def outlets(self) -> list[str]:
        """Those of all articles, those with the most articles first."""
        counts: dict[str, int] = {}
        for row in self._pipeline.index.articles():
            if row.outlet:
                counts[row.outlet] = counts.get(row.outlet, 0) + 1
        return sorted(counts, key=lambda outlet: (-counts[outlet], outlet))

    def stream(
        self, question: str, history: Sequence[Turn], scope: Scope | None = None
    ) -> Iterator[Event]:
        """As Pipeline.stream."""
        scope, pipeline = scope or Scope(), self._pipeline
        if scope.narrows or scope.literal:
            pipeline = copy.copy(pipeline)
            # It has all of an index that answering needs.
            pipeline.index = cast("LiveIndex", _Part(pipeline.index, scope))
        yield from pipeline.stream(question, () if scope.literal else history, scope.as_of)


class _Part:
    """An index of which only what is in a scope is found."""

    def __init__(self, index: Index | LiveIndex, scope: Scope) -> None:
        self._index, self._scope = index, scope

    @contextmanager
    def pinned(self) -> Iterator[_Part]:
        with self._index.pinned() as index:
            yield _Part(index, self._scope)

    @property
    def manifest(self) -> Manifest:
        return self._index.manifest

    def corrected(self, question: str) -> str:
        """The question with its spelling put right, if it is not to be read as it is written."""
        if self._scope.literal or not isinstance(self._index, Index):
            return question
        return self._index.corrected(question)

    def article(self, article_id: str) -> Article | None:
        return self._index.article(article_id)

    def articles(self) -> list[ArticleRow]:
        rows = self._index.articles()
        return [row for row in rows if self._scope.holds(row.outlet, row.published_at)]

    def search(
        self,
        question: str,
        k: int = 10,
        depth: int = 60,
        as_of: date | None = None,
        newness: float = 0.0,
    ) -> list[Hit]:
        """As Index.search: looks deeper until `k` passages are inside, or there is no more."""
        if not self._scope.narrows:
            return self._index.search(question, k, depth, as_of, newness)
        if not self.articles():
            return []
        asked = max(k, depth)
        while True:
            hits = self._index.search(question, asked, asked, as_of, newness)
            inside = [hit for hit in hits if self._scope.holds_hit(hit)]
            if len(inside) >= k or len(hits) < asked:
                return inside[:k]
            asked *= 4
