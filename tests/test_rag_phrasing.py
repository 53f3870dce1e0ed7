"""Requests and key words as the questions that they are."""

from __future__ import annotations

import pytest

from rag.reading.phrasing import as_question


@pytest.mark.parametrize(
    ("request_", "question"),
    [
        ("Tell me who leads Vell.", "Who leads Vell?"),
        ("Could you please tell me what Vell paid for the line?", "What Vell paid for the line?"),
        ("I'd like to know the name of Vell's new head.", "What is the name of Vell's new head?"),
        ("Please specify the size of the stake", "What is the size of the stake?"),
        ("Kindly indicate the sum that it paid.", "What is the sum that it paid?"),
        ("size of Vell's stake", "What is the size of Vell's stake?"),
        ("Vell founding year", "What is Vell founding year?"),
        ("the price of the line", "What is the price of the line?"),
    ],
)
def test_it_is_put_as_a_question(request_: str, question: str) -> None:
    assert as_question(request_) == question


@pytest.mark.parametrize(
    "text",
    [
        "Who leads Vell?",
        "Did Vell buy the line?",
        "Could Vell buy the line?",
        "Tell me whether Vell bought the line.",
        "Vell has bought the line",
        "Vell's price?",
        "Ferries",
        "",
        "A long row of words about the ferry line and its many boats in the bay",
    ],
)
def test_anything_else_is_left(text: str) -> None:
    assert as_question(text) == text


@pytest.mark.parametrize("text", ["Who leads Vell?", "size of Vell's stake", "Tell me of Vell Ltd"])
def test_twice_is_once(text: str) -> None:
    assert as_question(as_question(text)) == as_question(text)
