"""How a passage is headed in what the model is told."""

from __future__ import annotations

import pytest

from corpus.article import Article
from index.types import Hit, Passage
from rag.prompt import heading

OPENING = (
    "The harbour board has confirmed in earlier reports that the ferry line is to be sold soon."
)


def headed(title: str, body: str) -> str:
    return heading(Hit(Passage(Article("a", title, body), 0, len(body)), 1.0))


def test_of_a_title_that_is_the_first_sentence_only_the_beginning_is_told() -> None:
    told = headed(OPENING, f"{OPENING}\nIt costs $9 million.")
    assert told.endswith("…")
    assert len(told) <= 61
    assert OPENING.startswith(told[:-1])


@pytest.mark.parametrize(
    ("title", "body"),
    [
        (OPENING, "It costs $9 million."),  # a long title of its own
        ("Ferry line sold", "Ferry line sold\nIt costs $9 million."),
    ],
)
def test_any_other_title_is_told_whole(title: str, body: str) -> None:
    assert headed(title, body) == title
