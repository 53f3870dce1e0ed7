"""Whether a confidence means what it says, and what each bound on it costs."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from eval.calibrate import fitted, is_right, log_odds, main, table
from eval.records import Outcome, Record, Result, Run, Summary, write_result


def record(outcome: Outcome, confidence: float | None, answerable: bool = True) -> Record:
    return Record("a", "Who?", outcome, "", confidence is None, answerable, confidence=confidence)


RECORDS = [
    record("right", 0.9),
    record("right", 0.65),
    record("used_but_wrong", 0.5),
    record("refused_wrongly", None),
    record("answered_unanswerable", 0.7, answerable=False),
    record("refused_rightly", None, answerable=False),
]


def test_what_should_stand() -> None:
    assert [is_right(one) for one in RECORDS] == [True, True, False, None, False, None]
    assert is_right(record("unscored", 0.5)) is True
    assert is_right(record("unscored", 0.5, answerable=False)) is False


def test_what_a_bound_costs() -> None:
    # At 0.6: of four answerable ones two right, two refused; of two unanswerable ones one refused;
    # of three answers one wrong.
    assert table(RECORDS)["0.6"] == {
        "right": 0.5,
        "answerable refused": 0.5,
        "unanswerable refused": 0.5,
        "answers that are wrong": 0.333,
    }


def test_nothing_answered_has_no_share_of_wrong_ones() -> None:
    assert table([record("refused_wrongly", None)])["0.6"]["answers that are wrong"] is None


def test_a_curve_goes_over_the_one_before() -> None:
    # Answers of 0.8 are right in 3 of 4, those of 0.2 in 1 of 4: the line through ±log(4) lies
    # near ±log(3), drawn in a little by the penalty, so slope < log(3) / log(4) = 0.79.
    records = [record("right" if n < 3 else "used_but_wrong", 0.8) for n in range(4)] * 50
    records += [record("right" if n < 1 else "used_but_wrong", 0.2) for n in range(4)] * 50
    curve = fitted(records, (2.0, 1.0))
    assert curve is not None
    slope = curve[0] / 2.0
    assert slope == pytest.approx(math.log(3) / math.log(4), abs=0.02)
    assert curve[1] == pytest.approx(slope, abs=0.01)  # its intercept was 1 there


def test_answers_that_are_all_right_give_no_curve() -> None:
    assert fitted([record("right", 0.9)], (1.0, 0.0)) is None


def test_log_odds_are_bounded() -> None:
    assert 13 < log_odds(1.0) < 14
    assert -14 < log_odds(0.0) < -13


def test_runs_are_read_and_both_tables_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    about = dict.fromkeys(Run.__dataclass_fields__, None) | {
        **dict.fromkeys("suite created_at model embedder byline python processor".split(), "x"),
        "seed": 0,
        "settings": {},
    }
    path = tmp_path / "run.json"
    write_result(Result(Run(**about), Summary({}, {}, {}), tuple(RECORDS)), path)  # type: ignore[arg-type]
    main([str(path)])
    told = json.loads(capsys.readouterr().out)
    assert told["curves"]["quoted"] is None
    assert len(told["curves"]["written"]) == 2
    assert told["bounds"]["0.6"]["right"] == 0.5
