"""Around a question, in real Chromium: narrowing, undoing, judging, and the keyboard alone."""

from __future__ import annotations

import json
import threading
from datetime import date
from pathlib import Path

import pytest
from axe import grave
from exchanges import CHIEF, HITS, PAID, answer_of
from playwright.sync_api import expect
from served import LEADER, QUESTION, Open, Serve, ask, complete, scripted

from eval.from_feedback import write_from_feedback
from page.chat import WAITING
from page.help import SHORTCUTS
from rag.feedback import REASONS, Feedback, read_feedback
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


def test_what_is_typed_is_searched_for_before_it_is_asked(serve: Serve, visit: Open) -> None:
    pipeline = scripted()
    page = visit(serve(pipeline))
    expect(page.locator("#about")).to_contain_text("articles")  # the pipeline is loaded
    box = page.locator("#question textarea")
    box.press_sequentially(QUESTION, delay=20)
    for _ in range(100):
        if QUESTION in pipeline.foreseen:
            break
        page.wait_for_timeout(100)
    assert pipeline.foreseen[-1] == QUESTION
    assert len(pipeline.foreseen) < len(QUESTION)  # not for each letter
    assert not pipeline.asked
    expect(box).to_have_value(QUESTION)
    page.locator("#send").click()
    expect(page.locator("#chat .answer")).to_have_count(1)
    box.press_sequentially("And its chief?", delay=20)  # within a chat it may mean something else
    page.wait_for_timeout(1500)
    assert not any("chief" in typed for typed in pipeline.foreseen)


def test_what_was_understood_can_be_undone(serve: Serve, visit: Open) -> None:
    understood = answer_of(
        *(QUESTION, PAID),
        hits=HITS,
        understood="What did Meta pay for Scale AI?",
        preferred="outlet: Wire",
    )
    pipeline = scripted({QUESTION: [Found(HITS), Done(understood)]})
    page = visit(serve(pipeline))
    ask(page)
    expect(page.locator("#chat .understood")).to_contain_text("What did Meta pay for Scale AI?")
    expect(page.locator("#chat .understood")).to_contain_text("Looked at first: outlet: Wire")
    page.get_by_role("button", name="Read it as I wrote it").click()
    expect(page.locator("#chat .turn")).to_have_count(2)
    expect(page.locator("#chat .chips")).to_have_text("Read as it is written")
    expect(page.locator("#chat .answer")).to_have_count(2)
    assert pipeline.within == [Scope(), Scope(literal=True)]


def test_a_refusal_offers_what_to_ask_and_a_thumb_is_kept(
    serve: Serve, visit: Open, tmp_path: Path
) -> None:
    instead = f"What do the articles say about “{CHIEF.title}”?"
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
    expect(page.locator("#send")).to_be_visible()
    keyboard.press("Alt+c")
    expect(page.locator("#chat-search :is(input, textarea)")).to_be_focused()
    keyboard.press("Shift+Tab")  # what lies over the page goes away with the focus
    expect(page.locator("#conversations")).to_be_visible(visible=width > 1200)
    if width < 1200:
        page.locator("[data-drawer]").press("Enter")
        keyboard.press("Tab")
        expect(page.locator("#chat-search :is(input, textarea)")).to_be_focused()
    keyboard.press("Escape")
    keyboard.press("Alt+n")
    expect(page.locator("#chat .welcome")).to_be_visible()
    page.get_by_role("button", name="Narrow it down").focus()
    keyboard.press("Enter")
    expect(page.locator("#outlets input")).to_be_visible()
    keyboard.press("Tab")
    expect(page.locator("#outlets input")).to_be_focused()
    keyboard.type("Wire")
    keyboard.press("Enter")
    page.wait_for_url("**outlet=Wire*")
    page.get_by_role("textbox", name="From").focus()
    keyboard.type("2025-06-01")
    keyboard.press("Enter")
    page.wait_for_url("**from=2025-06-01*")


def test_the_focus_outlives_that_html_is_made_anew(serve: Serve, visit: Open) -> None:
    write, check = threading.Event(), threading.Event()
    steps = [Found(HITS), Piece("It paid. [2]"), write, Piece(" It leads."), check]
    page = visit(serve(scripted({QUESTION: [*steps, *complete(QUESTION, PAID)[1:]]})))
    marker = page.locator("#chat .cite a")
    ask(page)
    expect(page.locator("#question textarea")).to_be_focused()
    expect(marker).to_be_visible()
    page.keyboard.press("Alt+j")
    expect(marker).to_be_focused()
    write.set()
    expect(page.locator("#chat .draft")).to_contain_text("It leads.")
    expect(marker).to_be_focused()
    check.set()
    expect(page.locator("#chat .judging")).to_be_visible()
    expect(marker).to_be_focused()
    for name in ("Not a good answer", "It is wrong", "A good answer"):
        button = page.get_by_role("button", name=name, exact=True)
        button.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#chat .reason")).to_have_count(0 if name == "A good answer" else 4)
        expect(button).to_be_focused()
    for press, focused in (
        ("#ask-rename", "#chat-title :is(input, textarea)"),
        ("#rename-chat", "#ask-rename"),
        ("#ask-delete", "#delete-chat"),
        ("#keep-chat", "#ask-delete"),
        ("#chat-list button", "#chat-list button"),
    ):
        page.locator(press).press("Enter")
        expect(page.locator(focused)).to_be_focused()


def test_what_comes_is_told_to_who_does_not_see_it(serve: Serve, visit: Open) -> None:
    write = threading.Event()
    page = visit(serve(scripted({QUESTION: [Found(HITS), write, *complete(QUESTION, PAID)]})))
    told = page.locator("[aria-live='polite']#told")
    expect(told).to_have_text("")
    ask(page)
    expect(told).to_have_text("Passages found: 2")
    write.set()
    expect(told).to_have_text("Meta paid $14.3 billion.")


def test_two_ask_at_once_and_each_is_told_their_place(serve: Serve, visit: Open) -> None:
    on = threading.Event()
    script = {
        QUESTION: [Found(HITS), on, *complete(QUESTION, PAID)],
        "Who?": complete("Who?", LEADER),
    }
    url = serve(pipeline := scripted(script))
    one, two = visit(url), visit(url)
    ask(two, "Who?")
    expect(two.locator("#chat .judging")).to_be_visible()  # so it is known how long one takes
    ask(one)
    expect(one.locator("#chat .notice")).to_have_text("Reading 2 passages, about 8 s…")
    ask(two, "Who?")
    expect(two.locator("#chat .notice")).to_have_text(
        WAITING.format(before="1 question", about=", about 8 s")
    )
    on.set()
    expect(one.locator("#chat .answer")).to_have_text("Meta paid $14.3 billion.2")
    expect(two.locator("#now .answer")).to_have_text("Jason Droege leads it.1")
    expect(one.locator("#chat .turn")).to_have_count(1)
    expect(one.locator("#chat-list li")).to_have_text([QUESTION])
    expect(two.locator("#chat-list li")).to_have_text(["Who?"])
    assert [question for question, _ in pipeline.asked] == ["Who?", QUESTION, "Who?"]


def test_every_reason_is_kept_and_makes_a_question(
    serve: Serve, visit: Open, tmp_path: Path
) -> None:
    file, out = tmp_path / "feedback.jsonl", tmp_path / "mine.jsonl"
    asked = [f"What about {number}?" for number in range(len(REASONS))]
    page = visit(serve(scripted({q: complete(q, PAID) for q in asked}), feedback=Feedback(file)))
    for number, (question, words) in enumerate(zip(asked, REASONS.values(), strict=True), start=1):
        ask(page, question)
        expect(page.locator("#chat .judging")).to_have_count(number)
        now = page.locator("#now")
        now.get_by_role("button", name="Not a good answer").click()
        now.get_by_role("button", name=words).click()
        expect(page.locator("#chat .thanks")).to_have_count(number)
    write_from_feedback(file, out)
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [line["question"] for line in lines] == asked
    assert [line["tags"][1] for line in lines] == list(REASONS)
