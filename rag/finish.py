"""The end of an answer: put together, or the refusal."""

from __future__ import annotations

from collections.abc import Sequence

from index.search import Index
from index.types import Hit
from rag.clock import Clock
from rag.prompt import REFUSAL
from rag.types import Answer, Done, Generator, Sentence


def finish(
    question: str,
    query: str,
    sentences: Sequence[Sentence],
    hits: Sequence[Hit],
    raw: str,
    clock: Clock,
    generator: Generator,
    index: Index,
) -> Done:
    """The answer or, where no sentence stands, the refusal with the closest passages.

    `query` is the question as it was understood.
    """
    return Done(
        Answer(
            question=question,
            understood=query if query != question else None,
            sentences=tuple(sentences) or (Sentence(REFUSAL),),
            hits=tuple(hits),
            abstained=not sentences,
            raw=raw,
            timings=clock.timings(generator),
            model=generator.name,
            index_version=index.manifest.version,
        )
    )
