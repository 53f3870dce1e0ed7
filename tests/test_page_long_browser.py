"""A chat of two hundred turns in real Chromium: it opens, goes on, and takes what is typed."""

from __future__ import annotations

from contextlib import closing
from statistics import median

import psutil
import pytest
from exchanges import LONG_ANSWER
from playwright.sync_api import Browser, Page, expect
from served import Open, Serve, ask, scripted

from page.chat import Exchange
from page.conversations import Conversations
from page.kept import to_json

pytestmark = pytest.mark.browser

TURNS = 200
WORDS = "What is typed is seen"
LISTEN = """() => {
  window.latencies = [];
  document.querySelector("#question textarea").addEventListener("keydown", (event) =>
    requestAnimationFrame(() => setTimeout(() =>
      window.latencies.push(performance.now() - event.timeStamp))));
}"""


class Held(Conversations):
    """Gives away the owner of what is kept."""

    owner = ""

    def keep(self, owner: str, *rest: object) -> str:
        self.owner = owner
        return super().keep(owner, *rest)  # type: ignore[arg-type]


def typed(page: Page) -> float:
    """The median of the milliseconds from a key to the frame that shows it."""
    page.evaluate(LISTEN)
    page.locator("#question textarea").press_sequentially(WORDS, delay=40)
    expect(page.locator("#question textarea")).to_have_value(WORDS)
    page.wait_for_function(f"window.latencies.length >= {len(WORDS)}")
    page.locator("#question textarea").fill("")
    return median(page.evaluate("window.latencies"))


def weight(browser: Browser) -> float:
    """The megabytes of the heaviest tab that its process has for itself: all that closing it would
    give back, not the script's heap alone."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    tabs = [psutil.Process(int(one["id"])) for one in processes if one["type"] == "renderer"]
    return max(tab.memory_full_info().uss for tab in tabs) / 1e6


def test_two_hundred_turns_stay_light(serve: Serve, visit: Open, browser: Browser) -> None:
    with closing(Held()) as kept:
        page = visit(serve(scripted(), conversations=kept))
        ask(page)
        page.wait_for_url("**chat=*")
        of_one = typed(page)
        id_ = page.url.split("chat=")[1]
        for number in range(2, TURNS + 1):
            turn = to_json(Exchange(number, f"Question {number}?", answer=LONG_ANSWER))
            kept.keep(kept.owner, id_, number, "", "", turn)
        page.reload()
        expect(page.locator("#chat .turn")).to_have_count(TURNS)
        ask(page)
        expect(page.locator("#chat .judging")).to_have_count(TURNS + 1)
        of_many = typed(page)
        held = weight(browser)
        print(f"a key: {of_one:.0f} ms with 1 turn, {of_many:.0f} with {TURNS}; {held:.0f} MB")
        assert of_many < max(100, 4 * of_one)  # a busy machine is slow with one turn, too
        assert held < 300
