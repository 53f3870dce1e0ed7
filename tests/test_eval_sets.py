"""Question sets of others, as they lie in a folder."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from corpus import Article, BylineError
from eval.sets import (
    AbsentSetError,
    named_articles,
    read_cases,
    read_claims,
    read_news,
    shrink,
)


def put(folder: Path, name: str, *rows: object) -> None:
    (folder / name).write_text("\n".join(map(json.dumps, rows)))


ROW = {
    "id": "q",
    "question": "Who?",
    "answers": ["Wang"],
    "passages": [
        {"id": "p1", "title": "T", "date": None, "text": "It is Wang . He left ."},
        {"id": "p2", "title": "", "date": "2025-06-13", "text": "It is Guo ."},
    ],
    "gold_passage_ids": ["p1"],
    "answerable": True,
    "extra": {"selected_sentences": ["He left .", "Not there."]},
}
NEWS = {"id": "n", "question": "Where?", "date": "2025-01-01", "answers": ["Idaho"]}
ARTICLE = {"id": "a", "url": "u", "title": "T", "published_at": "2025-01-01", "text": "In Idaho."}


def test_a_question_brings_its_passages_as_articles(tmp_path: Path) -> None:
    put(tmp_path, "squad2.jsonl", ROW)
    case = read_cases(tmp_path, "squad2")[0]
    assert case.articles == (
        Article("p1", "T", "It is Wang . He left .", language="en"),
        Article("p2", "", "It is Guo .", published_at="2025-06-13", language="en"),
    )
    assert (case.question.article_ids, case.question.tags) == (("p1",), ("squad2",))


def test_only_gold_sentences_that_stand_in_a_passage_are_taken(tmp_path: Path) -> None:
    put(tmp_path, "clapnq.jsonl", ROW)
    assert read_cases(tmp_path, "clapnq")[0].question.sentences == ("He left .",)


def test_what_a_set_calls_wrong_must_not_be_said(tmp_path: Path) -> None:
    put(tmp_path, "ramdocs.jsonl", {**ROW, "extra": {"wrong_answers": ["X"], "all_required": True}})
    put(tmp_path, "rgb-counterfactual.jsonl", {**ROW, "extra": {"fakeanswer": "Guo"}})
    ramdocs = read_cases(tmp_path, "ramdocs")[0].question
    assert (ramdocs.wrong_answers, ramdocs.all_required) == (("X",), True)
    assert read_cases(tmp_path, "rgb-counterfactual")[0].question.wrong_answers == ("Guo",)


def test_news_without_gold_does_not_say_what_is_answerable(tmp_path: Path) -> None:
    put(tmp_path, "realtimeqa-questions.jsonl", {**NEWS, "article_ids": ["a"]})
    put(tmp_path, "realtimeqa-articles.jsonl", ARTICLE)
    questions, articles = read_news(tmp_path, "realtimeqa")
    assert (questions[0].answerable, questions[0].article_ids) == (None, ())
    assert questions[0].as_of == "2025-01-01"
    assert articles[0].body == "In Idaho."
    assert named_articles(tmp_path, "realtimeqa") == {"n": ("a",)}


def test_news_with_gold_is_answerable(tmp_path: Path) -> None:
    put(tmp_path, "linked-questions.jsonl", {**NEWS, "gold_article_ids": ["a"]})
    put(tmp_path, "linked-articles.jsonl", ARTICLE)
    question = read_news(tmp_path, "linked")[0][0]
    assert (question.answerable, question.article_ids, question.tags) == (True, ("a",), ())


def test_an_answer_too_short_to_look_for_is_marked(tmp_path: Path) -> None:
    put(tmp_path, "linked-questions.jsonl", {**NEWS, "answers": ["4"]})
    put(tmp_path, "linked-articles.jsonl", ARTICLE)
    assert read_news(tmp_path, "linked")[0][0].tags == ("short-answer",)


def test_a_packed_set_is_read(tmp_path: Path) -> None:
    claim = {"id": "c", "question": "q", "claim": "It is.", "references": ["r"]}
    row = json.dumps({**claim, "supported": True, "source": "S"})
    (tmp_path / "attributionbench-dev.jsonl.gz").write_bytes(gzip.compress(row.encode()))
    assert read_claims(tmp_path)[0].references == ("r",)


def test_an_absent_set_is_told_from_a_broken_one(tmp_path: Path) -> None:
    with pytest.raises(AbsentSetError, match=r"there is no squad2\.jsonl or squad2\.jsonl\.gz in"):
        read_cases(tmp_path, "squad2")
    with pytest.raises(AbsentSetError, match="with --data or BYLINE_EVAL_DATA"):
        read_cases(None, "squad2")


@pytest.mark.parametrize("data", [b"no gzip", gzip.compress(b"{}")[:-9], gzip.compress(b"{")])
def test_a_broken_set_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "squad2.jsonl.gz").write_bytes(data)
    with pytest.raises(BylineError, match=r"squad2\.jsonl\.gz could not be read .*: fetch it anew"):
        read_cases(tmp_path, "squad2")


POOL = [Article(str(n), "T", "Body.") for n in range(20)]


def test_a_smaller_pool_keeps_what_is_named_and_its_order() -> None:
    pool = [article.id for article in shrink(POOL, ["7", "3"], 6, seed=0)]
    assert len(pool) == 6
    assert {"3", "7"} < set(pool)
    assert pool == sorted(pool, key=int)


def test_a_pool_is_never_smaller_than_what_is_named() -> None:
    assert [article.id for article in shrink(POOL, ["7", "3"], 1, seed=0)] == ["3", "7"]


def test_without_a_number_the_pool_is_whole() -> None:
    assert shrink(POOL, [], None, seed=0) == POOL


def test_news_whose_answer_occurs_in_an_article_is_a_slice_of_its_own(tmp_path: Path) -> None:
    rows = [{**NEWS, "answer_in_articles": told} for told in (True, False)]
    put(tmp_path, "realtimeqa-questions.jsonl", *rows)
    put(tmp_path, "realtimeqa-articles.jsonl", ARTICLE)
    questions, _ = read_news(tmp_path, "realtimeqa")
    assert [question.tags for question in questions] == [("answer-in-articles",), ()]
