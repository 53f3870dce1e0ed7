"""Cutting articles into passages."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.article import Article
from index.chunk import Chunking, chunk, embedding_text
from index.sentences import sentence_spans


def article(body: str, title: str = "T", published_at: str | None = None) -> Article:
    return Article("a", title, body, published_at=published_at)


def texts(body: str, max_chars: int, overlap: int) -> list[str]:
    return [passage.text for passage in chunk(article(body), max_chars, overlap)]


BODY = "One is here. Two is here. Three is here. Four is here."


def test_a_short_article_is_one_passage() -> None:
    assert texts(BODY, 800, 1) == [BODY]


def test_passages_end_at_sentences() -> None:
    assert texts(BODY, 30, 0) == ["One is here. Two is here.", "Three is here. Four is here."]


def test_the_last_sentence_opens_the_next_passage() -> None:
    assert texts(BODY, 30, 1) == [
        "One is here. Two is here.",
        "Two is here. Three is here.",
        "Three is here. Four is here.",
    ]


def test_the_overlap_gives_way_to_a_long_sentence() -> None:
    assert texts("Short one. " + "Word " * 5 + "end.", 30, 1) == [
        "Short one.",
        "Word " * 5 + "end.",
    ]


def test_a_sentence_longer_than_a_passage_stands_alone() -> None:
    assert texts("One. " + "B" * 50 + ". Two.", 10, 1) == ["One.", "B" * 50 + ".", "Two."]


@pytest.mark.parametrize("body", ["", "  \n\n "])
def test_an_empty_article_has_no_passages(body: str) -> None:
    assert chunk(article(body)) == []


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["Aa.", "Bbb bbb bbb.", "Cc\n", "😀 é."]), max_size=30).map(" ".join),
    st.integers(1, 60),
    st.integers(0, 4),
)
def test_every_sentence_is_in_a_passage_and_passages_move_on(
    body: str, max_chars: int, overlap: int
) -> None:
    passages = chunk(article(body), max_chars, overlap)
    spans = sentence_spans(body)
    for start, end in spans:
        assert any(p.start <= start and end <= p.end for p in passages)
    for p in passages:
        assert p.text == body[p.start : p.end] == p.text.strip()
        assert len(p.text) <= max_chars or (p.start, p.end) in spans
    for before, after in pairwise(passages):
        assert before.start < after.start
        assert before.end < after.end


def test_the_embedder_reads_title_and_day() -> None:
    (passage,) = chunk(article("It paid.", "Deal", "2025-06-13T09:30:00+02:00"))
    assert embedding_text(passage) == "Deal (2025-06-13)\nIt paid."


def test_an_unknown_date_is_left_out() -> None:
    (passage,) = chunk(article("It paid.", "Deal"))
    assert embedding_text(passage) == "Deal\nIt paid."


def test_an_article_without_a_title_is_its_text() -> None:
    (passage,) = chunk(article("It paid.", ""))
    assert embedding_text(passage) == "It paid."


@pytest.mark.parametrize(("max_chars", "overlap"), [(0, 1), (800, -1)])
def test_chunking_refuses_impossible_settings(max_chars: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="max_chars"):
        Chunking(max_chars, overlap)
