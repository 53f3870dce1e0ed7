"""Which sentences say that something came to be as they state it."""

from __future__ import annotations

import pytest

from rag.facts.change import came_to_be
from rag.facts.values import Value, figures


def at(sentence: str, text: str) -> Value:
    """The value that stands at `text`: a figure with its bounds, else its words."""
    start = sentence.index(text)
    figure = next((one for one in figures(sentence) if one.start <= start < one.end), None)
    return figure or Value(text, start, start + len(text), words=tuple(text.lower().split()))


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("Ana Ruiz was named chief executive.", "Ana Ruiz"),
        ("Vell appointed Ana Ruiz as its head.", "Ana Ruiz"),
        ("Ana Ruiz, a lawyer, takes over as chief.", "Ana Ruiz"),
        ("Ana Ruiz replaced John Roe.", "Ana Ruiz"),
        ("John Roe was replaced by Ana Ruiz.", "Ana Ruiz"),
        ("His successor is Ana Ruiz.", "Ana Ruiz"),
        ("Its workforce rose to 1,500.", "1,500"),
        ("Vell now expects 14 mines.", "14"),
        ("Sales fell from $5 billion to $4 billion.", "$4 billion"),
    ],
)
def test_it_came_to_be(sentence: str, text: str) -> None:
    assert came_to_be(sentence, at(sentence, text))


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("Ana Ruiz is the chief executive.", "Ana Ruiz"),
        ("Ana Ruiz replaced John Roe.", "John Roe"),
        ("Ana Ruiz may be named chief executive.", "Ana Ruiz"),
        ("Ana Ruiz was happy. John Roe was named chief.", "Ana Ruiz"),
        ("Vell has 14 mines.", "14"),
        ("Its workforce rose from 1,400.", "1,400"),
        ("Vell plans that the workforce rises to 1,500.", "1,500"),
    ],
)
def test_nothing_came_to_be(sentence: str, text: str) -> None:
    assert not came_to_be(sentence, at(sentence, text))
