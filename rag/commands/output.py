"""An answer as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from index.browse import day
from index.types import Hit
from rag.judging.confidence import in_words
from rag.prompt import heading
from rag.reading.untrusted import as_data, visible
from rag.types import Answer, Disagreement, Sentence

_NAMED = 5  # outlets or places that are named before the rest is counted


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
