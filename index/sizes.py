"""What an index of so many passages is searched by."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

EXACT_PASSAGES = 100_000
"""Up to so many every vector is compared: exact, in some ten milliseconds and 1,540 bytes each."""
FTS_PASSAGES = 20_000
"""Up to so many FTS5 ranks passages by their words, in some ten milliseconds; beyond, postings."""

_FACTORY = re.compile(r"Flat|IVF(\d+),SQ8")


@dataclass(frozen=True, slots=True)
class FaissKind:
    """`factory` is FAISS's own name for it: `Flat`, or `IVF<lists>,SQ8`, where vectors of one byte
    a number lie in lists, each around a centroid. A question looks into the `probes` lists that
    are nearest to it."""

    factory: str = "Flat"
    probes: int = 0

    def __post_init__(self) -> None:
        match = _FACTORY.fullmatch(self.factory)
        if match is None or not 0 <= self.probes <= int(match[1] or 0):
            raise ValueError(f"no kind of FAISS index: {self.factory}, {self.probes} probes")

    @property
    def lists(self) -> int:
        """How many lists there are; 0 where every vector is compared."""
        match = _FACTORY.fullmatch(self.factory)
        assert match is not None
        return int(match[1] or 0)


def kind_for(passages: int, exact_passages: int = EXACT_PASSAGES) -> FaissKind:
    """The kind for an index of so many passages: exact up to `exact_passages`, lists beyond.

    Lists grow with the root of the passages, so that the centroids and the vectors that are
    compared grow alike (Jégou, Douze and Schmid, "Product Quantization for Nearest Neighbor
    Search", TPAMI 2011); how many are looked into was measured (docs/LOG.md).
    """
    if passages <= exact_passages:
        return FaissKind()
    lists = min(passages, 2 ** round(math.log2(2 * math.sqrt(passages))))
    return FaissKind(f"IVF{lists},SQ8", min(lists, max(8, lists // 16)))
