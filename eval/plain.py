"""The plain recipe, to be measured beside: the five passages nearest by vector, and one prompt.

What most tutorials build: passages of 800 characters, the embedder's order, all of them in the
prompt, whatever the model writes is the answer. It has Byline's index, embedder and weights, so
that what differs is the way between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from index.search import Index
from index.types import Hit
from rag.clock import Clock
from rag.markers import split_draft
from rag.pipeline import Pipeline
from rag.prompt import heading, is_refusal
from rag.reading.untrusted import as_data
from rag.types import (
    Answer,
    Citation,
    Done,
    Event,
    Found,
    Generator,
    Message,
    Piece,
    Searches,
    Sentence,
    Turn,
)

PASSAGES = 5
_SYSTEM = (
    "You are a helpful assistant. Answer the question using only the passages below, and cite them "
    "by their numbers, like [1]. If they do not contain the answer, say that you do not know."
)
_DEPTH = 60
_UNKNOWN = ("do not know", "don't know", "not contain the answer", "cannot answer")


class PlainRecipe:
    """Asks as `rag.pipeline.Pipeline` does, from the parts of one."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    @property
    def index(self) -> Searches:
        return self._pipeline.index

    def stream(
        self, question: str, history: Sequence[Turn] = (), as_of: date | None = None
    ) -> Iterator[Event]:
        """The events of one answer. Earlier turns are not looked at."""
        with self._pipeline.index.pinned() as index:
            yield from _answer(index, self._pipeline.generator, question, as_of)


def _answer(
    index: Index, generator: Generator, question: str, as_of: date | None
) -> Iterator[Event]:
    clock = Clock()
    hits = nearest(index, question, as_of)
    clock.found()
    yield Found(tuple(hits))
    raw = ""
    for piece in generator.generate(messages(question, hits)):
        clock.word()
        raw += piece
        yield Piece(piece)
    clock.wrote(generator.usage)
    sentences = [
        Sentence(draft.text, tuple(_whole(number, hits[number - 1]) for number in draft.numbers))
        for draft in split_draft(raw, len(hits))
    ]
    refused = not sentences or is_refusal(raw) or any(words in raw.lower() for words in _UNKNOWN)
    yield Done(
        Answer(
            question=question,
            sentences=tuple(sentences),
            hits=tuple(hits),
            abstained=refused,
            raw=raw,
            timings=clock.timings(),
            model=generator.name,
            index_version=index.manifest.version,
            as_of=as_of,
        )
    )


def nearest(index: Index, question: str, as_of: date | None) -> list[Hit]:
    """The passages nearest by vector alone, nearest first."""
    found = index.search(question, 2 * _DEPTH, _DEPTH, as_of)  # all of both rankings
    return sorted(found, key=lambda hit: -(hit.similarity or 0.0))[:PASSAGES]


def messages(question: str, hits: Sequence[Hit]) -> list[Message]:
    passages = "\n\n".join(
        f"[{number}] {heading(hit)}\n{as_data(hit.passage.text)}"
        for number, hit in enumerate(hits, start=1)
    )
    told = f"Passages:\n\n{passages}\n\nQuestion: {as_data(question)}"
    return [Message("system", _SYSTEM), Message("user", told)]


def _whole(number: int, hit: Hit) -> Citation:
    return Citation(number, hit.passage, hit.passage.start, hit.passage.end)
