"""How much of the evidence is judged before an answer is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from fakes import ScriptedGenerator, TaughtGenerator
from test_rag_disagreement import hit, report

from corpus.article import Article
from index.types import Hit
from rag.evidence import Candidate
from rag.judging.look import FIRST, Look, look
from rag.limits import Limits
from rag.reading.times import Span

QUESTION = "Who runs Vell?"
FOUND = [hit(report(f"{name} runs Vell, its owner said.", name)) for name in "ABCDE"]


class Judging(TaughtGenerator):
    """Is as sure of each passage as its outlet's letter says, and notes what it judged."""

    def __init__(self, **sure: float) -> None:
        super().__init__(doubts={f"{name} runs": value for name, value in sure.items()})
        self.judged: list[list[str]] = []

    def states_answer(
        self, question: str, passages: Sequence[tuple[str, str]]
    ) -> list[float] | None:
        self.judged.append([text[0] for _, text in passages])
        return super().states_answer(question, passages)


def looked(
    generator: ScriptedGenerator,
    question: str = QUESTION,
    found: Sequence[Hit] = FOUND,
    ranked: Sequence[Candidate] = (),
    time: Span | None = None,
) -> Look:
    return look(question, found, ranked, generator, Limits(), time)


def outlets(hits: Sequence[Hit]) -> str:
    return "".join(one.passage.article.outlet or "" for one in hits)


def test_where_one_of_the_first_settles_it_the_others_are_left() -> None:
    generator = Judging(A=0.3, B=0.95)
    seen = looked(generator)
    assert generator.judged == [["A", "B"]]
    assert (outlets(seen.judged), outlets(seen.unread)) == ("BACDE", "CDE")
    assert [one.score for one in seen.judged] == [0.95, 0.3, 0, 0, 0]


def test_where_none_does_all_are_judged() -> None:
    generator = Judging(A=0.3, B=0.89, C=0.1, D=0.99, E=0.2)
    seen = looked(generator)
    assert generator.judged == [["A", "B"], ["C", "D", "E"]]
    assert (outlets(seen.judged), seen.unread) == ("DBAEC", [])


def test_a_question_for_several_things_has_all_judged_at_once() -> None:
    generator = Judging(A=0.95)
    assert not looked(generator, "Which of them is larger than Vell, A or B?").unread
    assert generator.judged == [list("ABCDE")]


def test_so_has_one_to_a_model_that_was_not_taught() -> None:
    seen = looked(ScriptedGenerator(probability=0.99))
    assert [one.score for one in seen.judged] == [0.99] * 5
    assert not seen.unread


def test_what_is_too_early_settles_nothing() -> None:
    week = Span(date(2025, 6, 9), date(2025, 6, 15))
    early = hit(Article("a", "T", "A runs Vell.", outlet="A", published_at="2020-01-01"))
    generator = Judging(A=0.99, B=0.3, C=0.5, D=0.1, E=0.1)
    seen = looked(generator, found=[early, *FOUND[1:]], time=week)
    assert generator.judged == [["A", "B"], ["C", "D", "E"]]
    assert outlets(seen.judged)[0] == "C"


@pytest.mark.parametrize("count", range(FIRST + 1))
def test_few_are_judged_at_once(count: int) -> None:
    generator = Judging()
    seen = looked(generator, found=FOUND[:count])
    assert [len(one) for one in generator.judged] == [count] * bool(count)
    assert (len(seen.judged), seen.unread) == (count, [])


def test_where_the_best_is_in_doubt_more_is_looked_at() -> None:
    article = report("F runs Vell, its owner said.", "F")
    generator = Judging(A=0.3, B=0.2, C=0.1, D=0.1, E=0.1, F=0.7)
    further = [Candidate(hit(article), 0, len(article.body), 1.0, 0.0)]
    seen = looked(generator, ranked=further)
    assert generator.judged == [["A", "B"], ["C", "D", "E"], ["F"]]
    assert outlets(seen.judged) == "FABCDE"
