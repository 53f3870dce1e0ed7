"""Metrics of answers, with their arithmetic worked out by hand."""

from __future__ import annotations

import pytest

from eval.metrics import contains_answer, exact_match, sayable, searchable, token_f1
from rag.reading.quantities import normalise


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
        ("It closed on June 13, 2025.", "13 June 2025"),
        ("It closed on 13th June.", "June 13"),
        ("It closed on 2025-06-13.", "June 13, 2025"),
        ("It closed on the 13th of June, 2025.", "2025-06-13"),
        ("It closed on Sept. 3, 2024.", "September 2024"),
        ("It closed in June of 2025.", "June 2025"),
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
        ("It closed on June 13.", "13 June 2025"),
        ("It closed on June 12, 2025.", "13 June 2025"),
        ("It closed in June 2025.", "13 June 2025"),
        ("It closed in 2025.", "June 2025"),
    ],
)
def test_what_only_looks_like_an_accepted_answer_is_not_found(text: str, answer: str) -> None:
    assert not contains_answer(text, [answer])


def test_any_accepted_answer_is_enough() -> None:
    assert contains_answer("It holds 49%.", ["half", "49 per cent"])


def test_answers_of_under_three_characters_are_not_looked_for() -> None:
    assert searchable(["4", "US", "49%", " 12 "]) == ("49%",)


def test_answers_of_more_than_twelve_words_are_not_looked_for() -> None:
    assert sayable(["word " * 13, "word " * 12, "4"]) == ("word " * 12, "4")
    assert searchable(["word " * 13]) == ()


def test_exact_match_is_of_the_whole_text() -> None:
    assert exact_match("The 49%.", ["49"]) == 1
    assert exact_match("It holds 49%.", ["49%"]) == 0


def test_token_f1_is_the_best_over_the_answers() -> None:
    # "meta paid 143 billion" and "143 billion": 2 shared of 4 + 2 words: 2 * 2 / 6
    assert token_f1("Meta paid $14.3 billion.", ["Wang", "$14.3 billion"]) == pytest.approx(4 / 6)


def test_token_f1_counts_a_word_as_often_as_both_have_it() -> None:
    # "ai ai ai" and "scale ai": 1 shared of 3 + 2
    assert token_f1("AI, AI, AI", ["Scale AI"]) == pytest.approx(2 / 5)


def test_nothing_said_and_nothing_wanted_are_alike() -> None:
    assert token_f1("the", ["a"]) == 1
    assert token_f1("", ["Wang"]) == 0


def test_without_accepted_answers_there_is_no_score() -> None:
    assert (exact_match("Yes.", []), token_f1("Yes.", [])) == (None, None)
