"""Whether a confidence means what it says, and what each bound on it costs.

`python -m eval.calibrate RUN.json ...` reads runs that answered whatever they could, as they are
written beside the reports of

    BYLINE_LEAST_CONFIDENCE=0 byline eval gold --split dev
    BYLINE_LEAST_CONFIDENCE=0 byline eval abstain --limit 100

and prints the slopes and intercepts of rag/judging/confidence.py as these runs would have them, by
logistic regression over the log-odds (Platt 1999), and what would be answered from each bound on
(`least_confidence` in the settings).
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eval.records import Record, read_result
from rag.judging.confidence import QUOTED, WRITTEN

BOUNDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)

Curve = tuple[float, float]


def is_right(record: Record) -> bool | None:
    """Whether an answer is one that should stand; None for a refusal. One that the set has no words
    to score with counts as right where there is an answer."""
    if record.confidence is None or record.abstained:
        return None
    return record.outcome == "right" or bool(record.outcome == "unscored" and record.answerable)


def fitted(records: Sequence[Record], old: Curve) -> Curve | None:
    """Slope and intercept over the log-odds that the passage states the answer; None where all
    answers are right, or all wrong.

    A confidence is a line over these log-odds already, `old`, so the new line goes over that one.
    """
    from sklearn.linear_model import LogisticRegression

    told = [(log_odds(r.confidence), is_right(r)) for r in records if r.confidence is not None]
    right = np.array([one for _, one in told])
    if len(set(right.tolist())) < 2:
        return None
    model = LogisticRegression().fit(np.array([[odds] for odds, _ in told]), right)
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    return slope * old[0], slope * old[1] + intercept


def log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(bounded / (1 - bounded))


def table(records: Sequence[Record]) -> dict[str, dict[str, float | None]]:
    """For each bound the shares, 0 to 1, of answerable questions that are answered rightly and that
    are refused, of unanswerable ones that are refused, and of answers that are wrong."""
    told: dict[str, dict[str, float | None]] = {}
    for bound in BOUNDS:
        given = [r.confidence is not None and r.confidence >= bound for r in records]
        pairs = list(zip(records, given, strict=True))
        answers = [is_right(record) for record, is_given in pairs if is_given]
        told[str(bound)] = {
            "right": _share([g and is_right(r) is True for r, g in pairs if r.answerable]),
            "answerable refused": _share([not g for r, g in pairs if r.answerable]),
            "unanswerable refused": _share([not g for r, g in pairs if r.answerable is False]),
            "answers that are wrong": _share([answer is False for answer in answers]),
        }
    return told


def _share(outcomes: Sequence[bool]) -> float | None:
    return round(sum(outcomes) / len(outcomes), 3) if outcomes else None


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", type=Path, help="runs that byline eval has written")
    arguments = parser.parse_args(argv)
    records = [one for path in arguments.runs for one in read_result(path).records]
    given = [record for record in records if is_right(record) is not None]
    curves = {
        "written": fitted([record for record in given if not record.quoted], WRITTEN),
        "quoted": fitted([record for record in given if record.quoted], QUOTED),
    }
    print(json.dumps({"curves": curves, "bounds": table(records)}, indent=2))


if __name__ == "__main__":
    main()
