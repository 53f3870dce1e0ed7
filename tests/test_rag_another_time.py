"""A figure of one time is no reply to a question about another."""

from __future__ import annotations

import pytest

from rag.facts.claims import is_of_another_time

RANGE = (
    "The middle of the new range, $68 billion, compares with the $39.23 billion that it spent "
    "in 2024."
)
SALES = (
    "Vellcorp generated $870 million in sales last year and expects sales of $2 billion in 2025."
)


@pytest.mark.parametrize(
    ("question", "reply", "quote", "published"),
    [
        ("How much did Vellcorp spend in 2024?", "It spent $68 billion.", RANGE, "2025-05-01"),
        ("What were Vellcorp's sales in 2024?", "They were $2 billion.", SALES, "2025-06-13"),
        ("What sales does Vellcorp expect in 2025?", "It is $870 million.", SALES, None),
        ("How much did it make in the third quarter of 2025?", "It made $42.31 billion.",
         "Vellcorp made $42.31 billion in the first quarter of 2025.", "2025-05-01"),
    ],
)  # fmt: skip
def test_of_another_time(question: str, reply: str, quote: str, published: str | None) -> None:
    assert is_of_another_time(question, reply, quote, published)


@pytest.mark.parametrize(
    ("question", "reply", "quote", "published"),
    [
        ("How much did Vellcorp spend in 2024?", "It spent $39.23 billion.", RANGE, "2025-05-01"),
        ("What were Vellcorp's sales in 2024?", "They were $870 million.", SALES, "2025-06-13"),
        # Which year "last year" is, an article without a date does not tell.
        ("What were Vellcorp's sales in 2024?", "They were $870 million.", SALES, None),
        ("What were Vellcorp's sales?", "They were $2 billion.", SALES, "2025-06-13"),
        ("Who led Vellcorp in 2024?", "Ann Lee led it.", "Ann Lee has led it since 2025.", None),
        # It names no time of its own.
        ("How much did Vellcorp pay in 2024?", "It paid $5 million.", "It paid $5 million.", None),
    ],
)  # fmt: skip
def test_of_that_time_or_of_none(
    question: str, reply: str, quote: str, published: str | None
) -> None:
    assert not is_of_another_time(question, reply, quote, published)
