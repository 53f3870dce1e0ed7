"""The view of the articles in real Chromium, for people who may not do everything."""

from __future__ import annotations

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
)
from playwright.sync_api import Browser, Page, expect

from page.articles import NOT_YOURS
from rag.api.access import SignedIn
from rag.api.login import WRONG
from rag.database.connect import Database
from rag.people import People

pytestmark = pytest.mark.browser


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Browser) -> Iterator[Room]:
    with a_room(tmp_path, monkeypatch, browser) as room:
        yield room


def test_to_who_may_read_only_nothing_is_offered_to_be_changed(room: Room, tmp_path: Path) -> None:
    people = People(Database(tmp_path / "people.sqlite"))
    key = people.add_key("ada", "read")

    def enter(page: Page) -> None:
        for password in ("wrong", key):
            page.get_by_label("Name").fill("ada")
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Log in").click()
            if password == "wrong":
                expect(page.get_by_role("alert")).to_have_text(WRONG)

    with served(room, SignedIn(people)):
        page = room.visit(view="", enter=enter)
        page.locator("#to-articles").click()
        expect(page.locator("#articles-note")).to_have_text(NOT_YOURS.format(right="read"))
        for control in ("#upload", "#address", "#look-again", "#update", "#build-again"):
            expect(page.locator(control)).to_be_hidden()
        page.locator("#article-rows button").first.click()
        expect(page.locator("#article-reading .body")).to_be_visible()
        expect(page.locator("#ask-remove")).to_be_hidden()
        expect(page.locator("#articles input[type=checkbox]")).to_have_count(0)
        sent = page.request.post(
            f"{room.url}gradio_api/upload",
            multipart={"files": {"name": "a.txt", "mimeType": "text/plain", "buffer": b"words"}},
        )
        assert sent.status == 403
    people.close()


def test_who_may_write_removes_what_they_added_themselves(room: Room, tmp_path: Path) -> None:
    people = People(Database(tmp_path / "people.sqlite"))
    key = people.add_key("ada", "write")

    def enter(page: Page) -> None:
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(key)
        page.get_by_role("button", name="Log in").click()

    def remove(page: Page, title: str) -> None:
        page.locator("#article-rows button").get_by_text(title).click()
        page.locator("#ask-remove").click()
        page.locator("#remove").click()

    with served(room, SignedIn(people)):
        page = room.visit(view="", enter=enter)
        page.locator("#to-articles").click()
        remove(page, "A new chief")
        expect(page.locator("#articles-note")).to_contain_text("which you did not add")
        page.locator("#back").click()
        send(page, file(tmp_path, "power.txt", POWER))
        ended(page, "1 added.")
        remove(page, "A reactor for Meta")
        ended(page, "1 removed.")
        page.locator("#change .close").click()
    people.close()
