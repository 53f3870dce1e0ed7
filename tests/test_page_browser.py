"""The page in real Chromium, with a scripted pipeline that goes on when a test says so."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from axe import grave
from exchanges import CHIEF, HITS, HOSTILE, PAID, answer_of, cite, hit
from fakes import ScriptedPipeline
from playwright.sync_api import Browser, expect
from served import LEADER, QUESTION, Open, Serve, ask, complete, scripted

from corpus.article import Article
from corpus.errors import BylineError
from page.components import BUSY, EMPTY
from page.render import STOPPED
from rag.loading import LOADING
from rag.types import Answer, Claim, Disagreement, Done, Found, Piece, Sentence, Turn

pytestmark = pytest.mark.browser

REFUSAL = Sentence("The articles do not answer this question.")


def test_evidence_stands_before_the_first_word(serve: Serve, visit: Open) -> None:
    write = threading.Event()
    page = visit(serve(scripted({QUESTION: [Found(HITS), write, *complete(QUESTION, PAID)]})))
    ask(page)
    expect(page.locator("#evidence .passage")).to_have_count(2)
    expect(page.locator("#chat .answer")).to_have_count(0)
    write.set()
    expect(page.locator("#chat .answer")).to_contain_text("Meta paid $14.3 billion.")


def test_the_draft_streams_and_the_answer_replaces_it(serve: Serve, visit: Open) -> None:
    more, end = threading.Event(), threading.Event()
    steps = [Found(HITS), Piece("It may"), more, Piece(" have paid. [2]"), end]
    page = visit(serve(scripted({QUESTION: [*steps, *complete(QUESTION, PAID)]})))
    ask(page)
    expect(page.locator("#chat .draft")).to_have_text("It may")
    more.set()
    expect(page.locator("#chat .draft")).to_have_text("It may have paid.2")
    end.set()
    expect(page.locator("#chat .draft")).to_have_count(0)
    expect(page.locator("#chat .answer")).to_have_text("Meta paid $14.3 billion.2")


def test_the_cited_sentence_is_marked(serve: Serve, visit: Open) -> None:
    page = visit(serve(scripted()))
    ask(page)
    expect(page.locator("#evidence mark")).to_have_text("It paid $14.3 billion for 49%.")


def test_an_uncited_passage_is_folded(serve: Serve, visit: Open) -> None:
    page = visit(serve(scripted()))
    ask(page)
    expect(page.locator("#evidence-1-2")).to_be_visible()
    expect(page.locator("#evidence-1-1")).to_be_hidden()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_citation_leads_to_its_passage_and_back(serve: Serve, visit: Open, width: int) -> None:
    page = visit(serve(scripted()), width=width)
    ask(page)
    page.locator("#chat .cite a").click()
    passage = page.locator("#evidence-1-2")
    expect(passage).to_be_in_viewport()
    expect(passage).to_be_focused()
    passage.locator("a.number").click()
    expect(page.locator("#cite-1-2")).to_be_focused()


def test_an_earlier_citation_opens_its_folded_passage(serve: Serve, visit: Open) -> None:
    page = visit(
        serve(scripted({QUESTION: complete(QUESTION, PAID), "Who?": complete("Who?", LEADER)}))
    )
    ask(page)
    expect(page.locator("#chat .answer")).to_have_count(1)
    ask(page, "Who?")
    expect(page.locator("#chat .answer")).to_have_count(2)
    expect(page.locator("#evidence-1-2")).to_be_hidden()
    page.locator("#chat .cite a").first.click()
    expect(page.locator("#evidence-1-2")).to_be_in_viewport()


def test_a_refusal_shows_the_closest_passages(serve: Serve, visit: Open) -> None:
    refused = answer_of(QUESTION, REFUSAL, hits=HITS, abstained=True)
    page = visit(serve(scripted({QUESTION: [Found(HITS), Done(refused)]})))
    ask(page)
    expect(page.locator("#chat .refusal")).to_have_text(REFUSAL.text)
    expect(page.locator("#evidence h2")).to_have_text("Closest passages")
    expect(page.locator("#evidence .passage").first).to_be_visible()


def test_stop_keeps_what_was_written_and_stops_the_model(serve: Serve, visit: Open) -> None:
    on = threading.Event()
    pipeline = scripted({QUESTION: [Found(HITS), Piece("Meta paid"), on, *[Piece(" more")] * 50]})
    page = visit(serve(pipeline))
    ask(page)
    expect(page.locator("#chat .draft")).to_have_text("Meta paid")
    page.locator("#stop").click()
    expect(page.locator("#stop")).to_have_text("Stopping…")
    on.set()
    expect(page.locator("#chat .note")).to_have_text(STOPPED)
    expect(page.locator("#chat .draft")).to_contain_text("Meta paid")
    assert pipeline.closed.wait(15)
    expect(page.locator("#send")).to_be_visible()


def test_leaving_the_page_stops_the_model(serve: Serve, visit: Open) -> None:
    on = threading.Event()
    pipeline = scripted({QUESTION: [Found(HITS), Piece("Meta"), on, *[Piece(" more")] * 3000]})
    page = visit(serve(pipeline))
    ask(page)
    expect(page.locator("#chat .draft")).to_have_text("Meta")
    page.close()
    threading.Timer(1, on.set).start()
    assert pipeline.closed.wait(15)


def test_a_new_chat_ends_the_old_one(serve: Serve, visit: Open) -> None:
    on = threading.Event()
    steps = [Found(HITS), Piece("Meta"), on, *complete(QUESTION, PAID)]
    pipeline = scripted({QUESTION: steps, "Who?": complete("Who?", LEADER)})
    page = visit(serve(pipeline))
    ask(page)
    expect(page.locator("#chat .draft")).to_have_text("Meta")
    page.locator("#new-chat").click()
    expect(page.locator("#chat .welcome")).to_be_visible()
    on.set()
    ask(page, "Who?")
    expect(page.locator("#chat .answer")).to_have_text("Jason Droege leads it.1")
    expect(page.locator("#chat .turn")).to_have_count(1)
    assert pipeline.asked[-1] == ("Who?", ())


def test_a_second_question_brings_the_history(serve: Serve, visit: Open) -> None:
    pipeline = scripted({QUESTION: complete(QUESTION, PAID), "Who?": complete("Who?", LEADER)})
    page = visit(serve(pipeline))
    ask(page)
    expect(page.locator("#chat .answer")).to_have_count(1)
    ask(page, "Who?")
    expect(page.locator("#chat .answer")).to_have_count(2)
    assert pipeline.asked[1] == ("Who?", (Turn(QUESTION, "Meta paid $14.3 billion."),))


def test_an_error_is_shown_and_keeps_the_question(serve: Serve, visit: Open) -> None:
    gone = "The index is gone: run `byline index build` to make it again."
    page = visit(serve(scripted({QUESTION: [BylineError(gone)]})))
    ask(page)
    expect(page.locator("#chat .error")).to_have_text(gone)
    expect(page.locator("#question textarea")).to_have_value(QUESTION)
    expect(page.locator("#send")).to_be_visible()


def test_an_empty_question_is_said_and_nothing_happens(serve: Serve, visit: Open) -> None:
    pipeline = scripted()
    page = visit(serve(pipeline))
    ask(page, "  ")
    expect(page.locator("#status")).to_have_text(EMPTY)
    expect(page.locator("#chat .turn")).to_have_count(0)
    assert pipeline.asked == []


def test_enter_sends_and_shift_enter_breaks_the_line(serve: Serve, visit: Open) -> None:
    question = "Meta?\nWhat did it pay?"
    pipeline = scripted({question: complete(question, PAID)})
    page = visit(serve(pipeline))
    box = page.locator("#question textarea")
    box.press_sequentially("Meta?")
    box.press("Shift+Enter")
    box.press_sequentially("What did it pay?")
    expect(box).to_have_value(question)
    box.press("Enter")
    expect(page.locator("#chat .answer")).to_have_count(1)
    assert pipeline.asked == [(question, ())]


def test_a_question_typed_while_answering_is_kept(serve: Serve, visit: Open) -> None:
    on = threading.Event()
    pipeline = scripted({QUESTION: [Found(HITS), on, *complete(QUESTION, PAID)]})
    page = visit(serve(pipeline))
    ask(page)
    expect(page.locator("#evidence .passage")).to_have_count(2)
    page.locator("#question textarea").fill("Who?")
    page.locator("#question textarea").press("Enter")
    expect(page.locator("#status")).to_have_text(BUSY)
    on.set()
    expect(page.locator("#chat .answer")).to_have_count(1)
    expect(page.locator("#question textarea")).to_have_value("Who?")


def test_an_example_asks_its_question(serve: Serve, visit: Open) -> None:
    page = visit(serve(scripted()))
    page.locator("#examples").get_by_role("button", name=QUESTION).click()
    expect(page.locator("#chat .asked")).to_have_text(QUESTION)
    expect(page.locator("#examples")).to_be_hidden()


@pytest.mark.parametrize(
    ("usual", "left"),
    [(None, ""), (600.0, ", about 10 min left"), (0.1, ", longer than last time")],
)
def test_loading_is_said_with_the_time_left_and_a_question_waits_for_it(
    serve: Serve, visit: Open, usual: float | None, left: str
) -> None:
    loaded, pipeline = threading.Event(), scripted()

    def load() -> ScriptedPipeline:
        assert loaded.wait(60)
        return pipeline

    page = visit(serve(pipeline, load, usual_load=usual), ready=False)
    told = re.compile(rf"^\s*{LOADING} [1-9]\d* s{left}\s*$")  # a second later than at first
    expect(page.locator("#status")).to_have_text(told)
    expect(page.locator("#status [role=status]")).to_have_count(0)  # not read aloud each time
    ask(page)
    expect(page.locator("#chat .notice")).to_have_text(told)
    loaded.set()
    expect(page.locator("#chat .answer")).to_have_count(1)
    expect(page.locator("#about")).to_contain_text("scripted-1b")


def test_a_failed_load_is_said(serve: Serve, visit: Open) -> None:
    def load() -> ScriptedPipeline:
        raise BylineError("The weights are missing: run `byline fetch`.")

    page = visit(serve(scripted(), load), ready=False)
    expect(page.locator("#status")).to_have_text("The weights are missing: run `byline fetch`.")


def test_hostile_text_stays_text(serve: Serve, visit: Open) -> None:
    word, turned = "x" * 10_000, "\u202egnol\u202c"
    evil = Article(HOSTILE, HOSTILE, f"{HOSTILE} {word} {turned}", "javascript:alert(1)", HOSTILE)
    claims = (Claim(HOSTILE, cite(1, evil, HOSTILE)),)
    said = answer_of(
        HOSTILE,
        Sentence(HOSTILE, (cite(1, evil, HOSTILE),), "supported", 1.0),
        hits=(hit(evil),),
        disagreements=(Disagreement(HOSTILE, claims),),
    )
    on = threading.Event()
    page = visit(serve(scripted({HOSTILE: [Found(said.hits), Piece(HOSTILE), on, Done(said)]})))
    page.locator("#examples button").nth(1).click()
    expect(page.locator("#chat .draft")).to_contain_text("<img src=x onerror=")
    on.set()
    expect(page.locator("#chat .asked")).to_have_text(HOSTILE)
    expect(page.locator("#chat .sentence")).to_have_text(HOSTILE)
    expect(page.locator("#evidence mark")).to_have_text(HOSTILE)
    expect(page.locator("#evidence h3")).to_have_text(HOSTILE)
    expect(page.locator("#chat-list li")).to_contain_text("<img src=x onerror=")
    page.locator("#chat .cite a").first.hover()
    expect(page.locator("#card .quote")).to_have_text(HOSTILE)
    page.locator("#evidence .read").click()
    expect(page.locator("#evidence-reading mark")).to_have_text(HOSTILE)
    expect(page.locator("#evidence-reading .body")).to_contain_text(word)
    expect(page.locator("#page :is(img, script, strong, em)")).to_have_count(0)
    expect(page.locator("#page a[href*='javascript']")).to_have_count(0)
    assert page.title() == "Byline"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_disagreement_stands_under_its_answer(serve: Serve, visit: Open) -> None:
    pipeline = scripted({QUESTION: [Found(HITS), Done(differing())]})
    page = visit(serve(pipeline))
    ask(page)
    card = page.get_by_role("complementary", name="Sources are not equally exact")
    expect(card.locator("li")).to_have_count(2)
    expect(card.locator("li").first).to_contain_text("49%")
    expect(card.locator("li").first).to_contain_text("The Ledger · 13 June 2025")
    expect(card.locator("li").last).to_contain_text("withdrawn by the outlet")
    card.locator("li").last.locator("a").click()
    expect(page.locator("#evidence-1-1")).to_be_in_viewport()


def differing() -> Answer:
    claims = (
        Claim("49%", PAID.citations[0]),
        Claim("not revealed", cite(1, CHIEF, CHIEF.body), "withdrawn by the outlet"),
    )
    disagreement = Disagreement("the stake", claims, "compatible")
    return answer_of(
        *(QUESTION, PAID, LEADER),
        hits=HITS,
        disagreements=(disagreement,),
        understood="What did Meta pay for its stake in Scale AI?",
        note="The newest article that this rests on is from 13 June 2025.",
    )


def test_a_question_of_100_000_characters_comes_back_whole(serve: Serve, visit: Open) -> None:
    question = "long " * 19_999 + "again"
    page = visit(serve(scripted({question: [BylineError("The question is too long.")]})))
    ask(page, question)
    expect(page.locator("#chat .error")).to_have_text("The question is too long.")
    expect(page.locator("#question textarea")).to_have_value(question)
    expect(page.locator("#chat .error")).to_be_in_viewport()


def test_every_control_has_a_name(serve: Serve, visit: Open) -> None:
    page = visit(serve(scripted()))
    expect(page.get_by_role("textbox", name="Question")).to_be_visible()
    ask(page)
    expect(page.get_by_role("link", name="Passage 2: The Ledger, 13 June 2025")).to_be_visible()
    for name in ("Send", "New chat"):
        expect(page.get_by_role("button", name=name)).to_be_visible()


def test_axe_sees_what_is_wrong(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<html lang='en'><title>A page</title><main><img src='data:,'></main></html>")
    assert [one.split(":")[0] for one in grave(page)] == ["image-alt"]
    page.close()


def test_a_picture_of_an_answer_is_taken(serve: Serve, tmp_path: Path) -> None:
    url, picture = serve(scripted()), tmp_path / "page.png"
    tool = Path(__file__).parent.parent / "tools" / "screenshot.py"
    subprocess.run([sys.executable, tool, url, QUESTION, picture], check=True, timeout=120)
    assert picture.read_bytes()[16:24] == (1280).to_bytes(4, "big") + (800).to_bytes(4, "big")
