"""Which words of a question are looked for, and how rankings are fused."""

import pytest

from index.fuse import reciprocal_rank_fusion
from index.words import content_words, match_expression


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How much did Meta pay for Scale AI?", ["meta", "pay", "scale", "ai"]),
        ("Who is Meta’s new CEO, who?", ["meta", "new", "ceo"]),
        ("Didn't it pay $14.3 billion at 09:30?", ["pay", "14.3", "billion", "09:30"]),
        ("What did O'Brien say?", ["o'brien"]),
        ("Did the US or the U.S. join the WHO?", ["us", "u.s.", "join", "who"]),
        ("WHO IS SHE", []),
        ("Was kostet Österreich?", ["kostet", "österreich"]),
        ("the of and", []),
        ('?!"(*^', []),
    ],
)
def test_content_words(question: str, words: list[str]) -> None:
    found = content_words(question)
    assert [word for word in found if word != "was"] == words


def test_every_word_is_quoted() -> None:
    assert match_expression('NEAR(meta) title:"x" *') == '"near" OR "meta" OR "title" OR "x"'


def test_fusion_adds_reciprocal_ranks() -> None:
    # 2: 1/(60+2) + 1/(60+1) = 0.03252; 1: 1/61 = 0.01639; 3: 1/62 = 0.01613
    fused = reciprocal_rank_fusion({"dense": [1, 2], "lexical": [2, 3]})
    assert [id_ for id_, _, _ in fused] == [2, 1, 3]
    assert fused[0][1] == pytest.approx(1 / 62 + 1 / 61)


def test_fusion_keeps_each_rank() -> None:
    fused = reciprocal_rank_fusion({"dense": [1, 2], "lexical": [2]})
    assert {id_: ranks for id_, _, ranks in fused} == {
        1: {"dense": 1},
        2: {"dense": 2, "lexical": 1},
    }


def test_fusion_orders_equal_scores_by_id() -> None:
    assert [i for i, _, _ in reciprocal_rank_fusion({"dense": [9], "lexical": [4]})] == [4, 9]


def test_fusion_of_nothing() -> None:
    assert reciprocal_rank_fusion({"dense": [], "lexical": []}) == []
