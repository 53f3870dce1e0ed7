"""How sure an answer is, wherever it is shown: in words, and in JSON as a number, too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corpus.article import Article
from index.types import Hit, Passage
from page.chat import Exchange
from page.export import as_markdown
from page.kept import from_json, to_json
from page.render import render_exchange
from rag.answer_json import answer_json
from rag.commands.output import sources_text
from rag.types import Answer, Citation, Sentence, Timings

DEAL = Article("deal", "A deal", "Meta bought 49%.", outlet="Daily")
HIT = Hit(Passage(DEAL, 0, len(DEAL.body)), 1.0)
SAID = Sentence(DEAL.body, (Citation(1, HIT.passage, 0, len(DEAL.body)),), "supported", 1.0)
ANSWER = Answer(
    "What?", (SAID,), (HIT,), False, "", Timings(1, 2), "scripted", "0001", confidence=0.7654
)
PLAIN = replace(ANSWER, confidence=None)


def exchange(answer: Answer) -> Exchange:
    return Exchange(1, "What?", hits=(HIT,), answer=answer, notice=None, stage="settled")


def test_json_has_the_number_and_the_words() -> None:
    assert answer_json(ANSWER)["confidence"] == {"probability": 0.765, "words": "fair"}
    assert answer_json(PLAIN)["confidence"] is None


@pytest.mark.parametrize(
    "shown",
    [
        sources_text,
        lambda a: render_exchange(exchange(a)),
        lambda a: as_markdown("T", [exchange(a)]),
    ],
)
def test_a_reader_sees_words_and_no_percentage(shown: object) -> None:
    assert callable(shown)
    assert "onfidence: fair" in shown(ANSWER)
    assert "76" not in shown(ANSWER)
    assert "onfidence" not in shown(PLAIN)


def test_it_is_kept_with_the_chat() -> None:
    again = from_json(to_json(exchange(ANSWER)), 1)
    assert again.answer is not None
    assert again.answer.confidence == ANSWER.confidence


def test_a_chat_of_before_has_none() -> None:
    text = to_json(exchange(PLAIN)).replace(', "confidence": null', "")
    again = from_json(text, 1)
    assert again.answer is not None
    assert again.answer.confidence is None
