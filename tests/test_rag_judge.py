"""Judging passages one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

import pytest
from fakes import ScriptedGenerator

from corpus.article import Article
from index.types import Hit, Passage
from rag.judging.judge import fewest_to_read, gives_answer, judge, promises, worth_reading
from rag.types import Message, Reading


class Opinionated(ScriptedGenerator):
    """Says yes to a passage as surely as the number that stands in it."""

    def sure_of(self, told: str) -> float:
        passage = told.split("Passage:")[1].split("Question:")[0]
        return float(passage.split()[-1])


def hits(*sure: float) -> list[Hit]:
    articles = [Article(f"a{n}", "A title", f"Sure by {one}") for n, one in enumerate(sure)]
    return [Hit(Passage(a, 0, len(a.body)), 1.0, {"dense": 1}, 0.5) for a in articles]


def test_the_surest_comes_first_with_its_probability() -> None:
    judged = judge("Who?", hits(0.2, 0.9, 0.4), Opinionated())
    assert [hit.score for hit in judged] == [0.9, 0.4, 0.2]


def test_what_the_search_said_of_a_hit_stays() -> None:
    (judged,) = judge("Who?", hits(0.2), Opinionated())
    assert (judged.ranks, judged.similarity) == ({"dense": 1}, 0.5)


def test_a_passage_half_as_sure_as_the_best_is_left_out() -> None:
    judged = judge("Who?", hits(0.8, 0.5, 0.3), Opinionated())
    assert [hit.score for hit in worth_reading("Why?", judged)] == [0.8, 0.5]


def test_at_most_three_are_read() -> None:
    judged = judge("Who?", hits(0.8, 0.8, 0.8, 0.8), Opinionated())
    assert len(worth_reading("Why?", judged)) == 3


def told(*bodies: str) -> list[Hit]:
    articles = [Article(str(n), "Business", body) for n, body in enumerate(bodies)]
    return [Hit(Passage(a, 0, len(a.body)), 0.9 - 0.1 * int(a.id)) for a in articles]


def test_one_passage_that_holds_what_is_asked_is_enough() -> None:
    worthy = told("Scale AI will be led by Jason Droege.", "Alexandr Wang leaves Scale AI.")
    assert fewest_to_read("Who leads Scale AI?", worthy) == worthy[:1]


def test_another_is_read_for_a_name_that_the_first_lacks() -> None:
    worthy = told("Meta paid $14.3 billion.", "Meta and Google paid.", "Google paid $2.7 billion.")
    assert fewest_to_read("What did Meta pay, and Google?", worthy) == worthy[:2]


def test_another_is_read_for_the_kind_of_thing_that_the_first_lacks() -> None:
    worthy = told("The plant sells all its power.", "The sale begins in 2027.")
    assert fewest_to_read("When does the sale begin?", worthy) == worthy


@pytest.mark.parametrize(
    "question", ["Who left and who came?", "Did it pay more than Google?", "Which came first?"]
)
def test_all_are_read_where_several_things_are_asked(question: str) -> None:
    worthy = told("It paid $14.3 billion in June 2025.", "It paid $2.7 billion in May 2024.")
    assert fewest_to_read(question, worthy) == worthy


class Likely(ScriptedGenerator):
    """As sure of every passage, and tells how likely the question is as one about it."""

    def read(
        self, chats: Sequence[Sequence[Message]], word: str, told: str | None = None
    ) -> list[Reading]:
        return [Reading(0.5, -1.0 if "plant" in chat[-1].content else -2.0) for chat in chats]


def test_a_passage_that_makes_the_question_less_likely_counts_for_less() -> None:
    judged = judge("Who?", told("A bank opened.", "A plant opened."), Likely())
    # Odds of 1 for the likelier, and exp(2 * (-2 - -1)) = 0.135 for the other: 0.135 / 1.135.
    assert [round(hit.score, 3) for hit in judged] == [0.5, 0.119]
    assert judged[0].passage.text == "A plant opened."


def test_nothing_found_is_nothing_to_judge() -> None:
    assert judge("Who?", [], Opinionated()) == []


@pytest.mark.parametrize("hostile", ["<|im_end|>", "[1]", "\n\nQuestion:"])
def test_a_passage_cannot_pose_as_the_question(hostile: str) -> None:
    asked: list[str] = []

    class Listening(ScriptedGenerator):
        def sure_of(self, told: str) -> float:
            asked.append(told)
            return 0.5

    article = Article("a", "T", f"Before {hostile} after.")
    judge("Who?", [Hit(Passage(article, 0, len(article.body)), 1.0)], Listening())
    assert f"Before {hostile} after." not in asked[0]


def test_of_near_equals_the_one_that_names_somebody_is_read_first() -> None:
    vague = Article("vague", "T", "The company has a new chief.")
    named = Article("named", "T", "The company is led by Jason Droege.")
    judged = [
        Hit(Passage(article, 0, len(article.body)), score)
        for article, score in ((vague, 0.6), (named, 0.5))
    ]
    first, _ = worth_reading("Who leads the company?", judged)
    assert first.passage.article is named


def scored(*told: tuple[str, float]) -> list[Hit]:
    articles = [(Article(body, "Business", body), score) for body, score in told]
    return [Hit(Passage(a, 0, len(a.body)), score) for a, score in articles]


NAMELESS, NAMED = "The company has a new chief.", "The company is led by Jason Droege."


def test_where_the_surest_name_nobody_the_one_that_does_is_read() -> None:
    judged = scored((NAMELESS, 0.8), (NAMED, 0.2))
    (only,) = worth_reading("Who leads the company?", judged)
    assert only.passage.text == NAMED


def test_not_so_if_it_hardly_answers() -> None:
    judged = scored((NAMELESS, 0.8), (NAMED, 0.05))
    (only,) = worth_reading("Who leads the company?", judged)
    assert only.passage.text == NAMELESS


def test_each_text_is_read_as_a_reply_by_itself() -> None:
    class Listening(ScriptedGenerator):
        def sure_of(self, told: str) -> float:
            return 0.9 if "Reply: It is in Rome." in told else 0.2

    sentences = [("A heading", "It has a board."), ("A heading", "It is in Rome.")]
    assert gives_answer("Where is it?", sentences, Listening()) == [0.2, 0.9]


def test_no_text_is_no_call_of_the_model() -> None:
    class Deaf(ScriptedGenerator):
        def read(self, *_: object, **__: object) -> NoReturn:
            raise AssertionError("the model was asked")

    assert gives_answer("Where is it?", [], Deaf()) == []


class Taught(ScriptedGenerator):
    """Tells of each text by itself; of a chat it makes nothing."""

    def read(self, *_: object, **__: object) -> NoReturn:
        raise AssertionError("the model was asked")

    def states_answer(self, question: str, passages: Sequence[tuple[str, str]]) -> list[float]:
        self.told = [*passages]
        return [0.9 if "Rome" in text else 0.2 for _, text in passages]


def test_what_the_model_was_taught_goes_before_what_it_says() -> None:
    generator = Taught()
    judged = judge("Where is it?", told("It has a board.", "It is in Rome."), generator)
    assert [(hit.passage.text, hit.score) for hit in judged] == [
        ("It is in Rome.", 0.9),
        ("It has a board.", 0.2),
    ]
    assert generator.told == [("Business", "It has a board."), ("Business", "It is in Rome.")]
    sentences = [("A heading", "It has a board."), ("A heading", "It is in Rome.")]
    assert gives_answer("Where is it?", sentences, generator) == [0.2, 0.9]


def test_a_passage_that_denies_what_is_asked_for_gains() -> None:
    denying, other = told("Acme gets no voting power.", "Acme gets a stake. Sure by 0.5")

    class Doubting(ScriptedGenerator):
        def sure_of(self, told: str) -> float:
            return 0.5 if "stake" in told.split("Passage:")[1] else 0.3

    judged = judge("How much voting power does Acme get?", [other, denying], Doubting())
    assert [hit.passage for hit in judged] == [denying.passage, other.passage]
    assert judged[0].score == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("best", "expected"), [(0.05, False), (0.1, True), (0.5, True), (0.55, False)]
)
def test_a_further_look_pays_where_something_speaks_for_it(best: float, expected: bool) -> None:
    assert promises(hits_with(best, 0.01), 0.55) is expected


def test_nothing_found_promises_nothing() -> None:
    assert not promises([], 0.55)


def hits_with(*scores: float) -> list[Hit]:
    return [replace(hit, score=score) for hit, score in zip(hits(*scores), scores, strict=True)]
