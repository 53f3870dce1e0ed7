"""An index grown to any size out of a real one, to measure searching on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from corpus.article import Article
from corpus.errors import BylineError
from index import versions
from index.publishing import Upkeep, publish_folder
from index.sizes import kind_for
from index.store import store_in_use, text_hash
from index.types import Passage, silent
from index.versions import STORE, Manifest
from index.writer import StoreWriter

NOISE = 0.6
"""Length of the noise that is added to a vector of length 1: the copy's cosine with it is 0.86."""
PARTS = 100
"""Outlets, and days, that the articles are dealt to: each has one in a hundred."""
_FIRST_DAY = date(2025, 1, 1)
_CHANGED = 3  # of so many words of a copy one comes from another passage


@dataclass(frozen=True, slots=True)
class Real:
    """What a real index holds: articles with their passages, and the vectors of these."""

    manifest: Manifest
    articles: list[tuple[Article, list[str]]]
    vectors: np.ndarray

    @property
    def texts(self) -> list[str]:
        return [text for _, texts in self.articles for text in texts]


def read_real(directory: Path) -> Real:
    """The version in use. Raises BylineError where there is none."""
    manifest, store = store_in_use(directory)
    with closing(store):
        vectors = [vectors for _, vectors in store.vector_batches(manifest.dim)]
        spans = store.spans()
        bodies = {article.id: article for article, _ in store.all_articles()}
    of_article: dict[str, list[str]] = {}
    places: dict[str, list[int]] = {}
    for place, (_, article_id, start, end, _) in enumerate(spans):
        of_article.setdefault(article_id, []).append(bodies[article_id].body[start:end])
        places.setdefault(article_id, []).append(place)
    if not spans:
        raise BylineError(f"The index in {directory} holds no passage: add articles with text")
    rows = np.concatenate(vectors)[[place for ids in places.values() for place in ids]]
    return Real(manifest, [(bodies[id_], texts) for id_, texts in of_article.items()], rows)


def grow(
    real: Real, passages: int, directory: Path, upkeep: Upkeep, on_progress: Callable[[int], None]
) -> Manifest:
    """Publish in `directory` an index of so many passages: the real ones, and then copies of them.

    A copy's vector is the real one with noise, its text the real one with a third of its words from
    another passage. Copies are no stories. `on_progress` hears how many passages are written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with versions.building_folder(directory) as folder:
        with closing(StoreWriter(folder / STORE, silent)) as writer:
            done = 0
            for articles, cut, vectors in _copies(real, passages):
                hashes = [text_hash(f"{done + n}") for n in range(len(cut))]
                writer.add(articles, cut, hashes, vectors, {})
                done += len(cut)
                on_progress(done)
            writer.merge()
            held, count, digest = writer.finish()
        manifest = replace(
            real.manifest,
            version=versions.new_version_id(directory, digest),
            articles=held,
            passages=count,
            source_digest=digest,
            faiss=kind_for(count, upkeep.exact_passages),
            postings=count > upkeep.fts_passages,
        )
        return publish_folder(directory, folder, manifest, silent)


def _copies(real: Real, passages: int) -> Iterator[tuple[list[Article], list[Passage], np.ndarray]]:
    """Articles with their passages and vectors, one round of all articles at a time."""
    words, noise = random.Random(0), np.random.default_rng(0)
    texts, number, left, turn = real.texts, 0, passages, 0
    while left > 0:
        articles: list[Article] = []
        cut: list[Passage] = []
        for article, own in real.articles:
            own = own[: left - len(cut)]
            if not own:
                break
            if turn:
                own = [_reworded(text, words.choice(texts), words) for text in own]
            day = _FIRST_DAY + timedelta(days=words.randrange(PARTS))
            copy = Article(
                f"{article.id}~{number}",
                article.title,
                "\n".join(own),
                outlet=f"Outlet {words.randrange(PARTS)}",
                published_at=day.isoformat(),
            )
            number += 1
            articles.append(copy)
            start = 0
            for text in own:
                cut.append(Passage(copy, start, start + len(text)))
                start += len(text) + 1
        vectors = real.vectors[: len(cut)]
        yield articles, cut, _noisy(vectors, noise) if turn else vectors
        left -= len(cut)
        turn += 1


def _reworded(text: str, other: str, chance: random.Random) -> str:
    words, others = text.split(" "), other.split(" ")
    share = min(len(words) // _CHANGED, len(others))
    start = chance.randrange(len(words) - share + 1)
    words[start : start + share] = others[:share]
    return " ".join(words)


def _noisy(vectors: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    noise = chance.standard_normal(vectors.shape, dtype=np.float32)
    noisy = vectors + noise * np.float32(NOISE / vectors.shape[1] ** 0.5)
    return np.asarray(noisy / np.linalg.norm(noisy, axis=1, keepdims=True), dtype=np.float32)
