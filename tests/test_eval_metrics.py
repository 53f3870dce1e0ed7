"""Metrics, with their arithmetic worked out by hand."""

from __future__ import annotations

import pytest

from eval.metrics import citation_precision, contains_answer, percentile
from rag.quantities import normalise


def test_normalise_is_that_of_squad() -> None:
    assert normalise(" The U.S.  firm, an   A-list one! ") == "us firm alist one"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Jason Droege runs it.", "Droege"),
        ("It is Droege’s job.", "Droege"),
        ("a Meta-backed firm", "Meta"),
        ("the non-voting shares", "non voting"),
        ("firms in the U.S. now", "US"),
        ("It runs GPT-4.", "GPT 4"),
        ("It paid $14.3 billion.", "14.3bn"),
        ("It paid 14,300 million dollars.", "$14.3 billion"),
        ("It paid US$14.3B.", "14.3 billion"),
        ("It holds 49 per cent.", "49%"),
        ("It holds 49%.", "49 percent"),
        ("a 1,500-strong staff", "1500"),
        ("a deal of twenty years", "20 years"),
        ("twenty-five people", "25"),
        ("a billion users", "1 billion"),
        ("founded in mid-2016.", "2016"),
        ("between $64 and $72 billion", "$64 billion and $72 billion"),
        ("of $64–72 billion", "$64 billion to $72 billion"),
    ],
)
def test_an_accepted_answer_is_found(text: str, answer: str) -> None:
    assert contains_answer(text, [answer])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("It holds 49%.", "4"),
        ("It holds 49%.", "49"),
        ("It has 49 staff.", "49%"),
        ("It rose 49 percentage points.", "49%"),
        ("It paid $14.35 billion.", "$14.3 billion"),
        ("It paid $14.3 million.", "$14.3 billion"),
        ("It paid €14.3 billion.", "$14.3 billion"),
        ("its 20th year", "20"),
        ("Llama 3.1", "Llama 3"),
        ("one of the board", "1"),
        ("twenty-five people", "20"),
        ("Sewang left.", "Wang"),
        ("Wang and Alexandr", "Alexandr Wang"),
        ("", "Wang"),
        ("anything", "the"),
    ],
)
def test_what_only_looks_like_an_accepted_answer_is_not_found(text: str, answer: str) -> None:
    assert not contains_answer(text, [answer])


def test_any_accepted_answer_is_enough() -> None:
    assert contains_answer("It holds 49%.", ["half", "49 per cent"])


def test_citation_precision_is_the_share_that_points_to_gold() -> None:
    # cited a, b, a, c; gold a and c: 3 of 4 citations
    assert citation_precision(["a", "b", "a", "c"], {"a", "c"}) == 0.75


@pytest.mark.parametrize(("cited", "gold"), [([], {"a"}), (["a"], set()), ([], set())])
def test_citation_precision_has_no_score_without_citations_or_gold(
    cited: list[str], gold: set[str]
) -> None:
    assert citation_precision(cited, gold) is None


def test_percentile_is_by_nearest_rank() -> None:
    # 20 values: 95% of 20 is 19, so the 19th smallest
    assert percentile(range(1, 21), 95) == 19
    # 3 values: 95% of 3 is 2.85, rounded up to the 3rd
    assert percentile([30.0, 10.0, 20.0], 95) == 30.0


def test_percentile_of_nothing_is_none() -> None:
    assert percentile([], 95) is None
