"""Looking at the evidence: the best of it first and, where that may pay, at what comes next."""

from __future__ import annotations

from collections.abc import Sequence

from index.types import Hit
from rag.evidence import Candidate, choose
from rag.judging.judge import best_first, judge, promises
from rag.judging.timely import timely
from rag.limits import Limits
from rag.reading.times import Span
from rag.types import Generator


def look(
    question: str,
    found: Sequence[Hit],
    ranked: Sequence[Candidate],
    generator: Generator,
    limits: Limits,
    time: Span | None = None,
) -> list[Hit]:
    """The evidence `found` as it is judged, best first, with a further choice of the `ranked`
    sentences where the first is in doubt; what cannot tell of the `time` that is meant, last."""
    judged = judge(question, found, generator)  # no call of the model where nothing is found
    if promises(judged, limits.sure):
        further = choose(ranked, limits.budget, besides=found)
        judged = best_first([*judged, *judge(question, further, generator)])
    return timely(judged, time)
