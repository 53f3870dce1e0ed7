"""What every stage of finding said of a passage, for whoever wants to know why it stands there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from index.fuse import day_factor, fused_score
from index.store import day_stated
from index.types import Embedder, Hit, Preference
from rag.evidence import Budget, Candidate, candidates
from rag.judging.judge import judge
from rag.question.preferred import named_in, preference
from rag.reading.untrusted import visible
from rag.types import Generator


@dataclass(frozen=True, slots=True)
class Explained:
    """Of one hit: its `fused` score from both ranks; by what an answer multiplies that, as its
    article is `raised` for its day and its outlet; its best `sentence` as evidence, None where
    others took the room; and how likely it states the answer, None where no model was asked."""

    hit: Hit
    fused: float
    raised: float
    sentence: Candidate | None
    judged: float | None


def explain(
    question: str,
    hits: Sequence[Hit],
    embedder: Embedder,
    as_of: date | None = None,
    generator: Generator | None = None,
) -> list[Explained]:
    """The hits of a search, in their order. With a `generator` each passage is judged, too."""
    best: dict[int, Candidate] = {}
    outlets = [hit.passage.article.outlet or "" for hit in hits]
    named = named_in(question, as_of or date.today(), outlets)
    prefer = preference(named, as_of)
    for candidate in candidates(question, hits, embedder, Budget().candidates, prefer.days):
        best.setdefault(id(candidate.hit), candidate)
    judged = {h.passage: h.score for h in judge(question, hits, generator)} if generator else {}
    return [
        Explained(
            hit,
            fused_score(hit.ranks),
            _factor(hit, prefer),
            best.get(id(hit)),
            judged.get(hit.passage),
        )
        for hit in hits
    ]


def _factor(hit: Hit, prefer: Preference) -> float:
    article = hit.passage.article
    by_day = 1.0
    if prefer.days:
        by_day = day_factor(day_stated(article.published_at), prefer.days, prefer.by_day)
    return by_day * (1 + prefer.by_outlet * (article.outlet in prefer.outlets))


def explained_json(explained: Explained) -> dict[str, Any]:
    """What stands beside a passage in JSON, as `explain`."""
    hit, sentence = explained.hit, explained.sentence
    return {
        "dense": {"rank": hit.ranks.get("dense"), "score": _rounded(hit.similarity)},
        "lexical": {"rank": hit.ranks.get("lexical"), "score": _rounded(hit.bm25)},
        "fused": _rounded(explained.fused),
        "raised": _rounded(explained.raised),
        "copies": len(hit.copies),
        "evidence": None
        if sentence is None
        else {
            "text": sentence.text,
            "start": sentence.start,
            "end": sentence.end,
            "score": _rounded(sentence.score),
            "parts": {name: _rounded(part) for name, part in sentence.parts.items()},
        },
        "judge": _rounded(explained.judged),
    }


def explained_text(explained: Explained) -> str:
    """The same in lines for a terminal."""
    hit, sentence = explained.hit, explained.sentence
    lines = [
        f"{_stage('dense', hit, hit.similarity)}; {_stage('lexical', hit, hit.bm25)}; "
        f"fused {explained.fused:.4f}; raised ×{explained.raised:.2f}; "
        f"copies {len(hit.copies)}"
    ]
    if sentence is None:
        lines.append("evidence: none of its sentences was looked at")
    else:
        parts = " ".join(f"{part:+.2f} {name}" for name, part in sentence.parts.items())
        text = visible(" ".join(sentence.text.split()))
        lines.append(f"evidence {sentence.score:.2f} = {parts}: “{text}”")
    if explained.judged is not None:
        lines.append(f"judge {explained.judged:.2f}")
    return "\n".join(f"    {line}" for line in lines)


def _stage(name: str, hit: Hit, score: float | None) -> str:
    if name not in hit.ranks:
        return f"{name} not found"
    return f"{name} rank {hit.ranks[name]}" + ("" if score is None else f" ({score:.4f})")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
