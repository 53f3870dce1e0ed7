"""Citation metrics, with their arithmetic worked out by hand."""

from __future__ import annotations

from dataclasses import replace

from eval.citations import (
    citation_scores,
    precision,
    recall,
    same_sentence,
    sentence_precision,
    sentence_recall,
)
from eval.records import CitationRecord, Record, SentenceRecord, Verdict


def citation(article: str, quote: str = "It paid $5.") -> CitationRecord:
    return CitationRecord(1, article, article, None, None, None, 0, len(quote), quote)


def sentence(verdict: Verdict | None, *citations: CitationRecord) -> SentenceRecord:
    return SentenceRecord("It paid.", verdict, None, citations)


RECORD = Record(
    id="q",
    question="?",
    outcome="right",
    answer="",
    abstained=False,
    gold_articles=("g", "h"),
    gold_sentences=("It paid $5.", "It paid late."),
    sentences=(
        sentence("supported", citation("g"), citation("x", "It rained.")),
        sentence("partly", citation("g")),
        sentence("supported"),
    ),
)


def test_precision_is_over_citations() -> None:
    # cited a, b, a, c; gold a and c: 3 of 4
    assert precision(["a", "b", "a", "c"], {"a", "c"}) == 0.75


def test_recall_is_over_gold_articles() -> None:
    # cited a twice; gold a and c: 1 of 2
    assert recall(["a", "a"], ["a", "c"]) == 0.5


def test_sentence_precision_counts_quotes_that_hold_gold_or_are_held() -> None:
    # the whole, a part, and another: 2 of 3
    quotes = ["He came.\nShe went.", "She", "They stayed."]
    assert sentence_precision(quotes, ["She went."]) == 2 / 3


def test_sentence_recall_counts_gold_sentences() -> None:
    assert sentence_recall(["She went."], ["She went.", "He came."]) == 0.5


def test_white_space_makes_no_other_sentence() -> None:
    assert same_sentence("She\n went.", "She went. ")
    assert not same_sentence("", "She went.")


def test_the_shares_of_one_answer() -> None:
    assert citation_scores(RECORD) == {
        "citation_precision": 2 / 3,  # g, x, g
        "citation_recall": 1 / 2,  # g of g and h
        "citation_sentence_precision": 2 / 3,  # "It paid $5." twice of three quotes
        "citation_sentence_recall": 1 / 2,
        "cited_sentences": 2 / 3,
        "cited_supported": 1 / 2,  # supported of supported and partly; the third is not cited
    }


def test_an_answer_that_cites_nothing_has_recall_0_and_no_precision() -> None:
    scores = citation_scores(replace(RECORD, sentences=(sentence(None),)))
    assert (scores["citation_precision"], scores["citation_recall"]) == (None, 0)
    assert (scores["cited_sentences"], scores["cited_supported"]) == (0, None)


def test_a_refusal_has_no_citations_to_score() -> None:
    assert set(citation_scores(replace(RECORD, abstained=True)).values()) == {None}


def test_without_gold_there_is_no_precision_and_no_recall() -> None:
    scores = citation_scores(replace(RECORD, gold_articles=(), gold_sentences=()))
    assert [value for name, value in scores.items() if name.startswith("citation")] == [None] * 4
