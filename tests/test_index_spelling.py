"""Misspelled words of a question, put right by the words of an index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.article import Article
from index.build import build
from index.search import Index
from tests.fakes import HashingEmbedder

TEXT = (
    "Constellation Energy sells the power of its Clinton plant to Meta. Joe Dominguez, the chief "
    "executive of Constellation, thanked the network of suppliers. Noam Shazeer joined DeepMind."
)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder: Path = tmp_path_factory.mktemp("spelling")
    embedder = HashingEmbedder()
    build([Article("a", "Meta buys nuclear power", TEXT)], embedder, folder)
    opened = Index.open(folder, embedder)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("Who is the cheif excecutive?", "Who is the chief executive?"),
        ("What did Noam Shazier join?", "What did Noam Shazeer join?"),
        ("Who leads Constillation?", "Who leads Constellation?"),
        ("Who leads Constelation?", "Who leads Constellation?"),  # of the same stem
        ("What does the netwrok sell?", "What does the network sell?"),
        ("how mcuh mony did it get", "how much money did it get"),  # though no article has them
        ("Whats the stke it took?", "Whats the stake it took?"),
    ],
)
def test_a_slip_is_put_right(index: Index, asked: str, meant: str) -> None:
    assert index.corrected(asked) == meant


@pytest.mark.parametrize(
    "question",
    [
        "Who is the chief executive of Constellation?",
        "What is the price of a planet?",  # English, though no article has it: "plant" is near
        "Who owns Instagram?",  # near to nothing
        "Who is Zoom for?",  # too short to be sure
        "What do Constellations sell?",  # another form of a word that is known
        "What happened in 2025 at U.S. plants?",
        "Who is Nate?",  # a name, and not the word name
        "",
        "?!",
    ],
)
def test_what_may_be_meant_stays(index: Index, question: str) -> None:
    assert index.corrected(question) == question


def test_the_word_stands_as_the_articles_write_it(index: Index) -> None:
    assert index.corrected("who is dominguuez") == "who is Dominguez"


def test_no_query_syntax_is_run(index: Index) -> None:
    assert index.corrected('"netwrok" OR NEAR(text*') == '"network" OR NEAR(text*'
