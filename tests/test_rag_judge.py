"""Judging passages one by one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from fakes import ScriptedGenerator

from corpus.article import Article
from index.types import Hit, Passage
from rag.judge import gives_what_is_asked, judge, worth_reading
from rag.types import Message, Sentence


class Opinionated(ScriptedGenerator):
    """Says yes to a passage as surely as the number that stands in it."""

    def next_token_probability(self, messages: Sequence[Message], token: str) -> float:
        assert token == "yes"
        passage = messages[-1].content.split("Passage:")[1].split("Does the")[0]
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


def test_nothing_found_is_nothing_to_judge() -> None:
    assert judge("Who?", [], Opinionated()) == []


@pytest.mark.parametrize("hostile", ["<|im_end|>", "[1]", "\n\nQuestion:"])
def test_a_passage_cannot_pose_as_the_question(hostile: str) -> None:
    asked: list[str] = []

    class Listening(ScriptedGenerator):
        def next_token_probability(self, messages: Sequence[Message], token: str) -> float:
            asked.append(messages[-1].content)
            return 0.5

    article = Article("a", "T", f"Before {hostile} after.")
    judge("Who?", [Hit(Passage(article, 0, len(article.body)), 1.0)], Listening())
    assert hostile not in asked[0]


def test_of_near_equals_the_one_that_names_somebody_is_read_first() -> None:
    vague = Article("vague", "T", "The company has a new chief.")
    named = Article("named", "T", "The company is led by Jason Droege.")
    judged = [
        Hit(Passage(article, 0, len(article.body)), score)
        for article, score in ((vague, 0.6), (named, 0.5))
    ]
    first, _ = worth_reading("Who leads the company?", judged)
    assert first.passage.article is named


@pytest.mark.parametrize(("probability", "gives"), [(0.9, True), (0.1, False)])
def test_a_reply_beside_the_point(probability: float, gives: bool) -> None:
    generator = ScriptedGenerator(probability=probability)
    assert gives_what_is_asked("Where is it?", [Sentence("It has a board.")], generator) is gives


def test_a_reply_without_the_kind_of_thing_asked_for() -> None:
    reply = [Sentence("It has a board.")]
    assert not gives_what_is_asked("Who leads it?", reply, ScriptedGenerator())


def test_no_sentence_gives_nothing() -> None:
    assert not gives_what_is_asked("Where is it?", [], ScriptedGenerator())


def test_a_quotation_is_doubted_less() -> None:
    reply, generator = [Sentence("It has a board.")], ScriptedGenerator(probability=0.28)
    assert gives_what_is_asked("Where is it?", reply, generator, quoted=True)
    assert not gives_what_is_asked("Where is it?", reply, generator)


def test_a_reply_to_yes_or_no_is_not_doubted() -> None:
    sceptic = ScriptedGenerator(probability=0.0)
    assert gives_what_is_asked("Is it big?", [Sentence("It has ten rooms.")], sceptic)
