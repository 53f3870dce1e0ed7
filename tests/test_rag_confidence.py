"""How likely an answer is right, calibrated."""

from __future__ import annotations

import pytest

from corpus.article import Article
from index.types import Hit, Passage
from rag.judging.confidence import confidence, in_words


def judged(*scores: float) -> list[Hit]:
    article = Article("a", "A", "Meta paid $5.")
    return [Hit(Passage(article, 0, len(article.body)), score) for score in scores]


def test_it_grows_with_the_best_passage() -> None:
    sure = [confidence(judged(score, 0.1)) for score in (0.0, 0.3, 0.6, 0.9, 1.0)]
    assert sure == sorted(sure)
    assert 0 <= sure[0] < 0.1
    assert 0.9 < sure[-1] <= 1


def test_the_best_of_the_passages_counts() -> None:
    assert confidence(judged(0.2, 0.9)) == confidence(judged(0.9))


def test_a_quotation_is_calibrated_by_itself() -> None:
    assert confidence(judged(0.9), quoted=True) != confidence(judged(0.9))


def test_nothing_judged_is_no_confidence() -> None:
    assert confidence([]) < 0.01


@pytest.mark.parametrize(
    ("probability", "words"), [(0.95, "high"), (0.85, "high"), (0.84, "fair"), (0.69, "low")]
)
def test_words(probability: float, words: str) -> None:
    assert in_words(probability) == words
