"""Making one ranking of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

_HALF_LIFE = 30
"""Days after which an article's newness counts half."""

Fused = tuple[int, float, dict[str, int]]
"""An id, its score and its rank in each ranking that has it."""


def reciprocal_rank_fusion(rankings: Mapping[str, Sequence[int]], k: int = 60) -> list[Fused]:
    """What all rankings hold together, best first.

    An id scores the sum of 1 / (k + rank) over the rankings, ranks counted from 1; equal scores are
    ordered by id. Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and
    individual Rank Learning Methods", SIGIR 2009, who found k = 60.
    """
    ranks: dict[int, dict[str, int]] = {}
    for name, ids in rankings.items():
        for rank, id_ in enumerate(ids, start=1):
            ranks.setdefault(id_, {})[name] = rank
    fused = [(id_, fused_score(r, k), r) for id_, r in ranks.items()]
    return sorted(fused, key=lambda item: (-item[1], item[0]))


def fused_score(ranks: Mapping[str, int], k: int = 60) -> float:
    """Of what has these ranks."""
    return sum(1 / (k + rank) for rank in ranks.values())


def weigh_by_age(
    fused: Sequence[Fused], days: Mapping[int, date], day: date, weight: float
) -> list[Fused]:
    """The same with what is new on `day` raised: a score grows by the share `weight` for an article
    of that day, and by half as much for one `_HALF_LIFE` days older. What has no day in `days`
    stays as it is. Li and Croft, "Time-Based Language Models", CIKM 2003.
    """
    weighed = [
        (id_, score * age_factor(days.get(id_), day, weight), ranks) for id_, score, ranks in fused
    ]
    return sorted(weighed, key=lambda item: (-item[1], item[0]))


def age_factor(published: date | None, day: date, weight: float) -> float:
    """What `weigh_by_age` multiplies a score by: 1 where no date is known."""
    if published is None:
        return 1.0
    return float(1 + weight * 0.5 ** (max((day - published).days, 0) / _HALF_LIFE))
