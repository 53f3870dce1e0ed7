"""That there is none of a thing is a reply to how much of it there is."""

from __future__ import annotations

import pytest

from rag.question.asked import replies_in_kind
from rag.question.denial import denies

NONE = "Vell will have a 49% stake in the line but will not have any voting power."


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How much voting power does Vell get?", NONE),
        ("Which voting rights come with the stake?", NONE),
        ("How many boats does the line have?", "The line has no boats of its own."),
        ("Which company bought Vell?", "Its backers get their money, though nobody bought Vell."),
    ],
)
def test_what_is_asked_for_is_denied(question: str, text: str) -> None:
    assert denies(question, text)
    assert replies_in_kind(question, text, text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What stake does Vell get?", NONE),
        ("How much does Vell pay?", "Vell did not pay its crew in March."),
        ("Why does Vell not get any voting power?", NONE),
        ("How many boats does the line have?", "The line has two boats."),
    ],
)
def test_another_thing_or_nothing_is_denied(question: str, text: str) -> None:
    assert not denies(question, text)
