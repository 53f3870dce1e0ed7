"""Making one ranking of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def reciprocal_rank_fusion(
    rankings: Mapping[str, Sequence[int]], k: int = 60
) -> list[tuple[int, float, dict[str, int]]]:
    """(id, score, rank in each ranking that has it), best first.

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
