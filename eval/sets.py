"""Question sets of others, read from a folder of the user's and never copied.

Each is `NAME.jsonl` or `NAME.jsonl.gz` with one JSON object a line.
"""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.article import Article
from corpus.errors import BylineError
from eval.metrics import searchable
from eval.questions import Question
from eval.scores import SHORT_ANSWER

ANSWER_IN_ARTICLES = "answer-in-articles"
"""The tag of news questions whose accepted answer occurs in an article that belongs to them: weak
evidence that it can be answered, and the slice to read, as most of the others cannot."""


class AbsentSetError(BylineError):
    """A question set is not there: its suite is skipped, which is not passed."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the articles to answer it from, where it has its own."""

    question: Question
    articles: tuple[Article, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, the texts that it was written from, and whether they support it."""

    id: str
    question: str
    claim: str
    references: tuple[str, ...]
    supported: bool
    source: str


def read_news(folder: Path | None, name: str) -> tuple[list[Question], list[Article]]:
    """Dated questions over one pool of articles: `realtimeqa` or `linked`.

    Only `linked` knows its gold articles. The other's `article_ids` are what a search gave, so that
    neither its answerability nor its gold is known.
    """
    questions = [_news_question(row) for row in _rows(folder, f"{name}-questions")]
    articles = [
        Article(
            row["id"],
            row["title"],
            row["text"],
            url=row["url"],
            published_at=row["published_at"],
            language="en",
        )
        for row in _rows(folder, f"{name}-articles")
    ]
    return questions, articles


def _news_question(row: dict[str, Any]) -> Question:
    gold = tuple(row.get("gold_article_ids", ()))
    tags: tuple[str, ...] = () if searchable(row["answers"]) else (SHORT_ANSWER,)
    if row.get("answer_in_articles"):
        tags += (ANSWER_IN_ARTICLES,)
    return Question(
        id=row["id"],
        question=row["question"],
        answers=tuple(row["answers"]),
        article_ids=gold,
        answerable=True if gold else None,
        tags=tags,
        as_of=row["date"],
    )


def named_articles(folder: Path | None, name: str) -> dict[str, tuple[str, ...]]:
    """By question id the articles of the pool that belong to it, gold or found by a search."""
    return {
        row["id"]: tuple(row.get("article_ids") or row.get("gold_article_ids") or ())
        for row in _rows(folder, f"{name}-questions")
    }


def shrink(
    articles: Sequence[Article], named: Sequence[str], count: int | None, seed: int
) -> list[Article]:
    """The named articles and others at random up to `count`, in the order of the pool."""
    if count is None or count >= len(articles):
        return list(articles)
    wanted = set(named)
    others = [article.id for article in articles if article.id not in wanted]
    random.Random(seed).shuffle(others)
    wanted |= set(others[: max(count - len(wanted), 0)])
    return [article for article in articles if article.id in wanted]


def read_cases(folder: Path | None, name: str) -> list[Case]:
    """Questions that bring their own passages, each of which stands as an article."""
    return [_case(row, name) for row in _rows(folder, name)]


def _case(row: dict[str, Any], name: str) -> Case:
    extra = row.get("extra", {})
    articles = tuple(
        Article(p["id"], p["title"], p["text"], published_at=p["date"], language="en")
        for p in row["passages"]
    )
    stated = (
        sentence
        for sentence in extra.get("selected_sentences", ())
        if any(sentence in article.body for article in articles)
    )
    fake = extra.get("fakeanswer")
    return Case(
        Question(
            id=row["id"],
            question=row["question"],
            answers=tuple(row["answers"]),
            article_ids=tuple(row["gold_passage_ids"]),
            answerable=row["answerable"],
            tags=(name,),
            sentences=tuple(stated) if row["answerable"] else (),
            wrong_answers=tuple(extra.get("wrong_answers", ())) + ((fake,) if fake else ()),
            all_required=extra.get("all_required", False),
        ),
        articles,
    )


def read_claims(folder: Path | None, name: str = "attributionbench-dev") -> list[Claim]:
    """Claims with references, labelled by people (Li et al. 2024)."""
    return [
        Claim(
            row["id"],
            row["question"],
            row["claim"],
            tuple(row["references"]),
            row["supported"],
            row["source"],
        )
        for row in _rows(folder, name)
    ]


def _rows(folder: Path | None, name: str) -> list[dict[str, Any]]:
    if folder is None:
        raise AbsentSetError(
            f"the set {name} is not known here; name the folder that holds it with --data or "
            "BYLINE_EVAL_DATA"
        )
    paths = [folder / f"{name}.jsonl", folder / f"{name}.jsonl.gz"]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise AbsentSetError(f"there is no {name}.jsonl or {name}.jsonl.gz in {folder}")
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise BylineError(
            f"The question set {path} could not be read ({error}): fetch it anew."
        ) from error
