"""Refusals, and whether a confidence can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from eval.records import Record

BINS = 10


class RiskPoint(NamedTuple):
    """The share of questions answered, and the share of those answers that are wrong."""

    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class Bin:
    """The answers whose confidence is above `low` and at most `high` (and 0 in the first)."""

    low: float
    high: float
    count: int
    confidence: float | None  # the mean
    right: float | None  # the share


def refusal_scores(record: Record) -> dict[str, float | None]:
    """One question's part of each refusal measure; None where the set says no answerability.

    Their means are: `refusal_recall`, refusals over unanswerable questions; `refusal_precision`,
    unanswerable questions over refusals; `false_refusals`, refusals over answerable questions.
    """
    refused, known = float(record.abstained), record.answerable is not None
    return {
        "refusal_recall": refused if record.answerable is False else None,
        "refusal_precision": float(not record.answerable) if known and record.abstained else None,
        "false_refusals": refused if record.answerable else None,
    }


def confident_answers(records: Sequence[Record]) -> list[tuple[float, bool]]:
    """Of each answer that was given and scored: its confidence, 0 to 1, and whether it is right."""
    return [
        (record.confidence, record.outcome == "right")
        for record in records
        if record.confidence is not None and not record.abstained and record.outcome != "unscored"
    ]


def risk_coverage(answers: Sequence[tuple[float, bool]]) -> list[RiskPoint]:
    """The risk of answering only the most confident, for each number of them.

    El-Yaniv and Wiener 2010. Answers of one confidence stand or fall together, so they share a
    point: no order among them is better than another.
    """
    ordered = sorted(answers, key=lambda answer: -answer[0])
    points = []
    wrong = 0
    for count, (confidence, right) in enumerate(ordered, start=1):
        wrong += not right
        if count == len(ordered) or ordered[count][0] != confidence:
            points.append(RiskPoint(count / len(ordered), wrong / count))
    return points


def area_under_risk(answers: Sequence[tuple[float, bool]]) -> float | None:
    """The mean risk over all coverages, 0 at best (AURC, Geifman and El-Yaniv 2018).

    Each point stands for the answers that it adds. None without answers.
    """
    if not answers:
        return None
    area, before = 0.0, 0.0
    for point in risk_coverage(answers):
        area += (point.coverage - before) * point.risk
        before = point.coverage
    return area


def reliability(answers: Sequence[tuple[float, bool]], bins: int = BINS) -> list[Bin]:
    """The answers in `bins` equal ranges of confidence: what a reliability diagram shows."""
    table = []
    for place in range(bins):
        low, high = place / bins, (place + 1) / bins
        inside = [a for a in answers if low < a[0] <= high or (place == 0 and a[0] == 0)]
        count = len(inside)
        table.append(
            Bin(
                low,
                high,
                count,
                sum(confidence for confidence, _ in inside) / count if count else None,
                sum(right for _, right in inside) / count if count else None,
            )
        )
    return table


def calibration_error(answers: Sequence[tuple[float, bool]], bins: int = BINS) -> float | None:
    """How far confidence is from accuracy, weighed by bin (ECE, Guo et al. 2017); None without."""
    if not answers:
        return None
    return sum(
        one.count / len(answers) * abs(one.right - one.confidence)
        for one in reliability(answers, bins)
        if one.right is not None and one.confidence is not None
    )
