"""What is paid for a thing is not what the thing is valued at."""

from __future__ import annotations

import pytest

from corpus.article import Article
from index.types import Hit, Passage
from rag.markers import DraftSentence
from rag.verify import check
from rag.verify.valuation import mistaken_value

INVESTED = "Acme announced a new investment by Meta that values the start-up at $29 billion."
POURED = "Meta was reportedly pouring more than $10 billion into Acme, and acquired its founder."


@pytest.mark.parametrize(
    ("claim", "sentence", "why"),
    [
        ("Meta's investment in Acme is $29 billion.", INVESTED, "calls $29 billion a value"),
        ("Acme is valued at more than $10 billion.", POURED, "does not call $10 billion a value"),
        ("Meta paid $29 billion for Acme.", INVESTED, "calls $29 billion a value"),
    ],
)
def test_one_taken_for_the_other(claim: str, sentence: str, why: str) -> None:
    fault = mistaken_value(claim, [sentence])
    assert fault is not None
    assert why in fault.why
    assert fault.grave


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("Acme is valued at $29 billion.", INVESTED),
        ("Meta puts more than $10 billion into Acme.", POURED),
        ("Meta's investment in Acme is more than $10 billion.", POURED),
        ("Meta bought 29% of Acme.", INVESTED),
        ("The figure was $29 billion.", INVESTED),
        ("Meta paid $5 billion.", "The stake, valued at $5 billion, was bought for $5 billion."),
    ],
)
def test_what_the_passage_says_or_leaves_open(claim: str, sentence: str) -> None:
    assert mistaken_value(claim, [sentence]) is None


def test_a_sentence_with_the_wrong_one_does_not_stand() -> None:
    hit = Hit(Passage(Article("a", "Acme", INVESTED), 0, len(INVESTED)), 1.0, {})
    draft = DraftSentence("Meta's investment in the start-up Acme is $29 billion.", (1,))
    assert check(draft, [hit]).verdict == "unsupported"
