"""`byline bench index`: what it prints, and the arithmetic behind it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import numpy as np
import pytest
from fakes import HashingEmbedder

from corpus.article import Article
from corpus.errors import BylineError
from rag import load
from rag.bench import embedding as bench
from rag.bench.embedding import bench_index, ratio_interval, some_articles
from rag.cli import main
from rag.commands.bench import index_speed_text

ARTICLES = [
    Article(str(number), f"Title {number}", f"Meta paid {number} billion. Wang left.")
    for number in range(8)
]


class TestBenchIndex:
    def test_every_passage_is_embedded_by_both_ways_each_round(self) -> None:
        embedder, plain = HashingEmbedder(), HashingEmbedder()
        speed = bench_index(ARTICLES, embedder, plain.embed_passages, rounds=3)
        assert speed.passages == len(ARTICLES)
        assert len(embedder.embedded) == len(plain.embedded) == 2 + 3 * len(ARTICLES)

    def test_the_way_that_begins_changes_from_round_to_round(self) -> None:
        order: list[str] = []

        class Noting(HashingEmbedder):
            def embed_passages(self, texts: Sequence[str], _: object = None) -> np.ndarray:
                order.append(self.name)
                return super().embed_passages(texts)

        bench_index(ARTICLES, Noting(name="b"), Noting(name="p").embed_passages, rounds=4)
        assert "".join(order[2:]) == "bppbbppb"

    def test_equal_vectors_have_cosine_one(self) -> None:
        embedder = HashingEmbedder()
        speed = bench_index(ARTICLES, embedder, embedder.embed_passages, rounds=2)
        assert speed.least_cosine == pytest.approx(1)

    def test_the_least_cosine_is_of_the_passage_that_differs_most(self) -> None:
        embedder = HashingEmbedder()

        def plain(texts: Sequence[str]) -> np.ndarray:
            vectors = embedder.embed_passages(texts)
            vectors[0] = -vectors[0]
            return vectors

        speed = bench_index(ARTICLES, embedder, plain, rounds=2)
        assert speed.least_cosine == pytest.approx(-1)

    def test_bytes_a_passage_count_the_vectors_in_both_files(self) -> None:
        def measured(dim: int) -> float:
            embedder = HashingEmbedder(dim)
            speed = bench_index(ARTICLES, embedder, embedder.embed_passages, rounds=2)
            return speed.bytes_a_passage

        assert measured(4096) - measured(512) > 2 * 4 * (4096 - 512) * 0.9  # SQLite and FAISS

    def test_peak_memory_is_that_of_a_process(self) -> None:
        embedder = HashingEmbedder()
        speed = bench_index(ARTICLES, embedder, embedder.embed_passages, rounds=2)
        assert speed.byline.peak_bytes > 10_000_000
        assert speed.plain.peak_bytes > 10_000_000

    def test_progress_ends_at_all_turns(self) -> None:
        embedder, heard = HashingEmbedder(), list[tuple[int, int]]()
        bench_index(
            ARTICLES,
            embedder,
            embedder.embed_passages,
            rounds=2,
            on_progress=lambda done, total: heard.append((done, total)),
        )
        assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]

    def test_articles_without_text_are_an_error(self) -> None:
        embedder = HashingEmbedder()
        with pytest.raises(BylineError, match="None of the 1 articles"):
            bench_index([Article("1", "", "")], embedder, embedder.embed_passages)


class TestRatioInterval:
    def test_equal_ratios_leave_no_doubt(self) -> None:
        assert ratio_interval([4.0, 8.0, 2.0], [1.0, 2.0, 0.5]) == pytest.approx((4, 4, 4))

    def test_two_ratios_by_hand(self) -> None:
        # logs 0 and ln 4: mean ln 2, standard deviation ln 4 / root 2, so the standard error is
        # ln 2; Student's t for one degree of freedom is 12.706.
        ratio, low, high = ratio_interval([1.0, 4.0], [1.0, 1.0])
        assert ratio == pytest.approx(2)
        assert low == pytest.approx(math.exp(math.log(2) * (1 - 12.706)), rel=1e-3)
        assert high == pytest.approx(math.exp(math.log(2) * (1 + 12.706)), rel=1e-3)


class TestSomeArticles:
    def test_no_more_than_hold_the_passages(self) -> None:
        assert len(some_articles(ARTICLES, 3)) == 3

    def test_all_when_they_are_too_few(self) -> None:
        assert len(some_articles(ARTICLES, 100)) == len(ARTICLES)

    def test_the_same_draw_each_time(self) -> None:
        assert some_articles(ARTICLES, 3) == some_articles(ARTICLES, 3)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """The command without weights: the fake embedder on both sides."""
    embedder = HashingEmbedder()
    monkeypatch.setattr(load, "load_embedder", lambda settings, fetch: embedder)
    monkeypatch.setattr(bench, "plain_encode", lambda folder: embedder.embed_passages)
    monkeypatch.setattr("rag.fetching.fetch.fetch_with_bar", lambda name, models_dir: tmp_path)


def run(*arguments: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bench", "index", "--rounds", "2", "--passages", "5", *arguments])
    assert ended.value.code == 0


class TestCommand:
    @pytest.mark.usefixtures("fakes")
    def test_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        run("--json")
        said = json.loads(capsys.readouterr().out)
        assert said["embedder"] == "hashing"
        assert said["passages"] >= 5
        assert said["low"] <= said["ratio"] <= said["high"]

    @pytest.mark.usefixtures("fakes")
    def test_lines_for_a_person(self, capsys: pytest.CaptureFixture[str]) -> None:
        run()
        said = capsys.readouterr().out
        assert "passages a second" in said
        assert "bytes a passage on disk" in said
        assert "at 95%" in said


def test_the_lines_hold_the_figures() -> None:
    speed = bench.IndexSpeed(
        passages=256,
        rounds=5,
        byline=bench.Way(100.0, 400_000_000),
        plain=bench.Way(25.0, 500_000_000),
        ratio=4.0,
        low=3.5,
        high=4.5,
        least_cosine=0.998,
        bytes_a_passage=4321.0,
    )
    assert index_speed_text(speed).splitlines() == [
        "256 passages, 5 rounds, median round:",
        "         byline  100.0 passages a second, peak memory 400 MB",
        "  plain float32  25.0 passages a second, peak memory 500 MB",
        "4.00 times as fast (3.50 to 4.50 at 95%); "
        "least cosine between the two vectors of a passage 0.9980",
        "4,321 bytes a passage on disk",
    ]
