"""Citation markers: never in two, never out of bounds, and tied to the right sentence."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rag.markers import MarkerFilter, split_draft


def shown(*pieces: str, passages: int = 3) -> list[str]:
    """What a reader sees after each piece, the end included."""
    markers = MarkerFilter(passages)
    return [*(markers.feed(piece) for piece in pieces), markers.finish()]


def whole(text: str, passages: int = 3) -> str:
    return "".join(shown(text, passages=passages))


class TestWhileItStreams:
    def test_text_without_markers_comes_at_once(self) -> None:
        assert shown("Meta paid", " $14.3 billion.") == ["Meta paid", " $14.3 billion.", ""]

    def test_a_marker_waits_until_it_is_whole(self) -> None:
        assert shown("It paid", " [", "1", "]", ".") == ["It paid", "", "", " [1]", ".", ""]

    def test_a_bracket_that_is_no_marker_is_let_through(self) -> None:
        assert whole("He said [sic] so, and [the chief executive of the company] too.") == (
            "He said [sic] so, and [the chief executive of the company] too."
        )

    @pytest.mark.parametrize("left", ["[2", " [", "[1, ", "[passage 2", "[2 "])
    def test_a_marker_that_never_comes_to_its_end_is_left_out(self, left: str) -> None:
        assert whole(f"It paid [1] and {left}") == "It paid [1] and"

    def test_an_open_bracket_with_words_at_the_end_is_shown(self) -> None:
        assert whole("It paid [1] and [send") == "It paid [1] and [send"

    def test_white_space_at_the_end_is_not(self) -> None:
        assert whole("It paid. \n") == "It paid."

    @pytest.mark.parametrize(
        ("draft", "seen"),
        [
            ("It paid [4].", "It paid."),
            ("It paid [0].", "It paid."),
            ("It paid [999].", "It paid."),
            ("It paid [1][9].", "It paid [1]."),
            ("It paid [1, 9].", "It paid [1]."),
            ("It paid [1; 2].", "It paid [1][2]."),
            ("It paid [1 and 3].", "It paid [1][3]."),
            ("It paid [1-3].", "It paid [1][2][3]."),
            ("It paid [1–9].", "It paid [1][2][3]."),
            ("It paid [2, 2].", "It paid [2]."),
            ("It paid [ 2 ].", "It paid [2]."),
            ("It paid[2].", "It paid [2]."),
            ("It paid [passage 2].", "It paid [2]."),
            ("It paid [Passages 1 and 2].", "It paid [1][2]."),
            ("It paid [Passage 1, Passage 7].", "It paid [1]."),
            ("It paid [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].", "It paid [1][2][3]."),
        ],
    )
    def test_only_passages_that_were_given(self, draft: str, seen: str) -> None:
        assert whole(draft) == seen
        assert "".join(shown(*draft)) == seen

    def test_a_year_in_brackets_is_no_marker(self) -> None:
        assert whole("It was [2025] then.") == "It was [2025] then."

    @settings(max_examples=300, deadline=None)
    @given(st.text(alphabet="ab .,-[]0129 pas\n", max_size=40), st.data())
    def test_it_does_not_matter_where_the_pieces_end(self, text: str, data: st.DataObject) -> None:
        cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
        pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
        assert "".join(shown(*pieces)) == whole(text)

    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.sampled_from([*"[]019 ,-a.", "[1]", "[9]", " and "]), max_size=12))
    def test_no_passage_that_was_not_given(self, pieces: list[str]) -> None:
        text = "".join(pieces)
        assume(not re.search(r"\[[^\]]*\[", text))  # one marker inside another is not looked for
        assert not re.search(r"\[(?:0+|[4-9]|\d\d|\d\d\d)\]", "".join(shown(*pieces)))


class TestInSentences:
    def split(self, raw: str, passages: int = 3) -> list[tuple[str, tuple[int, ...]]]:
        return [(draft.text, draft.numbers) for draft in split_draft(raw, passages)]

    @pytest.mark.parametrize(
        "raw",
        [
            "Meta paid $14.3 billion [1]. Wang left [2].",
            "Meta paid $14.3 billion. [1] Wang left. [2]",
            "Meta paid $14.3 billion.[1] Wang left.[2]",
            "Meta paid $14.3 billion [1].\nWang left [2].",
        ],
    )
    def test_a_marker_belongs_to_the_sentence_before_it(self, raw: str) -> None:
        assert self.split(raw) == [("Meta paid $14.3 billion.", (1,)), ("Wang left.", (2,))]

    def test_markers_inside_a_sentence_are_its_own(self) -> None:
        assert self.split("Meta [1] paid [2].") == [("Meta paid.", (1, 2))]

    def test_each_passage_once(self) -> None:
        assert self.split("Meta [1] paid [1][2][1].") == [("Meta paid.", (1, 2))]

    def test_without_marker(self) -> None:
        assert self.split("Meta paid.") == [("Meta paid.", ())]

    def test_out_of_bounds_is_without_marker(self) -> None:
        assert self.split("Meta paid [4].") == [("Meta paid.", ())]

    @pytest.mark.parametrize("raw", ["", "  \n", "[1]", "[1].", "...", "- "])
    def test_nothing_said_is_no_sentence(self, raw: str) -> None:
        assert self.split(raw) == []

    def test_a_number_at_the_end_of_a_sentence_stays(self) -> None:
        assert self.split("It was founded in 2016 [1].") == [("It was founded in 2016.", (1,))]

    @settings(max_examples=200, deadline=None)
    @given(st.text(alphabet="Ab .,[]0129 \n", max_size=60))
    def test_numbers_are_always_in_bounds(self, raw: str) -> None:
        assert all(1 <= n <= 3 for draft in split_draft(raw, 3) for n in draft.numbers)
