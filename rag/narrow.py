"""Answers from a part of the articles: from some, of some outlets or days, or as of a day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from corpus.errors import BylineError
from index.search import Index
from index.store import ArticleRow, day_stated
from index.types import Hit, Preference
from index.versions import Manifest
from rag.describe import Description
from rag.pipeline import Pipeline
from rag.types import Elsewhere, Event, Generator, Turn

Watched = Callable[[Iterator[Event]], Iterator[Event]]


class Named(NamedTuple):
    """An article by its id, and by the title that it had when it was chosen."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What an answer may rest on: these `articles` of these `outlets` (all, if none is named) that
    were published from `first` to `last`, as they were known `as_of` a day. One whose day is not
    known is in no range of days. A `literal` question is read as it is written: without the chat
    before it, and with its spelling as it is.
    """

    outlets: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    as_of: date | None = None
    literal: bool = False
    articles: tuple[Named, ...] = ()

    def __post_init__(self) -> None:
        if self.first and self.last and self.first > self.last:
            raise BylineError("The first day comes after the last one: change one of them.")

    @property
    def narrows(self) -> bool:
        return bool(self.articles or self.outlets or self.first or self.last)

    def ids(self, rows: Sequence[ArticleRow]) -> list[str]:
        """Which of these articles are in it."""
        chosen = {article.id for article in self.articles}
        return [
            row.id
            for row in rows
            if (not chosen or row.id in chosen)
            and (not self.outlets or row.outlet in self.outlets)
            and self._holds(day_stated(row.published_at))
        ]

    def _holds(self, day: date | None) -> bool:
        if not (self.first or self.last):
            return True
        return day is not None and (self.first or day) <= day <= (self.last or day)


class Narrowing:
    """A pipeline that can be asked within a scope; from any thread."""

    def __init__(self, pipeline: Pipeline, watched: Watched = iter) -> None:
        """The events of each answer go through `watched`, which hands on the same."""
        self._pipeline, self._watched = pipeline, watched

    def describe(self) -> Description:
        return self._pipeline.describe()

    def outlets(self) -> list[str]:
        """Those of all articles, those with the most articles first."""
        counts: dict[str, int] = {}
        for row in self._pipeline.index.articles():
            if row.outlet:
                counts[row.outlet] = counts.get(row.outlet, 0) + 1
        return sorted(counts, key=lambda outlet: (-counts[outlet], outlet))

    @property
    def generator(self) -> Generator:
        return self._pipeline.generator

    def check(self) -> None:
        """Ask the parts that run elsewhere whether they are there; raises Away."""
        with self._pipeline.index.pinned() as index:
            index.check()
        if isinstance(self.generator, Elsewhere):
            self.generator.check()

    def search(self, question: str, k: int, scope: Scope | None = None) -> list[Hit]:
        """The `k` best passages within a scope, without a language model."""
        scope = scope or Scope()
        with self._pipeline.index.pinned() as index:
            return Part(index, scope).search(question, k, as_of=scope.as_of)

    def foresee(self, typed: str, scope: Scope | None = None) -> None:
        """As Pipeline.foresee."""
        scope = scope or Scope()
        self._pipeline.foresee(typed, scope.as_of, lambda index: Part(index, scope))

    def stream(
        self, question: str, history: Sequence[Turn], scope: Scope | None = None
    ) -> Iterator[Event]:
        """As Pipeline.stream."""
        scope = scope or Scope()
        history = () if scope.literal else history
        events = self._pipeline.stream(
            question, history, scope.as_of, lambda index: Part(index, scope)
        )
        return self._watched(events)


@dataclass(frozen=True, slots=True)
class Part:
    """An index of which only what is in a scope is found."""

    index: Index
    scope: Scope

    @property
    def manifest(self) -> Manifest:
        return self.index.manifest

    @property
    def literal(self) -> bool:
        return self.scope.literal

    def corrected(self, question: str) -> str:
        """The question with its spelling put right, if it is not to be read as it is written."""
        return question if self.scope.literal else self.index.corrected(question)

    def outlets(self) -> list[str]:
        return self.index.outlets()

    def search(
        self,
        question: str,
        k: int,
        *,
        as_of: date | None = None,
        prefer: Preference | None = None,
    ) -> list[Hit]:
        within = self.scope.ids(self.index.articles()) if self.scope.narrows else None
        return self.index.search(question, k, as_of=as_of, prefer=prefer, within=within)
