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
    fused = [(id_, sum(1 / (k + rank) for rank in r.values()), r) for id_, r in ranks.items()]
    return sorted(fused, key=lambda item: (-item[1], item[0]))


def weigh_by_age(
    fused: Sequence[Fused], days: Mapping[int, date], day: date, weight: float
) -> list[Fused]:
    """The same with what is new on `day` raised: a score grows by the share `weight` for an article
    of that day, and by half as much for one `_HALF_LIFE` days older. What has no day in `days`
    stays as it is. Li and Croft, "Time-Based Language Models", CIKM 2003.
    """
    weighed = [
        (id_, score * (1 + weight * _newness(days.get(id_), day)), ranks)
        for id_, score, ranks in fused
    ]
    return sorted(weighed, key=lambda item: (-item[1], item[0]))


def _newness(published: date | None, day: date) -> float:
    """1 on the day itself, 0.5 after a half-life, 0 where no date is known."""
    if published is None:
        return 0.0
    return float(0.5 ** (max((day - published).days, 0) / _HALF_LIFE))
