"""What the systems are asked, and over which articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from corpus.article import Article
from corpus.errors import BylineError
from corpus.read import read_articles
from eval.questions import QUESTIONS, Question, load_questions, sample
from eval.sets import named_articles, read_news, shrink
from rag.settings import SAMPLE_ARTICLES


@dataclass(frozen=True, slots=True)
class Task:
    """The same for every system. `left_out` counts follow-ups, which no peer's default knows."""

    name: str
    questions: tuple[Question, ...]
    articles: tuple[Article, ...]
    left_out: int


def own_task(
    questions: Path | None, articles: Path | None, limit: int | None, seed: int, split: str | None
) -> Task:
    """The gold set on the sample articles, or a user's own questions over their articles.

    A sample holds answerable and unanswerable questions in turn. Raises BylineError.
    """
    if questions and not articles:
        raise BylineError(
            f"The questions in {questions} need articles to be answered from: name their folder "
            "with --articles."
        )
    everything = load_questions(questions or QUESTIONS)
    of_split = [q for q in everything if split in (None, q.split)]
    if not of_split:
        raise BylineError(f"No question has the split {split}: choose dev or test.")
    alone = [question for question in of_split if not question.history]
    return Task(
        questions.stem if questions else "gold",
        tuple(sample(alone, limit, seed, lambda question: question.answerable)),
        read_articles([articles or SAMPLE_ARTICLES]).articles,
        len(of_split) - len(alone),
    )


def news_task(name: str, data: Path | None, limit: int | None, seed: int, pool: int | None) -> Task:
    """`realtimeqa` or `linked` from a folder; a smaller pool keeps what the questions name."""
    everything, articles = read_news(data, name)
    questions = sample(everything, limit, seed)
    by_question = named_articles(data, name)
    named = [article for question in questions for article in by_question[question.id]]
    return Task(name, tuple(questions), tuple(shrink(articles, named, pool, seed)), 0)


def as_request(articles: Sequence[Article]) -> list[dict[str, Any]]:
    """The articles for every system: `text` is all that a peer reads, `fields` what Byline does."""
    return [
        {"id": article.id, "text": as_text(article), "fields": asdict(article)}
        for article in articles
    ]


def as_text(article: Article) -> str:
    """An article as a file of text would hold it: title, outlet and day, body."""
    day = article.published_at[:10] if article.published_at else None
    head = ", ".join(part for part in (article.outlet, day) if part)
    return "\n\n".join(part for part in (article.title, head, article.body) if part)
