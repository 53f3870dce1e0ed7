"""A name that does to itself what the passage says that it does to another."""

from __future__ import annotations

import pytest

from corpus.article import Article
from index.types import Hit, Passage
from rag.markers import DraftSentence
from rag.types import Sentence
from rag.verify import check

POWER = (
    "Meta will be supplied by Constellation with output from the Clinton Clean Energy Center. "
    "The owner said Meta would pay for it. Amazon named Amazon Web Services the winner."
)


def checked(claim: str) -> Sentence:
    hit = Hit(Passage(Article("a", "A contract", POWER), 0, len(POWER)), 1.0)
    return check(DraftSentence(claim, (1,)), [hit])


def test_what_the_passage_says_of_no_one_to_himself() -> None:
    found = checked("Meta will supply Meta with output from the Clinton Clean Energy Center.")
    assert found.verdict == "unsupported"
    assert found.why == "the passage does not say this of Meta"


@pytest.mark.parametrize(
    "claim",
    [
        "Constellation will supply Meta with output from the Clinton Clean Energy Center.",
        "Meta will be supplied with output from the Clinton Clean Energy Center.",
        "Amazon named Amazon Web Services the winner.",
    ],
)
def test_what_it_does_say(claim: str) -> None:
    assert checked(claim).verdict != "unsupported"
