"""What the evidence is good for."""

from __future__ import annotations

import pytest

from corpus.article import Article
from index.types import Hit, Passage
from rag.judging.answerable import trust, unmentioned_names

BODY = "Meta paid $14.3 billion for a stake in Scale AI."
ARTICLE = Article("deal", "A deal", BODY)


def judged(*scores: float) -> list[Hit]:
    return [Hit(Passage(ARTICLE, 0, len(BODY)), score) for score in scores]


@pytest.mark.parametrize(
    ("best", "trusted"), [(0.9, "sure"), (0.5, "sure"), (0.49, "doubtful"), (0.19, "none")]
)
def test_the_best_passage_decides(best: float, trusted: str) -> None:
    assert trust("What did Meta pay?", judged(0.01, best), sure=0.5) == trusted


def test_no_passage_is_good_for_nothing() -> None:
    assert trust("What did Meta pay?", [], sure=0.0) == "none"


def test_a_name_that_no_article_mentions_is_good_for_nothing() -> None:
    assert trust("What did Meta pay for Instagram?", judged(0.9), sure=0.5) == "none"


def test_a_name_spelled_a_bit_otherwise_is_mentioned() -> None:
    assert unmentioned_names("What did Metta pay?", judged(0.9)) == []


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What did the SP decide?", []),
        ("Who won in WW II?", []),
        ("Whom did Britain sue?", []),
        ("What did the SPD decide?", ["spd"]),
    ],
)
def test_an_abbreviation_is_mentioned_by_its_words(question: str, missing: list[str]) -> None:
    article = Article(
        "a", "Parliament", "The Scottish Parliament spoke of World War II. The British sued Meta."
    )
    hit = Hit(Passage(article, 0, len(article.body)), 0.9)
    assert unmentioned_names(question, [hit]) == missing
