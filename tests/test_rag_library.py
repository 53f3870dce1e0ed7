"""What the page does to the articles, over a real index: the code behind its buttons."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from desk import QUICK, Desk
from fakes import HashingEmbedder
from newsstand import newsstand

from corpus.article import Article
from corpus.errors import BylineError
from corpus.fetch import Fetcher
from index import versions
from index.change import apply
from index.lock import writing
from rag import load
from rag.database.connect import Database
from rag.settings import Settings, load_settings
from rag.upkeep import indexing
from rag.upkeep.library import Library
from rag.upkeep.owners import NotYours, Owners
from rag.upkeep.sync import SOURCES, noted_sources
from rag.who import Who

CLINTON = "A reactor for Meta\n\nMeta buys the power of the Clinton reactor.\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(index=tmp_path / "built", lock_wait=0)


@pytest.fixture
def news(tmp_path: Path) -> Path:
    """A folder of two articles, "deal" and "chief"."""
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "deal.txt").write_text("Meta buys into Scale AI\n\nMeta paid for a stake of 49%.\n")
    (folder / "chief.txt").write_text("A new chief\n\nJason Droege became chief executive.\n")
    return folder


@pytest.fixture
def library(settings: Settings, news: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Over an index of the folder."""
    embedder = HashingEmbedder()
    monkeypatch.setattr(load, "load_embedder", lambda *_: embedder)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    indexing.add(settings, [news], embedder)
    return Library(settings, lambda: embedder, lambda: Fetcher(QUICK))


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    """Makes pages and feeds on a site of its own."""
    with newsstand() as site:
        yield Desk(site, settings.index)


def silent(stage: str, done: int, total: int) -> None:
    """Nobody listens."""


def titles(library: Library) -> set[str]:
    return {row.title for row in library.browse("", 0, 100).rows}


def id_of(library: Library, words: str) -> str:
    [row] = library.browse(words, 0, 100).rows
    return row.id


def sent(folder: Path, name: str = "power.txt", text: str = CLINTON) -> Path:
    """A file as a browser sends it: it lies somewhere for a moment."""
    path = folder / "sent" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


class TestLooking:
    def test_a_part_of_the_list_says_how_many_there_are(self, library: Library) -> None:
        listing = library.browse("chief", 0, 1)
        assert (listing.found, listing.total, len(listing.rows)) == (1, 2, 1)

    @pytest.mark.parametrize(("asked", "given"), [(-5, 0), (1, 1), (50, 1)])
    def test_a_place_beyond_the_list_is_in_its_last_part(
        self, library: Library, asked: int, given: int
    ) -> None:
        listing = library.browse("", asked, 1)
        assert (listing.start, len(listing.rows)) == (given, 1)

    def test_nothing_found_begins_at_the_beginning(self, library: Library) -> None:
        assert library.browse("zebra", 100, 100).start == 0

    def test_an_article_says_where_it_was_read(self, library: Library, news: Path) -> None:
        shown = library.article(id_of(library, "chief"))
        assert shown is not None
        assert shown.article.body.endswith("Jason Droege became chief executive.")
        assert shown.origin == str(news / "chief.txt")

    def test_an_article_that_is_not_there_is_none(self, library: Library) -> None:
        assert library.article("nobody") is None

    def test_the_holdings_are_places_and_versions(self, library: Library, news: Path) -> None:
        holdings = library.holdings()
        assert holdings.places == (str(news),)
        assert [one.in_use for one in holdings.kept] == [True]
        assert holdings.bytes >= holdings.kept[0].bytes > 0


class TestFiles:
    def test_a_file_that_was_sent_is_put_in(self, library: Library, tmp_path: Path) -> None:
        assert library.hand_in([sent(tmp_path)], silent).said == "1 added."
        assert "A reactor for Meta" in titles(library)

    def test_it_is_noted_by_its_name(self, library: Library, tmp_path: Path) -> None:
        library.hand_in([sent(tmp_path)], silent)
        shown = library.article(id_of(library, "reactor"))
        assert shown is not None
        assert shown.origin == "handed-in://power.txt"

    def test_it_stays_when_the_files_are_read_again(self, library: Library, tmp_path: Path) -> None:
        """It is gone from where it lay, and the index is the only one to hold it."""
        library.hand_in([sent(tmp_path)], silent)
        shutil.rmtree(tmp_path / "sent")
        library.update(silent)
        assert "A reactor for Meta" in titles(library)

    def test_what_a_folder_holds_too_is_still_taken_from_the_folder(
        self, library: Library, news: Path, tmp_path: Path
    ) -> None:
        library.hand_in([sent(tmp_path, "copy.txt", (news / "chief.txt").read_text())], silent)
        (news / "chief.txt").unlink()
        library.update(silent)
        assert titles(library) == {"Meta buys into Scale AI"}

    def test_what_was_skipped_is_said_with_its_reason(
        self, library: Library, tmp_path: Path
    ) -> None:
        outcome = library.hand_in([sent(tmp_path), sent(tmp_path, "cat.png")], silent)
        [(what, place, reason)] = outcome.remarks
        assert (what, place) == ("skipped", "cat.png")
        assert reason.startswith("the ending .png is not .txt")

    def test_an_unreadable_file_alone_is_one_sentence_without_its_folder(
        self, library: Library, tmp_path: Path
    ) -> None:
        with pytest.raises(BylineError, match=r"^No article could be read from cat\.png") as error:
            library.hand_in([sent(tmp_path, "cat.png")], silent)
        assert str(tmp_path) not in str(error.value)

    def test_while_another_process_writes_it_is_told(
        self, library: Library, settings: Settings, tmp_path: Path
    ) -> None:
        with writing(settings.index), pytest.raises(BylineError, match="Another program"):
            library.hand_in([sent(tmp_path)], silent)
        assert "A reactor for Meta" not in titles(library)

    def test_reading_is_told_before_it_begins(self, library: Library, tmp_path: Path) -> None:
        stages: list[str] = []
        library.hand_in([sent(tmp_path)], lambda stage, done, total: stages.append(stage))
        assert list(dict.fromkeys(stages)) == [
            *("read", "chunk", "embed", "copy", "write"),
            *("sign", "group", "tell", "faiss", "hash", "sync"),
        ]


class TestWeb:
    def test_a_page_is_put_in(self, library: Library, desk: Desk) -> None:
        desk.page("/1", "Grain comes to Vell")
        assert library.fetch("page", f"{desk.site.url}/1", silent).said == "1 added."
        assert "Grain comes to Vell" in titles(library)

    def test_a_page_is_theirs_who_let_it_be_fetched(
        self, library: Library, desk: Desk, settings: Settings
    ) -> None:
        desk.page("/1", "Grain comes to Vell")
        url, ada, eve = f"{desk.site.url}/1", Who("ada", "write"), Who("eve", "write")
        with closing(Database()) as database:
            owners = Owners(database)
            owned = Library(settings, HashingEmbedder, lambda: Fetcher(QUICK), owners)
            owned.fetch("page", url, silent, ada)
            assert owned.owners([url], ada) == {url: "ada"}
            desk.page("/1", "Grain comes to Vell by rail")
            with pytest.raises(BylineError, match="you did not add"):
                owned.fetch("page", url, silent, eve)
            with pytest.raises(NotYours):
                owned.remove([url], silent, eve)
            owned.remove([url], silent, ada)
            assert owners.of([url]) == {}

    def test_a_page_is_no_source(self, library: Library, desk: Desk) -> None:
        desk.page("/1")
        library.fetch("page", f"{desk.site.url}/1", silent)
        assert library.holdings().sources == ()

    def test_a_page_that_was_removed_comes_back(self, library: Library, desk: Desk) -> None:
        desk.page("/1", "Grain comes to Vell")
        library.fetch("page", f"{desk.site.url}/1", silent)
        library.remove([f"{desk.site.url}/1"], silent)
        library.fetch("page", f"{desk.site.url}/1", silent)
        assert "Grain comes to Vell" in titles(library)

    def test_a_page_that_is_not_there_is_one_sentence(self, library: Library, desk: Desk) -> None:
        with pytest.raises(BylineError, match="/1: status 404"):
            library.fetch("page", f"{desk.site.url}/1", silent)

    def test_a_feed_is_read_and_noted(self, library: Library, desk: Desk) -> None:
        desk.page("/1")
        desk.page("/2")
        outcome = library.fetch("feed", desk.feed("/1", "/2").address, silent)
        assert outcome.said == "2 added. The feed is noted as a source."
        assert [one.kind for one in library.holdings().sources] == ["feed"]

    def test_a_feed_that_cannot_be_read_is_not_noted(self, library: Library, desk: Desk) -> None:
        with pytest.raises(BylineError, match="404"):
            library.fetch("feed", f"{desk.site.url}/feed", silent)
        assert library.holdings().sources == ()

    def test_byline_sync_looks_at_a_noted_feed_too(
        self, library: Library, desk: Desk, settings: Settings, elsewhere: Path
    ) -> None:
        desk.page("/1")
        feed = desk.feed("/1")
        library.fetch("feed", feed.address, silent)
        text = '[[source]]\nkind = "page"\naddress = "https://vell.example/"\n'
        (elsewhere / SOURCES).write_text(text)
        addresses = [one.address for one in noted_sources(settings.index)]
        assert sorted(addresses) == [feed.address, "https://vell.example/"]

    def test_looking_again_brings_what_is_new(self, library: Library, desk: Desk) -> None:
        desk.page("/1")
        library.fetch("feed", desk.feed("/1").address, silent)
        desk.page("/2")
        desk.feed("/1", "/2")
        assert library.look_again(silent).said == "1 added, 1 unchanged."

    def test_what_a_page_gives_instead_of_an_article_is_said(
        self, library: Library, desk: Desk
    ) -> None:
        desk.page("/1")
        outcome = library.fetch("feed", desk.feed("/1", "/gone").address, silent)
        assert ("noted", f"{desk.site.url}/gone") in [remark[:2] for remark in outcome.remarks]

    def test_looking_again_without_a_feed_says_what_to_do(self, library: Library) -> None:
        with pytest.raises(BylineError, match="add one by its address"):
            library.look_again(silent)

    def test_a_forgotten_feed_keeps_its_articles(self, library: Library, desk: Desk) -> None:
        desk.page("/1", "Grain comes to Vell")
        feed = desk.feed("/1")
        library.fetch("feed", feed.address, silent)
        assert library.forget(feed.key)
        assert library.holdings().sources == ()
        assert "Grain comes to Vell" in titles(library)


class TestIndex:
    def test_a_removed_article_is_gone(self, library: Library, news: Path) -> None:
        outcome = library.remove([id_of(library, "chief")], silent)
        assert titles(library) == {"Meta buys into Scale AI"}
        assert outcome.said == "1 removed."
        assert outcome.remarks[0][:2] == ("still there", str(news / "chief.txt"))

    def test_several_are_removed_in_one_version(self, library: Library, settings: Settings) -> None:
        before = versions.version_ids(settings.index)
        ids = [id_of(library, "chief"), id_of(library, "Meta")]
        assert library.remove(ids, silent).said == "2 removed."
        assert titles(library) == set()
        assert len(versions.version_ids(settings.index)) == len(before) + 1

    def test_what_went_before_the_removal_is_said(self, library: Library) -> None:
        outcome = library.remove([id_of(library, "chief"), "no such"], silent)
        assert outcome.said == "1 removed."
        assert ("gone", "no such", "it was removed before") in outcome.remarks

    def test_nothing_left_to_remove_is_one_sentence(self, library: Library) -> None:
        with pytest.raises(BylineError, match="None of these articles"):
            library.remove(["no such"], silent)
        assert len(titles(library)) == 2

    def test_an_id_that_is_another_articles_address_removes_its_own_alone(
        self, settings: Settings, library: Library
    ) -> None:
        address = "https://news.example/1"
        pair = [Article(address, "The page", "A"), Article("x", "The other", "B", url=address)]
        apply(settings.index, HashingEmbedder(), pair)
        library.remove([address], silent)
        assert "The other" in titles(library)

    def test_reading_the_files_again_takes_in_what_changed(
        self, library: Library, news: Path
    ) -> None:
        (news / "power.txt").write_text(CLINTON)
        (news / "deal.txt").unlink()
        assert library.update(silent).said == "1 added, 1 removed, 1 unchanged."

    def test_a_place_that_is_gone_is_said(
        self, library: Library, settings: Settings, tmp_path: Path
    ) -> None:
        more = tmp_path / "more"
        more.mkdir()
        (more / "power.txt").write_text(CLINTON)
        indexing.add(settings, [more], HashingEmbedder())
        shutil.rmtree(more)
        assert ("gone", str(more), "it is not there any more") in library.update(silent).remarks

    def test_building_again_keeps_the_articles(self, library: Library) -> None:
        before = library.version()
        assert "2 articles" in library.build_again(silent).said
        assert library.version() != before
        assert len(titles(library)) == 2

    def test_going_back_brings_a_removed_article_back(self, library: Library) -> None:
        before = library.version()
        assert before is not None
        library.remove([id_of(library, "chief")], silent)
        library.rollback(before, silent)
        assert "A new chief" in titles(library)

    def test_a_version_by_another_embedder_says_what_to_do(
        self, library: Library, settings: Settings
    ) -> None:
        [(what, _, reason)] = library.rollback(library.version() or "", silent).remarks
        assert what == "noted"
        assert "embedder hashing: build it again" in reason

    def test_without_an_index_it_says_what_to_do(self, tmp_path: Path) -> None:
        settings = load_settings(index=tmp_path / "none")
        library = Library(settings, HashingEmbedder)
        assert library.version() is None
        with pytest.raises(BylineError, match="byline index build"):
            library.browse("", 0, 100)

    def test_a_damaged_pointer_has_no_version(self, library: Library, settings: Settings) -> None:
        (settings.index / "current").write_text("../..")
        assert library.version() is None
        versions.point_to(settings.index, versions.version_ids(settings.index)[0])
        assert library.version() is not None
