"""Searching in some of the articles only."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from fakes import HashingEmbedder
from wires import article, report

from corpus.article import Article
from index.build import build
from index.search import Index

WIRE = report(1, paragraphs=4)
FIRST = article("first", WIRE, outlet="Wire")
COPY = article("copy", WIRE, "2025-06-14", outlet="Post")
LATER = article("later", WIRE, "2025-06-15", outlet="Echo")
STORY = ["first", "copy", "later"]
OTHERS = [article(f"other-{n}", report(n), outlet="Herald") for n in range(100, 400)]
QUESTION = WIRE.split(".")[0]


def found(directory: Path, within: Collection[str] | None, day: date | None = None) -> list[str]:
    with closing(Index.open(directory, HashingEmbedder())) as index:
        hits = index.search(QUESTION, 12, as_of=day, within=within)
    return [hit.passage.article.id for hit in hits]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build([*OTHERS, FIRST, COPY, LATER], HashingEmbedder(), folder)
    return folder


def test_without_a_part_a_story_is_found_once(directory: Path) -> None:
    assert found(directory, None)[0] == "first"
    assert not {"copy", "later"} & set(found(directory, None))


@pytest.mark.parametrize("one", STORY)
def test_an_article_is_found_by_itself_also_if_it_is_a_copy(directory: Path, one: str) -> None:
    assert set(found(directory, [one])) == {one}


def test_copies_in_a_part_are_found_once(directory: Path) -> None:
    assert set(found(directory, STORY)) == {"first"}


def test_copies_in_a_part_without_the_one_that_stands_for_them_are_not_lost(
    directory: Path,
) -> None:
    assert set(found(directory, ["copy", "later"])) == {"copy", "later"}


def test_a_part_of_one_in_a_hundred_is_found_whole(directory: Path) -> None:
    few = [one.id for one in OTHERS[::100]]
    assert set(found(directory, few)) == set(few)


def test_a_part_as_of_a_day(directory: Path) -> None:
    friday = date(2025, 6, 14)
    assert set(found(directory, ["copy"], friday)) == {"copy"}
    assert set(found(directory, ["first", "copy"], friday)) == {"first"}
    assert found(directory, ["later"], friday) == []


def test_of_no_article_nothing_is_found(directory: Path) -> None:
    assert found(directory, []) == []
    assert found(directory, ["not there"]) == []


def test_an_article_that_nothing_repeats(tmp_path: Path) -> None:
    build([Article("only", "A harbour", "The harbour opens.")], HashingEmbedder(), tmp_path)
    with closing(Index.open(tmp_path, HashingEmbedder())) as index:
        assert len(index.search("harbour", within=["only"])) == 1
