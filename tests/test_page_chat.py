"""An exchange in the chat: from events to escaped HTML, without a browser."""

from __future__ import annotations

from dataclasses import replace

import pytest
from exchanges import CHIEF, HITS, HOSTILE, PAID, asked, cite, done

from page.evidence import render_evidence
from page.offers import question_on
from page.render import render_exchange
from rag.types import Checked, Claim, Difference, Disagreement, Found, Piece, Sentence


def test_a_question_is_escaped() -> None:
    assert "<img" not in render_exchange(asked(HOSTILE))
    assert "&lt;img src=x onerror=" in render_exchange(asked(HOSTILE))


def test_a_draft_is_escaped_and_its_markers_link_to_their_passages() -> None:
    exchange = asked()
    exchange.take(Found(HITS))
    exchange.take(Piece("<b>So</b> it paid. [2]"))
    html = render_exchange(exchange)
    assert "&lt;b&gt;So&lt;/b&gt;" in html
    assert "href='#evidence-1-2'" in html


def test_a_marker_without_a_passage_stays_text() -> None:
    exchange = asked()
    exchange.take(Found(HITS))
    exchange.take(Piece("It paid. [3] [0]"))
    html = render_exchange(exchange)
    assert "[3] [0]" in html
    assert "<sup" not in html


def test_an_answer_replaces_the_draft() -> None:
    exchange = asked()
    exchange.take(Piece("It may have paid more."))
    html = render_exchange(done(exchange, PAID))
    assert "may have paid" not in html
    assert "Meta paid $14.3 billion." in html


def test_an_answer_is_escaped() -> None:
    html = render_exchange(done(asked(), Sentence(HOSTILE)))
    assert "<img" not in html
    assert "<script" not in html


def test_a_verdict_is_said_in_words() -> None:
    html = render_exchange(done(asked(), PAID))
    assert "aria-label='The cited passages say only a part of this (50% of it)'" in html


def test_a_verdict_says_why() -> None:
    why = replace(PAID, why="no passage says <now>")
    html = render_exchange(done(asked(), why))
    assert "a part of this (50% of it): no passage says &lt;now&gt;'" in html


def test_sentences_take_their_verdicts_one_by_one() -> None:
    exchange = asked()
    for event in (Found(HITS), Piece("Meta paid. [2] It <b> owns all. [1]"), Checked(0, PAID)):
        exchange.take(event)
    html = render_exchange(exchange)
    assert html.index("class='verdict partly'") < html.index("It &lt;b&gt; owns all.")
    exchange.take(Checked(1, None))
    assert "class='dropped'" in render_exchange(exchange)


def test_what_is_told_of_an_answer_stands_below_it_so_that_it_does_not_move() -> None:
    html = render_exchange(done(asked(), PAID, understood="What did Meta pay?", note="Old."))
    assert html.index("class='answer'") < html.index("Understood as") < html.index("Old.")


def test_a_sentence_that_was_not_checked_has_no_mark() -> None:
    assert "verdict" not in render_exchange(done(asked(), Sentence("It paid.", PAID.citations)))


def test_the_marks_of_an_answer_are_explained_below_it() -> None:
    html = render_exchange(done(asked(), PAID))
    assert html.count("class='key'") == 1
    assert "</i>Partly supported</span>" in html


def test_a_passage_cited_twice_by_a_sentence_has_one_number() -> None:
    twice = Sentence("It paid.", (PAID.citations[0], PAID.citations[0]))
    assert render_exchange(done(asked(), twice)).count("<sup") == 1


def test_a_refusal_shows_the_closest_passages() -> None:
    exchange = done(asked(), Sentence("The articles do not say."), abstained=True)
    assert "Closest passages" in render_evidence(exchange)
    assert "<details" not in render_evidence(exchange)
    assert "class='answer refusal'" in render_exchange(exchange)


def test_a_disagreement_shows_each_value_with_its_source() -> None:
    claims = (Claim("49%", PAID.citations[0]), Claim("<i>", cite(1, CHIEF, "Jason Droege")))
    html = render_exchange(done(asked(), PAID, disagreements=(Disagreement("the stake", claims),)))
    assert "Sources disagree: <bdi>the stake</bdi>" in html
    assert "<b>49%</b>" in html
    assert "<b>&lt;i&gt;</b>" in html
    assert "<q dir='auto'>Jason Droege</q>" in html


@pytest.mark.parametrize(
    ("kind", "heading"),
    [
        ("compatible", "Sources are not equally exact"),
        ("corrected", "A source was corrected"),
        ("changed", "It changed"),
    ],
)
def test_a_disagreement_says_how_far_sources_are_apart(kind: Difference, heading: str) -> None:
    claims = (Claim("49%", PAID.citations[0]), Claim("47%", cite(1, CHIEF, "Jason Droege")))
    disagreement = Disagreement("the stake", claims, kind)
    html = render_exchange(done(asked(), PAID, disagreements=(disagreement,)))
    assert f"<aside class='disagreement {kind}' aria-label='{heading}'>" in html
    assert f"<h3>{heading}: <bdi>the stake</bdi></h3>" in html


def test_a_value_that_no_longer_stands_says_why() -> None:
    claims = (Claim("47%", PAID.citations[0], "corrected <b> by the outlet"),)
    html = render_exchange(done(asked(), PAID, disagreements=(Disagreement("it", claims),)))
    assert "<em class='outdated'>corrected &lt;b&gt; by the outlet</em>" in html


def test_what_goes_on_after_checking_is_said_while_the_draft_stands() -> None:
    exchange = asked()
    for event in (Found(HITS), Piece("It paid."), Checked(0, PAID)):
        exchange.take(event)
    html = render_exchange(exchange)
    assert "class='answer draft'" in html
    assert "1 sentence checked; looking at what other articles say…" in html


def test_a_note_stands_under_the_answer() -> None:
    html = render_exchange(done(asked(), PAID, note="The newest <b> is from 12 June 2025."))
    assert html.index("Meta paid") < html.index("The newest &lt;b&gt; is from 12 June 2025.")
    assert "class='note'" not in render_exchange(done(asked(), PAID))


@pytest.mark.parametrize(
    ("title", "question"),
    [
        (
            "Meta takes\n 49% of Scale AI.",
            "What do the articles say about “Meta takes 49% of Scale AI”?",
        ),
        ("Who leads Scale AI?", "Who leads Scale AI?"),
    ],
)
def test_a_question_is_made_of_a_title(title: str, question: str) -> None:
    assert question_on(title) == question
