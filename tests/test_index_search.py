"""Searching a published index."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fakes import HashingEmbedder

from corpus.article import Article
from corpus.errors import BylineError
from index import versions
from index.build import build
from index.search import Index

ARTICLES = [
    Article(
        "deal", "Meta buys a stake", "Meta paid $14.3 billion for 49% of Scale AI.", outlet="A"
    ),
    Article("chief", "A new chief", "Jason Droege leads Scale AI.", published_at="2025-06-13"),
    Article("power", "Reactor deal", "Meta buys nuclear power of Constellation for 20 years."),
]


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def directory(tmp_path: Path, embedder: HashingEmbedder) -> Path:
    build(ARTICLES, embedder, tmp_path)
    return tmp_path


@pytest.fixture
def index(directory: Path, embedder: HashingEmbedder) -> Iterator[Index]:
    with closing(Index.open(directory, embedder)) as index:
        yield index


def ids(index: Index, question: str, k: int = 10) -> list[str]:
    return [hit.passage.article.id for hit in index.search(question, k)]


def test_the_best_passage_first(index: Index) -> None:
    assert ids(index, "Who leads Scale AI?")[0] == "chief"


def test_a_hit_names_its_ranks(index: Index) -> None:
    first, *_ = index.search("Who leads Scale AI?")
    assert first.ranks == {"dense": 1, "lexical": 1}
    assert first.score == pytest.approx(2 / 61)


def test_similarity_is_the_cosine(index: Index) -> None:
    first, *_ = index.search("Who leads Scale AI?")
    # It shares "leads scale ai"; the question has 4 words, the passage 11: 3 of its title, 3
    # numbers of its date and 5 of its text.
    assert first.similarity == pytest.approx(3 / (4 * 11) ** 0.5)


def test_what_only_words_found_has_no_similarity(index: Index) -> None:
    # The fake has no stems, so only "leads" and "a" count for it; BM25 finds buys and stake.
    hits = index.search("leads: buying a stakes", depth=1)
    assert [(hit.passage.article.id, hit.ranks) for hit in hits] == [
        ("deal", {"lexical": 1}),
        ("chief", {"dense": 1}),
    ]
    assert hits[0].similarity is None
    assert hits[1].similarity is not None


def test_a_passage_is_a_stretch_of_its_article(index: Index) -> None:
    for hit in index.search("Meta"):
        article = index.article(hit.passage.article.id)
        assert article == hit.passage.article
        assert article.body[hit.passage.start : hit.passage.end] == hit.passage.text


def test_at_most_k(index: Index) -> None:
    assert len(index.search("Meta", k=2)) == 2


@pytest.mark.parametrize("question", ["", "  \n"])
def test_a_blank_question_finds_nothing(index: Index, question: str) -> None:
    assert index.search(question) == []


@pytest.mark.parametrize("question", ["the of", '"?*(', "x" * 100_000, "Où est le chef ?", "\x00"])
def test_odd_questions_are_searched(index: Index, question: str) -> None:
    assert len(index.search(question)) == 3


def test_the_same_question_the_same_hits(index: Index) -> None:
    assert index.search("Meta deal") == index.search("Meta deal")


def test_articles_as_rows(index: Index) -> None:
    assert [(row.id, row.outlet) for row in index.articles()] == [
        ("chief", None),
        ("deal", "A"),
        ("power", None),
    ]


def test_an_unknown_article(index: Index) -> None:
    assert index.article("none") is None


def test_threads(index: Index) -> None:
    found: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: found.append(ids(index, "Who leads Scale AI?")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(row == found[0] for row in found)


def test_no_index_names_the_command(tmp_path: Path, embedder: HashingEmbedder) -> None:
    with pytest.raises(BylineError) as error:
        Index.open(tmp_path / "x", embedder)
    assert str(error.value) == f"There is no index in {tmp_path / 'x'} yet; run: byline index build"


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (HashingEmbedder(name="e5"), "the embedder hashing, and this one is e5"),
        (HashingEmbedder(weights_hash="new"), "other weights of the embedder hashing"),
        (HashingEmbedder(dim=8), "vectors of width 512, and this embedder's have 8"),
    ],
)
def test_another_embedder_names_the_rebuild(
    directory: Path, other: HashingEmbedder, message: str
) -> None:
    with pytest.raises(BylineError, match=f"{message}: rebuild it with: byline index build"):
        Index.open(directory, other)


def test_it_keeps_answering_from_its_own_version(
    directory: Path, index: Index, embedder: HashingEmbedder
) -> None:
    before = ids(index, "Who leads Scale AI?")
    for _ in range(4):  # until its own version is deleted
        build(ARTICLES[:1], embedder, directory)
    assert not versions.version_folder(directory, index.manifest.version).exists()
    assert ids(index, "Who leads Scale AI?") == before
    assert index.article("power") == ARTICLES[2]


def test_it_knows_when_it_is_stale(
    directory: Path, index: Index, embedder: HashingEmbedder
) -> None:
    assert not index.is_stale()
    build(ARTICLES[:1], embedder, directory)
    assert index.is_stale()


@pytest.mark.parametrize("damage", ["missing", "cut", "changed"])
def test_vectors_are_made_again_from_sqlite(
    directory: Path,
    index: Index,
    embedder: HashingEmbedder,
    damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = versions.version_folder(directory, index.manifest.version) / versions.VECTORS
    data = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    if damage == "changed":
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    embedder.embedded.clear()
    with closing(Index.open(directory, embedder)) as again:
        assert again.search("Who leads Scale AI?") == index.search("Who leads Scale AI?")
    assert embedder.embedded == []
    assert "made again from SQLite" in caplog.text


def test_a_damaged_store_names_the_rebuild(
    directory: Path, index: Index, embedder: HashingEmbedder
) -> None:
    path = versions.version_folder(directory, index.manifest.version) / versions.STORE
    index.close()
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(BylineError, match="rebuild it with: byline index build"):
        Index.open(directory, embedder)
