"""Whether a passage can be of the time that a question means.

A model judges a passage by its words, so one of five years ago answers what happened "this week" as
well as one of this week. What was published before something happened cannot tell of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from index.store import day_stated
from index.types import Hit
from rag.judging.judge import best_first
from rag.reading.times import Span

AHEAD = timedelta(days=7)
"""By which an article may tell beforehand what is to happen."""

UNTIMELY = 0.2
"""What the probability of a passage published earlier is multiplied by: too little is left for an
answer (`rag.judging.answerable.DOUBTFUL`), and it stays among the closest passages."""


def timely(judged: Sequence[Hit], time: Span | None) -> list[Hit]:
    """Judged passages, best first, those that are too early to tell of `time` far below. What has
    no date is taken for timely, and where no time is meant all are."""
    if time is None:
        return list(judged)
    return best_first(
        [
            replace(hit, score=hit.score * UNTIMELY) if _is_too_early(hit, time) else hit
            for hit in judged
        ]
    )


def _is_too_early(hit: Hit, time: Span) -> bool:
    published = day_stated(hit.passage.article.published_at)
    return published is not None and time.first - published > AHEAD
