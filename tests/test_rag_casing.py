"""Questions typed without capitals get those of the articles' names."""

from __future__ import annotations

import pytest

from corpus.article import Article
from index.types import Hit, Passage
from rag.reading.casing import with_names

BODY = (
    "Vell bought Tern AI, and the boss of Tern AI will scale back. Sales of Tern AI rose. "
    "On a large scale, says Vell, the deal by Vell with Tern AI pays. The US is to decide."
)
HITS = [Hit(Passage(Article("a", "Vell buys Tern AI", BODY), 0, len(BODY)), 1.0)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("how much did vell pay for tern ai?", "how much did Vell pay for Tern AI?"),
        ("Who runs tern ai?", "Who runs Tern AI?"),
        ("at what scale does vell work", "at what scale does Vell work"),
        ("did it tell us", "did it tell us"),
        ("How much did Vell pay for tern ai?", "How much did Vell pay for tern ai?"),
        ("", ""),
    ],
)
def test_names_are_written_as_the_articles_write_them(typed: str, meant: str) -> None:
    assert with_names(typed, HITS) == meant


def test_without_articles_nothing_is_known() -> None:
    assert with_names("how much did vell pay", []) == "how much did vell pay"
