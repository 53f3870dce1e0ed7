"""The view of the articles without a browser: one change at a time, and escaped HTML."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from exchanges import HOSTILE

from corpus.article import Article
from corpus.errors import BylineError
from corpus.sources import source_at
from index.browse import Row
from index.chunk import Chunking
from index.history import Kept
from index.timeline import Entry
from index.types import Progress
from index.versions import Manifest
from page.articles import ELSEWHERE, NOT_YOURS, refused
from page.articles_render import (
    GONE,
    LONGEST,
    MOST_STATES,
    render_asking,
    render_change,
    render_listing,
    render_reading,
    render_sources,
    render_versions,
)
from rag.upkeep.changes import Change, Changes, Uploads
from rag.upkeep.library import Holdings, Listing, Outcome, Shown
from rag.upkeep.pace import Pace
from rag.who import Right, Who
from rag.wording import FAILED

ROW = Row("deal", "Meta buys a stake", "The Ledger", "2025-06-13", 3, 0, "")
EVIL = Article(
    HOSTILE, HOSTILE, HOSTILE, "javascript:alert(1)", HOSTILE, HOSTILE, HOSTILE, correction=HOSTILE
)
ARTICLE = Article(
    id="deal",
    title="Meta buys a stake",
    body="It paid $14.3 billion.",
    url="https://news.example/deal?a=1&b=2",
    outlet="The Ledger",
    author="A. Writer",
    published_at="2025-06-13",
    updated_at="2025-06-14",
    correction="Corrects the sum.",
)


def finished(changes: Changes) -> Change:
    """The change when it has ended."""
    for thread in threading.enumerate():
        if thread.name == "change":
            thread.join(20)
    now = changes.now()
    assert now is not None
    return now


class TestChanges:
    def test_before_the_first_there_is_none(self) -> None:
        assert Changes().now() is None

    def test_a_change_ends_with_its_outcome(self) -> None:
        changes = Changes()
        changes.start("Adding a.txt", lambda on_progress: Outcome("1 added."))
        now = finished(changes)
        assert (now.what, now.running, now.outcome) == ("Adding a.txt", False, Outcome("1 added."))

    def test_its_progress_is_seen_by_all(self) -> None:
        changes, seen, go_on = Changes(), threading.Event(), threading.Event()

        def work(on_progress: Progress) -> Outcome:
            on_progress("embed", 3, 9)
            seen.set()
            assert go_on.wait(20)
            return Outcome("done")

        changes.start("Adding", work)
        assert seen.wait(20)
        now = changes.now()
        assert now is not None
        assert (now.running, now.stage, now.pace.done, now.pace.total) == (True, "embed", 3, 9)
        go_on.set()
        finished(changes)

    def test_a_second_one_is_refused_while_it_runs(self) -> None:
        changes, go_on = Changes(), threading.Event()

        def work(on_progress: Progress) -> Outcome:
            assert go_on.wait(20)
            return Outcome("done")

        changes.start("Adding a.txt", work)
        with pytest.raises(BylineError, match=r"busy \(Adding a\.txt\)"):
            changes.start("Adding b.txt", work)
        go_on.set()
        assert finished(changes).what == "Adding a.txt"

    def test_an_error_is_one_sentence_and_the_next_change_begins(self) -> None:
        changes = Changes()

        def fail(on_progress: Progress) -> Outcome:
            raise BylineError("The disk is full: make room.")

        changes.start("Adding", fail)
        assert finished(changes).error == "The disk is full: make room."
        changes.start("Again", lambda on_progress: Outcome("done"))
        assert finished(changes).number == 2

    def test_what_nobody_foresaw_ends_it_too(self) -> None:
        changes = Changes()
        changes.start("Adding", lambda on_progress: Outcome(str(1 // 0)))
        assert finished(changes).error == FAILED.format(kind="ZeroDivisionError")


class TestUploads:
    def test_a_file_is_taken_from_where_it_arrived(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("words")
        uploads = Uploads([str(tmp_path / "a.txt")])
        assert [file.read_text() for file in uploads.files] == ["words"]
        assert not (tmp_path / "a.txt").exists()
        uploads.discard()
        assert not uploads.files[0].exists()

    def test_two_files_of_one_name_stay_two(self, tmp_path: Path) -> None:
        for folder in ("one", "two"):
            (tmp_path / folder).mkdir()
            (tmp_path / folder / "a.txt").write_text(folder)
        uploads = Uploads([str(tmp_path / folder / "a.txt") for folder in ("one", "two")])
        assert [file.read_text() for file in uploads.files] == ["one", "two"]
        assert {file.name for file in uploads.files} == {"a.txt"}
        uploads.discard()

    def test_a_file_that_did_not_arrive_is_one_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(BylineError, match=r"a\.txt did not arrive"):
            Uploads([str(tmp_path / "a.txt")])


class TestWhoMayChange:
    @pytest.mark.parametrize(("right", "may"), [("read", False), ("write", True), ("admin", True)])
    def test_who_has_signed_in_may_what_their_right_says(self, right: Right, may: bool) -> None:
        said = refused({"host": "news.example"}, Who("ada", right))
        assert said == (None if may else NOT_YOURS.format(right=right))

    @pytest.mark.parametrize(
        "headers",
        [
            {"host": "127.0.0.1:7860"},
            {"host": "localhost:7860", "origin": "http://localhost:7860"},
            {"host": "[::1]:7860", "origin": "http://[::1]:7860"},
        ],
    )
    def test_the_page_itself_may_ask(self, headers: dict[str, str]) -> None:
        assert refused(headers) is None

    @pytest.mark.parametrize(
        "headers",
        [
            {"host": "127.0.0.1:7860", "origin": "https://evil.example"},  # another site
            {"host": "127.0.0.1:7860", "origin": "null"},  # a file, or a frame without rights
            {"host": "evil.example:7860"},  # a name that was turned to this machine
            {"host": "127.0.0.1:7860", "x-forwarded-for": "10.0.0.7"},  # through a proxy
            {},
        ],
    )
    def test_nobody_else_may(self, headers: dict[str, str]) -> None:
        assert refused(headers) == ELSEWHERE


class TestListing:
    def test_a_row_names_outlet_date_and_passages(self) -> None:
        html = render_listing(Listing((ROW,), 0, 1, 1))
        for part in ("Meta buys a stake", "The Ledger", "13 June 2025", "<td class='number'>3<"):
            assert part in html

    def test_where_in_the_list_one_is(self) -> None:
        assert "101 to 101 of 250 articles, among 1,000" in render_listing(
            Listing((ROW,), 100, 250, 1000)
        )

    def test_an_empty_index_says_so(self) -> None:
        assert "holds no article" in render_listing(Listing((), 0, 0, 0))

    def test_a_row_is_escaped(self) -> None:
        row = Row(HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1, 2, "")
        html = render_listing(Listing((row,), 0, 1, 1))
        assert "<img" not in html
        assert "&lt;img src=x onerror=&quot;" in html

    def test_copies_of_the_story_are_told(self) -> None:
        row = Row("deal", "Meta", None, None, 1, 1, "")
        assert "1 other article of the same story" in render_listing(Listing((row,), 0, 1, 1))

    def test_without_a_choice_there_are_no_boxes(self) -> None:
        assert "checkbox" not in render_listing(Listing((ROW,), 0, 1, 1))

    def test_an_empty_list_has_no_box_for_all(self) -> None:
        assert "checkbox" not in render_listing(Listing((), 0, 0, 3), set())

    @pytest.mark.parametrize(("chosen", "checked"), [({"deal"}, True), ({"chief"}, False)])
    def test_the_box_of_what_is_chosen_is_checked(self, chosen: set[str], checked: bool) -> None:
        html = render_listing(Listing((ROW,), 0, 1, 1), chosen)
        box = "data-pick='deal' aria-label='Choose Meta buys a stake'"
        assert f"{box}{' checked' if checked else ''}>" in html

    def test_a_box_is_escaped(self) -> None:
        row = Row(HOSTILE, HOSTILE, None, None, 1, 0, "")
        assert "<img" not in render_listing(Listing((row,), 0, 1, 1), set())

    def test_the_question_counts_and_names_what_goes(self) -> None:
        html = render_asking(["A deal", HOSTILE])
        assert "Remove 2 articles? No answer can cite them" in html
        assert "<bdi>A deal</bdi>" in html
        assert "<img" not in html

    def test_one_article_is_one(self) -> None:
        assert "Remove 1 article? No answer can cite it" in render_asking([""])


class TestReading:
    def test_what_is_known_of_an_article_is_shown(self) -> None:
        html = render_reading(Shown(ARTICLE, "/news/deal.txt", ()))
        for part in (
            *("The Ledger", "13 June 2025", "A. Writer", "Changed 14 June 2025"),
            *("Corrects the sum.", "It paid $14.3 billion.", "/news/deal.txt"),
            "href='https://news.example/deal?a=1&amp;b=2'",
        ):
            assert part in html

    def test_everything_of_an_article_is_escaped(self) -> None:
        entries = tuple(Entry(EVIL, "update", change=HOSTILE) for _ in range(2))
        html = render_reading(Shown(EVIL, HOSTILE, entries))
        assert "<img" not in html
        assert "<script" not in html

    def test_an_address_that_is_not_of_the_web_is_no_link(self) -> None:
        assert "<a " not in render_reading(Shown(EVIL, None, ()))

    def test_the_story_names_its_other_articles(self) -> None:
        other = Article("copy", "The same", "", outlet="Wire")
        html = render_reading(Shown(ARTICLE, None, (Entry(ARTICLE, "first"), Entry(other, "copy"))))
        assert "data-choose='copy'" in html
        assert "data-choose='deal'" not in html  # it is open already

    def test_a_long_story_says_how_much_is_left(self) -> None:
        story = tuple(Entry(ARTICLE, "copy") for _ in range(MOST_STATES + 3))
        assert "And 3 more" in render_reading(Shown(ARTICLE, None, story))

    def test_a_long_article_says_how_much_is_left(self) -> None:
        html = render_reading(Shown(Article("a", "Long", "x" * (LONGEST + 7)), None, ()))
        assert "7 more characters are not shown here" in html

    def test_an_article_that_has_gone_says_so(self) -> None:
        assert GONE in render_reading(None)


class TestChange:
    def test_a_stage_shows_rate_and_time_left(self) -> None:
        html = render_change(Change(1, "Adding", "embed", Pace(30, 90, 10.0)))
        assert "Embedding, 30 of 90, 3.0/s, 20 s left" in html
        assert "<progress aria-label='Embedding' value='30' max='90'>" in html

    def test_a_stage_of_no_known_length_has_no_end(self) -> None:
        html = render_change(Change(1, "Adding", "read", Pace(0, 0, 1.0)))
        assert "<progress aria-label='Reading, in kB'></progress>" in html

    def test_what_was_skipped_is_told_by_reason(self) -> None:
        remarks = tuple(("skipped", f"{n}.png", "no form") for n in range(7))
        html = render_change(Change(1, "Adding", outcome=Outcome("1 added.", remarks)))
        assert "Skipped: 7" in html
        assert "0.png, 1.png, 2.png, 3.png, 4.png and 2 more</bdi>: no form" in html

    def test_a_change_is_escaped(self) -> None:
        outcome = Outcome(HOSTILE, (("skipped", HOSTILE, HOSTILE),))
        for change in (Change(1, HOSTILE, outcome=outcome), Change(1, HOSTILE, error=HOSTILE)):
            assert "<img" not in render_change(change)

    def test_an_error_is_an_alert(self) -> None:
        assert "role='alert'>It failed.<" in render_change(Change(1, "Adding", error="It failed."))


MANIFEST = Manifest(
    version="20250613-1",
    created_at="2025-06-13T07:30:00+00:00",
    embedder="minilm",
    weights_hash="",
    dim=4,
    chunking=Chunking(),
    articles=2,
    passages=3,
    source_digest="",
    vectors_sha256="",
    note=HOSTILE,
)


def holdings(*kept: Kept) -> Holdings:
    return Holdings((HOSTILE,), (source_at("feed", "https://a.example/?<img>"),), kept, 4_200_000)


class TestHoldings:
    def test_the_version_in_use_is_not_offered(self) -> None:
        html = render_versions(holdings(Kept("20250613-1", 2_100_000, True, MANIFEST)), True)
        assert "In use" in html
        assert "<button" not in html

    def test_another_one_is_offered_with_its_size(self) -> None:
        html = render_versions(holdings(Kept("20250613-1", 2_100_000, False, MANIFEST)), True)
        assert "data-choose='20250613-1'" in html
        assert "2 articles, 3 passages · 2.1 MB" in html
        assert "1 version kept; the index takes 4.2 MB in all." in html

    def test_a_damaged_one_is_told_and_not_offered(self) -> None:
        html = render_versions(holdings(Kept("20250613-1", 1, False, None)), True)
        assert "Damaged" in html
        assert "<button" not in html

    def test_who_may_not_change_anything_is_offered_nothing(self) -> None:
        held = holdings(Kept("20250613-1", 1, False, MANIFEST))
        assert "<button" not in render_versions(held, False) + render_sources(held, False)

    def test_places_and_notes_are_escaped(self) -> None:
        held = holdings(Kept("20250613-1", 1, True, MANIFEST))
        assert "<img" not in render_versions(held, True) + render_sources(held, True)

    def test_nothing_noted_says_so(self) -> None:
        assert "No file, folder or feed" in render_sources(Holdings((), (), (), 0), True)
