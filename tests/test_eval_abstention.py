"""Refusals and confidence, with the arithmetic worked out by hand."""

from __future__ import annotations

import pytest

from eval.abstention import (
    RiskPoint,
    area_under_risk,
    calibration_error,
    confident_answers,
    refusal_scores,
    reliability,
    risk_coverage,
)
from eval.records import Outcome, Record

ANSWERS = [(0.9, True), (0.8, True), (0.6, False), (0.2, True)]


def record(
    answerable: bool | None,
    abstained: bool,
    confidence: float | None = None,
    outcome: Outcome = "right",
) -> Record:
    return Record(
        id="q",
        question="?",
        outcome=outcome,
        answer="",
        abstained=abstained,
        answerable=answerable,
        confidence=confidence,
    )


@pytest.mark.parametrize(
    ("answerable", "abstained", "recall", "precision", "false"),
    [
        (False, True, 1, 1, None),
        (False, False, 0, None, None),
        (True, True, None, 0, 1),
        (True, False, None, None, 0),
        (None, True, None, None, None),
        (None, False, None, None, None),
    ],
)
def test_what_a_question_adds_to_each_measure(
    answerable: bool | None,
    abstained: bool,
    recall: float | None,
    precision: float | None,
    false: float | None,
) -> None:
    assert refusal_scores(record(answerable, abstained)) == {
        "refusal_recall": recall,
        "refusal_precision": precision,
        "false_refusals": false,
    }


def test_only_answers_that_were_given_and_scored_have_a_confidence_to_judge() -> None:
    records = [
        record(True, False, 0.9),
        record(False, False, 0.4, "answered_unanswerable"),
        record(True, True, 0.1, "refused_wrongly"),
        record(None, False, 0.5, "unscored"),
        record(True, False, None),
    ]
    assert confident_answers(records) == [(0.9, True), (0.4, False)]


def test_the_risk_of_answering_only_the_most_confident() -> None:
    # right, right, wrong, right: 0 of 1, 0 of 2, 1 of 3, 1 of 4
    assert risk_coverage(ANSWERS) == [
        RiskPoint(1 / 4, 0),
        RiskPoint(2 / 4, 0),
        RiskPoint(3 / 4, 1 / 3),
        RiskPoint(4 / 4, 1 / 4),
    ]


def test_the_area_is_the_mean_risk() -> None:
    # (0 + 0 + 1/3 + 1/4) / 4
    assert area_under_risk(ANSWERS) == pytest.approx((1 / 3 + 1 / 4) / 4)


def test_equal_confidences_share_a_point_in_whatever_order_they_come() -> None:
    for answers in ([(0.5, True), (0.5, False)], [(0.5, False), (0.5, True)]):
        assert risk_coverage(answers) == [RiskPoint(1, 1 / 2)]
        assert area_under_risk(answers) == 1 / 2


def test_a_bin_has_its_upper_end_and_the_first_has_0_too() -> None:
    bins = reliability([(0.0, False), (0.5, True), (1.0, True)], bins=2)
    assert [one.count for one in bins] == [2, 1]
    assert (bins[0].confidence, bins[0].right) == (0.25, 0.5)


def test_an_empty_bin_has_no_share() -> None:
    assert reliability([(0.9, True)], bins=2)[0].right is None


def test_the_calibration_error_weighs_bins_by_their_answers() -> None:
    # 0-0.5: one answer, 0.2 and right: |1 - 0.2|; 0.5-1: three, mean 2.3/3, 2/3 right: 0.1
    expected = 1 / 4 * 0.8 + 3 / 4 * 0.1
    assert calibration_error(ANSWERS, bins=2) == pytest.approx(expected)


def test_without_answers_there_is_no_score() -> None:
    assert (area_under_risk([]), calibration_error([])) == (None, None)
