"""The way of an answer, from a question to checked sentences with citations."""

from __future__ import annotations

import time
from collections.abc import Generator as TypingGenerator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from corpus.errors import BylineError
from index.search import Index
from index.types import Embedder, Hit, Passage
from rag.answerable import Answerability
from rag.evidence import Budget, choose_evidence
from rag.followup import stand_alone
from rag.judge import gives_what_is_asked, judge, worth_reading
from rag.language import foreign_language
from rag.markers import MarkerFilter, split_draft
from rag.prompt import REFUSAL, build_messages, is_refusal
from rag.types import (
    Answer,
    Checked,
    Done,
    Event,
    Found,
    Generator,
    History,
    Piece,
    Sentence,
    Timings,
    Turn,
)
from rag.verify import check

ATTEMPTS = 2
"""At an answer: each costs a draft."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is looked at and how much may be asked."""

    retrieved: int = 12  # passages whose sentences compete to be evidence
    question_characters: int = 1000
    budget: Budget = field(default_factory=Budget)


@dataclass(frozen=True, slots=True)
class Description:
    """What a reader may know of the parts at work. `newest` is an ISO 8601 date."""

    model: str
    index_version: str
    articles: int
    passages: int
    newest: str | None


class Pipeline:
    """One path for everybody: `stream`, or `ask` to drain it."""

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        generator: Generator,
        answerability: Answerability,
        limits: Limits = Limits(),
    ) -> None:
        self.index = index
        self._embedder = embedder
        self.generator = generator
        self._answerability = answerability
        self._limits = limits

    def ask(self, question: str, history: History = ()) -> Answer:
        """The answer, whole. Raises BylineError for a question that cannot be asked."""
        for event in self.stream(question, history):
            if isinstance(event, Done):
                return event.answer
        raise AssertionError("stream ends with Done")

    def stream(self, question: str, history: Sequence[Turn] = ()) -> Iterator[Event]:
        """The events of one answer, `Done` last. Closing the iterator stops the model."""
        clock = _Clock()
        question = self._askable(question)
        query = stand_alone(question, history)
        evidence = self.find(query)
        clock.found()
        yield Found(tuple(evidence))

        # Nothing found means no call of the model at all.
        judged = judge(query, evidence, self.generator)
        if not judged or not self._answerability.holds(query, judged):
            yield Done(self._refusal(question, judged, "", clock))
            return

        # A reply that is beside the point is thrown away with the passages that it was taken from,
        # and the others are tried once.
        raw = ""
        tried: set[Passage] = set()
        for _ in range(ATTEMPTS):
            evidence = worth_reading(judged, tried)
            if not evidence:
                break
            yield Found(tuple(evidence))
            raw = yield from self._draft(question, evidence, history, clock)
            sentences = yield from self._checked(raw, evidence)
            reply = " ".join(sentence.text for sentence in sentences)
            if sentences and gives_what_is_asked(query, reply, self.generator):
                yield Done(self._answer(question, sentences, evidence, raw, clock))
                return
            cited = {c.passage for sentence in sentences for c in sentence.citations}
            tried |= cited or {evidence[0].passage}
        yield Done(self._refusal(question, judged, raw, clock))

    def find(self, query: str) -> list[Hit]:
        """The evidence for a question, best first: runs of sentences inside the token budget."""
        hits = self.index.search(query, self._limits.retrieved)
        return choose_evidence(query, hits, self._embedder, self._limits.budget)

    def describe(self) -> Description:
        manifest = self.index.manifest
        dates = [row.published_at for row in self.index.articles() if row.published_at]
        return Description(
            model=self.generator.name,
            index_version=manifest.version,
            articles=manifest.articles,
            passages=manifest.passages,
            newest=max(dates)[:10] if dates else None,
        )

    def _draft(
        self, question: str, evidence: Sequence[Hit], history: History, clock: _Clock
    ) -> TypingGenerator[Event, None, str]:
        """Streams the draft and returns it as the model wrote it."""
        shown = MarkerFilter(len(evidence))
        raw = ""
        for piece in self.generator.generate(build_messages(question, evidence, history)):
            clock.word()
            raw += piece
            if text := shown.feed(piece):
                yield Piece(text)
        if text := shown.finish():
            yield Piece(text)
        return raw

    def _checked(
        self, raw: str, evidence: Sequence[Hit]
    ) -> TypingGenerator[Event, None, list[Sentence]]:
        """Checks each sentence of the draft and returns those that stand."""
        standing: list[Sentence] = []
        for position, draft in enumerate(split_draft(raw, len(evidence))):
            checked = check(draft, evidence)
            stands = checked.verdict != "unsupported" and not is_refusal(draft.text)
            yield Checked(position, checked if stands else None)
            if stands:
                standing.append(checked)
        return standing

    def _askable(self, question: str) -> str:
        question = " ".join(question.split())
        longest = self._limits.question_characters
        if not question:
            raise BylineError("The question is empty: write what you would like to know.")
        if len(question) > longest:
            raise BylineError(
                f"The question has {len(question):,} characters and at most {longest:,} can be "
                "asked: shorten it."
            )
        if language := foreign_language(question):
            raise BylineError(
                f"The question looks like {language}, and Byline reads and answers English only: "
                "ask it in English."
            )
        return question

    def _answer(
        self,
        question: str,
        sentences: Sequence[Sentence],
        hits: Sequence[Hit],
        raw: str,
        clock: _Clock,
        abstained: bool = False,
    ) -> Answer:
        return Answer(
            question=question,
            sentences=tuple(sentences),
            hits=tuple(hits),
            abstained=abstained,
            raw=raw,
            timings=clock.timings(self.generator),
            model=self.generator.name,
            index_version=self.index.manifest.version,
        )

    def _refusal(self, question: str, hits: Sequence[Hit], raw: str, clock: _Clock) -> Answer:
        return self._answer(question, [Sentence(REFUSAL)], hits, raw, clock, abstained=True)


class _Clock:
    """Milliseconds since the question came."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._found: float | None = None
        self._first_word: float | None = None

    def found(self) -> None:
        self._found = self._now()

    def word(self) -> None:
        if self._first_word is None:
            self._first_word = self._now()

    def timings(self, generator: Generator) -> Timings:
        wrote = self._first_word is not None
        return Timings(
            retrieve_ms=self._found or 0.0,
            total_ms=self._now(),
            first_token_ms=self._first_word,
            prompt_tokens=generator.usage.prompt_tokens if wrote else None,
            new_tokens=generator.usage.new_tokens if wrote else None,
        )

    def _now(self) -> float:
        return round((time.perf_counter() - self._start) * 1000, 1)
