"""Questions as statements, and claims with texts that carry them and texts that do not."""

from __future__ import annotations

import pytest

from corpus.article import Article
from eval.questions import Question
from eval.sets import Case
from eval.teaching.claims import Pair, pairs
from eval.teaching.statements import Verbs, statement

VERBS = Verbs.of("The group invaded, ended and compromised. It was invented and painted.")
TEXT = (
    "The ferry line opened in March 2019 after long years of delay. Its boats carry cars and "
    "people over the bay every day. The captain of the first boat was Anna Ruiz of Port Vell."
)


@pytest.mark.parametrize(
    ("question", "answer", "stated"),
    [
        ("who wrote Hamlet", "Shakespeare", "Shakespeare wrote Hamlet."),
        ("Who is the owner of it?", "Ann Vell", "Ann Vell is the owner of it."),
        ("When did the Jin dynasty end?", "1234", "The Jin dynasty ended in 1234."),
        ("Where was the work painted?", "Paris", "The work was painted in Paris."),
        ("When did they invade it?", "12 May", "They invaded it on 12 May."),
        ("What country did they invade?", "Gaul", "They invaded Gaul."),
        ("How many people were invented?", "9", "9 people were invented."),
        ("In what unit is the size painted?", "bits", "The size is painted in bits."),
        ("It was invented by whom?", "Ann", "It was invented by Ann."),
    ],
)
def test_a_question_with_its_answer_is_a_statement(question: str, answer: str, stated: str) -> None:
    assert statement(question, answer, VERBS) == stated


@pytest.mark.parametrize("question", ["Why did they leave?", "list of rights", "which town hums?"])
def test_what_no_rule_fits_is_no_statement(question: str) -> None:
    assert statement(question, "An answer", VERBS) is None


def made() -> list[Pair]:
    article = Article("a", "Ferry", TEXT, language="en")
    other = Article("b", "Snow", "Snow fell in the hills. The road to them was shut for a week.")
    ferry = Question("q", "Who was the captain of the first boat?", ("Anna Ruiz",), answerable=True)
    snow = Question("r", "What fell in the hills?", ("Snow",), answerable=True)
    return pairs([Case(ferry, (article,)), Case(snow, (other,))], seed=3)


def test_the_text_that_carries_a_claim_supports_it_and_without_its_sentence_does_not() -> None:
    claim = "Anna Ruiz was the captain of the first boat."
    of_claim = [pair for pair in made() if pair.claim == claim]
    assert {pair.supported for pair in of_claim} == {True, False}
    for pair in of_claim:
        assert pair.supported == ("Anna Ruiz" in pair.text), pair


def test_the_same_seed_makes_the_same_pairs() -> None:
    assert made() == made()
