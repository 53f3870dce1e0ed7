"""Ranking metrics, with their arithmetic worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from eval.ranking import (
    answer_recall,
    article_ranking,
    evidence_recall,
    given_recall,
    ranking_scores,
)
from eval.records import PassageRecord, Record


def passage(article: str, text: str = "Words.") -> PassageRecord:
    return PassageRecord(article, article, 0, len(text), text, 0.5)


def record(*articles: str, gold: tuple[str, ...] = ("g",), answers: tuple[str, ...] = ()) -> Record:
    return Record(
        id="q",
        question="?",
        outcome="right",
        answer="",
        abstained=False,
        answerable=True,
        answers=answers,
        gold_articles=gold,
        retrieved=tuple(passage(name) for name in articles),
    )


def test_an_article_ranks_where_its_best_passage_does() -> None:
    assert article_ranking(record("x", "g", "x", "y").retrieved) == ["x", "g", "y"]


def test_recall_and_hit_of_two_gold_articles() -> None:
    # ranked x, g, y, z, w, h: of g and h one is in the first five, both in the first ten
    scores = ranking_scores([record("x", "g", "y", "z", "w", "h", gold=("g", "h"))])["q"]
    assert [scores[f"recall@{k}"] for k in (1, 5, 10)] == [0, 1 / 2, 1]
    assert [scores[f"hit@{k}"] for k in (1, 5, 10)] == [0, 1, 1]


def test_mrr_is_one_over_the_rank_of_the_first_gold_article() -> None:
    # passages x, x, y, g: as articles x, y, g, so the third
    assert ranking_scores([record("x", "x", "y", "g")])["q"]["mrr"] == pytest.approx(1 / 3)


def test_ndcg_discounts_by_the_logarithm_of_the_rank() -> None:
    # gold at ranks 2 and 3: 1/log2(3) + 1/log2(4); at best at 1 and 2: 1/log2(2) + 1/log2(3)
    gain = 1 / math.log2(3) + 1 / math.log2(4)
    best = 1 / math.log2(2) + 1 / math.log2(3)
    scores = ranking_scores([record("x", "g", "h", gold=("g", "h"))])["q"]
    assert scores["ndcg@10"] == pytest.approx(gain / best)


def test_nothing_found_is_0_and_no_gold_is_no_score() -> None:
    assert set(ranking_scores([record()])["q"].values()) == {0}
    assert ranking_scores([record("g", gold=())]) == {}


STATED = replace(
    record(answers=("$5", "5 dollars")),
    retrieved=(passage("a"), passage("b", "It paid 5 dollars.")),
    evidence=(passage("b", "It paid 5 dollars."),),
    given=(passage("a"),),
)


def test_answer_recall_looks_into_the_first_k_passages() -> None:
    assert (answer_recall(STATED, 1), answer_recall(STATED, 2)) == (0, 1)


def test_evidence_recall_is_of_what_was_chosen_and_given_recall_of_what_the_model_read() -> None:
    assert (evidence_recall(STATED), given_recall(STATED)) == (1, 0)


def test_a_refusal_gave_the_model_nothing() -> None:
    assert given_recall(replace(STATED, abstained=True)) is None


@pytest.mark.parametrize(
    "unscored",
    [
        replace(STATED, answers=()),
        replace(STATED, answers=("5",)),
        replace(STATED, answerable=False),
    ],
)
def test_where_nothing_can_be_looked_for_there_is_no_score(unscored: Record) -> None:
    assert answer_recall(unscored, 2) is None
