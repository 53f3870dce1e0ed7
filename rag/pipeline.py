"""The way of an answer, from a question to checked sentences with citations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Generator as TypingGenerator
from datetime import date
from functools import partial

from index.live import LiveIndex
from index.search import Index
from index.types import Embedder, Hit
from rag.answer_cache import AnswerCache
from rag.clock import Clock
from rag.corroborate import corroborate
from rag.describe import Description, describe
from rag.differences.disagreement import tell_differences
from rag.differences.voices import Reader
from rag.draft import check_draft, show_quoted, write_draft
from rag.evidence import choose
from rag.finish import Reply, Request, finish
from rag.joined import stream_parts
from rag.judging.answerable import trust
from rag.judging.confidence import believed, confidence
from rag.judging.confirm import LEAST_WORDS, answers, speak_of
from rag.judging.judge import fewest_to_read, worth_reading
from rag.judging.look import look
from rag.limits import Limits
from rag.prompt import declines
from rag.question.askable import askable
from rag.question.asked import is_yes_or_no
from rag.question.followup import stand_alone
from rag.question.parts import parts_of
from rag.question.preferred import named_to
from rag.quote import best_quote
from rag.reading.casing import with_names
from rag.reading.phrasing import as_question
from rag.retrieve import Retriever
from rag.tracing import span, traced
from rag.types import (
    Answer,
    Done,
    Event,
    Found,
    Generator,
    History,
    Searched,
    Sentence,
    SupportModel,
    Turn,
)
from rag.unsaid import as_presumed, unsaid


class Pipeline:
    """One path for everybody: `stream`, or `ask` to drain it.

    An answer is made from one version of the index from its beginning to its end.
    """

    def __init__(
        self,
        index: Index | LiveIndex,
        embedder: Embedder,
        generator: Generator,
        limits: Limits | None = None,
        answers: AnswerCache | None = None,
        support: SupportModel | None = None,
    ) -> None:
        """With `answers` a question that was asked before is answered from there; `support` finds
        what says the same in other words."""
        self.index = index
        self._embedder = embedder
        self.generator = generator
        self._limits = limits or Limits()
        self._answers = answers if answers is not None else AnswerCache()
        self._support = support
        self._retriever = Retriever(embedder, self._limits)

    def ask(self, question: str, history: History = (), as_of: date | None = None) -> Answer:
        """The answer, whole. Raises BylineError for a question that cannot be asked."""
        *_, last = self.stream(question, history, as_of)
        assert isinstance(last, Done)
        return last.answer

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        as_of: date | None = None,
        part: Callable[[Index], Searched] | None = None,
    ) -> Iterator[Event]:
        """The events of one answer as of a day, `Done` last, from the whole index or a `part` of
        it. Closing it stops the model."""
        question = askable(question, self._limits.question_characters)
        with self.index.pinned() as whole:
            index = part(whole) if part else whole
            parts = [question] if index.literal else parts_of(as_question(question))
            answer = partial(self._answer, index, as_of)
            yield from traced(stream_parts(question, parts, history, answer), question)

    def _answer(
        self, index: Searched, as_of: date | None, question: str, history: Sequence[Turn]
    ) -> Iterator[Event]:
        clock = Clock()
        with span("understanding"):
            understood = index.corrected(stand_alone(question, history, self.generator))
            named = named_to(index, as_question(understood), as_of)
        request = Request(question, understood, as_of, named)
        answer = partial(self._from_articles, index, request, clock)
        yield from self._answers.stream(index, request, clock, answer)

    def _from_articles(self, index: Searched, request: Request, clock: Clock) -> Iterator[Event]:
        query = as_question(request.query)
        retrieved, ranked = self._retriever.retrieve(index, query, request.as_of)
        with span("evidence"):
            found = choose(ranked, self._limits.budget)
        clock.found()
        yield Found(tuple(found))
        query = with_names(query, found)
        with span("judging", passages=len(found)) as judging:
            time = request.named.happening
            seen = look(query, found, ranked, self.generator, self._limits, time)
            judged = seen.judged
            judging.note(judged=len(judged) - len(seen.unread))
        trusted = trust(query, judged, self._limits.sure)
        raw, evidence, sentences, quoted = "", list[Hit](), list[Sentence](), False
        if trusted != "none":
            least_words = LEAST_WORDS if trusted == "doubtful" else 0.0
            evidence = fewest_to_read(query, worth_reading(query, judged))
            # A small model gets yes and no wrong; a quotation does not.
            writes = not is_yes_or_no(query) and speak_of(query, evidence, least_words)
            writes = writes and believed(evidence, self.generator, self._limits.least_confidence)
            if writes:
                raw, sentences = yield from self._write(query, evidence, least_words, clock)
            if not sentences and not (writes and declines(raw)):
                least = self._limits.least_confidence
                with span("quoting"):
                    quote = best_quote(query, judged, self.generator, least_words, least)
                evidence, sentences = quote
                quoted = bool(sentences)
                yield Found(tuple(evidence or judged))
        sentences = as_presumed(query, sentences, retrieved, self._embedder, self.generator)
        yield from show_quoted(evidence, sentences if quoted else ())
        sure = confidence(evidence, quoted=quoted) if sentences and self.generator.taught else None
        cited = evidence if sentences else judged
        sentences, cited = corroborate(sentences, cited, retrieved, self._support)
        with span("differences") as comparing:
            reader = Reader(judged, ranked, self.generator, seen.unread)
            told = tell_differences(query, sentences, cited, retrieved, reader)
            comparing.note(differences=len(told.disagreements))
        missing = unsaid(query, told, retrieved, self._embedder, self.generator)
        yield finish(request, told, Reply(raw, quoted, sure, missing), clock, self.generator, index)

    def _write(
        self, query: str, evidence: Sequence[Hit], least_words: float, clock: Clock
    ) -> TypingGenerator[Event, None, tuple[str, list[Sentence]]]:
        """Lets the model write; returns its draft and, if it answers, what stands of it."""
        yield Found(tuple(evidence))
        raw = yield from write_draft(query, evidence, self.generator, clock)
        sentences = yield from check_draft(raw, evidence)
        stands = answers(query, sentences, evidence, self.generator, least_words)
        return raw, sentences if stands else []

    def foresee(
        self,
        typed: str,
        as_of: date | None = None,
        part: Callable[[Index], Searched] | None = None,
    ) -> None:
        """Search for a question that is still being typed, so that its answer finds this done. The
        language model is not asked."""
        question = askable(typed, self._limits.question_characters)
        with self.index.pinned() as whole:
            index = part(whole) if part else whole
            self._retriever.retrieve(index, as_question(index.corrected(question)), as_of)

    def find(self, query: str, as_of: date | None = None) -> list[Hit]:
        """The evidence for a question, best first: runs of sentences inside the token budget."""
        with self.index.pinned() as index:
            _, ranked = self._retriever.retrieve(index, query, as_of)
            return choose(ranked, self._limits.budget)

    def describe(self) -> Description:
        with self.index.pinned() as index:
            return describe(index, self.generator, self.index.problem)
