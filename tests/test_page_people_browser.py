"""The page for people who log in, behind a proxy that serves it under a prefix, in a browser."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import deal
import pytest
from fakes import HashingEmbedder
from frontdoor import frontdoor
from playwright.sync_api import Browser, Page, expect
from served import QUESTION, ask, scripted, visiting
from test_page_launch import loops_closed

from app import launch
from index.build import build
from page.conversations import Conversations
from rag.api.access import SignedIn
from rag.api.parts import Options
from rag.database.connect import Database
from rag.people import People
from rag.settings import load_settings
from rag.upkeep.library import Library

pytestmark = pytest.mark.browser

Enter = Callable[[str], Page]


@pytest.fixture
def enter(tmp_path: Path, browser: Browser) -> Iterator[Enter]:
    """Logs in as somebody, in a browser of their own."""
    build([deal.DEAL], HashingEmbedder(), tmp_path / "built")
    people, conversations = People(Database(tmp_path / "people.sqlite")), Conversations()
    keys = {name: people.add_key(name, "read") for name in ("ada", "eve")}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with loops_closed():
        page = launch(
            scripted,
            port=port,
            block=False,
            conversations=conversations,
            library=Library(load_settings(index=tmp_path / "built"), HashingEmbedder),
            api=Options(asks_who=True),
            access=SignedIn(people),
            root_path="/byline",
            trusted=("127.0.0.1",),
        )
        with frontdoor("/byline", port) as url, visiting(browser) as visit:

            def one(name: str) -> Page:
                tab = visit(url, ready=False)
                assert urlsplit(tab.url).path == "/byline/login"
                tab.get_by_label("Name").fill(name)
                tab.get_by_label("Password").fill(keys[name])
                tab.get_by_role("button", name="Log in").click()
                expect(tab.locator("#about")).to_contain_text("18 articles")
                assert urlsplit(tab.url).path == "/byline/"
                return tab

            yield one
        page.close(verbose=False)
    people.close()
    conversations.close()


def test_each_sees_their_own_chats_in_any_browser(enter: Enter) -> None:
    ada = enter("ada")
    ask(ada)
    expect(ada.locator("#now")).to_contain_text("$14.3 billion")
    expect(ada.locator("#chat-list button")).to_have_count(1)
    expect(enter("ada").locator("#chat-list button")).to_contain_text(QUESTION)
    expect(enter("eve").locator("#chat-list button")).to_have_count(0)


def test_who_is_logged_in_stands_in_the_head_with_a_way_out(enter: Enter) -> None:
    ada = enter("ada")
    expect(ada.locator("#person")).to_contain_text("ada")
    for width in (1440, 390):
        ada.set_viewport_size({"width": width, "height": 800})
        assert ada.evaluate("document.documentElement.scrollWidth") == width
    ada.get_by_role("button", name="Log out").click()
    expect(ada.get_by_role("button", name="Log in")).to_be_visible()
    assert urlsplit(ada.url).path == "/byline/login"
    ada.go_back()
    ada.reload()
    expect(ada.get_by_role("button", name="Log in")).to_be_visible()
