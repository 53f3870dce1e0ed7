"""An answer as JSON, in the form that scripts and programs rely on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from index.types import Hit
from rag.judging.confidence import in_words
from rag.types import Answer, Citation, Disagreement, Sentence


def answer_json(answer: Answer, id_: str | int | None = None) -> dict[str, Any]:
    """The whole answer; `passages` are what the model was given, numbered as cited."""
    fields = {
        "question": answer.question,
        "understood": answer.understood,
        "preferred": answer.preferred,
        "as_of": answer.as_of.isoformat() if answer.as_of else None,
        "answer": answer.text,
        "abstained": answer.abstained,
        "quoted": answer.quoted,
        "confidence": _confidence_json(answer.confidence),
        "note": answer.note,
        "sentences": [sentence_json(sentence) for sentence in answer.sentences],
        "disagreements": [_disagreement_json(one) for one in answer.disagreements],
        "passages": hits_json(answer.hits),
        "timings": asdict(answer.timings),
        "model": answer.model,
        "index_version": answer.index_version,
    }
    return fields if id_ is None else {**fields, "id": id_}


def _confidence_json(probability: float | None) -> dict[str, Any] | None:
    if probability is None:
        return None
    return {"probability": round(probability, 3), "words": in_words(probability)}


def hits_json(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """Passages with their place in their article; `score` compares within one list only."""
    return [
        {
            "number": number,
            "article_id": hit.passage.article.id,
            "title": hit.passage.article.title,
            "outlet": hit.passage.article.outlet,
            "published_at": hit.passage.article.published_at,
            "url": hit.passage.article.url,
            "start": hit.passage.start,
            "end": hit.passage.end,
            "text": hit.passage.text,
            "score": round(hit.score, 6),
            "updated_at": hit.passage.article.updated_at,
            "correction": hit.passage.article.correction,
            "copies": [asdict(copy) for copy in hit.copies],
        }
        for number, hit in enumerate(hits, start=1)
    ]


def sentence_json(sentence: Sentence) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "verdict": sentence.verdict,
        "support": sentence.support,
        "why": sentence.why,
        "citations": [_citation_json(citation) for citation in sentence.citations],
    }


def _citation_json(citation: Citation) -> dict[str, Any]:
    article = citation.passage.article
    return {
        "number": citation.number,
        "article_id": article.id,
        "title": article.title,
        "outlet": article.outlet,
        "published_at": article.published_at,
        "url": article.url,
        "start": citation.quote_start,
        "end": citation.quote_end,
        "quote": citation.quote,
    }


def _disagreement_json(disagreement: Disagreement) -> dict[str, Any]:
    return {
        "about": disagreement.about,
        "kind": disagreement.kind,
        "claims": [
            {
                "value": claim.value,
                "outlet": claim.citation.passage.article.outlet,
                "published_at": claim.citation.passage.article.published_at,
                "note": claim.note,
                "citation": _citation_json(claim.citation),
            }
            for claim in disagreement.claims
        ],
    }
