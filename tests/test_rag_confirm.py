"""Drafts that passed the check are believed if they answer, and if the model stands by them."""

from __future__ import annotations

import pytest
from fakes import ScriptedGenerator

from corpus.article import Article
from index.types import Hit, Passage
from rag.judging.confirm import answers, stands_by, surely, turns_round
from rag.types import Citation, Sentence

BODY = "It has a board of nine in Rome."
ARTICLE = Article("a", "A board", BODY, published_at="2022-10-27")
EVIDENCE = [Hit(Passage(ARTICLE, 0, len(BODY)), 0.9)]


def cited(text: str) -> Sentence:
    return Sentence(text, (Citation(1, EVIDENCE[0].passage, 0, len(BODY)),))


@pytest.mark.parametrize(("probability", "is_answer"), [(0.8, True), (0.5, False)])
def test_the_model_has_to_stand_by_it(probability: float, is_answer: bool) -> None:
    generator = ScriptedGenerator(probability=probability)
    found = answers("Where is it?", [cited("It is in Rome.")], EVIDENCE, generator)
    assert found is is_answer


@pytest.mark.parametrize(
    ("states", "says", "sure"),
    [(0.5, 0.8, 0.8), (0.8, 0.5, 0.8), (0.75, 0.75, 0.9), (0.2, 0.8, 0.5), (1.0, 1.0, 1.0)],
)
def test_how_sure_two_witnesses_make(states: float, says: float, sure: float) -> None:
    assert surely(states, says) == pytest.approx(sure)


def test_it_is_asked_with_the_passages_before_it() -> None:
    class Listening(ScriptedGenerator):
        def sure_of(self, told: str) -> float:
            places = [told.index(part) for part in (BODY, "Where is it?", "It is in Rome.")]
            return 0.7 if places == sorted(places) else 0.0

    assert stands_by("Where is it?", "It is in Rome.", EVIDENCE, Listening()) == 0.7


@pytest.mark.parametrize(
    ("reply", "is_answer"),
    [
        ("The ferry line is run by a board of nine.", True),
        ("The ferry line is run by a harbour authority.", False),  # nothing new is in the passage
        ("The ferry line is run in Rome by a harbour authority.", False),
        ("The ferry line is run since 2022.", True),  # the year of its article
        ("The ferry line is run.", False),  # adds nothing
    ],
)
def test_what_a_reply_adds_must_be_in_its_passages(reply: str, is_answer: bool) -> None:
    question = "By what is the ferry line run?"
    assert answers(question, [cited(reply)], EVIDENCE, ScriptedGenerator()) is is_answer


def test_one_of_two_things_asked_about_is_an_answer() -> None:
    question = "Is the board in Rome or in Oslo, which one?"
    assert answers(question, [cited("The board is in Rome.")], EVIDENCE, ScriptedGenerator())


def test_a_reply_without_the_kind_of_thing_asked_for() -> None:
    reply = [Sentence("It has a board.")]
    assert not answers("Who leads it?", reply, EVIDENCE, ScriptedGenerator())


def test_a_figure_of_another_year() -> None:
    body = "Vell spent $5 million in 2024 and will spend $9 million in 2025."
    passage = Passage(Article("b", "Vell", body), 0, len(body))
    reply = [Sentence("Vell spent $9 million.", (Citation(1, passage, 0, len(body)),))]
    question = "How much did Vell spend in 2024?"
    assert not answers(question, reply, [Hit(passage, 0.9)], ScriptedGenerator())


def test_no_sentence_answers_nothing() -> None:
    assert not answers("Where is it?", [], EVIDENCE, ScriptedGenerator())


@pytest.mark.parametrize(
    ("body", "reply", "is_answer"),
    [
        ("The new funding by Acme values Vell at $29 billion.", "It was $29 billion.", False),
        ("The new funding by Acme came to $29 billion.", "It was $29 billion.", True),
        ("Acme paid $9 million in a deal that values Vell at $29 billion.", "$9 million.", True),
    ],
)
def test_a_valuation_is_no_reply_to_what_was_paid(body: str, reply: str, is_answer: bool) -> None:
    passage = Passage(Article("a", "Acme and Vell", body), 0, len(body))
    sentence = Sentence(reply, (Citation(1, passage, 0, len(body)),))
    question = "How much was Acme's funding of Vell?"
    evidence = [Hit(passage, 0.9)]
    assert answers(question, [sentence], evidence, ScriptedGenerator()) is is_answer


@pytest.mark.parametrize(
    ("question", "reply", "turned"),
    [
        ("Who took over from Satya Nadella?", "Satya Nadella took over from Ana Ruiz.", True),
        ("Who took over from Satya Nadella?", "Ana Ruiz took over from Satya Nadella.", False),
        ("Who took over from Satya Nadella?", "Ana Ruiz is the new head.", False),
        ("Who bought Vell?", "Vell bought Coast.", True),
        ("Who bought Vell?", "Vell was bought by Coast.", False),
        ("Whom did Vell hire?", "Vell hired Ana Ruiz.", False),
    ],
)
def test_a_reply_that_turns_the_question_round(question: str, reply: str, turned: bool) -> None:
    assert turns_round(question, reply) is turned


@pytest.mark.parametrize(
    ("reply", "is_answer"),
    [("Acme holds a stake in Vell.", False), ("Acme does not have any voting power.", True)],
)
def test_a_reply_may_not_pass_a_denial_over(reply: str, is_answer: bool) -> None:
    body = "Acme holds a stake in Vell but does not have any voting power."
    passage = Passage(Article("a", "Acme and Vell", body), 0, len(body))
    sentence = Sentence(reply, (Citation(1, passage, 0, len(body)),))
    question = "How much voting power comes with it?"
    found = answers(question, [sentence], [Hit(passage, 0.9)], ScriptedGenerator())
    assert found is is_answer
