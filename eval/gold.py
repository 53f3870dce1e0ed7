"""The gold set: questions with accepted answers and gold articles, run through a pipeline."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from corpus.errors import BylineError
from eval.metrics import citation_precision, contains_answer, percentile
from rag.quantities import tokens
from rag.types import Answer

QUESTIONS = Path(__file__).with_name("questions.jsonl")


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the answers that count as right and the articles that hold one.

    `answers` and `article_ids` are empty when the corpus does not answer it.
    """

    id: str
    question: str
    answers: tuple[str, ...]
    article_ids: tuple[str, ...]
    answerable: bool
    tags: tuple[str, ...] = ()
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one question. `right`: an accepted answer was given, or a due refusal.

    `citation_precision` is None where there was nothing to score: nothing cited, or no gold.
    """

    id: str
    question: str
    answerable: bool
    tags: tuple[str, ...]
    answer: str
    abstained: bool
    right: bool
    cited: tuple[str, ...]
    gold: tuple[str, ...]
    citation_precision: float | None
    total_ms: float

    @property
    def cites_gold(self) -> bool:
        return not set(self.cited).isdisjoint(self.gold)


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `total`; its value is None, not 0, when the total is 0."""

    count: int
    total: int

    @property
    def value(self) -> float | None:
        return self.count / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Summary:
    """The scores of one run; times are in milliseconds, None when no question was asked.

    `accuracy`: accepted answers over answerable questions. `refused_right`: refusals over
    unanswerable ones. `refused_wrong`: refusals over answerable ones. `citations_right`: citations
    of gold articles over all citations of answerable questions with gold. `right_cited`: right
    answers that cite a gold article over right answers with gold.
    """

    accuracy: Share
    refused_right: Share
    refused_wrong: Share
    citations_right: Share
    right_cited: Share
    median_ms: float | None
    p95_ms: float | None
    records: tuple[Record, ...]


class Asks(Protocol):
    """What is measured: anything that answers a question."""

    def ask(self, question: str) -> Answer: ...


OnAnswer = Callable[[Record, int, int], None]
"""Called after each question with its record, how many are done, and how many there are."""


def load_questions(path: Path = QUESTIONS) -> tuple[Question, ...]:
    """Questions from JSON lines: `id, question, answers, article_ids, answerable, tags?, split?`.

    Raises `BylineError` naming the file and the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BylineError(f"The questions in {path} could not be read: {reason}.") from error
    questions: dict[str, Question] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = _question(json.loads(line))
            if question.id in questions:
                raise ValueError(f'the id "{question.id}" is taken by an earlier line')
        except (ValueError, RecursionError) as error:
            raise BylineError(f"{path} line {number}: {error}; mend the line.") from error
        questions[question.id] = question
    if not questions:
        raise BylineError(f"{path} holds no questions; put one JSON object on each line.")
    return tuple(questions.values())


def _question(fields: object) -> Question:
    if not isinstance(fields, dict):
        raise ValueError("not a JSON object")
    for name in ("id", "question"):
        if not isinstance(fields.get(name), str) or not fields[name].strip():
            raise ValueError(f'"{name}" must be text')
    if not isinstance(fields.get("answerable"), bool):
        raise ValueError('"answerable" must be true or false')
    if not isinstance(fields.get("split"), (str, type(None))):
        raise ValueError('"split" must be text')
    question = Question(
        id=fields["id"],
        question=fields["question"],
        answers=_texts(fields, "answers"),
        article_ids=_texts(fields, "article_ids"),
        answerable=fields["answerable"],
        tags=_texts({"tags": [], **fields}, "tags"),
        split=fields.get("split"),
    )
    if question.answerable != bool(question.answers):
        raise ValueError('"answers" must be given exactly when "answerable" is true')
    for answer in question.answers:
        if not tokens(answer):
            raise ValueError(f'the accepted answer "{answer}" has no word to look for')
    return question


def _texts(fields: dict[str, object], name: str) -> tuple[str, ...]:
    values = fields.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f'"{name}" must be a list of texts')
    return tuple(values)


def run(
    pipeline: Asks, questions: Sequence[Question], on_answer: OnAnswer | None = None
) -> Summary:
    """Ask every question, in order, and score the answers."""
    records = []
    for done, question in enumerate(questions, start=1):
        records.append(score(question, pipeline.ask(question.question)))
        if on_answer:
            on_answer(records[-1], done, len(questions))
    return summarise(records)


def score(question: Question, answer: Answer) -> Record:
    """One answer against its question; citation markers are not part of what it says."""
    text = " ".join(sentence.text for sentence in answer.sentences)
    cited = tuple(
        citation.passage.article.id
        for sentence in answer.sentences
        for citation in sentence.citations
    )
    answered = not answer.abstained and contains_answer(text, question.answers)
    return Record(
        id=question.id,
        question=question.question,
        answerable=question.answerable,
        tags=question.tags,
        answer=answer.text,
        abstained=answer.abstained,
        right=answered if question.answerable else answer.abstained,
        cited=cited,
        gold=question.article_ids,
        citation_precision=citation_precision(cited, question.article_ids),
        total_ms=answer.timings.total_ms,
    )


def summarise(records: Sequence[Record]) -> Summary:
    answerable = [record for record in records if record.answerable]
    unanswerable = [record for record in records if not record.answerable]
    with_gold = [record for record in answerable if record.gold]
    right_with_gold = [record for record in with_gold if record.right]
    times = [record.total_ms for record in records]
    return Summary(
        accuracy=_share(record.right for record in answerable),
        refused_right=_share(record.abstained for record in unanswerable),
        refused_wrong=_share(record.abstained for record in answerable),
        citations_right=_share(cited in r.gold for r in with_gold for cited in r.cited),
        right_cited=_share(record.cites_gold for record in right_with_gold),
        median_ms=statistics.median(times) if times else None,
        p95_ms=percentile(times, 95),
        records=tuple(records),
    )


def _share(outcomes: Iterable[bool]) -> Share:
    listed = list(outcomes)
    return Share(sum(listed), len(listed))


def render(summary: Summary) -> str:
    """A table of the scores with their counts, and below it the questions that went wrong."""
    shares = (
        ("right answers (accuracy)", summary.accuracy),
        ("refused, rightly", summary.refused_right),
        ("refused, wrongly", summary.refused_wrong),
        ("citations of a gold article (precision)", summary.citations_right),
        ("right answers that cite a gold article", summary.right_cited),
    )
    times = (("median time", summary.median_ms), ("95th percentile", summary.p95_ms))
    lines = [f"{'measure':<42}{'score':>9}{'count':>12}"]
    for name, share in shares:
        value = "no score" if share.value is None else f"{share.value:.1%}"
        lines.append(f"{name:<42}{value:>9}{f'{share.count} of {share.total}':>12}")
    for name, ms in times:
        value = "no score" if ms is None else f"{ms / 1000:.2f} s"
        lines.append(f"{name:<42}{value:>9}{len(summary.records):>12}")
    wrong = [record for record in summary.records if not record.right]
    if wrong:
        lines += ["", f"Went wrong ({len(wrong)}):"]
        lines += [f"  {_verdict(record)}" for record in wrong]
    return "\n".join(lines)


def _verdict(record: Record) -> str:
    if record.abstained:
        outcome = "refused, though the corpus answers it"
    elif record.answerable:
        outcome = f"answered otherwise: {record.answer}"
    else:
        outcome = f"answered, though the corpus does not: {record.answer}"
    return f"{record.id} {record.question} - {outcome}"


def write_records(records: Sequence[Record], path: Path) -> None:
    """One record a line, as JSON. Raises `BylineError` when the file cannot be written."""
    lines = "".join(json.dumps(asdict(record), ensure_ascii=False) + "\n" for record in records)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(lines, encoding="utf-8")
    except OSError as error:
        raise BylineError(
            f"The records could not be written to {path}: {error.strerror}."
        ) from error
