"""The passages of an answer, and an article beside it: escaped HTML, without a browser."""

from __future__ import annotations

from dataclasses import replace

import pytest
from exchanges import ARTICLE, CHIEF, HOSTILE, PAID, asked, cite, done, hit

from corpus.article import Article
from page.evidence import CHANGED, render_article, render_earlier, render_evidence
from page.render import address_of_quote
from rag.types import Claim, Disagreement, Found, Sentence


def test_an_article_is_read_with_its_cited_sentence_marked() -> None:
    now = replace(ARTICLE, body=f"Updated. {ARTICLE.body}")
    html = render_article(done(asked(), PAID), 2, now)
    assert "Updated. Meta bought a stake. <mark>It paid $14.3 billion for 49%.</mark>" in html
    assert CHANGED not in html


@pytest.mark.parametrize("held", [None, replace(ARTICLE, body="Withdrawn.")])
def test_an_article_that_has_gone_or_changed_is_read_as_it_was_kept(held: Article | None) -> None:
    html = render_article(done(asked(), PAID), 2, held)
    assert CHANGED in html
    assert "<mark>It paid $14.3 billion for 49%.</mark>" in html


def test_the_cited_sentence_is_marked_in_its_passage() -> None:
    html = render_evidence(done(asked(), PAID))
    assert "Meta bought a stake. <mark>It paid $14.3 billion for 49%.</mark> Scale AI keeps" in html


def test_overlapping_quotes_are_marked_once() -> None:
    more = Sentence("All.", (cite(2, ARTICLE, "$14.3 billion for 49%. Scale AI"),))
    html = render_evidence(done(asked(), PAID, more))
    assert "<mark>It paid $14.3 billion for 49%.</mark><mark> Scale AI</mark> keeps" in html


def test_cited_passages_stand_first_and_the_others_are_folded() -> None:
    html = render_evidence(done(asked(), PAID))
    folded = html.index("<details class='uncited'>")
    assert html.index("id='evidence-1-2'") < folded < html.index("id='evidence-1-1'")


def test_a_passage_names_outlet_and_day_and_links_to_its_article() -> None:
    html = render_evidence(done(asked(), PAID))
    assert "<bdi>The Ledger</bdi> · <time>13 June 2025</time>" in html
    quoted = "https://news.example/stake?a=1&amp;b=2#:~:text=It%20paid%20%2414.3%20billion%20for%2049%25."
    assert f"<a href='{quoted}' target='_blank' rel='noopener" in html


def test_a_long_quote_is_found_by_its_ends() -> None:
    address = address_of_quote(
        "https://a.example/b#c", "one two three, four five six seven eight-9 ten"
    )
    assert (
        address
        == "https://a.example/b#c:~:text=one%20two%20three%2C%20four,six%20seven%20eight%2D9%20ten"
    )


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "http:", "//x", "[", ""],
)
def test_only_web_addresses_become_links(url: str) -> None:
    exchange = asked()
    exchange.take(Found((hit(Article("a", "Title", "Body.", url=url)),)))
    assert "<a " not in render_evidence(exchange)


def test_an_article_is_escaped() -> None:
    exchange = asked()
    exchange.take(Found((hit(Article(HOSTILE, HOSTILE, HOSTILE, outlet=HOSTILE)),)))
    html = render_evidence(exchange)
    assert "<img" not in html
    assert "<script" not in html


def test_a_passage_cut_from_its_article_shows_that_it_goes_on() -> None:
    exchange = asked()
    exchange.take(Found((hit(ARTICLE, 21, 51),)))
    assert "dir='auto'>…&nbsp;It paid $14.3 billion for 49%.&nbsp;…</b" in render_evidence(exchange)


def test_no_passage_is_said() -> None:
    exchange = asked()
    exchange.take(Found(()))
    assert "No passage was found." in render_evidence(exchange)


def test_what_a_disagreement_cites_is_marked_in_the_evidence() -> None:
    claims = (Claim("49%", PAID.citations[0]), Claim("no", cite(1, CHIEF, "Jason Droege")))
    html = render_evidence(done(asked(), PAID, disagreements=(Disagreement("it", claims),)))
    assert "<mark>Jason Droege</mark>" in html


def test_earlier_evidence_is_folded_under_its_question() -> None:
    html = render_earlier([done(asked("Why & how?"), PAID)])
    assert "<summary>Evidence for <q>Why &amp; how?</q></summary>" in html
