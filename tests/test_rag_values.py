"""Values of a sentence, how two of them compare, and the time and thing that they are of."""

from __future__ import annotations

import pytest

from rag.facts.claims import asked
from rag.facts.values import Relation, dates, figures, hidden, relate
from rag.reading.measures import counted, measure_of
from rag.reading.when import when


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("It paid $14.3 billion.", ["$14.3 billion"]),
        ("It paid more than $10 billion.", ["more than $10 billion"]),
        ("It could exceed $10 billion.", ["more than $10 billion"]),
        ("It spends $64-72 billion.", ["$64-72 billion"]),
        ("It spends between 5% and 6%.", ["between 5% and 6%"]),
        ("It has 5 mines and 6 mills.", ["5", "6"]),
        ("Nothing of the kind.", []),
    ],
)
def test_figures_come_with_their_bounds(sentence: str, expected: list[str]) -> None:
    assert [value.text for value in figures(sentence)] == expected


def test_a_figure_is_where_it_stands() -> None:
    sentence = "In all, some 1,500 people came."
    (value,) = figures(sentence)
    assert sentence[value.start : value.end] == "some 1,500"


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("$14.3 billion", "14.3 billion dollars", "same"),
        ("$39.2 billion", "$39.23 billion", "same"),
        ("$14 billion", "$13.8 billion", "compatible"),
        ("about 1,500", "1,480", "compatible"),
        ("about 1,500", "1,500", "same"),
        ("almost 1,500", "1,500", "compatible"),
        ("almost 1,500", "1,600", "different"),
        ("more than $10 billion", "$14.3 billion", "compatible"),
        ("more than $10 billion", "$9 billion", "different"),
        ("more than $10 billion", "$40 billion", "different"),
        ("up to 50%", "49%", "compatible"),
        ("49%", "50%", "different"),
        ("14", "15", "different"),
        ("$64 billion to $72 billion", "$66 billion to $72 billion", "compatible"),
        ("$64 billion to $72 billion", "$80 billion", "different"),
        ("$14 billion", "€14 billion", None),
        ("49", "49%", None),
    ],
)
def test_two_figures_compare_alike_from_both_sides(
    one: str, other: str, relation: Relation | None
) -> None:
    (first,), (second,) = figures(one), figures(other)
    assert relate(first, second) == relate(second, first) == relation


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("3 May 1999", "May 3, 1999", "same"),
        ("3 May 1999", "1999", "same"),
        ("3 May 1999", "5 May 1999", "different"),
        ("May 1999", "June 1999", "different"),
    ],
)
def test_dates_compare_by_what_both_tell(one: str, other: str, relation: Relation) -> None:
    (first,), (second,) = dates(one), dates(other)
    assert relate(first, second) == relation


@pytest.mark.parametrize(
    "sentence",
    [
        "The exact size was not revealed.",
        "The price has not been disclosed.",
        "It sold for an undisclosed sum.",
        "Vell declined to say how much it paid.",
        "Neither side named a price.",
    ],
)
def test_what_is_kept_back_is_seen(sentence: str) -> None:
    assert hidden(sentence) is not None


def test_what_is_told_is_not_kept_back() -> None:
    assert hidden("The price was revealed on Friday and not well received.") is None


@pytest.mark.parametrize(
    ("sentence", "years"),
    [
        ("It sold $870 million last year and expects $2 billion this year.", [2024, 2025]),
        ("It took in $870 million in 2024 and expects, this year, $2 billion.", [2024, 2025]),
        ("It puts this year's sum at $68 billion, after $39.2 billion in 2023.", [2025, 2023]),
    ],
)
def test_each_figure_has_its_own_year(sentence: str, years: list[int]) -> None:
    values = [value for value in figures(sentence) if value.unit]
    places = [value.start for value in values]
    told = [when(sentence, p, "2025-06-13", [o for o in places if o != p]).year for p in places]
    assert told == years


def test_a_quarter_is_no_whole_year() -> None:
    quarter = when("In the first quarter it spent $13 billion.", 33, "2025-05-01")
    year = when("It spent $64 billion.", 9, "2025-05-01")
    assert not quarter.fits(year)
    assert quarter.fits(when("From January to March it spent $13 billion.", 31, "2025-05-01"))


def test_a_report_without_a_date_is_of_any_time() -> None:
    assert when("It spent $64 billion.", 9, None).fits(when("It spent $5.", 9, "2020-05-01"))


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Investors paid in $325 million and put it at $7.3 billion.", ["price", "value"]),
        ("It raised $1 billion, with sales of $3 billion.", ["funding", "sales"]),
    ],
)
def test_a_figure_measures_what_the_nearest_word_says(sentence: str, expected: list[str]) -> None:
    told = [measure_of("money", sentence, v.start, v.end) for v in figures(sentence)]
    assert told == expected


def test_people_are_counted_under_many_names() -> None:
    for sentence in ("It has 14 employees.", "It has 14 workers.", "A workforce of 14."):
        (value,) = figures(sentence)
        assert counted(sentence, value.start, value.end) == {"people"}


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What stake did Meta take in Scale AI?", "share"),
        ("How much did Meta pay for its stake in Scale AI?", "money"),
        ("At what value did investors put Scale AI?", "money"),
        ("How many people work at Scale AI?", "number"),
        ("What is the population of Vell?", "number"),
        ("When was the bridge built?", "date"),
        ("Who leads Vellcorp?", "person"),
        ("Did Vellcorp sell its mine?", "yes or no"),
    ],
)
def test_what_a_question_asks_for(question: str, kind: str) -> None:
    wanted = asked(question)
    assert wanted is not None
    assert wanted.kind == kind


@pytest.mark.parametrize(
    "question",
    [
        "Why did Meta invest?",
        "In which state is the plant whose output Meta buys?",
        "How much did the dearer of the two deals cost?",
    ],
)
def test_what_no_rule_can_compare(question: str) -> None:
    assert asked(question) is None
