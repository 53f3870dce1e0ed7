"""The gold set is sound: answers, gold sentences and tags agree with each other and the articles.

Scores are only as good as what they are measured against, so each question is held to it.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from corpus.read import read_articles
from eval.metrics import contains_answer
from rag.reading.quantities import Quantity, tokens
from rag.settings import SAMPLE_ARTICLES

FILE = Path(__file__).parent.parent / "eval" / "questions.jsonl"
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()
]
BODIES = {article.id: article.body for article in read_articles([SAMPLE_ARTICLES]).articles}
ANSWERABLE = [question for question in QUESTIONS if question["answerable"]]
UNANSWERABLE = [question for question in QUESTIONS if not question["answerable"]]

NEEDED = {"id", "question", "answers", "article_ids", "sentences", "answerable", "tags", "split"}
OPTIONAL = {"history", "as_of"}
ABSENT = {"unanswerable-near", "off-topic", "false-premise"}
"""Why the articles do not answer a question."""
FEWEST = {
    "factual": 60,
    "paraphrase": 12,
    "misspelling": 12,
    "follow-up": 12,
    "temporal": 12,
    "unanswerable-near": 12,
    "false-premise": 12,
    "two-article": 8,
    "comparison": 8,
    "disagreement": 8,
    "off-topic": 8,
    "yes-no": 4,
    "amount": 8,
    "person": 8,
    "date": 8,
    "role": 8,
    "place": 8,
    "ceo": 8,
    "stake": 4,
}
WORDED_FREELY = {"comparison", "yes-no", "disagreement"}
"""Kinds whose accepted answers need not stand in a gold sentence word for word."""
SAID_AGAIN = {"q048", "q196"}
"""The article gives the same number of monthly users as an earlier figure and as a forecast."""

each = pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: str(q["id"]))
each_answerable = pytest.mark.parametrize("question", ANSWERABLE, ids=lambda q: str(q["id"]))
each_unanswerable = pytest.mark.parametrize("question", UNANSWERABLE, ids=lambda q: str(q["id"]))
each_tag = pytest.mark.parametrize("tag", FEWEST)


def test_there_are_enough_questions() -> None:
    assert len(QUESTIONS) >= 160
    assert len(UNANSWERABLE) >= 45


def test_ids_are_unique() -> None:
    assert max(Counter(question["id"] for question in QUESTIONS).values()) == 1


def test_no_question_is_asked_twice_in_the_same_chat() -> None:
    chats = Counter((q["question"].casefold(), *q.get("history", ())) for q in QUESTIONS)
    assert max(chats.values()) == 1


@each_tag
def test_there_are_enough_of_every_kind(tag: str) -> None:
    assert sum(tag in question["tags"] for question in QUESTIONS) >= FEWEST[tag]


@each_tag
def test_every_kind_is_in_both_splits(tag: str) -> None:
    splits = {question["split"] for question in QUESTIONS if tag in question["tags"]}
    assert splits == {"dev", "test"}


def test_two_fifths_are_for_choosing_and_the_rest_for_measuring() -> None:
    share = sum(question["split"] == "dev" for question in QUESTIONS) / len(QUESTIONS)
    assert 0.35 <= share <= 0.45


def test_no_fact_is_asked_for_the_same_way_in_both_splits() -> None:
    splits: dict[tuple[object, ...], set[str]] = {}
    for q in ANSWERABLE:
        key = (frozenset(q["sentences"]), frozenset(answer.casefold() for answer in q["answers"]))
        splits.setdefault(key, set()).add(q["split"])
    assert all(len(seen) == 1 for seen in splits.values())


@each
def test_the_fields_are_the_known_ones(question: dict[str, Any]) -> None:
    assert question.keys() >= NEEDED
    assert question.keys() - NEEDED <= OPTIONAL


@each
def test_tags_are_known_ones_and_given_once(question: dict[str, Any]) -> None:
    assert set(question["tags"]) <= FEWEST.keys()
    assert len(set(question["tags"])) == len(question["tags"]) > 0


@each
def test_a_follow_up_and_nothing_else_has_earlier_questions(question: dict[str, Any]) -> None:
    assert ("history" in question) == ("follow-up" in question["tags"])
    assert len(question.get("history", ["one"])) in {1, 2, 3}


@each
def test_the_day_of_asking_is_iso_8601_and_of_a_temporal_question(question: dict[str, Any]) -> None:
    if "as_of" in question:
        datetime.date.fromisoformat(question["as_of"])
        assert "temporal" in question["tags"]


@each
def test_the_tags_say_why_there_is_no_answer(question: dict[str, Any]) -> None:
    reasons = ABSENT & set(question["tags"])
    assert len(reasons) == (0 if question["answerable"] else 1)


@each_unanswerable
def test_without_an_answer_there_is_no_gold(question: dict[str, Any]) -> None:
    assert question["answers"] == question["article_ids"] == question["sentences"] == []


@each_answerable
def test_each_gold_sentence_stands_in_a_gold_article(question: dict[str, Any]) -> None:
    for sentence in question["sentences"]:
        assert any(sentence in BODIES[article] for article in question["article_ids"]), sentence


@each_answerable
def test_each_gold_article_has_a_gold_sentence(question: dict[str, Any]) -> None:
    assert question["article_ids"]
    for article in question["article_ids"]:
        assert any(sentence in BODIES[article] for sentence in question["sentences"]), article


@each_answerable
def test_an_accepted_answer_stands_in_a_gold_sentence(question: dict[str, Any]) -> None:
    if WORDED_FREELY.isdisjoint(question["tags"]):
        assert any(contains_answer(text, question["answers"]) for text in question["sentences"])


@each_answerable
def test_a_fact_of_two_articles_has_both_as_gold(question: dict[str, Any]) -> None:
    assert "two-article" not in question["tags"] or len(question["article_ids"]) >= 2


@each_answerable
def test_repeating_the_chat_is_no_answer(question: dict[str, Any]) -> None:
    for asked in (question["question"], *question.get("history", ())):
        assert not contains_answer(asked, question["answers"]), asked


@each_answerable
def test_a_number_stands_nowhere_else_in_its_articles(question: dict[str, Any]) -> None:
    """Else an answer that is a bare number could be right by accident."""
    if question["id"] in SAID_AGAIN:
        return
    numbers = [a for a in question["answers"] if all(isinstance(t, Quantity) for t in tokens(a))]
    for article in question["article_ids"]:
        rest = BODIES[article]
        for sentence in question["sentences"]:
            rest = rest.replace(sentence, "")
        assert not contains_answer(rest, numbers), article
