"""Words looked up: a contract for every WordIndex, and the file of postings."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fakes import HashingEmbedder

from corpus.article import Article
from index import versions
from index.build import build
from index.milvus import Milvus
from index.postings import Postings, write_postings
from index.publishing import Upkeep
from index.search import Index
from index.store import Store
from index.types import WordIndex, silent
from index.verify import verify

WORDS = [f"w{number}" for number in range(60)]
ARTICLES = [
    Article("deal", "Meta pays for a stake", "Meta paid $14.3 billion. It holds 49%."),
    Article("chief", "A new chief", "Jason O’Brien leads the café. The U.S. agency said no to us."),
    Article("us", "Visitors", "The US welcomes them, said the WHO."),
    *(
        Article(f"r{n}", f"Title {n}", " ".join(random.Random(n).choices(WORDS, k=30 + n % 20)))
        for n in range(200)
    ),
]
LARGE = Upkeep(fts_passages=0, exact_passages=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("index")
    manifest = build(ARTICLES, HashingEmbedder(32), directory, upkeep=LARGE)
    return versions.version_folder(directory, manifest.version)


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[Store]:
    with closing(Store(folder / versions.STORE)) as store:
        yield store


@pytest.fixture(scope="module")
def in_milvus(folder: Path, milvus_address: str) -> WordIndex:
    milvus = Milvus(f"{milvus_address}/words")
    manifest = versions.read_manifest(folder.parent.parent, folder.name)
    milvus.put(manifest, folder, silent)
    return milvus.open(manifest, frozenset(), lambda ids: (np.zeros(0), np.zeros((0, 32))))[1]


@pytest.fixture(params=["fts5", "postings", "milvus"])
def words(request: pytest.FixtureRequest, folder: Path, store: Store) -> WordIndex:
    if request.param == "milvus":
        held: WordIndex = request.getfixturevalue("in_milvus")
        return held
    return store if request.param == "fts5" else Postings(folder / versions.POSTINGS)


def ids(words: WordIndex, question: str, k: int = 10) -> list[int]:
    return [id_ for id_, _ in words.search(question, k)]


class TestContract:
    @pytest.mark.parametrize(
        ("question", "found"),
        [
            ("Who is paying?", [1]),  # "pays" has the same stem
            ("cafe", [2]),  # without its accent
            ("14.3", [1]),
            ("3.14", []),  # the digits in another order are another number
            ("O'Brien", [2]),
            ("the U.S.", [2]),
            ("a café and a stake", [1, 2]),
            ("the of and", []),
            ('"?*)(', []),
            ("", []),
        ],
    )
    def test_what_is_found(self, words: WordIndex, question: str, found: list[int]) -> None:
        assert sorted(ids(words, question)) == found

    def test_at_most_k(self, words: WordIndex) -> None:
        assert len(ids(words, "w1 w2", 5)) == 5
        assert ids(words, "w1", 0) == []

    def test_best_first_equal_ones_by_id(self, words: WordIndex) -> None:
        pairs = words.search("w1 w2 w3", 50)
        assert pairs == sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def test_only_among_the_allowed(self, words: WordIndex) -> None:
        among = frozenset(range(50, 90))
        best = [id_ for id_ in ids(words, "w1 w2 w3", 300) if id_ in among][:7]
        assert [id_ for id_, _ in words.search("w1 w2 w3", 7, among)] == best
        assert [id_ for id_, _ in words.search("cafe w1", 9, frozenset([2, 9999]))] == [2]

    def test_nothing_allowed_nothing_found(self, words: WordIndex) -> None:
        assert words.search("w1", 5, frozenset()) == []


class TestPostings:
    def test_scores_are_those_of_fts5(self, words: WordIndex, store: Store) -> None:
        for number in range(20):
            question = " ".join(random.Random(number).choices(WORDS, k=4))
            wanted = dict(store.search(question, 300))
            found = dict(words.search(question, 300))
            assert found.keys() == wanted.keys()
            for id_, score in wanted.items():
                assert found[id_] == pytest.approx(score, rel=0.01, abs=1e-6)

    def test_a_word_with_an_apostrophe_counts_two_as_in_fts5(self, tmp_path: Path) -> None:
        """Of two passages that say a word once the shorter one comes first."""
        texts = [
            (1, "T", "It's Vell's and Acme's stake"),  # 9 words with the title, as FTS5 counts them
            (2, "T", "It s Vell s and Acme s old stake"),  # 10
            *((n, "T", "so it is") for n in range(3, 11)),  # 4 each: 5.1 in the mean of all ten
        ]
        write_postings(tmp_path / "words", [texts])
        (_, first), (_, second) = Postings(tmp_path / "words").search("stake", 2)
        # BM25 with k1 = 1.2 and b = 0.75, of a word that is there once.
        norms = [1 + 1.2 * (0.25 + 0.75 * length / 5.1) for length in (9, 10)]
        assert first / second == pytest.approx(norms[1] / norms[0], rel=0.002)

    def test_a_stop_word_in_capitals_is_a_name(self, folder: Path) -> None:
        postings = Postings(folder / versions.POSTINGS)
        assert ids(postings, "the US") == [3]  # and not where it says "to us"
        assert ids(postings, "the WHO") == [3]

    def test_repeats_are_not_found_unless_they_are_allowed(self, folder: Path) -> None:
        postings = Postings(folder / versions.POSTINGS, repeats=[1])
        assert ids(postings, "stake") == []
        assert [id_ for id_, _ in postings.search("stake", 5, frozenset([1]))] == [1]

    def test_how_the_passages_are_batched_makes_no_difference(self, tmp_path: Path) -> None:
        texts = [(n + 1, f"Title {n}", f"w{n % 3} and w{n % 5} of w{n}") for n in range(40)]
        write_postings(tmp_path / "one", [texts])
        write_postings(tmp_path / "many", [texts[:7], texts[7:8], texts[8:]])
        assert (tmp_path / "one").read_bytes() == (tmp_path / "many").read_bytes()

    def test_no_passages(self, tmp_path: Path) -> None:
        write_postings(tmp_path / "none", [])
        assert Postings(tmp_path / "none").search("w1", 5) == []

    @pytest.mark.parametrize("content", [b"", b"not postings at all", b"\x93NUMPY"])
    def test_what_is_no_such_file(self, content: bytes, tmp_path: Path) -> None:
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(ValueError, match=r"."):
            Postings(tmp_path / "x")


class TestOfAnIndex:
    """One that is large, by its bounds."""

    def test_the_manifest_names_both(self, tmp_path: Path) -> None:
        manifest = build(ARTICLES, HashingEmbedder(32), tmp_path, upkeep=LARGE)
        assert manifest.postings
        assert (manifest.faiss.factory, manifest.faiss.probes) == ("IVF32,SQ8", 8)
        assert versions.read_manifest(tmp_path) == manifest

    def test_it_finds_what_a_small_one_finds(self, tmp_path: Path) -> None:
        embedder = HashingEmbedder(32)
        build(ARTICLES, embedder, tmp_path / "large", upkeep=LARGE)
        build(ARTICLES, embedder, tmp_path / "small")
        with (
            closing(Index.open(tmp_path / "large", embedder)) as large,
            closing(Index.open(tmp_path / "small", embedder)) as small,
        ):
            recall = []
            for number in range(20):
                question = " ".join(random.Random(number).choices(WORDS, k=4))
                wanted, found = (
                    {hit.passage.article.id for hit in index.search(question, 10)}
                    for index in (small, large)
                )
                recall.append(len(wanted & found) / len(wanted))
            assert np.mean(recall) > 0.9

    def test_damaged_postings_leave_fts5(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        embedder = HashingEmbedder(32)
        manifest = build(ARTICLES, embedder, tmp_path, upkeep=LARGE)
        path = versions.version_folder(tmp_path, manifest.version) / versions.POSTINGS
        path.write_bytes(path.read_bytes()[:-1])
        with closing(Index.open(tmp_path, embedder)) as index:
            assert index.search("Who pays for a stake?")[0].passage.article.id == "deal"
        assert "words are searched by SQLite" in caplog.text

    def test_verify_makes_both_files_again(self, tmp_path: Path) -> None:
        manifest = build(ARTICLES, HashingEmbedder(32), tmp_path, upkeep=LARGE)
        folder = versions.version_folder(tmp_path, manifest.version)
        assert verify(tmp_path).repaired == ()
        before = {
            name: (folder / name).read_bytes() for name in ("vectors.faiss", "words.postings")
        }
        (folder / "vectors.faiss").unlink()
        (folder / "words.postings").write_bytes(b"")
        assert len(verify(tmp_path).repaired) == 2
        assert {name: (folder / name).read_bytes() for name in before} == before
        assert not list(folder.glob("*.new"))
