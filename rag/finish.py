"""The end of an answer: put together, with what the sources state differently, or the refusal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from rag.clock import Clock
from rag.differences.disagreement import Told
from rag.now import note_on
from rag.prompt import REFUSAL
from rag.question.preferred import Named
from rag.types import Answer, Done, Generator, Searched, Sentence


@dataclass(frozen=True, slots=True)
class Request:
    """A question as it was asked and, as `query`, as it was understood; `as_of` a day, if told;
    `named` what it names of dates and outlets."""

    question: str
    query: str
    as_of: date | None = None
    named: Named = field(default_factory=Named)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model wrote, `raw`; what stands instead may be `quoted`. `confidence` is as of
    Answer, and `unsaid` what a refusal says that the articles leave out, None where that is not
    known."""

    raw: str
    quoted: bool = False
    confidence: float | None = None
    unsaid: Sentence | None = None


def finish(
    request: Request, told: Told, reply: Reply, clock: Clock, generator: Generator, index: Searched
) -> Done:
    """The answer or, where no sentence stands, the refusal with the closest passages."""
    return Done(
        Answer(
            question=request.question,
            understood=request.query if request.query != request.question else None,
            sentences=told.sentences
            or (Sentence(REFUSAL), *([reply.unsaid] if reply.unsaid else [])),
            hits=told.hits,
            abstained=not told.sentences,
            confidence=reply.confidence,
            quoted=reply.quoted,
            raw=reply.raw,
            timings=clock.timings(),
            model=generator.name,
            index_version=index.manifest.version,
            disagreements=told.disagreements,
            as_of=request.as_of,
            preferred=str(request.named) or None,
            note=note_on(
                request.query, told.sentences, request.as_of or date.today(), request.as_of
            ),
        )
    )
