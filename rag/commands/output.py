"""An answer as JSON, in the form that scripts rely on, and as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from index.browse import day
from index.types import Hit
from rag.judging.confidence import in_words
from rag.prompt import heading
from rag.reading.untrusted import as_data, visible
from rag.types import Answer, Citation, Disagreement, Sentence

_NAMED = 5  # outlets or places that are named before the rest is counted


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


def answer_text(answer: Answer) -> str:
    """The answer with its markers, and below it what each number stands for."""
    text = "\n\n".join(part for part in (visible(answer.text), understood_text(answer)) if part)
    return f"{text}\n\n{sources_text(answer)}" if answer.hits else text


def understood_text(answer: Answer) -> str:
    """How the question was read, where that is not just as it was written; else empty."""
    told = []
    if answer.understood:
        told.append(f"Understood as: {answer.understood}")
    if answer.preferred:
        told.append(f"Looked at first: {answer.preferred}")
    return visible("\n".join(told))


def sources_text(answer: Answer) -> str:
    """The cited sentences by number, after what sources state differently or, under a refusal, the
    closest passages; a note before."""
    note = f"{answer.note}\n\n" if answer.note else ""
    if answer.confidence is not None:
        note += f"Confidence: {in_words(answer.confidence)}.\n\n"
    if answer.abstained:
        return f"{note}The closest passages:\n{hits_text(answer.hits)}"
    quotes: dict[int, list[str]] = {}
    claimed = [claim.citation for one in answer.disagreements for claim in one.claims]
    for citation in [*(c for sentence in answer.sentences for c in sentence.citations), *claimed]:
        quote = " ".join(citation.quote.split())
        if quote not in quotes.setdefault(citation.number, []):
            quotes[citation.number].append(quote)
    differing = "".join(f"{_side_by_side(one)}\n\n" for one in answer.disagreements)
    sources = differing + "\n".join(
        f"[{number}] {heading(answer.hits[number - 1])}\n    “{'” … “'.join(quotes[number])}”"
        f"{_notes(answer.hits[number - 1])}"
        for number in sorted(quotes)
    )
    return visible(f"{note}{sources}")


def difference_heading(disagreement: Disagreement) -> str:
    """How far the sources are apart, in three words or four."""
    return {
        "different": "Sources disagree",
        "compatible": "Sources are not equally exact",
        "corrected": "A source was corrected",
        "changed": "It changed",
    }[disagreement.kind]


def _side_by_side(disagreement: Disagreement) -> str:
    """Each value with its outlet and day, the newest first."""
    rows = []
    for claim in disagreement.claims:
        article = claim.citation.passage.article
        known = ", ".join(part for part in (article.outlet, day(article.published_at)) if part)
        note = f" ({claim.note})" if claim.note else ""
        source = as_data(known or article.title)
        rows.append(f"    {as_data(claim.value)}{note}: {source} [{claim.citation.number}]")
    return "\n".join([f"{difference_heading(disagreement)}: {disagreement.about}", *rows])


def quotes_text(sentence: Sentence) -> str:
    """Below a sentence: the source and the words that carry it, two lines for each citation."""
    return "".join(
        f"\n    [{one.number}] {printable(heading(Hit(one.passage, 0.0)))}"
        f"\n    “{printable(' '.join(one.quote.split()))}”"
        for one in sentence.citations
    )


def hits_text(hits: Sequence[Hit], beneath: Sequence[str] = ()) -> str:
    """Passages for a terminal, numbered, with what stands `beneath` each, if anything."""
    more = [f"\n{text}" for text in beneath] or [""] * len(hits)
    text = "\n".join(
        f"[{number}] {heading(hit)}\n    {' '.join(hit.passage.text.split())}{_notes(hit)}{below}"
        for number, (hit, below) in enumerate(zip(hits, more, strict=True), start=1)
    )
    return visible(text)


def also_in(hit: Hit) -> str | None:
    """The other outlets that carried a passage, such as `A, B and 3 more`; None without any.

    An outlet that is not known goes by the headline.
    """
    own = hit.passage.article.outlet
    names = dict.fromkeys(copy.outlet or copy.title for copy in hit.copies)
    others = [" ".join(name.split()) for name in names if name != own]
    if not others:
        return None
    more = len(others) - _NAMED
    return ", ".join(others[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def by_reason(remarks: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Each reason once, after the places that it holds for, such as `A, B and 3 more`.

    What came from the web is in it without what could steer a terminal.
    """
    places: dict[str, list[str]] = {}
    for place, reason in remarks:
        places.setdefault(reason, []).append(place)
    for reason, found in places.items():
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        yield printable(", ".join(found[:_NAMED]) + more), printable(reason)


def printable(text: str) -> str:
    """The text without what could steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _notes(hit: Hit) -> str:
    """What a reader should know of a source beside its text, on lines of their own."""
    article, others = hit.passage.article, also_in(hit)
    notice = " ".join((article.correction or "").split())
    return (f"\n    Also in: {others}" if others else "") + (
        f"\n    Note: {notice}" if notice else ""
    )
