"""Times and outlets that a question names, and what the search is told of them."""

from __future__ import annotations

from datetime import date

import pytest
from deal import CHIEF, DEAL, Make, answer_of
from fakes import ScriptedGenerator

from index.types import Preference
from page.chat import Exchange
from page.render import render_exchange
from rag.answer_json import answer_json
from rag.commands.output import answer_text, understood_text
from rag.narrow import Narrowing, Scope
from rag.question.preferred import DISTANT, NEWNESS, PREFERRED, Named, named_in, preference, search
from rag.reading.times import Span

WEDNESDAY = date(2025, 6, 18)
OUTLETS = ["AP", "Reuters", "The Harbour Post"]
JUNE_13 = "What did Meta buy on 13 June 2025?"


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What happened last week?", "dates: 9 to 15 June 2025"),
        ("Who was fired yesterday?", "date: 17 June 2025"),
        ("What did Vell buy in June 2025?", "dates: June 2025"),
        ("What did Vell buy in the past month?", "dates: 18 May to 18 June 2025"),
        ("What did Vell buy since December?", "dates: 1 December 2024 to 18 June 2025"),
        ("What did Vell buy in 2024?", "dates: 2024"),
        ("What did Vell buy in May and in June?", "dates: 1 May to 30 June 2025"),
        ("What does Reuters say about Vell?", "outlet: Reuters"),
        ("According to the Harbour Post, who leads Vell?", "outlet: The Harbour Post"),
        ("What was reported by AP and what did Reuters report?", "outlets: AP, Reuters"),
        ("How does AP describe last week's talks?", "dates: 9 to 15 June 2025; outlet: AP"),
        ("What did the Reuters story say on Vell?", "outlet: Reuters"),
        ("Who leads Vell?", ""),
        ("Who runs Vell now that Ruiz is gone?", ""),
        ("Which range for 2025 had Vell given in January?", ""),
        ("Who bought Reuters?", ""),  # the outlet is what is asked about
        ("Who leads the AP plant?", ""),
        ("What will happen next month?", ""),  # no article is of then
        ("What did Vell buy before 2020?", ""),
    ],
)  # fmt: skip
def test_what_is_named(question: str, told: str) -> None:
    assert str(named_in(question, WEDNESDAY, OUTLETS)) == told


JUNE = Span(date(2025, 6, 1), date(2025, 6, 30))
YEAR = Span(date(2024, 1, 1), date(2024, 12, 31))


@pytest.mark.parametrize(
    ("named", "as_of", "expected"),
    [
        (Named(), None, Preference()),
        (Named(), WEDNESDAY, Preference((WEDNESDAY, WEDNESDAY), NEWNESS)),
        (Named(JUNE), None, Preference((JUNE.first, JUNE.last), PREFERRED)),
        (Named(JUNE), WEDNESDAY, Preference((JUNE.first, JUNE.last), PREFERRED)),
        (Named(YEAR), WEDNESDAY, Preference((YEAR.first, YEAR.last), DISTANT)),
        (Named(None, ("AP",)), None, Preference(outlets=("AP",), by_outlet=PREFERRED)),
        (
            Named(None, ("AP",)),
            WEDNESDAY,
            Preference((WEDNESDAY, WEDNESDAY), NEWNESS, ("AP",), PREFERRED),
        ),
    ],
)
def test_what_the_search_is_told(named: Named, as_of: date | None, expected: Preference) -> None:
    assert preference(named, as_of) == expected


class TestInAnAnswer:
    def test_it_is_told_in_json_terminal_and_page(self, make: Make) -> None:
        answer = make(ScriptedGenerator(probability=0.1)).ask(JUNE_13)
        assert answer_json(answer)["preferred"] == "date: 13 June 2025"
        assert understood_text(answer) == "Looked at first: date: 13 June 2025"
        assert "Looked at first: date: 13 June 2025\n\n" in answer_text(answer)
        html = render_exchange(Exchange(1, JUNE_13, answer=answer, stage="settled"))
        assert "Looked at first: date: 13 June 2025 <button" in html
        assert "data-choose='literal:1'" in html

    def test_nothing_is_shut_out(self, make: Make) -> None:
        answer = make(ScriptedGenerator(probability=0.1)).ask(
            "Who is chief of Scale AI in May 2024?"
        )
        assert CHIEF.id in {hit.passage.article.id for hit in answer.hits}

    def test_the_outlet_that_is_asked_for_comes_first(self, make: Make) -> None:
        index = make(ScriptedGenerator()).index
        question = "What does the Herald say about the stake in Scale AI?"
        plain, *_ = index.search(question, 1)
        first, *_ = search(index, question, 1, None)
        assert (plain.passage.article.id, first.passage.article.id) == (DEAL.id, CHIEF.id)

    def test_it_can_be_undone(self, make: Make) -> None:
        pipeline = Narrowing(make(ScriptedGenerator(probability=0.1)))
        told = [
            answer_of(list(pipeline.stream(JUNE_13, (), Scope(literal=literal)))).preferred
            for literal in (False, True)
        ]
        assert told == ["date: 13 June 2025", None]

    def test_a_scope_still_holds(self, make: Make) -> None:
        pipeline = Narrowing(make(ScriptedGenerator(probability=0.1)))
        scope = Scope(last=date(2025, 6, 13))
        answer = answer_of(list(pipeline.stream("What did the Herald report?", (), scope)))
        assert {hit.passage.article.id for hit in answer.hits} <= {DEAL.id}
