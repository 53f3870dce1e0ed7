"""Around a question, in real Chromium: narrowing, undoing, judging, and the keyboard alone."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest
from axe import grave
from playwright.sync_api import expect
from served import LEADER, QUESTION, Open, Serve, ask, complete, scripted
from test_page import CHIEF, HITS, PAID, answer_of

from page.help import SHORTCUTS
from rag.feedback import Feedback, read_feedback
from rag.narrow import Scope
from rag.types import Done, Found, Piece, Sentence

pytestmark = pytest.mark.browser

REFUSED = answer_of(QUESTION, Sentence("The articles do not say."), hits=HITS, abstained=True)


def test_a_question_is_narrowed_down_and_the_address_keeps_how(serve: Serve, visit: Open) -> None:
    pipeline = scripted()
    page = visit(f"{serve(pipeline)}#outlet=Wire&from=2025-06-01&to=never&view=chat")
    expect(page.locator("#outlets")).to_contain_text("Wire")
    page.get_by_role("textbox", name="As known on").fill("2025-06-14")
    page.keyboard.press("Enter")
    page.wait_for_url("**as-of=2025-06-14*")
    assert "outlet=Wire&from=2025-06-01" in page.url
    assert "never" not in page.url
    expect(page.locator("#narrow [data-chosen]")).to_have_attribute("data-chosen", "3")
    ask(page)
    chips = page.get_by_role("list", name="Narrowed down to").get_by_role("listitem")
    expect(chips).to_have_text(["Wire", "From 1 June 2025", "As known on 14 June 2025"])
    expect(page.locator("#chat .answer")).to_have_count(1)
    june = date(2025, 6, 1), None, date(2025, 6, 14)
    assert pipeline.within == [Scope(("Wire",), *june)]


def test_what_was_understood_can_be_undone(serve: Serve, visit: Open) -> None:
    understood = answer_of(QUESTION, PAID, hits=HITS, understood="What did Meta pay for Scale AI?")
    pipeline = scripted({QUESTION: [Found(HITS), Done(understood)]})
    page = visit(serve(pipeline))
    ask(page)
    page.get_by_role("button", name="Read it as I wrote it").click()
    expect(page.locator("#chat .turn")).to_have_count(2)
    expect(page.locator("#chat .chips")).to_have_text("Read as it is written")
    expect(page.locator("#chat .answer")).to_have_count(2)
    assert pipeline.within == [Scope(), Scope(literal=True)]


def test_a_refusal_offers_what_to_ask_and_a_thumb_is_kept(
    serve: Serve, visit: Open, tmp_path: Path
) -> None:
    instead = f"What happened: {CHIEF.title}?"
    file = tmp_path / "feedback.jsonl"
    pipeline = scripted(
        {QUESTION: [Found(HITS), Done(REFUSED)], instead: complete(instead, LEADER)}
    )
    page = visit(serve(pipeline, feedback=Feedback(file)))
    ask(page)
    page.get_by_role("button", name="Not a good answer").click()
    page.get_by_role("button", name="It should have answered").click()
    expect(page.locator("#chat .thanks")).to_be_visible()
    [judgement] = read_feedback(file)
    assert (judgement.judged, judgement.question) == ("should-have-answered", QUESTION)
    page.get_by_role("button", name=instead).click()
    expect(page.locator("#chat .judging")).to_have_count(2)
    good = page.get_by_role("button", name="A good answer", exact=True).last
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true")
    good.click()
    expect(good).to_have_attribute("aria-pressed", "false")
    assert read_feedback(file) == [judgement]
    page.reload()
    expect(page.locator("#chat .reason[aria-pressed='true']")).to_have_text(
        "It should have answered"
    )


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_everything_can_be_reached_by_keys(
    serve: Serve, visit: Open, width: int, scheme: str
) -> None:
    on = threading.Event()
    pipeline = scripted(
        {
            QUESTION: complete(QUESTION, PAID, LEADER),
            "Who?": [Found(HITS), Piece("It"), on, *[Piece(" is")] * 20],
        }
    )
    page = visit(serve(pipeline), width, scheme)
    box, keyboard = page.locator("#question textarea"), page.keyboard
    expect(page.locator("#tour")).to_be_visible()
    assert grave(page) == []
    page.get_by_role("button", name="Got it").click()
    expect(page.locator("#tour")).to_be_hidden()
    keyboard.type("/? is typed")
    expect(box).to_have_value("/? is typed")
    box.fill(QUESTION)
    keyboard.press("Enter")
    expect(page.locator("#chat .cite")).to_have_count(2)
    box.blur()
    keyboard.press("?")
    shortcuts = page.get_by_role("dialog", name="Shortcuts")
    expect(shortcuts.locator("dt")).to_have_count(len(SHORTCUTS))
    assert grave(page) == []
    keyboard.press("Escape")
    expect(shortcuts).to_be_hidden()
    keyboard.press("Alt+j")
    expect(page.locator("#chat .cite a").first).to_be_focused()
    keyboard.press("Alt+j")
    keyboard.press("Alt+k")
    keyboard.press("Enter")
    expect(page.locator("#evidence-1-2")).to_be_focused()
    assert grave(page) == []
    keyboard.press("Escape")
    keyboard.press("Alt+e")
    expect(page.locator("#evidence-1-1")).to_be_focused()
    keyboard.press("Escape")
    keyboard.press("/")
    expect(box).to_be_focused()
    keyboard.type("Who?")
    keyboard.press("Enter")
    expect(page.locator("#chat .draft")).to_have_text("It")
    keyboard.press("Escape")
    on.set()
    assert pipeline.closed.wait(15)
    keyboard.press("Alt+c")
    expect(page.locator("#chat-search :is(input, textarea)")).to_be_focused()
    assert grave(page) == []
    keyboard.press("Escape")
    keyboard.press("Alt+n")
    expect(page.locator("#chat .welcome")).to_be_visible()
