"""What an answer says of its own age."""

from __future__ import annotations

from datetime import date

import pytest

from corpus.article import Article
from index.types import Passage
from rag.now import asks_of_now, note_on
from rag.types import Citation, Sentence

TODAY = date(2025, 12, 1)
QUESTION = "Who is chief of Acme?"


@pytest.mark.parametrize(
    "question",
    [
        "Who is the CEO of Scale AI?",
        "Who's the CEO of Scale AI?",
        "Does Meta own a share of Scale AI?",
        "Which companies are owned by Meta?",
        "How much is Scale AI worth?",
        "Who leads Scale AI?",
        "Which company owns Scale AI?",
        "Who has the largest stake in Scale AI?",
        "Who currently runs Scale AI?",
        "What does the deal cost this year?",
        "Isn't Wang the chief?",
    ],
)
def test_about_now(question: str) -> None:
    assert asks_of_now(question, TODAY)


@pytest.mark.parametrize(
    "question",
    [
        "Who was the CEO of Scale AI?",
        "What did Meta pay?",
        "Did Meta buy a stake that is worth more?",
        "Who had the largest stake?",
        "Which company bought Scale AI?",
        "Has Meta bought Scale AI?",
        "What has Meta announced?",
        "Who is named in the report of June 2024?",
        "What is the stake worth in 2023?",
        "When will the plant open?",
        "Which boss left?",
        "Whose deals were stopped?",
        "What plans were dropped?",
        "",
    ],
)
def test_not_about_now(question: str) -> None:
    assert not asks_of_now(question, TODAY)


def said(*days: str | None, updated: str | None = None) -> list[Sentence]:
    sentences = []
    for n, day in enumerate(days, start=1):
        article = Article(str(n), "Chief", "Jo Lee leads.", published_at=day, updated_at=updated)
        citation = Citation(n, Passage(article, 0, 13), 0, 13)
        sentences.append(Sentence("Jo Lee leads.", (citation,)))
    return sentences


def test_the_newest_cited_article_is_told() -> None:
    note = note_on(QUESTION, said("2025-06-12", "2024-01-01"), TODAY, None)
    assert note == "The newest article on this is from 12 June 2025."


def test_an_update_counts() -> None:
    assert note_on(QUESTION, said("2025-06-12", updated="2025-11-30"), TODAY, None) is None


@pytest.mark.parametrize(("day", "told"), [("2025-09-01", True), ("2025-09-02", False)])
def test_old_is_more_than_90_days(day: str, told: bool) -> None:
    assert (note_on(QUESTION, said(day), TODAY, None) is not None) == told


def test_never_of_the_past() -> None:
    assert note_on("Who was chief of Acme?", said("1999-01-01"), TODAY, None) is None


def test_not_of_what_has_no_date() -> None:
    assert note_on(QUESTION, said(None), TODAY, None) is None


def test_not_of_a_refusal() -> None:
    assert note_on(QUESTION, [Sentence("The articles do not answer.")], TODAY, TODAY) is None


def test_the_day_asked_about_is_now() -> None:
    assert note_on(QUESTION, said("2024-01-10"), date(2024, 2, 1), date(2024, 2, 1)) is None


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ([None, "2025-11-30"], "One cited article has no date and may be later than"),
        ([None, None], "2 cited articles have no date and may be later than"),
    ],
)
def test_what_has_no_date_is_told_of_a_day(days: list[str | None], told: str) -> None:
    note = note_on("Who led Acme?", said(*days), TODAY, TODAY)
    assert note == f"{told} 1 December 2025."
