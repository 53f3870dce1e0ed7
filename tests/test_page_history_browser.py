"""Conversations in real Chromium: kept, found, renamed, shared, taken away and deleted."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from exchanges import ARTICLE, HITS, PAID
from fakes import HashingEmbedder
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from served import LEADER, QUESTION, Open, Serve, ask, complete, scripted, serving

from index.build import build
from page.components import AGAIN
from page.conversations import Conversations, Entry
from page.history_view import GONE, SHARED
from rag.database.connect import Database
from rag.narrow import Scope
from rag.types import Found, Turn

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parent.parent
SCRIPT = {QUESTION: complete(QUESTION, PAID), "Who?": complete("Who?", LEADER)}


def settled(page: Page, answers: int) -> None:
    """Wait until an answer is kept: the address names its chat then."""
    expect(page.locator("#chat .answer")).to_have_count(answers)
    page.wait_for_url("**/*chat=*")
    expect(page.locator("#send")).to_be_visible()


def test_a_chat_is_kept_found_renamed_and_deleted(
    serve: Serve, visit: Open, tmp_path: Path
) -> None:
    with closing(Conversations(Database(tmp_path / "chats.sqlite"))) as kept:
        page = visit(serve(scripted(SCRIPT), conversations=kept))
        chats, current = page.locator("#chat-list li"), page.locator("#chat-list [aria-current]")
        ask(page)
        settled(page, 1)
        page.reload()
        expect(page.locator("#chat .answer")).to_have_text("Meta paid $14.3 billion.2")
        expect(page.locator("#evidence mark")).to_have_text("It paid $14.3 billion for 49%.")
        ask(page, "Who?")
        expect(page.locator("#chat .answer")).to_have_count(2)
        expect(current).to_have_text(QUESTION)
        page.locator("#new-chat").click()
        expect(page.locator("#chat .welcome")).to_be_visible()
        ask(page, "Who?")
        expect(chats).to_have_count(2)
        page.locator("#chat-search :is(input, textarea)").fill("billion")
        expect(chats).to_have_text([QUESTION])
        chats.get_by_role("button").click()
        expect(page.locator("#chat .answer")).to_have_count(2)
        page.locator("#ask-rename").click()
        page.locator("#chat-title :is(input, textarea)").fill("The <b>price")
        page.locator("#rename-chat").click()
        expect(current).to_have_text("The <b>price")
        page.locator("#ask-delete").click()
        page.locator("#delete-chat").click()
        expect(page.locator("#chat .welcome")).to_be_visible()
        page.locator("#chat-search :is(input, textarea)").fill("")
        expect(chats).to_have_text(["Who?"])


def test_a_link_shows_a_chat_to_be_read_until_it_is_taken_back(serve: Serve, visit: Open) -> None:
    page = visit(serve(scripted(SCRIPT)))
    ask(page)
    settled(page, 1)
    page.locator("#share-chat").click()
    link = page.locator("#share-link :is(input, textarea)")
    expect(link).to_have_value(re.compile("#share="))
    other = visit(link.input_value())
    expect(other.locator("#chat .answer")).to_have_text("Meta paid $14.3 billion.2")
    expect(other.locator("#evidence mark")).to_have_text("It paid $14.3 billion for 49%.")
    expect(other.locator("#chat-note")).to_have_text(SHARED)
    expect(other.locator("#question")).to_be_hidden()
    expect(other.locator("#chat-list li")).to_have_count(0)
    other.locator("#new-chat").click()
    ask(other, "Who?")
    settled(other, 1)  # a chat of the reader's own
    other.goto(link.input_value())
    expect(other.locator("#chat-note")).to_have_text(SHARED)
    page.locator("#unshare-chat").click()
    expect(page.locator("#chats-note")).to_contain_text("does not work any more")
    other.reload()
    expect(other.locator("#chat-note")).to_have_text(GONE)
    other.locator("#new-chat").click()
    expect(other.locator("#question")).to_be_visible()


@contextmanager
def alone(port: int, folder: Path, *hold: str) -> Iterator[None]:
    """The page in a process that is killed at the end, as a machine does that loses its power."""
    places = [str(port), str(folder / "built"), str(folder / "chats.sqlite"), *hold]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(ROOT / "tests" / "served_alone.py"), *places]
    with subprocess.Popen(command, env=environment) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/")
            yield
        finally:
            process.kill()


def wait_for(url: str) -> None:
    """Until a server answers there."""
    end = time.monotonic() + 240
    while time.monotonic() < end:
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"Nothing is served on {url}.")


def test_a_page_survives_that_the_server_is_killed_and_started_again(
    visit: Open, tmp_path: Path
) -> None:
    """Nobody touches the page: it finds its way back to its chat, what it was narrowed down to and
    the question that was not answered yet, and goes on."""
    build([ARTICLE], HashingEmbedder(), tmp_path / "built")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    box = "#question textarea"
    with alone(port, tmp_path, "hold"):
        page = visit(f"http://127.0.0.1:{port}/#outlet=Wire")
        ask(page)
        settled(page, 1)
        place = page.url
        ask(page, "Who?")
        expect(page.locator("#evidence .passage")).to_have_count(2)
    with alone(port, tmp_path):
        expect(page.locator(box)).to_have_value("Who?", timeout=240_000)
        expect(page.locator("#chat .answer")).to_have_text("Meta paid $14.3 billion.2")
        expect(page.locator("#evidence mark")).to_have_text("It paid $14.3 billion for 49%.")
        expect(page.locator("#outlets")).to_contain_text("Wire")
        assert parse_qs(urlsplit(page.url).fragment) == parse_qs(urlsplit(place).fragment)
        page.locator(box).press("Enter")
        settled(page, 2)
        expect(page.locator("#now .asked")).to_have_text("Who?")
        expect(page.locator("#chat-list li")).to_have_text([QUESTION])


class Slow(Conversations):
    """Lists no chat before a test lets it: the page is still being entered until then."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def entries(self, owner: str, words: str = "") -> list[Entry]:
        assert self.go_on.wait(20)
        return super().entries(owner, words)


def test_a_question_asked_before_the_page_is_entered_is_answered_and_kept(
    serve: Serve, visit: Open
) -> None:
    pipeline = scripted(SCRIPT)
    with closing(Slow()) as kept:
        page = visit(f"{serve(pipeline, conversations=kept)}#outlet=Wire", ready=False)
        ask(page)
        expect(page.locator("#chat .asked")).to_have_text(QUESTION)
        kept.go_on.set()
        settled(page, 1)
        assert pipeline.within == [Scope(("Wire",))]
        page.reload()
        expect(page.locator("#chat .answer")).to_have_text("Meta paid $14.3 billion.2")
        ask(page, "Who?")
        settled(page, 2)


def test_a_page_left_open_goes_on_with_a_server_that_was_started_again(
    visit: Open, tmp_path: Path
) -> None:
    file, pipeline = tmp_path / "chats.sqlite", scripted(SCRIPT)
    with closing(Conversations(Database(file))) as kept, serving([]) as serve:
        page = visit(url := serve(pipeline, conversations=kept))
        ask(page)
        settled(page, 1)
    with closing(Conversations(Database(file))) as kept, serving([]) as serve:
        serve(pipeline, conversations=kept, port=int(url[:-1].split(":")[-1]))
        page.locator("#evidence .read").first.click()
        expect(page.locator("#evidence-reading")).to_have_text(AGAIN)
        page.get_by_role("button", name="A good answer", exact=True).click()
        expect(page.locator("#status")).to_have_text(AGAIN)
        ask(page, "Who?")
        settled(page, 2)
        page.reload()
        expect(page.locator("#chat .answer")).to_have_count(2)
    assert pipeline.asked[1] == ("Who?", (Turn(QUESTION, "Meta paid $14.3 billion."),))


def test_what_was_not_answered_yet_comes_back_with_the_page(serve: Serve, visit: Open) -> None:
    on = threading.Event()
    page = visit(serve(scripted({QUESTION: [Found(HITS), on, *SCRIPT[QUESTION]]})))
    ask(page)
    expect(page.locator("#evidence .passage")).to_have_count(2)
    page.reload()
    expect(page.locator("#question textarea")).to_have_value(QUESTION)
    on.set()
    page.locator("#question textarea").fill("Typed")
    page.reload()
    expect(page.locator("#question textarea")).to_have_value("Typed")


def test_a_chat_is_taken_away_as_a_file(serve: Serve, visit: Open, tmp_path: Path) -> None:
    page = visit(serve(scripted(SCRIPT)))
    ask(page)
    settled(page, 1)
    for button, name, words in (
        ("#export-markdown", "chat.md", "Meta paid \\$14.3 billion.[^1]"),
        ("#export-json", "chat.json", '"answer": "Meta paid $14.3 billion. [2]"'),
    ):
        with page.expect_download() as download:
            page.locator(button).click()
        assert download.value.suggested_filename == name
        assert words in Path(download.value.path()).read_text(encoding="utf-8")
    page.emulate_media(media="print")
    expect(page.locator("#evidence mark")).to_be_visible()
    expect(page.locator("#composer")).to_be_hidden()
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("#chat .answer")).to_have_css("color", "rgb(29, 27, 24)")
    page.pdf(path=tmp_path / "chat.pdf", format="A4")
    sheet = " ".join(one.extract_text() for one in PdfReader(tmp_path / "chat.pdf").pages)
    for words in (
        QUESTION,
        "Meta paid $14.3 billion.",
        "It paid $14.3 billion for 49%.",
        ARTICLE.title,
    ):
        assert words in " ".join(sheet.split())
    for words in ("New chat", "Send", "Narrow it down", "Rename", "Read it in the article"):
        assert words not in sheet
