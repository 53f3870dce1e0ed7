"""Asking the questions of a set, one after the other, and keeping all that became of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Protocol

from corpus.errors import BylineError
from eval.questions import Question
from eval.records import (
    CitationRecord,
    PassageRecord,
    PastTurn,
    Record,
    SentenceRecord,
    TimingsRecord,
)
from eval.scores import score
from index.types import Hit
from rag.question.preferred import search
from rag.types import Answer, Done, Event, Found, Sentence, Turn
from rag.types import Searches as Searches

RETRIEVED = 50
"""Passages that the search is asked for: more than any answer reads, to see where gold stands."""


class Asks(Protocol):
    """What is measured: anything that searches, and answers with events."""

    @property
    def index(self) -> Searches: ...
    def stream(
        self, question: str, history: Sequence[Turn], as_of: date | None = None
    ) -> Iterator[Event]: ...


class Runner:
    """Asks a pipeline. Earlier turns of a chat are asked for real, once for all that share them.

    A question that has a date is answered from what was known on that day.
    """

    def __init__(self, pipeline: Asks) -> None:
        self._pipeline = pipeline
        self._said: dict[tuple[object, ...], str] = {}

    def ask(self, question: Question) -> Record:
        """What became of one question, with its scores. A refusal of the question is kept too."""
        as_of = date.fromisoformat(question.as_of) if question.as_of else None
        history = self._chat(question.history, as_of)
        evidence: tuple[Hit, ...] | None = None
        answer: Answer | None = None
        error = None
        try:
            for event in self._pipeline.stream(question.question, history, as_of):
                if isinstance(event, Found) and evidence is None:
                    evidence = event.hits
                elif isinstance(event, Done):
                    answer = event.answer
        except BylineError as refused:
            error = str(refused)
        if answer:
            self._said[(as_of, *question.history, question.question)] = answer.said
        # After the answer, so that nothing is in a cache for it.
        query = answer.understood if answer and answer.understood else question.question
        retrieved = search(self._pipeline.index, query, RETRIEVED, as_of)
        record = make_record(question, history, retrieved, evidence or (), answer, error)
        return score(record, question)

    def _chat(self, questions: Sequence[str], as_of: date | None) -> list[Turn]:
        turns: list[Turn] = []
        for place, question in enumerate(questions, start=1):
            asked = (as_of, *questions[:place])
            if asked not in self._said:
                self._said[asked] = self._answer(question, turns, as_of)
            turns.append(Turn(question, self._said[asked]))
        return turns

    def _answer(self, question: str, history: Sequence[Turn], as_of: date | None) -> str:
        for event in self._pipeline.stream(question, history, as_of):
            if isinstance(event, Done):
                return event.answer.said
        raise AssertionError("stream ends with Done")


def make_record(
    question: Question,
    history: Sequence[Turn],
    retrieved: Sequence[Hit],
    evidence: Sequence[Hit],
    answer: Answer | None,
    error: str | None = None,
) -> Record:
    """The record, not yet scored. Without an answer it counts as a refusal that says `error`."""
    timings = answer.timings if answer else None
    return Record(
        id=question.id,
        question=question.question,
        outcome="unscored",
        answer=answer.text if answer else error or "",
        abstained=answer.abstained if answer else True,
        answerable=question.answerable,
        tags=question.tags,
        split=question.split,
        date=question.as_of,
        history=tuple(PastTurn(turn.question, turn.answer) for turn in history),
        answers=question.answers,
        wrong_answers=question.wrong_answers,
        gold_articles=question.article_ids,
        gold_sentences=question.sentences,
        retrieved=_passages(retrieved),
        evidence=_passages(evidence),
        given=_passages(answer.hits) if answer else (),
        confidence=answer.confidence if answer else None,
        quoted=answer.quoted if answer else False,
        sentences=_sentences(answer) if answer else (),
        timings=TimingsRecord(
            timings.retrieve_ms,
            timings.first_token_ms,
            timings.total_ms,
            timings.prompt_tokens,
            timings.new_tokens,
        )
        if timings
        else TimingsRecord(),
        error=error,
    )


def _passages(hits: Sequence[Hit]) -> tuple[PassageRecord, ...]:
    return tuple(
        PassageRecord(
            hit.passage.article.id,
            hit.passage.article.title,
            hit.passage.start,
            hit.passage.end,
            hit.passage.text,
            round(hit.score, 6),
        )
        for hit in hits
    )


def _sentences(answer: Answer) -> tuple[SentenceRecord, ...]:
    own = len(answer.own_sentences)
    return tuple(_sentence(s, place >= own) for place, s in enumerate(answer.sentences))


def _sentence(sentence: Sentence, differs: bool) -> SentenceRecord:
    citations = []
    for citation in sentence.citations:
        article = citation.passage.article
        citations.append(
            CitationRecord(
                citation.number,
                article.id,
                article.title,
                article.outlet,
                article.published_at,
                article.url,
                citation.quote_start,
                citation.quote_end,
                citation.quote,
            )
        )
    return SentenceRecord(
        sentence.text, sentence.verdict, sentence.support, tuple(citations), differs
    )
