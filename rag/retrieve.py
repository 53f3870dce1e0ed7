"""Finding passages for a question, and ranking their sentences."""

from __future__ import annotations

from datetime import date

from index.types import Embedder, Hit
from rag.evidence import Candidate, candidates
from rag.limits import Limits
from rag.question.preferred import named_to, preference
from rag.tracing import span
from rag.types import Searches


def retrieve(
    index: Searches, query: str, as_of: date | None, embedder: Embedder, limits: Limits
) -> tuple[list[Hit], list[Candidate]]:
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
