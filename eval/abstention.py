"""Refusals, and whether a confidence can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from eval.records import Record

BINS = 10

Answers = Sequence[tuple[float, bool]] | np.ndarray
"""Confidence, 0 to 1, and whether it is right; as an array, rows of shape (n, 2)."""


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


def risk_coverage(answers: Answers) -> list[RiskPoint]:
    """The risk of answering only the most confident, for each number of them.

    El-Yaniv and Wiener 2010. Answers of one confidence stand or fall together, so they share a
    point: no order among them is better than another.
    """
    counts, wrong = _curve(answers)
    return [
        RiskPoint(float(count / counts[-1]), float(errors / count))
        for count, errors in zip(counts, wrong, strict=True)
    ]


def area_under_risk(answers: Answers) -> float | None:
    """The mean risk over all coverages, 0 at best (AURC, Geifman and El-Yaniv 2018).

    Each point stands for the answers that it adds. None without answers.
    """
    if not len(answers):
        return None
    counts, wrong = _curve(answers)
    return float((np.diff(counts, prepend=0) * wrong / counts).sum() / counts[-1])


def _curve(answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    """How many answers have at least each confidence, highest first, and how many are wrong."""
    rows = np.asarray(answers, dtype=float).reshape(-1, 2)
    rows = rows[np.argsort(-rows[:, 0])]
    last_of_its_kind = np.append(np.diff(rows[:, 0]) != 0, [True] * bool(len(rows)))
    return (
        np.arange(1, len(rows) + 1)[last_of_its_kind],
        np.cumsum(1 - rows[:, 1])[last_of_its_kind],
    )


def reliability(answers: Answers, bins: int = BINS) -> list[Bin]:
    """The answers in `bins` equal ranges of confidence: what a reliability diagram shows."""
    counts, confident, right = _binned(answers, bins)
    return [
        Bin(
            place / bins,
            (place + 1) / bins,
            int(count),
            float(confident[place] / count) if count else None,
            float(right[place] / count) if count else None,
        )
        for place, count in enumerate(counts)
    ]


def calibration_error(answers: Answers, bins: int = BINS) -> float | None:
    """How far confidence is from accuracy, weighed by bin (ECE, Guo et al. 2017); None without."""
    if not len(answers):
        return None
    _, confident, right = _binned(answers, bins)
    return float(np.abs(right - confident).sum() / len(answers))


def _binned(answers: Answers, bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each bin: its answers, the sum of their confidence, and how many are right."""
    rows = np.asarray(answers, dtype=float).reshape(-1, 2)
    places = np.clip(np.ceil(rows[:, 0] * bins).astype(int) - 1, 0, bins - 1)
    return (
        np.bincount(places, minlength=bins),
        np.bincount(places, weights=rows[:, 0], minlength=bins),
        np.bincount(places, weights=rows[:, 1], minlength=bins),
    )
