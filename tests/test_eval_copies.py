"""Copies made by light rewriting, and how they are counted."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

import pytest

from corpus.article import Article
from eval import copies
from eval.copies import REWRITES, copy_of, measure, paragraphs

BODY = "\n\n".join(
    f"Paragraph {n} tells of the harbour of Vell. It names ship {n} and its crew." for n in range(8)
)
ARTICLE = Article("a", "Harbour opens", BODY, "https://vell.example/a", published_at="2025-06-13")
WORDS = ["lamp", "stone", "river"]


def rewritten(name: str) -> list[list[str]]:
    return REWRITES[name](paragraphs(BODY), random.Random(1), WORDS)


def test_a_copy_is_of_another_outlet_and_address() -> None:
    copy = copy_of(ARTICLE, "framed", random.Random(0), WORDS)
    assert copy.url is None
    assert copy.outlet in copies.OUTLETS
    assert copy.id != ARTICLE.id
    assert "2025-06-13" <= (copy.published_at or "") <= "2025-06-15"


def test_an_article_without_a_date_has_copies_without_one() -> None:
    copy = copy_of(Article("b", "T", BODY), "reordered", random.Random(0), WORDS)
    assert copy.published_at is None


@pytest.mark.parametrize("name", REWRITES)
def test_each_way_changes_the_text(name: str) -> None:
    assert copy_of(ARTICLE, name, random.Random(3), WORDS).body != BODY


def test_names_and_numbers_are_not_replaced() -> None:
    text = " ".join(
        sentence for paragraph in rewritten("20% of the words") for sentence in paragraph
    )
    assert text.count("Vell") == 8
    assert all(str(n) in text for n in range(8))
    assert any(word in text for word in WORDS)


def test_what_is_reordered_begins_as_before_and_loses_nothing() -> None:
    assert rewritten("reordered")[0] == paragraphs(BODY)[0]
    assert sorted(rewritten("reordered")) == sorted(paragraphs(BODY))


def test_half_of_the_paragraphs() -> None:
    assert rewritten("first half") == paragraphs(BODY)[:4]


def stories(of: Mapping[str, str]) -> object:
    """Instead of the grouping: each article in the story that is told here, else in its own."""

    def group(articles: Sequence[Article], _: object) -> dict[str, str]:
        return {a.id: of.get(a.id, a.id) for a in articles}

    return group


def test_the_shares_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two copies one is found, and joined to the other original as well; the other is alone. So
    one of two is found, one of two has a stray, and one of the two joined pairs is right."""
    articles = [ARTICLE, Article("b", "Other", "Quite other words of a mill.")]
    joined = {"a": "s", "b": "s", "reordered: a": "s"}
    before = {"a": "a", "b": "b"}
    groups = iter([stories(before), stories(joined)])
    monkeypatch.setattr(copies, "group", lambda *given: next(groups)(*given))  # type: ignore[operator]
    monkeypatch.setattr(copies, "REWRITES", {"reordered": copies.reordered})
    told = measure(articles, 2, 0)["reordered"]
    assert told["found"].startswith("0.500 ")
    assert told["joined to a foreign one"].startswith("0.500 ")
    assert told["precision of pairs"].startswith("0.500 ")
    assert told["precision of pairs"].endswith("of 2")


def test_real_copies_are_found() -> None:
    told = measure([ARTICLE], 1, 0)
    assert told["reordered"]["found"].startswith("1.000")
