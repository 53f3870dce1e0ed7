"""The shipped articles and the gold questions about them agree with each other."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import frontmatter
import pytest

ROOT = Path(__file__).parent.parent
ARTICLES = sorted((ROOT / "corpus" / "articles").glob("*.md"))
PROVENANCE = (ROOT / "corpus" / "README.md").read_text(encoding="utf-8")
QUESTIONS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (ROOT / "eval" / "questions.jsonl").read_text(encoding="utf-8").splitlines()
]
POSTS = {path.stem: frontmatter.load(str(path)) for path in ARTICLES}
ANSWERABLE = [question for question in QUESTIONS if question["answerable"]]
UNANSWERABLE = [question for question in QUESTIONS if not question["answerable"]]

each_article = pytest.mark.parametrize("stem", POSTS)
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: str(q["id"]))
each_answerable = pytest.mark.parametrize("question", ANSWERABLE, ids=lambda q: str(q["id"]))
each_unanswerable = pytest.mark.parametrize("question", UNANSWERABLE, ids=lambda q: str(q["id"]))


def test_there_are_at_least_16_articles() -> None:
    assert len(POSTS) >= 16


@each_article
def test_the_id_is_the_name_of_the_file(stem: str) -> None:
    assert POSTS[stem]["id"] == stem


@each_article
def test_title_outlet_and_language_are_given(stem: str) -> None:
    post = POSTS[stem]
    assert post["title"].strip()
    assert "Sample" in post["outlet"]  # invented outlets only
    assert post["language"] == "en"


@each_article
def test_the_date_is_iso_8601(stem: str) -> None:
    datetime.date.fromisoformat(str(POSTS[stem]["date"]))


@each_article
def test_the_length_is_that_of_a_short_report(stem: str) -> None:
    assert 150 <= len(POSTS[stem].content.split()) <= 350


@each_article
def test_a_quotation_has_at_most_twelve_words(stem: str) -> None:
    quotations = re.findall(r'"([^"]*)"', POSTS[stem].content)
    assert all(len(quotation.split()) <= 12 for quotation in quotations)


@each_article
def test_the_readme_says_where_the_facts_come_from(stem: str) -> None:
    row = re.search(rf"^\| `{stem}\.md` \| (\S+) \| (.+) \|$", PROVENANCE, re.MULTILINE)
    assert row is not None
    assert row[1] == str(POSTS[stem]["date"])


def test_the_readme_names_no_article_that_is_not_there() -> None:
    assert set(re.findall(r"^\| `([\w-]+)\.md`", PROVENANCE, re.MULTILINE)) == set(POSTS)


def test_there_are_at_least_40_questions_and_10_without_an_answer() -> None:
    assert len(QUESTIONS) >= 40
    assert len(UNANSWERABLE) >= 10


@each_question
def test_gold_articles_exist(question: dict[str, Any]) -> None:
    assert set(question["article_ids"]) <= set(POSTS)


@each_answerable
def test_every_gold_article_states_an_accepted_answer(question: dict[str, Any]) -> None:
    assert question["article_ids"]
    if {"comparison", "two-article"} & set(question["tags"]):
        return  # one article holds the answer, the other the rest of the question
    for stem in question["article_ids"]:
        body = POSTS[stem].content.casefold()
        assert any(answer.casefold() in body for answer in question["answers"]), stem


@each_unanswerable
def test_an_unanswerable_question_has_no_answer_and_no_gold(question: dict[str, Any]) -> None:
    assert question["answers"] == []
    assert question["article_ids"] == []
