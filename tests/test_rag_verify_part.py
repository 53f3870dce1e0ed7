"""Who buys a part of a company has not bought the company."""

from __future__ import annotations

import pytest

from corpus.article import Article
from index.types import Hit, Passage
from rag.markers import DraftSentence
from rag.verify import check
from rag.verify.part import part_for_whole

STAKE = "Acme will buy a 49% stake in the ferry line Vell."


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        ("Acme bought Vell.", STAKE),
        ("Acme owns the ferry line Vell.", "Acme holds a minority share in Vell."),
        ("Acme is taking over Vell's boats.", "Acme takes a part of Vell."),
    ],
)
def test_a_part_taken_for_the_whole(claim: str, sentence: str) -> None:
    fault = part_for_whole(claim, [sentence])
    assert fault is not None
    assert fault.why == "the passage speaks of a part of Vell only"


@pytest.mark.parametrize(
    ("claim", "sentences"),
    [
        ("Acme bought a stake in Vell.", [STAKE]),
        ("Acme bought Vell.", ["Acme bought Vell.", STAKE]),
        ("Acme bought Coast.", [STAKE]),
        ("Acme joined Vell.", [STAKE]),
    ],
)
def test_no_part_taken_for_the_whole(claim: str, sentences: list[str]) -> None:
    assert part_for_whole(claim, sentences) is None


def test_such_a_sentence_does_not_stand() -> None:
    hit = Hit(Passage(Article("a", "Acme and Vell", STAKE), 0, len(STAKE)), 1.0, {})
    assert check(DraftSentence("Acme will buy Vell.", (1,)), [hit]).verdict == "unsupported"


def test_names_alone_carry_a_part_at_most() -> None:
    body = "The head of Acme told Vell that the weather in the harbour is fine."
    hit = Hit(Passage(Article("a", "A harbour", body), 0, len(body)), 1.0, {})
    assert check(DraftSentence("Acme bought Vell.", (1,)), [hit]).verdict == "partly"
