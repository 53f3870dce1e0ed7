"""Syncing sources on a real server into a real index, again and again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from desk import DAY, WORDS, Desk
from filelock import FileLock

from corpus.article import Article
from corpus.errors import BylineError
from corpus.files import FileReader
from corpus.sources import Source
from index import versions
from index.change import apply
from rag.upkeep.sync import LOCK, MEMORY

ROOT = Path(__file__).parent.parent


def test_each_item_of_a_feed_is_fetched_and_read(desk: Desk) -> None:
    desk.page("/1")
    desk.page("/2")
    report = desk.one(desk.feed("/1", "/2"))
    assert report.added == [f"{desk.site.url}/1", f"{desk.site.url}/2"]
    article = desk.articles()["/1"]
    assert (article.title, article.outlet, article.published_at) == (
        "Story /1", "Vell Post", "2025-06-13T08:00:00+00:00",
    )  # fmt: skip
    assert "Imprint" not in article.body


def test_what_has_not_changed_is_neither_sent_nor_embedded_again(desk: Desk) -> None:
    desk.page("/1")
    desk.page("/2")
    feed = desk.feed("/1", "/2")
    desk.sync(feed)
    desk.feed("/1", "/2", updated="2025-06-15T08:00:00Z")  # so that the pages are asked for
    version, embedded = versions.current_version(desk.folder), len(desk.embedder.embedded)
    assert desk.one(feed).unchanged == 2
    assert len(desk.embedder.embedded) == embedded
    assert versions.current_version(desk.folder) == version


def test_a_feed_that_has_not_changed_is_asked_for_alone(desk: Desk) -> None:
    desk.page("/1")
    feed = desk.feed("/1")
    desk.sync(feed)
    desk.site.asked.clear()
    desk.sync(feed)
    assert desk.site.paths() == ["/feed"]


def test_a_page_that_is_listed_as_before_is_left_alone_for_its_time(desk: Desk) -> None:
    desk.page("/1")
    desk.page("/2")
    desk.sync(desk.feed("/1"))
    desk.site.asked.clear()
    desk.sync(desk.feed("/1", "/2"), after=3600)
    assert desk.site.paths() == ["/feed", "/2"]


def test_a_page_that_has_changed_replaces_its_article(desk: Desk) -> None:
    desk.page("/1")
    desk.sync(desk.feed("/1"))
    desk.page("/1", "Story one, second form")
    report = desk.one(desk.feed("/1", updated="2025-06-15T08:00:00Z"))
    assert report.updated == [f"{desk.site.url}/1"]
    assert [a.title for a in desk.articles().values()] == ["Story one, second form"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_told_and_its_article_stays(desk: Desk, status: int) -> None:
    desk.page("/1")
    feed = desk.feed("/1")
    desk.sync(feed)
    del desk.site.pages["/1"]
    desk.site.status("/1", status)
    report = desk.one(desk.feed("/1", updated="2025-06-15T08:00:00Z"))
    assert report.gone == [
        (f"{desk.site.url}/1", f'status {status}: the article stays (when_gone = "keep")')
    ]
    assert list(desk.articles()) == ["/1"]


def test_a_page_that_is_gone_is_removed_where_the_source_says_so(desk: Desk) -> None:
    desk.page("/1")
    desk.page("/2")
    desk.sync(desk.feed("/1", "/2", when_gone="remove"))
    del desk.site.pages["/1"]
    later = desk.feed("/1", "/2", updated="2025-06-15T08:00:00Z", when_gone="remove")
    assert desk.one(later).removed == [f"{desk.site.url}/1"]
    assert list(desk.articles()) == ["/2"]


def test_an_article_that_somebody_removed_stays_removed(desk: Desk) -> None:
    desk.page("/1")
    desk.page("/2")
    desk.sync(desk.feed("/1", "/2"))
    apply(desk.folder, desk.embedder, [], [f"{desk.site.url}/1"])
    report = desk.one(desk.feed("/1", "/2", updated="2025-06-15T08:00:00Z"))
    assert report.skipped == [
        (f"{desk.site.url}/1", "it was removed from the index; --again brings it back")
    ]
    assert list(desk.articles()) == ["/2"]


def test_a_removed_article_can_be_brought_back(desk: Desk) -> None:
    desk.page("/1")
    desk.page("/2")
    feed = desk.feed("/1", "/2")
    desk.sync(feed)
    apply(desk.folder, desk.embedder, [], [f"{desk.site.url}/1"])
    assert desk.one(feed, again=True).added == [f"{desk.site.url}/1"]


def test_an_index_that_went_back_gets_the_newer_article_again(desk: Desk) -> None:
    desk.page("/1")
    desk.sync(desk.feed("/1"))
    older = versions.current_version(desk.folder)
    desk.page("/1", "Story one, second form")
    feed = desk.feed("/1", updated="2025-06-15T08:00:00Z")
    desk.sync(feed)
    (desk.folder / "current").write_text(f"{older}\n")
    assert desk.one(feed).updated == [f"{desk.site.url}/1"]


def test_a_run_that_ends_before_the_index_holds_it_is_done_again(desk: Desk) -> None:
    desk.page("/1")
    feed = desk.feed("/1")

    def fail(*_: object) -> str:
        raise BylineError("The disk is full.")

    with pytest.raises(BylineError, match="disk is full"):
        desk.sync(feed, change=fail)
    assert desk.one(feed).added == [f"{desk.site.url}/1"]


KILLED = """
import sys
from pathlib import Path
from desk import DAY, QUICK, WORDS, Desk
from fakes import HashingEmbedder
from corpus.sources import load_sources
from index.change import apply
from rag.upkeep.sync import sync
folder, embedder = Path(sys.argv[1]), HashingEmbedder()
def change(put, remove, origins):
    version = apply(folder, embedder, put, remove, origins=origins).manifest.version
    print("in the index", flush=True)
    return version
sync(load_sources(Path(sys.argv[2])), folder, change, batch=1)
"""


def test_a_sync_that_is_killed_goes_on_where_it_was(desk: Desk, tmp_path: Path) -> None:
    desk.page("/1")
    desk.site.endless("/2", b"<p>and on</p>", pause=0.05)
    feed = desk.feed("/1", "/2")
    file = tmp_path / "sources.toml"
    file.write_text(f'[[source]]\nkind = "feed"\naddress = "{feed.address}"\n')
    command = [sys.executable, "-c", KILLED, str(desk.folder), str(file)]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in the index\n"
        process.kill()
    desk.page("/2")
    report = desk.one(feed, due_only=False)
    assert (report.added, report.unchanged) == ([f"{desk.site.url}/2"], 1)


def test_each_article_that_is_put_in_is_told_of_as_it_arrives(desk: Desk) -> None:
    for path in ("/a", "/b"):
        desk.page(path)
    told: list[str] = []

    def change(articles: Sequence[Article], *others: Any) -> str:
        told.append(f"{len(articles)} put in")
        return desk.change(articles, *others)

    def arrived(article: Article) -> None:
        told.append(article.title)

    feed = desk.feed("/a", "/b")
    desk.sync(feed, change=change, on_arrived=arrived)
    assert told == ["Story /a", "Story /b", "2 put in"]
    told.clear()
    desk.page("/b", "Story put right")
    feed = desk.feed("/a", "/b", updated="2025-06-14T08:00:00Z")
    desk.sync(feed, change=change, on_arrived=arrived)
    assert told == ["Story put right", "1 put in"]


def test_progress_is_told_page_by_page(desk: Desk) -> None:
    desk.page("/1")
    desk.page("/2")
    told: list[tuple[str, int, int]] = []
    desk.sync(desk.feed("/1", "/2"), on_progress=lambda *step: told.append(step))
    assert [("fetch", done, 2) for done in (0, 1, 2)] == list(dict.fromkeys(told))


def test_without_its_memory_a_sync_changes_nothing(desk: Desk) -> None:
    desk.page("/1")
    feed = desk.feed("/1")
    desk.sync(feed)
    (desk.folder / MEMORY).unlink()
    version = versions.current_version(desk.folder)
    assert desk.one(feed).unchanged == 1
    assert versions.current_version(desk.folder) == version


def test_a_damaged_memory_says_what_to_do(desk: Desk) -> None:
    desk.folder.mkdir()
    (desk.folder / MEMORY).write_bytes(b"no database" * 100)
    with pytest.raises(BylineError, match="delete it to have every page fetched once more"):
        desk.sync(desk.feed())


# What goes wrong at one source


def test_one_bad_source_never_stops_the_others(desk: Desk) -> None:
    desk.page("/1")
    good = desk.feed("/1")
    bad = [
        Source("feed", f"{desk.site.url}/none"),
        Source("feed", f"{desk.site.url}/1"),
        Source("sitemap", f"{desk.site.url}/1"),
        Source("files", path=desk.folder / "none"),
    ]
    report = desk.sync(*bad, good)
    assert [one.state for one in report.sources] == ["failed"] * 4 + ["looked at"]
    assert [one.reason for one in report.sources][:2] == ["status 404", "not a feed but a page"]
    assert not report.failed
    assert list(desk.articles()) == ["/1"]


def test_when_every_source_fails_the_sync_has_failed(desk: Desk) -> None:
    assert desk.sync(Source("feed", f"{desk.site.url}/none")).failed


def test_a_host_that_asks_for_time_is_left_alone_so_long(desk: Desk) -> None:
    feed = desk.feed()
    desk.site.status("/feed", 503, Retry_After="7200")
    assert desk.one(feed).state == "failed"
    assert desk.one(feed, after=3600).state == "not due"
    assert desk.one(feed, after=3700).state == "looked at"


def test_a_host_that_is_down_for_a_while_loses_nothing(desk: Desk) -> None:
    desk.page("/1")
    desk.sync(desk.feed("/1"))
    desk.page("/2")
    feed = desk.feed("/1", "/2")
    up = dict(desk.site.pages)
    desk.site.pages.clear()
    for path in (*up, "/robots.txt"):
        desk.site.status(path, 503, Retry_After="7200")
    desk.site.asked.clear()
    assert desk.one(feed).state == "failed"
    assert len(desk.site.asked) <= 2
    assert list(desk.articles()) == ["/1"]
    desk.site.asked.clear()
    assert desk.one(feed, after=7000).state == "not due"
    assert desk.site.asked == []
    del desk.site.pages["/robots.txt"]
    desk.site.pages.update(up)
    report = desk.one(feed, after=300)
    assert (report.state, report.added) == ("looked at", [f"{desk.site.url}/2"])


def test_pages_are_not_asked_for_while_their_host_wants_peace(desk: Desk) -> None:
    paths = ["/1", "/2", "/3"]
    for path in paths:
        desk.page(path)
        desk.site.status(path, 503, Retry_After="7200")
    feed = desk.feed(*paths)
    report = desk.one(feed)
    assert desk.site.paths() == ["/feed", "/1"]
    assert "left alone" in report.notes[-1][1]
    for path in paths:
        desk.page(path)
    assert desk.one(feed).updated == [f"{desk.site.url}{path}" for path in paths]


def test_a_page_without_text_gives_way_to_the_feeds_own_content(desk: Desk) -> None:
    desk.site.put("/1", "<html><body></body></html>")
    report = desk.one(desk.feed("/1"))
    assert report.notes == [
        (
            f"{desk.site.url}/1",
            "the feed's own content was taken, as the page: no article text was found in the page",
        )
    ]
    assert desk.articles()["/1"].body == WORDS.strip()


def test_what_robots_txt_forbids_is_taken_from_the_feed(desk: Desk) -> None:
    desk.page("/1")
    desk.site.put("/robots.txt", "User-agent: *\nDisallow: /1", "text/plain")
    assert "robots.txt" in desk.one(desk.feed("/1")).notes[0][1]
    assert "/1" not in desk.site.paths()


def test_a_page_that_failed_for_now_is_asked_for_the_next_time(desk: Desk) -> None:
    desk.page("/1")
    desk.site.status("/1", 503, 503)
    feed = desk.feed("/1")
    assert "503" in desk.one(feed).notes[0][1]
    assert desk.one(feed).updated == [f"{desk.site.url}/1"]
    assert "Ship number" in desk.articles()["/1"].body


def test_a_short_item_whose_page_fails_is_skipped_with_the_reason(desk: Desk) -> None:
    feed = desk.feed("/1")
    feed_page = (
        "<rss version='2.0'><channel><item><title>A</title><link>/1</link></item></channel></rss>"
    )
    desk.site.put("/feed", feed_page, "text/xml")
    assert desk.one(feed).skipped == [(f"{desk.site.url}/1", "status 404")]


def test_two_addresses_of_one_article_give_one(desk: Desk) -> None:
    desk.page("/1")
    desk.site.redirect("/short", "/1")
    report = desk.one(desk.feed("/1", "/short"))
    assert (len(report.added), report.unchanged) == (1, 1)
    assert list(desk.articles()) == ["/1"]


def test_no_more_than_the_limit_is_taken_in_and_the_rest_is_told(desk: Desk) -> None:
    for n in range(5):
        desk.page(f"/{n}")
    report = desk.one(desk.feed(*(f"/{n}" for n in range(5)), limit=2))
    assert len(report.added) == 2
    assert report.notes == [(f"{desk.site.url}/feed", "3 more are listed (limit = 2)")]


def test_articles_go_into_the_index_by_batches(desk: Desk) -> None:
    for n in range(5):
        desk.page(f"/{n}")
    desk.sync(desk.feed(*(f"/{n}" for n in range(5))), batch=2)
    assert desk.batches == [2, 2, 1]


# Other kinds


def test_a_page_is_asked_for_each_time_it_is_due(desk: Desk) -> None:
    desk.page("/1")
    source = Source("page", f"{desk.site.url}/1", interval=DAY, outlet="Vell Mail")
    assert desk.one(source).added == [f"{desk.site.url}/1"]
    assert desk.articles()["/1"].outlet == "Vell Mail"
    assert desk.one(source, after=3600).state == "not due"
    assert desk.one(source).unchanged == 1


def test_the_newest_pages_of_a_tree_of_sitemaps_are_taken_in(desk: Desk) -> None:
    for n in range(4):
        desk.page(f"/{n}")

    def urls(*numbers: int) -> str:
        rows = (f"<url><loc>/{n}</loc><lastmod>2025-06-1{n}</lastmod></url>" for n in numbers)
        return f"<urlset>{''.join(rows)}</urlset>"

    desk.site.put("/old.xml", urls(0, 1), "text/xml")
    desk.site.put("/new.xml", urls(2, 3), "text/xml")
    desk.site.put(
        "/index.xml",
        "<sitemapindex><sitemap><loc>/old.xml</loc><lastmod>2025-06-11</lastmod></sitemap>"
        "<sitemap><loc>/new.xml</loc><lastmod>2025-06-13</lastmod></sitemap></sitemapindex>",
        "text/xml",
    )
    source = Source("sitemap", f"{desk.site.url}/index.xml", limit=2)
    report = desk.one(source)
    assert report.added == [f"{desk.site.url}/3", f"{desk.site.url}/2"]
    assert report.notes[0][1] == "1 older sitemaps were not opened (limit = 2)"


def test_files_are_a_source_and_their_skips_are_told(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "a.txt").write_text(f"Harbour opens again\n\n{WORDS}")
    (folder / "b.gif").write_bytes(b"GIF8")
    report = desk.one(Source("files", path=folder))
    assert len(report.added) == 1
    assert report.skipped[0][0] == str(folder / "b.gif")
    assert desk.one(Source("files", path=folder)).unchanged == 1


@pytest.mark.parametrize("outlet", [None, "Vell Post"])
def test_files_that_are_as_they_were_are_not_parsed(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outlet: str | None
) -> None:
    parsed, parse = list[str](), FileReader._parsed

    def counted(reader: FileReader, path: Path, *others: object) -> object:
        parsed.append(path.name)
        return parse(reader, path, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(FileReader, "_parsed", counted)
    folder = tmp_path / "articles"
    folder.mkdir()
    for name in ("a.txt", "b.txt"):
        (folder / name).write_text(f"Harbour {name}\n\n{WORDS}")
    source = Source("files", path=folder, outlet=outlet)
    desk.one(source)
    parsed.clear()
    assert desk.one(source).unchanged == 2
    assert parsed == []
    (folder / "b.txt").write_text(f"Harbour shut\n\n{WORDS}")
    assert len(desk.one(source).added) == 1
    assert parsed == ["b.txt"]


def test_a_file_that_is_of_an_outlet_from_now_on_is_parsed(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"Harbour opens again\n\n{WORDS}")
    for outlet in ("Vell Post", None, "Vell Mail"):
        desk.one(Source("files", path=tmp_path / "a.txt", outlet=outlet))
    assert {a.outlet for a in desk.articles().values()} == {"Vell Post", None, "Vell Mail"}


def test_the_same_file_of_two_outlets_is_two_articles(desk: Desk, tmp_path: Path) -> None:
    sources = []
    for outlet in ("Vell Post", "Vell Mail"):
        (tmp_path / outlet).mkdir()
        (tmp_path / outlet / "a.txt").write_text(f"Harbour opens again\n\n{WORDS}")
        sources.append(Source("files", path=tmp_path / outlet, outlet=outlet))
    report = desk.sync(*sources)
    assert [one.skipped for one in report.sources] == [[], []]
    assert {a.outlet for a in desk.articles().values()} == {"Vell Post", "Vell Mail"}


def test_a_source_that_is_not_due_is_not_asked(desk: Desk) -> None:
    feed = desk.feed()
    desk.sync(feed)
    desk.site.asked.clear()
    assert desk.one(feed, after=60).state == "not due"
    assert not desk.site.asked


def test_all_sources_can_be_asked_at_once(desk: Desk) -> None:
    feed = desk.feed()
    desk.sync(feed)
    assert desk.one(feed, after=60, due_only=False).state == "looked at"


def test_two_syncs_do_not_run_at_once(desk: Desk) -> None:
    desk.folder.mkdir()
    with FileLock(desk.folder / LOCK), pytest.raises(BylineError, match="Another sync"):
        desk.sync(desk.feed())
