"""What a question asks the measure of."""

from __future__ import annotations

import pytest

from rag.reading.measures import measure_asked, unlike


@pytest.mark.parametrize(
    ("question", "measure"),
    [
        ("At how much does the deal value Vell?", "value"),
        ("How much did Vell pay in the takeover?", "price"),
        ("How large was the deal?", "price"),
        ("What are Vell's sales?", "sales"),
        ("What sum did investors put Vell at?", "price"),
        ("What is the value of Acme's investment in Vell?", "price"),
        ("What is the value of Vell's boats?", "value"),
        ("How much money did Acme put into Vell?", "price"),
        ("How much did Acme put Vell at?", "value"),
    ],
)
def test_the_word_that_tells_most(question: str, measure: str) -> None:
    assert measure_asked("money", question) == measure


@pytest.mark.parametrize(
    ("asked", "stated", "expected"),
    [
        ("price", "value", True),
        ("value", "funding", True),
        ("price", "funding", False),
        ("price", None, False),
        (None, "value", False),
        ("sales", "value", False),
    ],
)
def test_measures_that_are_taken_for_each_other(
    asked: str | None, stated: str | None, expected: bool
) -> None:
    assert unlike("money", asked, stated) is expected


def test_a_share_of_the_stock_is_none_of_the_votes() -> None:
    assert unlike("share", "vote", "stake")
    assert not unlike("money", "vote", "stake")
