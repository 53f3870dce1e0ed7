"""Date words, resolved against the day of the text."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import BylineError
from rag.reading.times import Span, parse_day, times_named

WEDNESDAY = date(2025, 6, 18)


def spans(text: str, on: date = WEDNESDAY) -> list[str]:
    return [f"{span.first}..{span.last}" for span in times_named(text, on)]


def day(text: str) -> str:
    return f"{text}..{text}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Who led Acme yesterday?", day("2025-06-17")),
        ("What happened last night?", day("2025-06-17")),
        ("It opens tomorrow.", day("2025-06-19")),
        ("What is new today?", day("2025-06-18")),
        ("Who is currently mayor?", day("2025-06-18")),
        ("What happened this week?", "2025-06-16..2025-06-22"),
        ("the strike of last week", "2025-06-09..2025-06-15"),
        ("next week", "2025-06-23..2025-06-29"),
        ("over the past week", "2025-06-11..2025-06-18"),
        ("last month", "2025-05-01..2025-05-31"),
        ("Who was mayor last year?", "2024-01-01..2024-12-31"),
        ("this quarter", "2025-04-01..2025-06-30"),
        ("last quarter", "2025-01-01..2025-03-31"),
        ("three days ago", day("2025-06-15")),
        ("two weeks ago", "2025-06-02..2025-06-08"),
        ("a year ago", "2024-01-01..2024-12-31"),
        ("in the last 30 days", "2025-05-19..2025-06-18"),
        ("in the past six months", "2024-12-18..2025-06-18"),
        ("on Friday", day("2025-06-13")),
        ("on Wednesday", day("2025-06-18")),
        ("last Wednesday", day("2025-06-11")),
        ("this Friday", day("2025-06-20")),
        ("next Friday", day("2025-06-20")),
        ("on 13 June 2025", day("2025-06-13")),
        ("June 13, 2025", day("2025-06-13")),
        ("on 2025-06-13", day("2025-06-13")),
        ("June 3rd", day("2025-06-03")),
        ("on 24 December", day("2024-12-24")),
        ("the talks of June 20", day("2025-06-20")),
        ("in June", "2025-06-01..2025-06-30"),
        ("in November", "2024-11-01..2024-11-30"),
        ("last June", "2024-06-01..2024-06-30"),
        ("next March", "2026-03-01..2026-03-31"),
        ("in Sept. 2023", "2023-09-01..2023-09-30"),
        ("in 2024", "2024-01-01..2024-12-31"),
        ("the 1990s", "1990-01-01..1999-12-31"),
        ("between 2019 and 2021", "2019-01-01..2021-12-31"),
        ("Q2 2024", "2024-04-01..2024-06-30"),
        ("the fourth quarter of 2024", "2024-10-01..2024-12-31"),
        ("the summer of 2024", "2024-06-01..2024-08-31"),
        ("last summer", "2024-06-01..2024-08-31"),
        ("winter 2025", "2024-12-01..2025-02-28"),
        ("since March", "2025-03-01..2025-06-18"),
        ("since 2020", "2020-01-01..2025-06-18"),
        ("before 2020", "0001-01-01..2019-12-31"),
        ("after 2020", "2021-01-01..9999-12-31"),
        ("by June 2026", "0001-01-01..2026-06-30"),
    ],
)
def test_one_time(text: str, expected: str) -> None:
    assert spans(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "Who is the chief of Acme?",
        "It may march on.",
        "May I ask who leads it?",
        "It costs $2025 and 1,999 pounds.",
        "Some 2,024 people came, 1999.5 tons, 2025%.",
        "99999 decades ago",
        "",
    ],
)
def test_no_time(text: str) -> None:
    assert spans(text) == []


def test_several_in_their_order() -> None:
    assert spans("Between last week and 2 May 2024, and in 2023") == [
        "2025-06-09..2025-06-15",
        day("2024-05-02"),
        "2023-01-01..2023-12-31",
    ]


def test_an_article_is_read_on_its_own_day() -> None:
    assert spans("It closed on Thursday.", date(2024, 2, 29)) == [day("2024-02-29")]
    assert spans("It lost money last year.", date(1988, 3, 1)) == ["1987-01-01..1987-12-31"]


def test_a_month_ends_where_it_does() -> None:
    assert spans("in the past month", date(2025, 3, 31)) == ["2025-02-28..2025-03-31"]


@given(st.text(max_size=80), st.dates())
def test_any_text_on_any_day(text: str, on: date) -> None:
    for span in times_named(text, on):
        assert isinstance(span, Span)


@pytest.mark.parametrize("on", [date.min, date.max])
@pytest.mark.parametrize(
    "text", ["yesterday", "tomorrow", "last year", "next week", "in 3 decades"]
)
def test_the_ends_of_the_calendar(text: str, on: date) -> None:
    times_named(text, on)


class TestADayAsGiven:
    @pytest.mark.parametrize(
        "text", ["2025-06-13", " 13 June 2025", "June 13, 2025", "2025-06-13T09:30:00+02:00"]
    )
    def test_forms(self, text: str) -> None:
        assert parse_day(text) == date(2025, 6, 13)

    @pytest.mark.parametrize("text", ["", "soon", "2025-02-30", "03/04/2025", "2025", "\x00"])
    def test_none(self, text: str) -> None:
        with pytest.raises(BylineError, match="2025-06-13"):
            parse_day(text)
