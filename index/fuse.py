"""Making one ranking of several."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

_HALF_LIFE = 30
"""Days off the time asked for after which an article counts half."""

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


def weigh_by_day(
    fused: Sequence[Fused], published: Mapping[int, date], days: tuple[date, date], weight: float
) -> list[Fused]:
    """The same with what was published from the first of `days` to the last raised: a score grows
    by the share `weight`, and by half as much for each `_HALF_LIFE` days that an article is before
    or after them. What has no day in `published` stays as it is. Li and Croft, "Time-Based Language
    Models", CIKM 2003.
    """
    weighed = [
        (id_, score * day_factor(published.get(id_), days, weight), ranks)
        for id_, score, ranks in fused
    ]
    return sorted(weighed, key=lambda item: (-item[1], item[0]))


def day_factor(published: date | None, days: tuple[date, date], weight: float) -> float:
    """What `weigh_by_day` multiplies a score by: 1 where no date is known."""
    if published is None:
        return 1.0
    away = max((published - days[1]).days, (days[0] - published).days, 0)
    return float(1 + weight * 0.5 ** (away / _HALF_LIFE))


def weigh_by_outlet(
    fused: Sequence[Fused], outlets: Mapping[int, str], wanted: Collection[str], weight: float
) -> list[Fused]:
    """The same with what is of the `wanted` outlets raised by the share `weight` of its score."""
    weighed = [
        (id_, score * (1 + weight * (outlets.get(id_) in wanted)), ranks)
        for id_, score, ranks in fused
    ]
    return sorted(weighed, key=lambda item: (-item[1], item[0]))
