"""How often one may ask."""

from __future__ import annotations

import time
from collections import OrderedDict

_KNOWN = 10_000
"""Of how many it is remembered how often they asked; those who asked least lately are forgotten."""


class PerMinute:
    """A bucket for each name that holds a minute's requests and fills evenly (the token bucket of
    RFC 2697's kind)."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, name: str, per_minute: int) -> float:
        """Take one; the seconds to wait where there is none, else 0."""
        now = time.monotonic()
        left, then = self._buckets.pop(name, (float(per_minute), now))
        left = min(float(per_minute), left + (now - then) * per_minute / 60)
        taken = left >= 1
        self._buckets[name] = (left - 1 if taken else left, now)
        while len(self._buckets) > _KNOWN:
            self._buckets.popitem(last=False)
        return 0.0 if taken else (1 - left) * 60 / per_minute
