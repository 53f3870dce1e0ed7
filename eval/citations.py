"""Whether citations point where they should, and how much of an answer carries one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from eval.records import Record


def citation_scores(record: Record) -> dict[str, float | None]:
    """One answer's shares, 0 to 1; all None for a refusal, and those of gold without gold.

    Precision is over citations, recall over what is gold: an answer that cites nothing has a recall
    of 0 and no precision.
    """
    articles = [citation.article_id for citation in record.citations]
    quotes = [citation.quote for citation in record.citations]
    scores = {
        "citation_precision": precision(articles, record.gold_articles),
        "citation_recall": recall(articles, record.gold_articles),
        "citation_sentence_precision": sentence_precision(quotes, record.gold_sentences),
        "citation_sentence_recall": sentence_recall(quotes, record.gold_sentences),
        "cited_sentences": cited_sentences(record),
        "cited_supported": cited_supported(record),
    }
    return dict.fromkeys(scores) if record.abstained else scores


def precision(cited: Sequence[str], gold: Collection[str]) -> float | None:
    """The share of citations, by article id, of a gold article."""
    if not cited or not gold:
        return None
    return sum(article in gold for article in cited) / len(cited)


def recall(cited: Collection[str], gold: Sequence[str]) -> float | None:
    """The share of gold articles that is cited."""
    if not gold:
        return None
    return sum(article in cited for article in gold) / len(gold)


def sentence_precision(quotes: Sequence[str], gold: Sequence[str]) -> float | None:
    """The share of quotes that hold a gold sentence or are part of one."""
    if not quotes or not gold:
        return None
    return sum(any(same_sentence(quote, one) for one in gold) for quote in quotes) / len(quotes)


def sentence_recall(quotes: Sequence[str], gold: Sequence[str]) -> float | None:
    """The share of gold sentences that a quote holds or is part of."""
    if not gold:
        return None
    return sum(any(same_sentence(quote, one) for quote in quotes) for one in gold) / len(gold)


def same_sentence(left: str, right: str) -> bool:
    """Whether one text holds the other, however their white space is set."""
    left, right = " ".join(left.split()), " ".join(right.split())
    return bool(left and right) and (left in right or right in left)


def cited_sentences(record: Record) -> float | None:
    """The share of the answer's sentences that carry a citation."""
    if not record.sentences:
        return None
    return sum(bool(sentence.citations) for sentence in record.sentences) / len(record.sentences)


def cited_supported(record: Record) -> float | None:
    """The share of the cited and checked sentences whose verdict is `supported`."""
    verdicts = [s.verdict for s in record.sentences if s.citations and s.verdict is not None]
    return verdicts.count("supported") / len(verdicts) if verdicts else None
