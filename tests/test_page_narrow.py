"""What a question is narrowed down to, and the foot of the page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import ScriptedDescription, ScriptedPipeline

from corpus.errors import BylineError
from page.chat import Exchange
from page.narrow_view import scope_of
from page.render import render_about, render_exchange
from rag.narrow import Named


def test_what_is_narrowed_down_stands_at_the_question() -> None:
    scope = scope_of({}, ["<b>"], [], "2025-06-01", None, " 2025-06-14 ")
    scope = replace(scope, literal=True, articles=(Named("a", "A <i>title"), Named("b", "")))
    html = render_exchange(Exchange(1, "What?", scope))
    assert "<li><bdi>&lt;b&gt;</bdi></li><li><bdi>A &lt;i&gt;title</bdi></li>" in html
    assert "<li><bdi>Untitled</bdi></li><li><bdi>From 1 June 2025</bdi></li>" in html
    assert "As known on 14 June 2025" in html
    assert "Read as it is written" in html


@pytest.mark.parametrize("days", [("soon", None, None), ("2025-06-02", "2025-06-01", None)])
def test_days_that_cannot_be_are_said(days: tuple[str | None, ...]) -> None:
    with pytest.raises(BylineError):
        scope_of({}, [], [], *days)


def test_an_article_that_is_not_there_is_said() -> None:
    with pytest.raises(BylineError, match="not in the index any more"):
        scope_of({"there": "A title"}, [], ["there", "gone"], None, None, None)


def test_the_foot_names_model_index_and_articles() -> None:
    html = render_about(ScriptedPipeline({}).describe())
    assert "<b>scripted-1b</b>" in html
    assert "<b>18 articles</b>" in html
    assert "Newest <b>13 June 2025</b>" in html


def test_the_foot_says_why_answers_come_from_an_earlier_version() -> None:
    about = ScriptedDescription(problem="The index in <b> was built with another embedder.")
    assert "The index in &lt;b&gt; was built" in render_about(about)
