"""The SQLite file of one version."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from corpus.article import Article
from corpus.errors import BylineError
from index.chunk import chunk
from index.store import Store, content_hash, text_hash
from index.types import silent
from index.writer import StoreWriter

ARTICLES = [
    Article(
        "deal", "Meta pays for a stake", "Meta paid $14.3 billion. It holds 49%.", "https://x/1"
    ),
    Article("chief", "A new chief", "Jason Droege leads the café.", published_at="2025-06-13"),
    Article("old", "Nuclear power", "A stake in Clinton's reactor.", published_at="2024-01-02"),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    path = tmp_path / "a ?#% file.sqlite"  # signs that mean something in a URI
    passages = [passage for article in ARTICLES for passage in chunk(article)]
    hashes = [text_hash(passage.text) for passage in passages]
    with closing(StoreWriter(path, silent)) as writer:
        writer.add(ARTICLES, passages, hashes, np.eye(3, 4, dtype=np.float32), {"old": "/old.txt"})
        writer.finish()
    with closing(Store(path)) as store:
        yield store


def test_an_article_comes_back_as_it_was(store: Store) -> None:
    assert store.article("deal") == ARTICLES[0]


def test_an_unknown_article_is_none(store: Store) -> None:
    assert store.article("'; DROP TABLE articles; --") is None


def test_articles_are_listed_newest_first(store: Store) -> None:
    rows = store.articles()
    assert [(row.id, row.passages) for row in rows] == [("chief", 1), ("old", 1), ("deal", 1)]


def test_passages_by_id(store: Store) -> None:
    passages = store.passages([3, 1])
    assert passages[1].text == ARTICLES[0].body
    assert passages[3].article == ARTICLES[2]


def test_no_passages_asked_for(store: Store) -> None:
    assert store.passages([]) == {}


def found(store: Store, question: str, k: int = 10) -> list[int]:
    return [id_ for id_, _ in store.search(question, k)]


@pytest.mark.parametrize(
    ("question", "ids"),
    [
        ("Who is paying?", [1]),  # "pays" has the same stem
        ("cafe", [2]),  # without its accent
        ("14.3", [1]),
        ("3.14", []),  # the digits in another order are another number
        ("leading a reactor", [2, 3]),
        ("the of and", []),
        ('"?*)(', []),
        ("", []),
    ],
)
def test_search_by_words(store: Store, question: str, ids: list[int]) -> None:
    assert sorted(found(store, question)) == ids


def test_a_word_in_the_title_counts_for_more(store: Store) -> None:
    assert found(store, "stake") == [1, 3]


def test_search_gives_at_most_k(store: Store) -> None:
    assert found(store, "stake", 1) == [1]


@pytest.mark.parametrize("question", ["NEAR(a b)", "title : x", "a* AND ^b", "'; DROP TABLE x --"])
def test_query_syntax_is_only_words(store: Store, question: str) -> None:
    assert found(store, question) == []


def test_a_very_long_question_is_searched(store: Store) -> None:
    assert found(store, " ".join(f"w{i}" for i in range(5000)) + " reactor") == [3]


def test_vectors_come_back(store: Store) -> None:
    ((ids, vectors),) = store.vector_batches(4)
    assert ids.tolist() == store.passage_ids() == [1, 2, 3]
    assert (vectors == np.eye(3, 4)).all()


def test_vectors_of_some_passages(store: Store) -> None:
    ids, vectors = store.exact_vectors([3, 1, 99], 4)
    assert {id_: row.argmax() for id_, row in zip(ids.tolist(), vectors, strict=True)} == {
        1: 0,
        3: 2,
    }
    assert store.exact_vectors([], 4)[1].shape == (0, 4)


def test_vectors_of_another_width_name_the_rebuild(store: Store) -> None:
    with pytest.raises(BylineError, match="byline index build"):
        store.exact_vectors([1], 5)


def test_vectors_by_the_hash_of_their_text(store: Store) -> None:
    known = store.vectors_by_hash({text_hash(ARTICLES[1].body)})
    assert np.frombuffer(known[text_hash(ARTICLES[1].body)], np.float32).tolist() == [0, 1, 0, 0]


def test_a_published_file_cannot_be_written(store: Store) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        store._db.execute("DELETE FROM articles")


def test_a_missing_file_names_the_rebuild(tmp_path: Path) -> None:
    with pytest.raises(BylineError, match="byline index build"):
        Store(tmp_path / "none.sqlite")


def test_a_file_that_is_no_database_names_the_rebuild(tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_text("not a database, but long enough to look like one " * 100)
    with pytest.raises(BylineError, match="byline index build"):
        Store(tmp_path / "x.sqlite")


def test_the_content_hash_covers_every_field() -> None:
    article = Article("a", "T", "B")
    assert content_hash(article) != content_hash(Article("a", "T", "B", outlet="O"))
    assert content_hash(article) == content_hash(Article("a", "T", "B"))
