"""What a question asks the measure of."""

from __future__ import annotations

import pytest

from rag.measures import measure_asked


@pytest.mark.parametrize(
    ("question", "measure"),
    [
        ("At how much does the deal value Vell?", "value"),
        ("How much did Vell pay in the takeover?", "price"),
        ("How large was the deal?", "price"),
        ("What are Vell's sales?", "sales"),
        ("What sum did investors put Vell at?", "price"),
    ],
)
def test_the_word_that_tells_most(question: str, measure: str) -> None:
    assert measure_asked("money", question) == measure
