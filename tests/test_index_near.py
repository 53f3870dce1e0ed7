"""Shingles, signatures, and what they say of two texts."""

import numpy as np
import pytest
from wires import article, replaced, report

from index.near import contained, covered, fingerprint, numbers, shingles, signature


def test_a_text_has_a_shingle_for_each_run_of_words() -> None:
    assert len(shingles("one two three four five six seven")) == 3


def test_a_shingle_that_comes_again_counts_once() -> None:
    # "a b a b a b a" has the runs ababa, babab, ababa
    assert len(shingles("a b a b a b a")) == 2


def test_case_and_punctuation_do_not_count() -> None:
    assert (shingles("The Fed, on Friday, said: no") == shingles("the fed on friday said no")).all()


@pytest.mark.parametrize("text", ["", "four words are few", "…"])
def test_too_few_words_have_no_shingle(text: str) -> None:
    assert len(shingles(text)) == 0


def test_a_script_without_spaces_is_cut_by_characters() -> None:
    assert len(shingles("東京都の今日の天気")) == 5


def test_shingles_are_those_of_every_machine() -> None:
    assert shingles("one two three four five").tolist() == [1011761235]


def test_a_signature_keeps_the_order_of_the_text() -> None:
    text = report(1)
    assert (fingerprint(signature(article("a", text))).shingles == shingles(text)).all()


def test_a_signature_takes_four_bytes_a_word() -> None:
    text = report(1)
    assert len(signature(article("a", text))) < 6 * len(text.split())


def test_details_are_numbers_and_names_and_no_sentence_starts() -> None:
    said = fingerprint(signature(article("a", "The mayor met Ms Droege. Meanwhile the 12 left.")))
    assert len(said.details) == 3  # Ms, Droege, 12


def test_half_a_character_can_be_signed() -> None:
    assert signature(article("a", "one \ud800 two three four five six"))


def test_numbers_are_as_they_are_written() -> None:
    assert numbers("It paid $14.3 billion for 49% at 9:30.") == {"14.3", "49", "9:30"}


def test_contained_is_the_share_of_the_part() -> None:
    assert contained(np.array([1, 2, 3, 4]), np.array([3, 4, 5])) == 0.5


def test_nothing_is_contained_in_anything() -> None:
    assert contained(np.array([]), np.array([1])) == 1.0


def test_a_copy_with_words_replaced_is_covered_throughout() -> None:
    text = report(1)
    assert covered(shingles(replaced(text, 0.2)), shingles(text)) >= 0.9


def test_a_report_with_one_quotation_is_not_covered() -> None:
    quoting = report(2) + "\n" + "\n".join(report(1).splitlines()[:2])
    assert covered(shingles(quoting), shingles(report(1))) <= 0.4
