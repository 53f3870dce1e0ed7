"""Questions that are narrowed down: what is found, and how the question is read."""

from __future__ import annotations

from datetime import date

import pytest
from deal import CHIEF, DEAL, QUESTION, Make, answer_of
from fakes import ScriptedGenerator

from corpus.errors import BylineError
from index.store import ArticleRow
from rag.narrow import Named, Narrowing, Part, Scope
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


def test_only_these_articles_are_asked(make: Make) -> None:
    chosen = tuple(Named(article.id, article.title) for article in (CHIEF, DEAL))
    assert found(narrowed(make), Scope(articles=chosen[:1])) == {CHIEF.id}
    assert found(narrowed(make), Scope(articles=chosen, last=JUNE_13)) == {DEAL.id}


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
    with make(ScriptedGenerator()).index.pinned() as index:
        part = Part(index, Scope(literal=True))
        assert part.corrected("Clintn reactr") == "Clintn reactr"


def test_outlets_are_listed(make: Make) -> None:
    assert narrowed(make).outlets() == ["The Daily", "The Herald"]


def test_days_in_the_wrong_order_are_said() -> None:
    with pytest.raises(BylineError, match="comes after"):
        Scope(first=JUNE_14, last=JUNE_13)


def test_an_article_without_a_day_is_in_no_range_of_days() -> None:
    rows = [ArticleRow(str(day), "", None, day, 1) for day in (None, "yesterday", "2025-06-13")]
    assert Scope().ids(rows) == ["None", "yesterday", "2025-06-13"]
    assert Scope(last=JUNE_13).ids(rows) == ["2025-06-13"]
