"""The way of an answer, from a question to checked sentences with citations."""

from __future__ import annotations

from collections.abc import Generator as TypingGenerator
from collections.abc import Iterator, Sequence

from index.live import LiveIndex
from index.search import Index
from index.types import Embedder, Hit
from rag.answerable import trust
from rag.asked import is_yes_or_no
from rag.clock import Clock
from rag.describe import Description, describe
from rag.disagreement import Told, tell_differences
from rag.evidence import choose_evidence
from rag.finish import Request, finish
from rag.followup import stand_alone
from rag.judge import fewest_to_read, gives_what_is_asked, judge, worth_reading
from rag.limits import Limits
from rag.markers import MarkerFilter, split_draft
from rag.prompt import build_messages, declines, is_refusal
from rag.question import askable
from rag.quote import LEAST_WORDS, best_quote
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
    Turn,
)
from rag.verify import check


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
    ) -> None:
        self.index = index
        self._embedder = embedder
        self.generator = generator
        self._limits = limits or Limits()

    def ask(self, question: str, history: History = ()) -> Answer:
        """The answer, whole. Raises BylineError for a question that cannot be asked."""
        for event in self.stream(question, history):
            if isinstance(event, Done):
                return event.answer
        raise AssertionError("stream ends with Done")

    def stream(self, question: str, history: Sequence[Turn] = ()) -> Iterator[Event]:
        """The events of one answer, `Done` last. Closing the iterator stops the model."""
        with self.index.pinned() as index:
            yield from self._answer(index, question, history)

    def _answer(self, index: Index, question: str, history: Sequence[Turn]) -> Iterator[Event]:
        clock = Clock()
        question = askable(question, self._limits.question_characters)
        query = index.corrected(stand_alone(question, history, self.generator))
        request = Request(question, query)
        retrieved, found = self._find(index, query)
        clock.found()
        yield Found(tuple(found))

        judged = judge(query, found, self.generator)  # no call of the model where nothing is found
        trusted = trust(query, judged, self._limits.sure)
        if trusted == "none":
            yield finish(request, Told((), tuple(judged)), "", clock, self.generator, index)
            return

        # A small model gets yes and no wrong, and says too much in doubt; a quotation does not.
        if trusted == "doubtful" or is_yes_or_no(query):
            least = LEAST_WORDS if trusted == "doubtful" else 0
            evidence, sentences = best_quote(query, judged, self.generator, least_words=least)
            told = tell_differences(query, sentences, evidence or judged, retrieved)
            yield finish(request, told, "", clock, self.generator, index)
            return

        evidence = fewest_to_read(query, worth_reading(query, judged))
        yield Found(tuple(evidence))
        raw = yield from self._draft(query, evidence, clock)
        sentences = yield from self._checked(raw, evidence)
        if not gives_what_is_asked(query, sentences, self.generator):
            # What the model made of the passages failed: their own words may still answer.
            failed, evidence, sentences = sentences, [], []
            if not declines(raw):
                evidence, sentences = best_quote(query, judged, self.generator, failed)
            evidence = evidence or judged
            yield Found(tuple(evidence))
        told = tell_differences(query, sentences, evidence, retrieved)
        yield finish(request, told, raw, clock, self.generator, index)

    def find(self, query: str) -> list[Hit]:
        """The evidence for a question, best first: runs of sentences inside the token budget."""
        with self.index.pinned() as index:
            return self._find(index, query)[1]

    def describe(self) -> Description:
        with self.index.pinned() as index:
            return describe(index, self.generator, self.index.problem)

    def _find(self, index: Index, query: str) -> tuple[list[Hit], list[Hit]]:
        """The passages found, and the evidence chosen from them."""
        hits = index.search(query, self._limits.retrieved)
        return hits, choose_evidence(query, hits, self._embedder, self._limits.budget)

    def _draft(
        self, query: str, evidence: Sequence[Hit], clock: Clock
    ) -> TypingGenerator[Event, None, str]:
        """Streams the draft and returns it as the model wrote it."""
        shown = MarkerFilter(len(evidence))
        raw = ""
        for piece in self.generator.generate(build_messages(query, evidence)):
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
