"""Searching what was known on a day."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fakes import HashingEmbedder
from wires import article, cut, report

from corpus.article import Article
from index.build import build
from index.change import apply
from index.fuse import weigh_by_day, weigh_by_outlet
from index.live import LiveIndex
from index.search import Index
from index.seen import day_known
from index.types import Hit, Preference

DAY = date(2025, 6, 13)
FERRY = "The ferry line opened in Vell on Monday, and {} people took it."


def search(
    directory: Path, as_of: date | None, question: str = "ferry line Vell", k: int = 10
) -> list[Hit]:
    with closing(Index.open(directory, HashingEmbedder())) as index:
        return index.search(question, k, as_of=as_of)


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.passage.article.id for hit in hits]


def ferry(id_: str, day: str | None, people: int = 40, **fields: str) -> Article:
    return Article(id_, f"Ferry {id_}", FERRY.format(people), published_at=day, **fields)


class TestADay:
    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        days = ["2025-06-12", "2025-06-13", "2025-06-13T23:59:00-04:00", "2025-06-14", None]
        build([ferry(f"a{n}", day, n) for n, day in enumerate(days)], HashingEmbedder(), tmp_path)
        return tmp_path

    def test_nothing_later_is_found(self, directory: Path) -> None:
        found = set(ids(search(directory, date(2025, 6, 12))))
        assert found == {"a0", "a4"}

    def test_the_day_itself_is(self, directory: Path) -> None:
        found = set(ids(search(directory, date(2025, 6, 13))))
        assert found == {"a0", "a1", "a2", "a4"}

    def test_an_article_without_a_date_is(self, directory: Path) -> None:
        assert ids(search(directory, date(1990, 1, 1))) == ["a4"]

    def test_without_a_day_all_is(self, directory: Path) -> None:
        assert len(search(directory, None)) == 5

    def test_one_day_after_another(self, directory: Path) -> None:
        with closing(Index.open(directory, HashingEmbedder())) as index:
            counts = [
                len(index.search("ferry", as_of=day))
                for day in (date(2025, 6, 12), None, date(2025, 6, 13), date(2025, 6, 12))
            ]
        assert counts == [2, 5, 4, 2]

    def test_the_live_index_passes_it_on(self, directory: Path) -> None:
        with closing(LiveIndex(directory, HashingEmbedder())) as index:
            assert len(index.search("ferry", as_of=date(2025, 6, 12))) == 2


@pytest.mark.parametrize(
    ("published", "updated", "known"),
    [
        ("2025-06-13", None, date(2025, 6, 13)),
        ("2025-06-13T09:30:00+02:00", None, date(2025, 6, 13)),
        ("2025-06-13", "2025-06-20", date(2025, 6, 20)),
        ("2025-06-13", "2025-06-01", date(2025, 6, 13)),
        (None, "2025-06-20", date(2025, 6, 20)),
        (None, None, None),
        ("last week", None, None),
        ("2025-02-30", None, None),
    ],
)
def test_the_day_a_text_is_known_from(
    published: str | None, updated: str | None, known: date | None
) -> None:
    assert day_known(published, updated) == known


def test_as_many_come_back_as_asked_for(tmp_path: Path) -> None:
    """Later articles that match better take no place, by vector or by word."""
    later = [ferry(f"later{n}", "2025-07-01", n) for n in range(80)]
    before = [
        Article(f"before{n}", f"Note {n}", f"A line on {report(n, 1)}", published_at="2025-06-01")
        for n in range(5)
    ]
    build([*later, *before], HashingEmbedder(), tmp_path)
    with closing(Index.open(tmp_path, HashingEmbedder())) as index:
        hits = index.search("ferry line Vell", 5, depth=5, as_of=date(2025, 6, 13))
    assert set(ids(hits)) == {article.id for article in before}
    assert {name for hit in hits for name in hit.ranks} == {"dense", "lexical"}


class TestALaterText:
    BEFORE = replace(ferry("ferry", "2025-06-10", 40), title="Ferry opens")
    AFTER = replace(
        BEFORE,
        title="Ferry opens, corrected",
        body=FERRY.format(900) + "\nThe mayor was not there.",
        updated_at="2025-06-20T10:00:00Z",
        correction="An earlier version gave another number of people.",
    )

    def test_the_earlier_one_is_given(self, tmp_path: Path) -> None:
        build([self.BEFORE], HashingEmbedder(), tmp_path)
        apply(tmp_path, HashingEmbedder(), [self.AFTER])
        (hit,) = search(tmp_path, date(2025, 6, 15))
        assert hit.passage.article == self.BEFORE
        assert hit.passage.text == self.BEFORE.body
        assert hit.similarity is None

    def test_the_later_one_from_its_day(self, tmp_path: Path) -> None:
        build([self.BEFORE], HashingEmbedder(), tmp_path)
        apply(tmp_path, HashingEmbedder(), [self.AFTER])
        (hit,) = search(tmp_path, date(2025, 6, 20))
        assert hit.passage.article == self.AFTER

    def test_neither_before_the_first(self, tmp_path: Path) -> None:
        build([self.BEFORE], HashingEmbedder(), tmp_path)
        apply(tmp_path, HashingEmbedder(), [self.AFTER])
        assert search(tmp_path, date(2025, 6, 9)) == []

    def test_the_last_of_several(self, tmp_path: Path) -> None:
        between = replace(self.BEFORE, body=FERRY.format(60), updated_at="2025-06-12")
        build([self.BEFORE], HashingEmbedder(), tmp_path)
        apply(tmp_path, HashingEmbedder(), [between])
        apply(tmp_path, HashingEmbedder(), [self.AFTER])
        days = [date(2025, 6, 11), date(2025, 6, 12), date(2025, 6, 19)]
        texts = [search(tmp_path, day)[0].passage.text for day in days]
        assert texts == [self.BEFORE.body, between.body, between.body]

    def test_where_none_was_kept_the_article_is_left_out(self, tmp_path: Path) -> None:
        build([self.AFTER], HashingEmbedder(), tmp_path)
        assert search(tmp_path, date(2025, 6, 15)) == []

    def test_every_passage_of_the_earlier_one_can_be_found(self, tmp_path: Path) -> None:
        long = article("long", report(1), "2025-06-10")
        shorter = replace(long, body=cut(report(1), 2), updated_at="2025-06-20")
        build([long], HashingEmbedder(), tmp_path)
        apply(tmp_path, HashingEmbedder(), [shorter])
        hits = search(tmp_path, date(2025, 6, 15), report(1, 1), k=50)
        assert max(hit.passage.end for hit in hits) == len(long.body)
        assert {hit.passage.article for hit in hits} == {long}


class TestCopies:
    WIRE = report(1, 2)

    def copy(self, n: int, day: str, more: str = "") -> Article:
        return article(f"c{n}", self.WIRE + more, day, outlet=f"Outlet {n}")

    def test_later_ones_are_not_named(self, tmp_path: Path) -> None:
        days = ["2025-06-10", "2025-06-11", "2025-06-12"]
        build([self.copy(n, day) for n, day in enumerate(days)], HashingEmbedder(), tmp_path)
        (hit, *_) = search(tmp_path, date(2025, 6, 11), self.WIRE[:80])
        assert (hit.passage.article.id, [copy.article_id for copy in hit.copies]) == ("c0", ["c1"])

    def test_what_a_later_one_repeats_is_searched(self, tmp_path: Path) -> None:
        """The longer copy stands for both, and was not there yet."""
        longer = self.copy(1, "2025-06-20", "\n" + report(2, 1))
        build([self.copy(0, "2025-06-10"), longer], HashingEmbedder(), tmp_path)
        assert set(ids(search(tmp_path, None, self.WIRE[:80]))) == {"c1"}
        assert set(ids(search(tmp_path, date(2025, 6, 15), self.WIRE[:80]))) == {"c0"}


class TestPreference:
    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        """The older one names the harbour, too, and so matches better."""
        old = Article("old", "Ferry", "The ferry line of Vell harbour.", published_at="2024-06-01")
        new = Article("new", "Ferry", "The ferry line of Vell town.", published_at="2025-06-12")
        none = Article("none", "Ferry", "The ferry line of Vell isle.", outlet="Wire")
        build([old, new, none], HashingEmbedder(), tmp_path)
        return tmp_path

    def order(self, directory: Path, prefer: Preference | None, day: date | None = DAY) -> str:
        with closing(Index.open(directory, HashingEmbedder())) as index:
            hits = index.search("ferry line of Vell harbour", as_of=day, prefer=prefer)
            return ids(hits)[0]

    def test_what_is_of_the_days_is_raised(self, directory: Path) -> None:
        assert self.order(directory, None) == "old"
        assert self.order(directory, Preference((DAY, DAY), 0.1)) == "new"
        assert self.order(directory, Preference((DAY, DAY), 0.1), None) == "new"

    def test_what_is_of_the_outlets_is_raised(self, directory: Path) -> None:
        wire = Preference(outlets=("Wire",), by_outlet=0.3)
        assert self.order(directory, wire) == "none"


FUSED = [(1, 1.0, {"dense": 1}), (2, 0.9, {"dense": 2}), (3, 0.8, {"dense": 3})]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        # Within the days all of 0.5, 30 days before or after them half of it, without a date none.
        (date(2025, 6, 13), date(2025, 6, 13), [(2, 1.35), (1, 1.25), (3, 0.8)]),
        (date(2025, 5, 1), date(2025, 5, 14), [(1, 1.5), (2, 1.125), (3, 0.8)]),
        (date(2025, 5, 1), date(2025, 6, 30), [(1, 1.5), (2, 1.35), (3, 0.8)]),
    ],
)
def test_weighing_by_day(first: date, last: date, expected: list[tuple[int, float]]) -> None:
    days = {1: date(2025, 5, 14), 2: date(2025, 6, 13)}
    weighed = weigh_by_day(FUSED, days, (first, last), 0.5)
    assert [(id_, round(score, 3)) for id_, score, _ in weighed] == expected


def test_weighing_by_outlet() -> None:
    weighed = weigh_by_outlet(FUSED, {1: "Post", 3: "Wire"}, ("Wire",), 0.5)
    # 0.8 * 1.5 = 1.2; the others stay as they are.
    assert [(id_, round(score, 3)) for id_, score, _ in weighed] == [(3, 1.2), (1, 1.0), (2, 0.9)]
