"""Citations and evidence in real Chromium: cards, ways to passage and article, and the sheet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import deal
import pytest
from exchanges import ARTICLE, HITS, PAID, answer_of
from fakes import ScriptedGenerator
from playwright.sync_api import expect
from served import LEADER, QUESTION, Open, Serve, ask, complete, scripted

from rag.narrow import Narrowing
from rag.pipeline import Pipeline
from rag.types import Checked, Done, Found, Message, Piece

pytestmark = pytest.mark.browser


def test_a_marker_has_a_card_with_its_source_and_its_very_sentence(
    serve: Serve, visit: Open
) -> None:
    page = visit(serve(scripted()))
    ask(page)
    card, marker = page.locator("#card"), page.locator("#chat .cite a")
    marker.hover()
    for words in ("The Ledger · 13 June 2025", ARTICLE.title, "It paid $14.3 billion for 49%."):
        expect(card).to_contain_text(words)
    expect(card).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    marker.focus()
    expect(card).to_be_visible()
    page.keyboard.press("Tab")  # from the number to the verdict of the sentence
    expect(card).to_have_text("The cited passages say only a part of this (50% of it)")


def test_one_click_opens_the_passage_and_another_the_article(serve: Serve, visit: Open) -> None:
    page = visit(serve(scripted()))
    ask(page)
    marker, reading = page.locator("#chat .cite a"), page.locator("#evidence-reading")
    marker.click()
    expect(page.locator("#evidence-1-2")).to_be_focused()
    expect(reading.locator(".reading")).to_have_count(0)
    marker.click()
    expect(reading.locator("mark")).to_have_text("It paid $14.3 billion for 49%.")
    expect(reading.locator(".body")).to_have_text(ARTICLE.body)
    expect(reading.locator("mark")).to_be_in_viewport()
    expect(page.locator("#evidence-reading-title")).to_be_focused()
    expect(reading.locator("h2 a")).to_have_attribute(
        "href",
        "https://news.example/stake?a=1&b=2#:~:text=It%20paid%20%2414.3%20billion%20for%2049%25.",
    )
    reading.get_by_role("button", name="Back to the passages").click()
    expect(page.locator("#evidence-1-2")).to_be_focused()


def test_selected_words_light_up_what_supports_them(serve: Serve, visit: Open) -> None:
    page = visit(serve(scripted({QUESTION: complete(QUESTION, PAID, LEADER)})))
    ask(page)
    lit = page.locator("#evidence [data-backs]")
    page.locator("#chat .sentence").nth(1).dblclick()
    expect(lit).to_have_attribute("id", "evidence-1-1")
    page.locator("#chat .asked").click()
    expect(lit).to_have_count(0)


def test_on_a_phone_the_evidence_slides_up_and_away(
    serve: Serve, visit: Open, tmp_path: Path
) -> None:
    write = threading.Event()
    page = visit(serve(scripted({QUESTION: [Found(HITS), write, *complete(QUESTION, PAID)]})), 390)
    sheet = page.locator("#evidence")
    expect(sheet).to_be_hidden()
    ask(page)
    tab = page.get_by_role("button", name="Passages found: 2")
    tab.click()
    expect(page.locator("#evidence-1-1")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(tab).to_be_focused()
    write.set()
    page.locator("#chat .cite a").click()
    expect(page.locator("#evidence-1-2 mark")).to_be_in_viewport()
    page.get_by_role("button", name="Close the evidence").click()
    expect(sheet).to_be_hidden()


WATCH = """() => {
  window.seen = new Set();
  window.shifts = [];
  const look = () => {
    for (const name of ["asked", "answer"]) {
      const one = document.querySelector(`#now .${name}`);
      if (one) window.seen.add(`${name} ${Math.round(one.getBoundingClientRect().top)}`);
    }
    requestAnimationFrame(look);
  };
  look();
  const chat = document.getElementById("chat");
  new PerformanceObserver((list) => {
    for (const { sources, value } of list.getEntries())
      if (sources.some(({ node }) => node && chat.contains(node))) window.shifts.push(value);
  }).observe({ type: "layout-shift" });
}"""
TEXTS = """() => {
  window.texts = new Set();
  const chat = document.getElementById("chat");
  new MutationObserver(() => window.texts.add(chat.querySelector(".answer")?.textContent ?? ""))
    .observe(chat, { childList: true, subtree: true, characterData: true });
}"""


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_moves_while_an_answer_is_written_and_checked(
    serve: Serve, visit: Open, width: int
) -> None:
    gates = [threading.Event() for _ in range(4)]
    steps = [
        *(Found(HITS), gates[0], Piece("Meta paid $14.3 billion. [2] It may"), gates[1]),
        *(Piece(" own all."), Checked(0, PAID), gates[2]),
        *(Checked(1, None), gates[3]),
        Done(answer_of(QUESTION, PAID, hits=HITS, understood="What did Meta Platforms pay?")),
    ]
    before = {f"And {n}?": complete(f"And {n}?", PAID, LEADER) for n in range(3)}
    page = visit(serve(scripted({QUESTION: steps, **before})), width)
    for number, question in enumerate(before, start=1):
        ask(page, question)
        expect(page.locator("#chat .judging")).to_have_count(number)
    ask(page)
    now = page.locator("#now")
    expect(now.locator(".notice")).to_contain_text("Reading 2 passages")
    page.wait_for_timeout(200)  # until the question has been brought to the top
    page.evaluate(WATCH)
    gates[0].set()
    expect(now.locator(".answer")).to_contain_text("It may")
    gates[1].set()
    expect(now.locator("button.verdict")).to_have_count(1)  # the second has none yet
    gates[2].set()
    expect(now.locator(".dropped")).to_have_text("It may own all.")
    gates[3].set()
    expect(now.locator(".understood")).to_be_visible()
    seen = sorted(place.split()[0] for place in page.evaluate("[...window.seen]"))
    assert seen == ["answer", "asked"]  # each at one place only, from its first frame to the last
    assert sum(page.evaluate("window.shifts")) < 0.1  # what Web Vitals call good


class Paced(ScriptedGenerator):
    """Takes its time over each piece, so that each is shown."""

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        for piece in super().generate(messages):
            time.sleep(0.1)
            yield piece


def test_no_marker_is_seen_before_it_is_whole(
    serve: Serve, visit: Open, make: Callable[..., Pipeline]
) -> None:
    said = "Meta |bought |a stake |of 49% |in Scale AI |[|1|, |2|]."
    page = visit(serve(Narrowing(make(Paced(*said.split("|"))))), ready=False)
    expect(page.locator("#about")).to_contain_text("4 articles")
    page.evaluate(TEXTS)
    ask(page, deal.QUESTION)
    expect(page.locator("#chat .judging")).to_be_visible()
    expect(page.locator("#chat .cite a").first).to_be_visible()
    texts = page.evaluate("[...window.texts]")
    assert len(texts) > 5  # it streamed
    assert not [text for text in texts if "[" in text or "]" in text]
