"""How searching grows with the index: recall against exact search, time, memory and disk."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from index import versions
from index.derived import open_vectors, open_words
from index.fuse import reciprocal_rank_fusion
from index.history import bytes_of
from index.publishing import Upkeep
from index.search import Index
from index.store import Store
from index.types import Embedder
from index.versions import Manifest
from rag.bench.embedding import peak_memory
from rag.bench.grown import Real, grow
from rag.narrow import Part, Scope

K, DEPTH = 10, 60
"""Passages of which the recall is measured, and how deep each ranking goes that is fused."""
FTS_QUESTIONS = 40
"""So many questions are also put to FTS5 and to all vectors, which takes seconds each."""

_OUTLET = Scope(outlets=("Outlet 7",))
_DAY = Scope(first=date(2025, 2, 1), last=date(2025, 2, 1))


@dataclass(frozen=True, slots=True)
class Recall:
    """Of the 10 best, 0 to 1: of `vectors` against all compared, of `words` against FTS5 over every
    word, of `both` as they are fused, and of vectors within one outlet of a hundred and one day of
    a hundred."""

    vectors: float
    words: float
    both: float
    outlet: float
    day: float


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds of a whole search, with the question's embedding and without reranking; `cpu` is
    the processor's time in them, as other work on the machine counts in the rest."""

    p50_ms: float
    p99_ms: float
    cpu_p50_ms: float
    cpu_p99_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What `measure` found, in all articles and in one outlet of a hundred. `peak_bytes` is the
    most memory that the process held while it searched."""

    recall: Recall
    whole: Percentiles
    outlet: Percentiles
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Size:
    """One size of `bench_search`: how it is searched, what it takes on disk, and the seconds in
    which the files beside SQLite were made and the whole was."""

    passages: int
    faiss: str
    probes: int
    postings: bool
    build_s: float
    bytes_a_passage: float
    searched: Measured


Measure = Callable[[Path, Sequence[str]], Measured]


def bench_search(
    real: Real,
    sizes: Sequence[int],
    questions: Sequence[str],
    measured: Measure,
    *,
    upkeep: Upkeep = Upkeep(),  # noqa: B008 (frozen)
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Size]:
    """Grow an index to each size, search it, and delete it again.

    `measured` is `measure` with an embedder, in a process of its own where memory is to be told.
    `on_progress` hears (passages written, passages in all).
    """
    found: list[Size] = []
    before, total = 0, sum(sizes)
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="byline-bench-") as temporary:
            directory = Path(temporary)
            start = time.perf_counter()

            def told(done: int, before: int = before) -> None:
                if on_progress:
                    on_progress(before + done, total)

            manifest = grow(real, size, directory, upkeep, told)
            build_s = time.perf_counter() - start
            folder = versions.version_folder(directory, manifest.version)
            found.append(
                Size(
                    passages=manifest.passages,
                    faiss=manifest.faiss.factory,
                    probes=manifest.faiss.probes,
                    postings=manifest.postings,
                    build_s=build_s,
                    bytes_a_passage=bytes_of(folder) / manifest.passages,
                    searched=measured(directory, questions),
                )
            )
        before += size
    return found


def titles_of(real: Real, count: int, seed: int = 0) -> list[str]:
    """Titles drawn at random, as questions: each once."""
    titles = sorted({article.title for article, _ in real.articles if article.title.strip()})
    return random.Random(seed).sample(titles, min(count, len(titles)))


def measure(directory: Path, questions: Sequence[str], embedder: Embedder) -> Measured:
    """Search the index in `directory` for all questions, one after the other, each once unmeasured
    and then once more; then find out what was missed."""
    times: dict[str, list[tuple[float, float]]] = {"all": [], "outlet": []}
    with closing(Index.open(directory, embedder)) as index:
        with peak_memory() as peak:
            for name, scope in (("all", Scope()), ("outlet", _OUTLET)):
                part = Part(index, scope)
                for question in questions:
                    part.search(question, K)
                for question in questions:
                    wall, processor = time.perf_counter(), time.process_time()
                    part.search(question, K)
                    spent = time.perf_counter() - wall, time.process_time() - processor
                    times[name].append((1000 * spent[0], 1000 * spent[1]))
            peak_bytes = peak()
        recall = _recalls(directory, index, list(questions), embedder)
    return Measured(
        recall, _percentiles(times["all"]), _percentiles(times["outlet"]), peak_bytes=peak_bytes
    )


def _percentiles(spent: Sequence[tuple[float, float]]) -> Percentiles:
    (p50, cpu_p50), (p99, cpu_p99) = (np.percentile(spent, share, axis=0) for share in (50, 99))
    return Percentiles(float(p50), float(p99), float(cpu_p50), float(cpu_p99))


def _recalls(directory: Path, index: Index, questions: list[str], embedder: Embedder) -> Recall:
    manifest = index.manifest
    folder = versions.version_folder(directory, manifest.version)
    vectors = np.stack([embedder.embed_question(question) for question in questions])
    with closing(Store(folder / versions.STORE)) as store:
        dense = open_vectors(folder, manifest, store)
        words = open_words(folder, manifest, store, frozenset())
        parts = [None, *(_passages_in(scope, index, store) for scope in (_OUTLET, _DAY))]
        exact = [_nearest(vectors, store, manifest, part) for part in parts]
        near = [[_ids(dense.search(vector, DEPTH, part)) for vector in vectors] for part in parts]
        some = questions[:FTS_QUESTIONS]
        fts = [_ids(store.search(question, DEPTH)) for question in some]
        quick = [_ids(words.search(question, DEPTH)) for question in some]
    whole, outlet, day = map(_recall, exact, near)
    # Of both no more than there are of the words.
    wanted, found = (list(map(_fused, *both)) for both in ((fts, exact[0]), (quick, near[0])))
    return Recall(whole, _recall(fts, quick), _recall(wanted, found), outlet, day)


def _ids(pairs: Sequence[tuple[int, float]]) -> list[int]:
    return [id_ for id_, _ in pairs]


def _passages_in(scope: Scope, index: Index, store: Store) -> frozenset[int]:
    articles = set(scope.ids(index.articles()))
    return frozenset(id_ for id_, article_id, *_ in store.spans() if article_id in articles)


def _nearest(
    vectors: np.ndarray, store: Store, manifest: Manifest, part: frozenset[int] | None
) -> list[list[int]]:
    """The `DEPTH` nearest passages of a part to each question, every vector compared."""
    best: list[list[tuple[float, int]]] = [[] for _ in vectors]
    for ids, rows in store.vector_batches(manifest.dim):
        if part is not None:
            inside = np.fromiter((id_ in part for id_ in ids.tolist()), dtype=bool, count=len(ids))
            ids, rows = ids[inside], rows[inside]
        products = rows @ vectors.T
        for at, column in enumerate(products.T):
            top = np.argpartition(-column, min(DEPTH, len(column)) - 1)[:DEPTH] if len(ids) else ()
            mine = [(-float(column[row]), int(ids[row])) for row in top]
            best[at] = sorted([*best[at], *mine])[:DEPTH]
    return [[id_ for _, id_ in pairs] for pairs in best]


def _fused(lexical: Sequence[int], dense: Sequence[int]) -> list[int]:
    return [id_ for id_, _, _ in reciprocal_rank_fusion({"dense": dense, "lexical": lexical})]


def _recall(wanted: Sequence[Sequence[int]], found: Sequence[Sequence[int]]) -> float:
    """Mean share of the `K` best that were found among the `K` best; questions without any that
    are wanted are left out."""
    shares = [
        len(set(w[:K]) & set(f[:K])) / len(w[:K]) for w, f in zip(wanted, found, strict=True) if w
    ]
    return float(np.mean(shares)) if shares else float("nan")
