"""The words of this floor: passages, hits, and the small protocols behind them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Protocol

from corpus.article import Article

if TYPE_CHECKING:
    import numpy as np

Progress = Callable[[str, int, int], None]
"""Hears (stage, done, total); `total` is 0 where nobody knows it. Of a change to the index the
stages are "read" where it comes from files, in kilobytes, "wait" while another process writes,
"chunk", "embed" where a text is new to the embedder, "copy" of the version before, in kilobytes,
"remove", "write" by passages, "sign", "group" and "tell" of the stories, "merge" where room is
given back, "faiss", "hash" in kilobytes, "milvus" by passages where one holds the index, and
"sync"; in this order, and only those that there is work for."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one article: characters `start` to `end` of its body, so a citation is exact."""

    article: Article
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.article.body[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Copy:
    """Another article that says what a passage says: the same story in another outlet."""

    article_id: str
    title: str
    outlet: str | None = None
    published_at: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """What a search raises among all that it finds; nothing is shut out by it.

    A score grows by the share `by_day` for an article of `days`, from the first to the last, and by
    less the farther it is from them; by the share `by_outlet` for one of these `outlets`.
    """

    days: tuple[date, date] | None = None
    by_day: float = 0.0
    outlets: tuple[str, ...] = ()
    by_outlet: float = 0.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that a search found. The score belongs to the hit, never to the passage.

    `score` is comparable within one search only. `ranks` names each retriever that found the
    passage with its rank there, counted from 1; `similarity` is the cosine of question and passage
    in the embedder's space, None where only words found it; `bm25` what the words gave, None where
    only vectors found it. `copies` are the other articles that
    say the same, the first to publish first: a story that many outlets carried is one hit.
    """

    passage: Passage
    score: float
    ranks: dict[str, int] = field(default_factory=dict)
    similarity: float | None = None
    copies: tuple[Copy, ...] = ()
    bm25: float | None = None


class Embedder(Protocol):
    """Turns text into unit-length float32 vectors of width `dim`.

    `weights_hash` tells two sets of weights under one name apart: vectors of one are never compared
    with vectors of the other.
    """

    @property
    def name(self) -> str: ...
    @property
    def weights_hash(self) -> str: ...
    @property
    def dim(self) -> int: ...
    def embed_passages(
        self, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        """Vectors of shape (len(texts), dim). `on_progress` hears (texts done, texts in all)."""
        ...

    def embed_question(self, text: str) -> np.ndarray:
        """One vector of shape (dim,)."""
        ...


class VectorIndex(Protocol):
    """Nearest passages by inner product."""

    def search(
        self, vector: np.ndarray, k: int, allow: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` best (passage id, inner product), best first, among `allow` if it is given."""
        ...


class WordIndex(Protocol):
    """The best passages by BM25."""

    def search(
        self, question: str, k: int, allow: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` best (passage id, BM25) over any of the question's words, best first, equal ones
        by id: among `allow` or, if it is not given, all but those that repeat what a copy says."""
        ...


def silent(stage: str, done: int, total: int) -> None:
    """A Progress that nobody follows."""
