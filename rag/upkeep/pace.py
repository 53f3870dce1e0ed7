"""How far something is along: the words for its stages, its rate and the time that is left."""

from __future__ import annotations

import math
from dataclasses import dataclass

STAGES = {
    "load": "loading the language model",
    "wait": "waiting for another process",
    "read": "reading, in kB",
    "cut": "looking through the files, in kB",
    "nodes": "reading and embedding on the nodes, in kB",
    "fetch": "fetching pages",
    "chunk": "cutting into passages",
    "embed": "embedding",
    "copy": "copying the index, in kB",
    "remove": "taking articles out",
    "write": "writing passages",
    "sign": "reading for copies",
    "group": "looking for copies",
    "tell": "comparing copies",
    "merge": "making it small",
    "faiss": "arranging the vectors",
    "hash": "summing up the file, in kB",
    "milvus": "writing to Milvus",
    "sync": "waiting for the disk",
    "damage": "looking for damage",
    "verify": "checking passages",
    "export": "writing articles",
}


@dataclass(frozen=True, slots=True)
class Pace:
    """So much of a stage was done in so many seconds; `total` is 0 where nobody knows it."""

    done: int
    total: int
    seconds: float

    @property
    def rate(self) -> str:
        """What takes over a second each is told by the minute; nothing where no end is known."""
        if not self.total:
            return ""
        per_second = self.done / max(self.seconds, 1e-6)
        return f"{per_second:,.1f}/s" if per_second >= 1 else f"{60 * per_second:,.1f}/min"

    @property
    def left(self) -> str:
        """How long the rest takes at the pace so far; nothing before anything is done."""
        if not self.done:
            return ""
        return _left((self.total - self.done) * self.seconds / self.done)

    def __str__(self) -> str:
        if not self.total:
            return ""
        counts = f"{self.done:,} of {self.total:,}"
        return f"{counts}, {self.rate}, {self.left}" if self.done else counts


@dataclass(frozen=True, slots=True)
class Wait:
    """So many seconds have passed of what counts nothing, which took `usual` seconds before; None
    where that is not known."""

    seconds: float
    usual: float | None

    def __str__(self) -> str:
        passed = f"{self.seconds:,.0f} s"
        if self.usual is None:
            return passed
        if self.seconds >= self.usual:
            return f"{passed}, longer than last time"
        return f"{passed}, about {_left(math.ceil(self.usual - self.seconds))}"


def _left(seconds: float) -> str:
    return f"{seconds:,.0f} s left" if seconds < 120 else f"{seconds / 60:,.0f} min left"
