"""Checking one sentence of a draft against passages."""

from __future__ import annotations

from corpus.article import Article
from index.types import Hit, Passage
from rag.markers import DraftSentence
from rag.verify import check, whole_names

BODY = (
    "Jason Droege spoke on Friday. He was named chief executive of the data company in June. "
    "It hired its chief from a rival such as Microsoft."
)


def hit(text: str, body: str = BODY) -> Hit:
    start = body.index(text)
    return Hit(Passage(Article("a", "A new chief", body), start, start + len(text)), 1.0)


def verdict(claim: str, *hits: Hit) -> str | None:
    return check(DraftSentence(claim, (1,)), hits).verdict


NAMED = hit("He was named chief executive of the data company in June.")
HIRED = hit("It hired its chief from a rival such as Microsoft.")


def test_a_name_that_a_pronoun_means_stands() -> None:
    assert verdict("Jason Droege was named chief executive in June.", NAMED) == "supported"


def test_a_name_from_before_is_not_joined_to_what_the_passage_hardly_says() -> None:
    assert verdict("The chief executive of Microsoft is Jason Droege.", HIRED) == "unsupported"


def test_a_name_from_far_before_is_unknown() -> None:
    body = f"Jason Droege spoke. {'It rained all day. ' * 40}He was named chief executive in June."
    far = hit("He was named chief executive in June.", body)
    assert verdict("Jason Droege was named chief executive in June.", far) == "unsupported"


def test_a_number_that_the_passage_does_not_hold() -> None:
    assert verdict("He was named chief executive in June 2024.", NAMED) == "unsupported"


def test_words_that_stand_together_are_one_name() -> None:
    asked = "Does Alexandr Wang keep a seat at Scale AI?"
    assert whole_names(asked) == [["alexandr", "wang"], ["scale", "ai"]]


def test_after_a_genitive_another_name_begins() -> None:
    assert whole_names("Did Scale AI's Wang leave?") == [["scale", "ai"], ["wang"]]
