"""Searching a published index: vectors and words together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corpus.article import Article
from corpus.errors import BylineError
from index import versions
from index.derived import exact_in, open_vectors, open_words
from index.fuse import Fused, reciprocal_rank_fusion, weigh_by_day, weigh_by_outlet
from index.guard import check_embedder, check_width
from index.part import passages_of
from index.seen import Seen, seen_on
from index.spelling import Spelling
from index.store import ArticleRow, Store
from index.story_tables import Stories
from index.types import Embedder, Hit, Preference, VectorIndex, WordIndex
from index.versions import MEND, Manifest

if TYPE_CHECKING:
    from index.milvus import Milvus


class Index:
    """One version of an index, open for questions from any thread.

    It keeps answering from its version while newer ones are published; index.live.LiveIndex is one
    that moves to them.
    """

    scope: None = None
    """It is searched as a whole."""
    problem: str | None = None
    """It never moves, so nothing can keep it from it."""
    literal = False
    """Questions to a whole index are not only read as they are written."""

    def __init__(
        self,
        directory: Path,
        manifest: Manifest,
        store: Store,
        vectors: VectorIndex,
        words: WordIndex,
        embedder: Embedder,
        milvus: Milvus | None = None,
    ) -> None:
        self.directory = directory
        self.manifest = manifest
        self._store = store
        self._vectors = vectors
        self._words = words
        self._embedder = embedder
        self._milvus = milvus
        self._stories = Stories(store)
        self._repeats = self._stories.repeats()
        self._spelling: Spelling | None = None  # made at the first question
        self._seen: Seen | None = None  # of the day that was asked about last
        self._part: tuple[tuple[Seen | None, tuple[str, ...]], frozenset[int]] | None = None
        self._rows: tuple[ArticleRow, ...] | None = None  # read when they are first asked for
        self._outlets: tuple[str, ...] | None = None

    @classmethod
    def open(cls, directory: Path, embedder: Embedder, milvus: Milvus | None = None) -> Index:
        """The version in use; with `milvus` the one that its alias names, searched there. Raises
        BylineError, naming the command that helps, when there is none, when it is damaged, or when
        it was built with another embedder."""
        while True:
            version = _in_use(directory, milvus)
            try:
                manifest = versions.read_manifest(directory, version)
                return cls._opened(directory, manifest, embedder, milvus)
            except BylineError:
                # Another version may have been published, and this one deleted, on the way.
                if _in_use(directory, milvus) == version:
                    raise

    @classmethod
    def _opened(
        cls, directory: Path, manifest: Manifest, embedder: Embedder, milvus: Milvus | None
    ) -> Index:
        check_embedder(directory, manifest, embedder)
        check_width(directory, manifest, embedder.dim)
        folder = versions.version_folder(directory, manifest.version)
        store = Store(folder / versions.STORE)
        try:
            if store.passage_count != manifest.passages:
                raise BylineError(
                    f"The index in {directory} holds {store.passage_count} passages where its "
                    f"manifest says {manifest.passages}: {MEND}"
                )
            repeats = Stories(store).repeats()
            if milvus is not None:
                vectors, words = milvus.open(manifest, repeats, exact_in(store, manifest.dim))
            else:
                vectors = open_vectors(folder, manifest, store)
                words = open_words(folder, manifest, store, repeats)
        except BaseException:
            store.close()
            raise
        return cls(directory, manifest, store, vectors, words, embedder, milvus)

    @contextmanager
    def pinned(self) -> Iterator[Index]:
        """This version itself, for whoever takes any index: it never moves to another."""
        yield self

    def search(
        self,
        question: str,
        k: int = 10,
        depth: int = 60,
        as_of: date | None = None,
        prefer: Preference | None = None,
        within: Collection[str] | None = None,
    ) -> list[Hit]:
        """The `k` best passages for `question`, best first; none for a blank question.

        The `depth` nearest by vector and the `depth` best by BM25 are fused by reciprocal rank, and
        `Hit.score` is that sum. Equal scores are ordered by the passage's place in the index. What
        copies of a story say is searched in one of them, and the others are in `Hit.copies`. With
        `as_of` only what was known on that day is searched (index/seen.py); what to `prefer` is
        raised. With `within` only the articles of these ids are searched (index/part.py).
        """
        if not question.strip():
            return []
        seen = self._seen_on(as_of) if as_of else None
        allow = self._allowed(seen, within)
        if allow is not None and not allow:
            return []
        vector = self._embedder.embed_question(question)
        nearest = (
            self._nearest(vector, depth)
            if allow is None
            else self._vectors.search(vector, depth, allow)
        )
        by_words = self._words.search(question, depth, allow)
        rankings = {
            "dense": [id_ for id_, _ in nearest],
            "lexical": [id_ for id_, _ in by_words],
        }
        best = reciprocal_rank_fusion(rankings)
        best = (self._raised(best, prefer) if prefer else best)[:k]
        ids = [id_ for id_, _, _ in best]
        passages, copies = self._store.passages(ids), self._stories.copies(ids)
        similarity, bm25 = dict(nearest), dict(by_words)
        hits = [
            Hit(
                passages[id_],
                score,
                ranks,
                similarity.get(id_),
                copies.get(id_, ()),
                bm25.get(id_),
            )
            for id_, score, ranks in best
        ]
        return _as_known(dict(zip(ids, hits, strict=True)), seen)[:k] if seen else hits

    def _raised(self, fused: Sequence[Fused], prefer: Preference) -> list[Fused]:
        ids = [id_ for id_, _, _ in fused]
        raised = list(fused)
        if prefer.days:
            raised = weigh_by_day(raised, self._store.days(ids), prefer.days, prefer.by_day)
        if prefer.outlets:
            outlets = self._store.outlets_of(ids)
            raised = weigh_by_outlet(raised, outlets, prefer.outlets, prefer.by_outlet)
        return raised

    def outlets(self) -> list[str]:
        """Those of all articles, in the order of the alphabet."""
        if self._outlets is None:
            self._outlets = tuple(self._store.outlets())
        return list(self._outlets)

    def _seen_on(self, day: date) -> Seen:
        seen = self._seen
        if seen is None or seen.day != day:
            seen = self._seen = seen_on(day, self._store, self.manifest.chunking)
        return seen

    def _allowed(self, seen: Seen | None, within: Collection[str] | None) -> Collection[int] | None:
        """The passages to search in, None for all that are no repeats; the same object as before
        where they are the same, as what is made of it is kept."""
        if within is None:
            return seen.passages if seen else None
        wanted = (seen, tuple(within))
        part = self._part
        if part is None or part[0] != wanted:
            there = seen.there if seen else None
            part = (wanted, passages_of(within, self._store, self._repeats, there))
            self._part = part
        return part[1]

    def _nearest(self, vector: np.ndarray, depth: int) -> list[tuple[int, float]]:
        """The `depth` nearest passages that are no repeats, with their inner products."""
        asked = depth
        while True:
            found = self._vectors.search(vector, asked)
            new = [pair for pair in found if pair[0] not in self._repeats]
            if len(new) >= depth or len(found) < asked:
                return new[:depth]
            asked = max(2 * asked, depth + len(found) - len(new))

    def corrected(self, question: str) -> str:
        """The question with words that no article holds put right, where one of theirs is meant."""
        if self._spelling is None:
            self._spelling = Spelling(self._store)
        return self._spelling.corrected(question)

    def article(self, article_id: str) -> Article | None:
        return self._store.article(article_id)

    def articles(self) -> list[ArticleRow]:
        """All articles without their bodies, the newest first."""
        if self._rows is None:
            self._rows = tuple(self._store.articles())
        return list(self._rows)

    def is_stale(self) -> bool:
        """Whether another version is in use by now."""
        return _in_use(self.directory, self._milvus) != self.manifest.version

    def check(self) -> None:
        """Raises Away where it is searched elsewhere and nobody answers there."""
        if self._milvus is not None:
            self._milvus.current()

    def close(self) -> None:
        self._store.close()


def _in_use(directory: Path, milvus: Milvus | None) -> str | None:
    """The version that the pointer names, which with Milvus is its alias."""
    if milvus is None:
        return versions.current_version(directory)
    version = milvus.current()
    if version is None or version not in versions.version_ids(directory):
        raise BylineError(
            f"{milvus.address} searches {version or 'no version of an index'}, which is not in "
            f"{directory}: byline index verify puts the version in use there."
        )
    return version


def _as_known(hits: Mapping[int, Hit], seen: Seen) -> list[Hit]:
    """The hits as they read on the day, where that was otherwise. A passage of an earlier text has
    no similarity, as only the text of now has a vector."""
    found: list[Hit] = []
    for id_, hit in hits.items():
        hit = replace(hit, copies=seen.copies.get(id_, hit.copies))
        then = seen.earlier.get(id_)
        found += [replace(hit, passage=p, similarity=None) for p in then] if then else [hit]
    return found
