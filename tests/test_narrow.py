"""Questions that are narrowed down: what is found, and how the question is read."""

from __future__ import annotations

from datetime import date

import pytest
from deal import CHIEF, DEAL, QUESTION, Make, answer_of
from fakes import ScriptedGenerator
from test_page import ARTICLE, hit

from corpus.errors import BylineError
from index.types import Copy, Hit
from rag.narrow import Narrowing, Scope, _Part
from rag.types import Turn

JUNE_13, JUNE_14 = date(2025, 6, 13), date(2025, 6, 14)
FOLLOW_UP, HISTORY = "Who leads it?", (Turn("What is Scale AI?", "Scale AI is a company."),)


def narrowed(make: Make) -> Narrowing:
    return Narrowing(make(ScriptedGenerator("Meta paid $14.3 billion [1].")))


def found(narrowing: Narrowing, scope: Scope, question: str = QUESTION) -> set[str]:
    return {
        h.passage.article.id for h in answer_of(list(narrowing.stream(question, (), scope))).hits
    }


def test_without_a_scope_all_articles_are_asked(make: Make) -> None:
    assert found(narrowed(make), Scope()) >= {DEAL.id}


def test_only_these_outlets_are_asked(make: Make) -> None:
    assert found(narrowed(make), Scope(("The Herald",))) == {CHIEF.id}


def test_only_these_days_are_asked(make: Make) -> None:
    assert found(narrowed(make), Scope(last=JUNE_13)) == {DEAL.id}
    assert found(narrowed(make), Scope(first=JUNE_14, last=JUNE_14)) == {CHIEF.id}


def test_a_scope_without_an_article_finds_nothing(make: Make) -> None:
    answer = answer_of(list(narrowed(make).stream(QUESTION, (), Scope(("Nobody",)))))
    assert answer.abstained
    assert answer.hits == ()


def test_the_day_of_a_scope_is_that_of_the_answer(make: Make) -> None:
    answer = answer_of(list(narrowed(make).stream(QUESTION, (), Scope(as_of=JUNE_13))))
    assert answer.as_of == JUNE_13


def test_a_literal_question_is_read_without_the_chat_before_it(make: Make) -> None:
    understood = [
        answer_of(list(narrowed(make).stream(FOLLOW_UP, HISTORY, Scope(literal=one)))).understood
        for one in (False, True)
    ]
    assert understood == [f"{HISTORY[0].question} {FOLLOW_UP}", None]


def test_a_literal_question_is_not_put_right(make: Make) -> None:
    part = _Part(make(ScriptedGenerator()).index, Scope(literal=True))
    with part.pinned() as index:
        assert index.corrected("Clintn reactr") == "Clintn reactr"


def test_outlets_are_listed(make: Make) -> None:
    assert narrowed(make).outlets() == ["The Daily", "The Herald"]


def test_days_in_the_wrong_order_are_said() -> None:
    with pytest.raises(BylineError, match="comes after"):
        Scope(first=JUNE_14, last=JUNE_13)


def test_a_copy_in_an_outlet_counts_as_that_outlets() -> None:
    copied = Hit(hit(ARTICLE).passage, 1.0, copies=(Copy("c", "Copy", "Post", "2025-06-14"),))
    assert Scope(("Post",)).holds_hit(copied)
    assert not Scope(("Post",), last=JUNE_13).holds_hit(copied)


def test_an_article_without_a_day_is_in_no_range_of_days() -> None:
    assert Scope().holds(None, None)
    assert not Scope(last=JUNE_13).holds(None, None)
    assert not Scope(last=JUNE_13).holds(None, "yesterday")
