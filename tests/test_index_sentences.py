"""Where sentences begin and end."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.sentences import LONGEST, sentence_spans


def sentences(text: str, language: str = "en") -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, language)]


def test_plain_sentences() -> None:
    assert sentences("Meta paid $14.3 billion. It has 49%.") == [
        "Meta paid $14.3 billion.",
        "It has 49%.",
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "Mr. Wang founded it with Lucy Guo in the U.S. in 2016.",
        "The doors open at 2 p.m. Sunday, March 17.",
        "Sen. Steve Daines, R-Mont. posted a screenshot.",
        "No. 1 Michigan meets vs. No. 2 Washington.",
        "J. P. Morgan and Scale AI Inc. agreed on Jan. 5.",
    ],
)
def test_abbreviations_do_not_end_a_sentence(sentence: str) -> None:
    assert sentences(sentence) == [sentence]


def test_a_line_break_ends_a_sentence() -> None:
    text = "A heading\n\n• one bullet\r\n• another\u2028A line"
    assert sentences(text) == ["A heading", "• one bullet", "• another", "A line"]


def test_offsets_count_characters_not_bytes() -> None:
    assert sentences("Über 😀😀 é. Das ist gut.") == ["Über 😀😀 é.", "Das ist gut."]


def test_white_space_of_several_bytes() -> None:
    assert sentences("Led\u2003by\u00a0J.\u2003Wang. He\u00a0left.") == [
        "Led\u2003by\u00a0J.\u2003Wang.",
        "He\u00a0left.",
    ]


def test_half_a_character_is_carried_through() -> None:
    assert sentences("Odd \ud83d text. Next.") == ["Odd \ud83d text.", "Next."]


@pytest.mark.parametrize("language", ["en-GB", "fr", "xx", ""])
def test_any_language_tag_is_taken(language: str) -> None:
    assert len(sentences("Le premier. Le second.", language)) == 2


@pytest.mark.parametrize("text", ["", " ", "\n\n", "\u2028\u00a0"])
def test_no_words_no_sentences(text: str) -> None:
    assert sentences(text) == []


def test_an_endless_sentence_is_cut_at_white_space() -> None:
    pieces = sentences("word " * 2000)
    assert max(map(len, pieces)) <= LONGEST
    assert set(" ".join(pieces).split(" ")) == {"word"}


def test_a_sentence_without_white_space_is_cut_hard() -> None:
    assert [len(piece) for piece in sentences("x" * 2500)] == [1000, 1000, 500]


TEXTS = st.text(
    st.one_of(st.sampled_from(list("aB. \n!?\"“”'()…\u2003\u00a0é😀J")), st.characters()),
    max_size=80,
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(TEXTS, TEXTS.map(lambda text: text * 40)), st.sampled_from(["en", "de", "zz"]))
def test_spans_are_in_order_trimmed_and_cover_all_words(text: str, language: str) -> None:
    spans = sentence_spans(text, language)
    covered = ""
    last = 0
    for start, end in spans:
        assert last <= start < end <= len(text)
        assert end - start <= LONGEST
        assert text[start:end] == text[start:end].strip()
        covered += text[start:end]
        last = end
    assert re.sub(r"\s", "", covered) == re.sub(r"\s", "", text)
