"""Embedding what was read while the rest is being read."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from fakes import HashingEmbedder

from corpus.article import Article
from index import versions
from index.ahead import embedding_ahead
from index.build import build
from index.change import apply
from index.embeddings import FILE, SAVED_EVERY

ARTICLES = [Article(str(n), f"Title {n}", f"Words {n} of an article.") for n in range(3)]
WAIT_S = 30.0  # at most; no test waits so long unless it fails


class TellingEmbedder(HashingEmbedder):
    """Tells when it has embedded something."""

    def __init__(self, name: str = "hashing") -> None:
        super().__init__(name=name)
        self.done = threading.Event()

    def embed_passages(
        self, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        vectors = super().embed_passages(texts, on_progress)
        self.done.set()
        return vectors


@pytest.mark.parametrize("is_there", [False, True])
def test_what_is_taken_is_embedded_before_the_change(tmp_path: Path, is_there: bool) -> None:
    directory = tmp_path / "new" / "index"
    if is_there:
        build([Article("old", "Old", "Old news.")], HashingEmbedder(), directory)
    ahead, after = TellingEmbedder(), HashingEmbedder()
    with embedding_ahead(directory, lambda: ahead) as take:
        take(ARTICLES[0])
        assert ahead.done.wait(WAIT_S)
    apply(directory, after, ARTICLES)
    assert len(ahead.embedded) == 1
    assert len(after.embedded) == 2


def test_what_the_index_holds_is_left_alone(tmp_path: Path) -> None:
    build(ARTICLES[:2], HashingEmbedder(), tmp_path)
    ahead = TellingEmbedder()
    with embedding_ahead(tmp_path, lambda: ahead) as take:
        for article in ARTICLES:
            take(article)
        assert ahead.done.wait(WAIT_S)
    assert ahead.embedded == ["Title 2\nWords 2 of an article."]


def test_without_articles_no_embedder_is_asked_for(tmp_path: Path) -> None:
    with embedding_ahead(tmp_path, lambda: pytest.fail("it was asked for")):
        assert not list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_an_embedder_that_the_index_is_not_of_embeds_nothing(tmp_path: Path) -> None:
    build(ARTICLES[:1], HashingEmbedder(), tmp_path)
    other = HashingEmbedder(name="other")
    with embedding_ahead(tmp_path, lambda: other) as take:
        take(ARTICLES[1])
    assert other.embedded == []
    assert not (tmp_path / FILE).exists()


def test_an_embedder_that_fails_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def fail() -> HashingEmbedder:
        raise OSError("no weights")

    with embedding_ahead(tmp_path, fail) as take:
        take(ARTICLES[0])
    assert "Nothing more is embedded ahead: no weights" in caplog.text


def test_at_the_end_of_the_block_nothing_more_is_begun(tmp_path: Path) -> None:
    """However much waits; the change does the rest."""

    class Waiting(TellingEmbedder):
        """Goes on from its second batch only when it is told to stop."""

        def embed_passages(
            self, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None
        ) -> np.ndarray:
            while self.done.is_set() and not take.__self__._stopped:  # type: ignore[attr-defined]
                time.sleep(0.01)
            return super().embed_passages(texts, on_progress)

    ahead, after = Waiting(), HashingEmbedder()
    many = [Article(f"m{n}", f"Many {n}", f"News {n} of zebras.") for n in range(1000)]
    with embedding_ahead(tmp_path, lambda: ahead) as take:
        for article in many:
            take(article)
        assert ahead.done.wait(WAIT_S)
    assert 0 < len(ahead.embedded) <= 2 * SAVED_EVERY
    build(many, after, tmp_path)
    assert len(ahead.embedded) + len(after.embedded) == 1000


def test_an_error_in_the_block_ends_it(tmp_path: Path) -> None:
    def fail() -> None:
        with embedding_ahead(tmp_path, TellingEmbedder) as take:
            take(ARTICLES[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert "embedding" not in [thread.name for thread in threading.enumerate()]
    assert versions.current_version(tmp_path) is None
