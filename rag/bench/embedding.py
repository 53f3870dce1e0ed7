"""How fast this machine embeds, against plain sentence-transformers, turn about in one run."""

from __future__ import annotations

import math
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from corpus.article import Article
from corpus.errors import BylineError
from index.build import build
from index.chunk import chunk, embedding_text
from index.types import Embedder

CONFIDENCE = 0.95
_LOOK_EVERY_S = 0.02

Encode = Callable[[Sequence[str]], np.ndarray]
"""Texts to unit-length vectors, one row each."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to embed: over its median round. `peak_bytes` is the most memory that the process
    held meanwhile, both ways' weights included."""

    passages_per_second: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class IndexSpeed:
    """What `bench_index` measured.

    `ratio` is how many times as fast `byline` is as `plain`, over all rounds, and lies between
    `low` and `high` at 95%. `least_cosine` is between the two vectors of one passage.
    """

    passages: int
    rounds: int
    byline: Way
    plain: Way
    ratio: float
    low: float
    high: float
    least_cosine: float
    bytes_a_passage: float


def bench_index(
    articles: Sequence[Article],
    embedder: Embedder,
    plain: Encode,
    *,
    rounds: int = 5,
    on_progress: Callable[[int, int], None] | None = None,
) -> IndexSpeed:
    """Embed the articles' passages by both ways `rounds` times (2 or more), turn about.

    A round takes each way once, the one that begins changing from round to round, so that what
    else the machine does falls on both. Nothing of what is built stays on disk. `on_progress` hears
    (turns done, turns in all). Raises BylineError when the articles hold no text.
    """
    texts = [embedding_text(passage) for article in articles for passage in chunk(article)]
    if not texts:
        raise BylineError(
            f"None of the {len(articles)} articles has any text to embed: name files that do"
        )
    ways: dict[str, Encode] = {"byline": embedder.embed_passages, "plain": plain}
    vectors = {name: encode(texts[:2]) for name, encode in ways.items()}  # the weights load here
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    peaks = dict.fromkeys(ways, 0)
    for turn in range(2 * rounds):
        first = turn % 4 in (0, 3)  # byline plain, plain byline, byline plain ...
        name = "byline" if first else "plain"
        with peak_memory() as peak:
            start = time.perf_counter()
            vectors[name] = ways[name](texts)
            seconds[name].append(time.perf_counter() - start)
        peaks[name] = max(peaks[name], peak())
        if on_progress:
            on_progress(turn + 1, 2 * rounds)
    ratio, low, high = ratio_interval(seconds["plain"], seconds["byline"])
    speeds = {
        name: Way(len(texts) / statistics.median(seconds[name]), peaks[name]) for name in ways
    }
    return IndexSpeed(
        passages=len(texts),
        rounds=rounds,
        byline=speeds["byline"],
        plain=speeds["plain"],
        ratio=ratio,
        low=low,
        high=high,
        least_cosine=float((vectors["byline"] * vectors["plain"]).sum(axis=1).min()),
        bytes_a_passage=_bytes_on_disk(articles, embedder, texts, vectors["byline"]) / len(texts),
    )


def ratio_interval(
    numerators: Sequence[float], denominators: Sequence[float]
) -> tuple[float, float, float]:
    """The geometric mean of the pairs' ratios and its interval at 95%.

    Student's t over the logarithms, as the pairs share what else the machine did. Wants two pairs
    or more of positive numbers.
    """
    from scipy.stats import t

    logs = [math.log(a / b) for a, b in zip(numerators, denominators, strict=True)]
    middle = statistics.mean(logs)
    spread = statistics.stdev(logs) / math.sqrt(len(logs))
    half = spread * float(t.ppf((1 + CONFIDENCE) / 2, len(logs) - 1))
    return math.exp(middle), math.exp(middle - half), math.exp(middle + half)


def some_articles(articles: Sequence[Article], passages: int, seed: int = 0) -> list[Article]:
    """Articles drawn at random until they hold so many passages, or all."""
    drawn: list[Article] = []
    held = 0
    for article in random.Random(seed).sample(list(articles), len(articles)):
        if held >= passages:
            break
        drawn.append(article)
        held += len(chunk(article))
    return drawn


def plain_encode(folder: Path) -> Encode:
    """sentence-transformers as its manual has it: float32 on the CPU, batches of 32."""
    model: Any = None

    def encode(texts: Sequence[str]) -> np.ndarray:
        nonlocal model
        from sentence_transformers import SentenceTransformer

        if model is None:
            model = SentenceTransformer(
                str(folder),
                device="cpu",
                local_files_only=True,
                model_kwargs={"use_safetensors": True, "dtype": "float32"},
            )
        vectors = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    return encode


@contextmanager
def peak_memory() -> Iterator[Callable[[], int]]:
    """Inside, the process's memory is watched; the result is its peak in bytes so far."""
    import psutil

    process, over = psutil.Process(), threading.Event()
    peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not over.wait(_LOOK_EVERY_S):
            peak = max(peak, process.memory_info().rss)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield lambda: peak
    finally:
        over.set()
        watching.join()


class _Embedded:
    """An embedder that has its vectors already, to build an index without a model."""

    def __init__(self, embedder: Embedder, vectors: dict[str, np.ndarray]) -> None:
        self.name, self.weights_hash, self.dim = embedder.name, embedder.weights_hash, embedder.dim
        self._vectors = vectors

    def embed_passages(
        self, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        return np.stack([self._vectors[text] for text in texts])

    def embed_question(self, text: str) -> np.ndarray:
        return self._vectors[text]


def _bytes_on_disk(
    articles: Sequence[Article], embedder: Embedder, texts: Sequence[str], vectors: np.ndarray
) -> int:
    """What an index of the articles takes: text, words and vectors."""
    made = _Embedded(embedder, dict(zip(texts, vectors, strict=True)))
    with tempfile.TemporaryDirectory(prefix="byline-bench-") as temporary:
        build(articles, made, Path(temporary))
        return sum(path.stat().st_size for path in Path(temporary).rglob("*") if path.is_file())
