"""Looking at the evidence: at the first of it, at the rest where that does not settle the question,
and where that may pay at what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.types import Hit
from rag.evidence import Candidate, choose
from rag.judging.judge import asks_several, best_first, judge, promises
from rag.judging.timely import timely
from rag.limits import Limits
from rag.reading.times import Span
from rag.types import Generator

FIRST = 2
"""Passages that are judged before the others."""
SETTLED = 0.9
"""Of one of these, from which no other is judged before the answer is written: judging is most of
the time until the first word, and the others change what is answered hardly ever (docs/LOG.md)."""


@dataclass(frozen=True, slots=True)
class Look:
    """The evidence as it is judged, best first, and what of it is `unread` yet: its score is 0."""

    judged: list[Hit]
    unread: list[Hit]


def look(
    question: str,
    found: Sequence[Hit],
    ranked: Sequence[Candidate],
    generator: Generator,
    limits: Limits,
    time: Span | None = None,
) -> Look:
    """The evidence `found`, with a further choice of the `ranked` sentences where it is in doubt;
    what cannot tell of the `time` that is meant, last.

    Only a model that was taught to judge tells by one passage how sure it is.
    """
    first = FIRST if generator.taught and not asks_several(question) else len(found)
    judged = judge(question, found[:first], generator)
    unread = [replace(hit, score=0.0) for hit in found[first:]]
    if unread and timely(judged, time)[0].score >= SETTLED:
        return Look([*timely(judged, time), *unread], unread)
    judged = best_first([*judged, *judge(question, unread, generator)])
    if promises(judged, limits.sure):
        further = choose(ranked, limits.budget, besides=found)
        judged = best_first([*judged, *judge(question, further, generator)])
    return Look(timely(judged, time), [])
