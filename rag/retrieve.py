"""Finding passages for a question, and ranking their sentences."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import date

from index.types import Embedder, Hit
from rag.evidence import Candidate, candidates
from rag.limits import Limits
from rag.question.preferred import named_to, preference
from rag.tracing import span
from rag.types import Searched, Searches

Retrieved = tuple[list[Hit], list[Candidate]]
_KEPT = 8


class Retriever:
    """`retrieve`, which remembers what was asked last: what was searched for while the question was
    still being typed is not searched for again. From any thread."""

    def __init__(self, embedder: Embedder, limits: Limits) -> None:
        self._embedder, self._limits = embedder, limits
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Retrieved] = OrderedDict()

    def retrieve(self, index: Searched, query: str, as_of: date | None) -> Retrieved:
        """As the function, from one version of an index or a part of it."""
        asked = (index.manifest.version, index.scope, query, as_of)
        with self._lock:
            if asked in self._kept:
                return self._kept[asked]
        found = retrieve(index, query, as_of, self._embedder, self._limits)
        with self._lock:
            self._kept[asked] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found


def retrieve(
    index: Searches, query: str, as_of: date | None, embedder: Embedder, limits: Limits
) -> Retrieved:
    """The passages found, and their sentences, the best evidence first: what the question names of
    dates and outlets is looked at first."""
    prefer = preference(named_to(index, query, as_of), as_of)
    with span("retrieval", wanted=limits.retrieved) as finding:
        hits = index.search(query, limits.retrieved, as_of=as_of, prefer=prefer)
        finding.note(passages=len(hits))
    with span("reranking", passages=len(hits)) as ranking:
        ranked = candidates(query, hits, embedder, limits.budget.candidates, prefer.days)
        ranking.note(sentences=len(ranked))
    return hits, ranked
