"""`byline bench search`: an index grown out of a small one, and what is measured on it."""

from __future__ import annotations

import json
import random
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from fakes import HashingEmbedder

from corpus.article import Article
from corpus.errors import BylineError
from index import versions
from index.build import build
from index.publishing import Upkeep
from index.search import Index
from rag.bench.grown import NOISE, grow, read_real
from rag.bench.plot import draw_growth
from rag.bench.search import (
    Measured,
    Percentiles,
    Recall,
    Size,
    bench_search,
    measure,
    titles_of,
)
from rag.cli import main
from rag.commands import bench as bench_commands

WORDS = [f"w{number}" for number in range(200)]
ARTICLES = [
    Article(f"a{n}", f"Title w{n} w{n + 1}", " ".join(random.Random(n).choices(WORDS, k=40)))
    for n in range(30)
]
LARGE = Upkeep(fts_passages=100, exact_passages=100)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    build(ARTICLES, HashingEmbedder(64), tmp_path / "real")
    return tmp_path / "real"


class TestGrow:
    def test_as_many_passages_as_asked_for(self, directory: Path, tmp_path: Path) -> None:
        manifest = grow(read_real(directory), 107, tmp_path / "grown", LARGE, lambda done: None)
        assert manifest.passages == 107
        assert manifest.postings
        with closing(Index.open(tmp_path / "grown", HashingEmbedder(64))) as index:
            assert sum(row.passages for row in index.articles()) == 107

    def test_fewer_than_there_are(self, directory: Path, tmp_path: Path) -> None:
        manifest = grow(read_real(directory), 7, tmp_path / "grown", LARGE, lambda done: None)
        assert (manifest.passages, manifest.postings) == (7, False)

    def test_copies_differ_by_noise(self, directory: Path, tmp_path: Path) -> None:
        real = read_real(directory)
        grow(real, 60, tmp_path / "grown", LARGE, lambda done: None)
        vectors = read_real(tmp_path / "grown").vectors
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(60))
        assert (vectors[:30] == real.vectors).all()
        cosines = (vectors[30:] * real.vectors).sum(axis=1)
        assert cosines.mean() == pytest.approx(1 / (1 + NOISE**2) ** 0.5, abs=0.03)

    def test_no_index(self, tmp_path: Path) -> None:
        with pytest.raises(BylineError, match="no index"):
            read_real(tmp_path)


class TestBenchSearch:
    def test_each_size(self, directory: Path) -> None:
        real, heard = read_real(directory), list[tuple[int, int]]()
        sizes = bench_search(
            real,
            [40, 400],
            titles_of(real, 10),
            partial(measure, embedder=HashingEmbedder(64)),
            upkeep=LARGE,
            on_progress=lambda done, total: heard.append((done, total)),
        )
        assert [(s.passages, s.faiss, s.postings) for s in sizes] == [
            (40, "Flat", False),
            (400, "IVF32,SQ8", True),
        ]
        assert heard[-1] == (440, 440)
        small, large = (size.searched.recall for size in sizes)
        assert (small.vectors, small.words, small.both) == (1, 1, 1)
        assert large.vectors > 0.8
        assert large.words > 0.9
        assert (large.outlet, large.day) == (1, 1)  # in so small a part all lists are looked into
        for size in sizes:
            assert 0 < size.searched.whole.p50_ms <= size.searched.whole.p99_ms
            assert size.searched.peak_bytes > 10_000_000
            assert size.bytes_a_passage > 64 * 4

    def test_titles_each_once(self, directory: Path) -> None:
        titles = titles_of(read_real(directory), 100)
        assert sorted(titles) == sorted({article.title for article in ARTICLES})


TIMES = Percentiles(p50_ms=9.0, p99_ms=20.0, cpu_p50_ms=8.0, cpu_p99_ms=18.0)
SIZE = Size(
    passages=1_000_000,
    faiss="IVF2048,SQ8",
    probes=64,
    postings=True,
    build_s=400,
    bytes_a_passage=4200,
    searched=Measured(Recall(0.99, 0.98, 0.97, 1.0, 0.96), TIMES, TIMES, 1_200_000_000),
)


def test_the_lines_hold_the_figures() -> None:
    assert bench_commands.size_text(SIZE).splitlines() == [
        "1,000,000 passages (vectors: IVF2048,SQ8, 64 lists looked into; words: postings)",
        "  recall@10    vectors 0.990, words 0.980, both 0.970",
        "               vectors within one outlet of 100 1.000, within one day of 100 0.960",
        "  one search   p50 9.0 ms, p99 20.0 ms, of which the processor's 8.0 and 18.0 ms",
        "  in an outlet p50 9.0 ms, p99 20.0 ms, of which the processor's 8.0 and 18.0 ms",
        "  most memory  1,200 MB; on disk 4,200 bytes a passage, made in 400 s",
    ]


class TestPlot:
    def test_a_picture(self, tmp_path: Path) -> None:
        draw_growth([SIZE], tmp_path / "growth.svg")
        svg = (tmp_path / "growth.svg").read_text(encoding="utf-8")
        assert svg.startswith("<?xml")

    @pytest.mark.parametrize("name", ["no/folder.png", "x.unknown"])
    def test_where_none_can_be_written(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(BylineError, match=r"name a file that ends in \.png"):
            draw_growth([SIZE], tmp_path / name)


class TestCommand:
    @pytest.fixture(autouse=True)
    def _beside(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The fake embedder in this process, as it is not known in another."""

        def measured(_: object, directory: Path, questions: list[str]) -> Measured:
            return measure(directory, questions, HashingEmbedder(64))

        monkeypatch.setattr(bench_commands, "_in_a_process", measured)

    def run(self, *arguments: object) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["bench", "search", *map(str, arguments)])
        return int(ended.value.code or 0)

    def test_json_and_plot(
        self, directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        plot = tmp_path / "growth.png"
        options = ["--index", directory, "--passages", "10,50", "--questions", 3, "--json"]
        assert self.run(*options, "--plot", plot) == 0
        sizes = json.loads(capsys.readouterr().out)["sizes"]
        assert [size["passages"] for size in sizes] == [10, 50]
        assert plot.read_bytes().startswith(b"\x89PNG")

    @pytest.mark.parametrize("passages", ["", "many", "10,0", "-5"])
    def test_sizes_that_are_none(self, passages: str, directory: Path) -> None:
        assert self.run("--index", directory, f"--passages={passages}") == 2


def test_in_a_process_of_its_own(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes back, and with it what went wrong there: no embedder has this name."""
    from rag.settings import load_settings

    assert versions.current_version(directory)
    with pytest.raises(BylineError, match="There is no embedder nobody"):
        bench_commands._in_a_process(load_settings(embedder="nobody"), directory, ["w1"])
