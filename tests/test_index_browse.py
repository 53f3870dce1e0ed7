"""The list of articles: its order, its counts, and what is found in it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from fakes import HashingEmbedder

from corpus.article import Article
from index.browse import Row, all_rows, day, matching
from index.build import build
from index.store import store_in_use

SHIPS = " ".join(f"The ship number {n} came into the harbour of Vell with grain." for n in range(9))
POST, KURIER = "Vell Post", "Ätna Kurier"
ARTICLES = [
    Article("old", "Harbour closes", "It closed.", outlet=POST, published_at="2024-05-01"),
    Article("undated", "No day", "Nobody knows when."),
    Article("new", "Harbour opens", SHIPS, outlet=KURIER, published_at="2025-06-13T09:30:00Z"),
    Article("copy", "Harbour opens", SHIPS, outlet=POST, published_at="2025-06-12"),
]


@pytest.fixture
def rows(tmp_path: Path) -> list[Row]:
    build(ARTICLES, HashingEmbedder(), tmp_path)
    _, store = store_in_use(tmp_path)
    with closing(store):
        return all_rows(store)


def ids(rows: list[Row]) -> list[str]:
    return [row.id for row in rows]


def test_the_newest_is_first_and_what_has_no_date_last(rows: list[Row]) -> None:
    assert ids(rows) == ["new", "copy", "old", "undated"]


def test_a_row_counts_passages(rows: list[Row]) -> None:
    assert rows[2].passages == 1


def test_a_row_counts_the_other_articles_of_its_story(rows: list[Row]) -> None:
    assert [row.copies for row in rows] == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("harbour", ["new", "copy", "old"]),
        ("OPENS post", ["copy"]),
        ("ätna", ["new"]),
        ("2025-06", ["new", "copy"]),
        ("13 june 2025", ["new"]),
        ("zebra", []),
        ("  ", ["new", "copy", "old", "undated"]),
    ],
)
def test_words_are_looked_for_in_title_outlet_and_date(
    rows: list[Row], words: str, found: list[str]
) -> None:
    assert ids(matching(rows, words)) == found


def test_a_form_of_date_that_is_not_known_stays_as_it_is() -> None:
    assert day("last spring") == "last spring"
