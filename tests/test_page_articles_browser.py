"""The view of the articles in real Chromium, over a real index that a real library changes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from articlesroom import (
    POWER,
    Room,
    a_room,
    ended,
    file,
    send,
    served,
    titles,
)
from axe import grave
from desk import Desk
from exchanges import HOSTILE
from newsstand import newsstand
from playwright.sync_api import Browser, Page, expect

from corpus.article import Article
from corpus.files import LARGEST_FILE
from corpus.forms import LARGEST_TEXT
from index.build import build
from index.change import apply
from page.articles import AT_ONCE
from rag.upkeep import indexing
from rag.upkeep.library import Library

pytestmark = pytest.mark.browser

DROP = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  const zone = document.querySelector("#upload button");
  const options = { dataTransfer: data, bubbles: true, cancelable: true };
  for (const kind of ["dragenter", "dragover", "drop"])
    zone.dispatchEvent(new DragEvent(kind, options));
}"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Browser) -> Iterator[Room]:
    with a_room(tmp_path, monkeypatch, browser) as room:
        yield room


@pytest.fixture
def page(room: Room) -> Iterator[Page]:
    """The view of the articles, open."""
    with served(room):
        yield room.visit()


def test_a_dropped_file_is_added_for_everybody(room: Room, page: Page) -> None:
    other = room.visit(view="")
    page.evaluate(DROP, ["power.txt", POWER])
    ended(page, "1 added.")
    expect(page.locator("#article-rows")).to_contain_text("A reactor for Meta")
    expect(page.locator("#change h3")).to_have_text("Adding power.txt")
    for tab in (page, other):
        expect(tab.locator("#about")).to_contain_text("3 articles")


def test_what_cannot_be_read_is_explained(page: Page, tmp_path: Path) -> None:
    send(page, file(tmp_path, "power.txt", POWER), file(tmp_path, "<b>cat.png", "no words"))
    ended(page, "1 added.")
    expect(page.locator("#change h4")).to_have_text("Skipped: 1")
    expect(page.locator("#change li")).to_contain_text("the ending .png is not .txt")
    send(page, file(tmp_path, "dog.png", "no words"))
    ended(page, "No article could be read from dog.png")
    assert len(titles(page)) == 3


def test_neither_size_nor_kind_of_a_file_harms_the_page(page: Page, tmp_path: Path) -> None:
    address = page.get_by_role("textbox", name="Address to add")
    address.fill("https://news.example/1")
    sizes = {"long.txt": LARGEST_FILE + 1, "film.png": 5_000_000, "book.txt": LARGEST_TEXT + 1}
    for name, size in sizes.items():
        os.truncate(file(tmp_path, name, ""), size)
    send(page, tmp_path / "long.txt")  # the browser itself refuses it
    expect(
        page.get_by_text('exceed the maximum allowed size of 190.7 Mb: "long.txt"')
    ).to_be_visible()
    send(page, tmp_path / "film.png")  # comes whole and is told from its name
    ended(page, "No article could be read from film.png")
    send(page, tmp_path / "book.txt")
    ended(page, "20 MB of text are more than an article")
    expect(address).to_have_value("https://news.example/1")
    send(page, file(tmp_path, "power.txt", POWER))
    ended(page, "1 added.")
    assert len(titles(page)) == 3


def test_a_page_and_a_feed_are_added_by_their_address(room: Room, page: Page) -> None:
    with newsstand() as site:
        desk = Desk(site, room.settings.index)
        for path in ("/1", "/2", "/3"):
            desk.page(path, f"Grain comes to quay {path[1]}")
        page.get_by_role("textbox", name="Address to add").fill(f"{site.url}/1")
        page.locator("#add-address").click()
        ended(page, "1 added.")
        expect(page.locator("#article-rows")).to_contain_text("Grain comes to quay 1")
        page.get_by_role("radio", name="Feed").check()
        page.get_by_role("textbox", name="Address to add").fill(desk.feed("/2").address)
        page.get_by_role("textbox", name="Address to add").press("Enter")
        ended(page, "1 added. The feed is noted as a source.")
        expect(page.locator("#sources")).to_contain_text(f"{site.url}/feed")
        desk.feed("/2", "/3")
        page.locator("#look-again").click()
        ended(page, "1 added, 1 unchanged.")
        page.get_by_role("textbox", name="Address to add").fill(f"{site.url}/nowhere")
        page.locator("#add-address").click()
        ended(page, "status 404")
        page.get_by_role("button", name=f"Forget {site.url}/feed").click()
        expect(page.locator("#sources")).not_to_contain_text(f"{site.url}/feed")
        assert len(titles(page)) == 5


def test_the_list_is_searched_and_turned(room: Room) -> None:
    build(
        [
            Article(
                f"r{n}", f"Report {n:03}", f"Ship {n} came.", outlet="Post" if n % 2 else "Wire"
            )
            for n in range(AT_ONCE + 30)
        ],
        room.embedder,
        room.settings.index,
    )
    with served(room):
        page = room.visit()
        expect(page.locator("#article-rows .note")).to_have_text("1 to 100 of 130 articles")
        expect(page.locator("#newer")).to_be_disabled()
        page.locator("#older").click()
        expect(page.locator("#article-rows .note")).to_have_text("101 to 130 of 130 articles")
        expect(page.locator("#older")).to_be_disabled()
        search = page.get_by_role("textbox", name="Search the articles")
        search.fill("report 12 post")
        expect(page.locator("#article-rows .note")).to_have_text("1 to 5 of 5 articles, among 130")
        expect(page.locator("#older")).to_be_hidden()
        search.fill("zebra")
        expect(page.locator("#article-rows .note")).to_contain_text("None of 130 articles")


def test_a_hostile_article_is_read_as_text(room: Room) -> None:
    evil = Article(
        id=HOSTILE,
        title=f"{HOSTILE} {'x' * 10_000} \u202egnol\u202c",
        body=f"{HOSTILE}\n\n# Heading\n\n[link](javascript:alert(1))",
        url="javascript:document.title='owned'",
        outlet=HOSTILE,
        author=HOSTILE,
        published_at=HOSTILE,
        correction=HOSTILE,
    )
    apply(room.settings.index, room.embedder, [evil], origins={HOSTILE: HOSTILE})
    with served(room):
        page = room.visit(width=390)
        page.locator("#article-rows button", has_text="**bold**").click()
        expect(page.locator("#article-reading .body")).to_contain_text(
            "[link](javascript:alert(1))"
        )
        expect(page.locator("#reading-title")).to_be_focused()
        expect(page.locator("#article-reading .correction")).to_have_text(HOSTILE)
        expect(page.locator("#articles :is(img, script, strong, em, h1)")).to_have_count(0)
        expect(page.locator("#articles a")).to_have_count(0)
        page.locator("#ask-only").click()
        expect(page.locator("#only-articles .token")).to_contain_text("<img src=x onerror=")
        page.locator("#question textarea").fill("What is bold?")
        page.locator("#send").click()
        expect(page.locator("#chat .chips")).to_contain_text("<img src=x onerror=")
        expect(page.locator("#page :is(img, script, strong, em)")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        expect(page.locator("#chat .took")).to_be_visible()
        page.locator("#to-articles").click()
        page.locator("#ask-remove").click()
        page.locator("#remove").click()
        ended(page, "1 removed.")
        assert page.title() == "Byline"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_removed_article_is_found_no_more(room: Room, page: Page) -> None:
    page.locator("#article-rows button", has_text="Meta buys").click()
    expect(page.locator("#article-reading .body")).to_contain_text("$14.3 billion")
    page.locator("#ask-remove").click()
    page.locator("#keep").click()
    expect(page.locator("#remove")).to_be_hidden()
    page.locator("#ask-remove").click()
    page.locator("#remove").click()
    ended(page, "1 removed.")
    expect(page.locator("#change li")).to_contain_text(f"{room.news}/deal.txt")
    assert titles(page) == ["A new chief for Scale AI"]
    page.locator("#to-chat").click()
    expect(page.locator("#about")).to_contain_text("1 article1 passage")
    page.locator("#question textarea").fill("What stake did Meta buy in Scale AI?")
    page.locator("#send").click()
    expect(page.locator("#evidence .passage")).to_have_count(1)
    expect(page.locator("#evidence")).not_to_contain_text("Meta buys into Scale AI")
    page.locator("#evidence .read").click()
    expect(page.locator("#evidence-reading .body")).to_contain_text("Jason Droege became chief")


def test_several_are_chosen_by_the_keyboard_and_removed_in_one_version(
    room: Room, page: Page
) -> None:
    page.get_by_role("checkbox", name="Choose Meta buys into Scale AI").press("Space")
    expect(page.locator("#chosen-told")).to_have_text("1 article chosen")
    search = page.get_by_role("textbox", name="Search the articles")
    search.fill("chief")  # the choice outlives a search
    expect(page.locator("#article-rows tbody tr")).to_have_count(1)
    page.get_by_role("checkbox", name="Choose all of these").press("Space")
    expect(page.locator("#chosen-told")).to_have_text("2 articles chosen")
    search.fill("")
    expect(page.locator("#article-rows [data-pick]:checked")).to_have_count(2)
    page.locator("#ask-remove-chosen").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Remove 2 articles?")
    expect(page.locator("#asked-chosen li")).to_have_count(2)
    expect(page.locator("#remove-chosen")).to_be_focused()
    page.locator("#keep-chosen").press("Enter")
    expect(page.locator("#remove-chosen")).to_be_hidden()
    expect(page.locator("#ask-remove-chosen")).to_be_focused()
    page.locator("#ask-remove-chosen").press("Enter")
    expect(page.locator("#remove-chosen")).to_be_focused()
    page.keyboard.press("Enter")
    ended(page, "2 removed.")
    expect(page.locator("#article-rows")).to_contain_text("The index holds no article.")
    expect(page.locator("#chosen")).to_be_hidden()
    expect(page.locator("#versions li")).to_have_count(2)


def test_a_choice_is_taken_back(page: Page) -> None:
    page.get_by_role("checkbox", name="Choose all of these").check()
    expect(page.locator("#chosen-told")).to_have_text("2 articles chosen")
    page.get_by_role("checkbox", name="Choose Meta buys into Scale AI").uncheck()
    expect(page.locator("#chosen-told")).to_have_text("1 article chosen")
    expect(page.get_by_role("checkbox", name="Choose all of these")).not_to_be_checked()
    page.locator("#choose-none").click()
    expect(page.locator("#chosen")).to_be_hidden()
    expect(page.locator("#article-rows :checked")).to_have_count(0)


def test_a_question_is_for_one_article_only(room: Room, page: Page) -> None:
    shown, said = page.locator("#evidence-now .passage h3"), page.locator("#only-articles")
    page.locator("#article-rows").get_by_role("button", name="A new chief").click()
    page.locator("#ask-only").click()
    box = page.locator("#question textarea")
    expect(box).to_be_focused()
    expect(said).to_contain_text("A new chief")
    page.wait_for_url("**article=*")
    page.reload()
    expect(said).to_contain_text("A new chief")
    assert grave(page) == []
    box.fill("What did Meta pay for a stake of 49%?")
    box.press("Enter")
    chips = page.get_by_role("list", name="Narrowed down to").get_by_role("listitem")
    expect(chips).to_have_text("A new chief for Scale AI")
    expect(page.locator("#chat .took")).to_be_visible()
    expect(shown).to_have_text("A new chief for Scale AI")
    page.get_by_role("button", name="Clear").first.click()
    expect(said).not_to_contain_text("A new chief")
    box.fill("What did Meta pay for a stake of 49%?")
    box.press("Enter")
    expect(page.locator("#chat .took")).to_have_count(2)
    page.locator("#evidence-2-1 .only").click()
    expect(box).to_be_focused()
    expect(said).to_contain_text("Meta buys into Scale AI")
    page.locator("#to-articles").click()
    page.locator("[data-pick-all]").check()
    page.locator("#ask-only-chosen").click()
    expect(said).to_contain_text("A new chief")
    expect(said).to_contain_text("Meta buys into Scale AI")
    [chief] = Library(room.settings, lambda: room.embedder).browse("chief", 0, AT_ONCE).rows
    indexing.take_out(room.settings, [chief.id])
    box.fill("Who leads it?")
    box.press("Enter")
    expect(page.locator("#status")).to_contain_text("not in the index any more")
    expect(box).to_have_value("Who leads it?")


def test_the_index_is_renewed_and_goes_back(room: Room, page: Page) -> None:
    (room.news / "power.txt").write_text(POWER)
    page.locator("#update").click()
    ended(page, "1 added, 2 unchanged.")
    expect(page.locator("#versions li")).to_have_count(2)
    page.locator("#build-again").click()
    ended(page, "is in use: 3 articles")
    expect(page.locator("#versions li")).to_have_count(3)
    expect(page.locator("#versions li").first).to_contain_text("In use")
    page.locator("#versions li").last.get_by_role("button").click()
    ended(page, "is in use: 2 articles")
    expect(page.locator("#versions li").last).to_contain_text("In use")
    expect(page.locator("#about")).to_contain_text("2 articles")
    assert "A reactor for Meta" not in titles(page)


def test_a_change_goes_on_when_its_tab_is_closed(room: Room, page: Page, tmp_path: Path) -> None:
    room.embedder.go_on.clear()
    send(page, file(tmp_path, "power.txt", POWER))
    expect(page.get_by_role("progressbar", name="Embedding")).to_be_visible()
    page.close()
    page = room.visit()
    expect(page.locator("#change h3")).to_have_text("Adding power.txt")
    expect(page.locator("#change")).to_contain_text("Embedding, 0 of 1")
    page.locator("#build-again").click()
    expect(page.locator("#articles-note")).to_have_text(
        "Byline is still busy (Adding power.txt): wait until that is done."
    )
    room.embedder.go_on.set()
    ended(page, "1 added.")
    expect(page.locator("#article-rows")).to_contain_text("A reactor for Meta")
    page.locator("#change .close").click()
    expect(page.locator("#change h3")).to_have_count(0)


def test_the_view_is_in_the_address_and_reached_by_keys(room: Room) -> None:
    with served(room):
        page = room.visit(view="")
        keyboard, search = page.keyboard, page.locator("#article-search :is(input, textarea)")
        expect(page.locator("#articles")).to_be_hidden()
        page.locator("#to-articles").press("Enter")
        expect(page.locator("#articles")).to_be_visible()
        expect(page.locator("#question")).to_be_hidden()
        expect(page.locator("#to-chat")).to_be_focused()
        for name in ("Add", "Fetch what is new", "Read the files again", "Build it again"):
            expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
        keyboard.press("?")
        expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
        keyboard.press("Escape")
        keyboard.press("/")
        expect(search).to_be_focused()
        page.get_by_role("button", name="A new chief for Scale AI").press("Enter")
        expect(page.get_by_role("heading", name="A new chief for Scale AI")).to_be_focused()
        page.locator("#ask-remove").press("Enter")
        expect(page.locator("#remove")).to_be_focused()
        keyboard.press("Escape")  # one thing at a time: the question whether to remove it,
        expect(page.locator("#remove")).to_be_hidden()
        keyboard.press("Escape")  # then the article
        expect(search).to_be_focused()
        keyboard.press("Alt+a")
        expect(page.locator("#to-articles")).to_be_focused()
        keyboard.press("Alt+a")
        page.go_back()
        expect(page.locator("#articles")).to_be_hidden()
        expect(page.locator("#question")).to_be_visible()
