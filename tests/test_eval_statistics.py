"""Intervals and paired tests, against arithmetic by hand where there is some."""

from __future__ import annotations

import numpy as np
import pytest

from eval.records import Figure
from eval.statistics import figure, mean_figure, paired, percentile_figure


def test_the_mean_leaves_out_what_has_no_score() -> None:
    one = mean_figure([1, None, 0, None, 0, 1])
    assert (one.value, one.n, one.unit) == (0.5, 4, "share")


def test_nothing_scored_is_no_score() -> None:
    assert mean_figure([None, None]) == Figure(None, None, None, 0, "share")
    assert mean_figure([]) == Figure(None, None, None, 0, "share")


def test_the_interval_is_that_of_the_normal_approximation_where_there_is_much() -> None:
    # 200 of 400: 0.5 give or take 1.96 * sqrt(0.25 / 400) = 0.049
    one = mean_figure([1, 0] * 200)
    assert one.low == pytest.approx(0.451, abs=0.006)
    assert one.high == pytest.approx(0.549, abs=0.006)


def test_one_seed_gives_one_interval() -> None:
    values = [place**2 / 400 for place in range(20)]
    assert mean_figure(values, seed=3) == mean_figure(values, seed=3)
    assert mean_figure(values, seed=3) != mean_figure(values, seed=4)


def test_questions_without_a_score_widen_the_interval_and_do_not_break_it() -> None:
    one = mean_figure([1, 0, *[None] * 8])
    assert (one.low, one.high) == (0, 1)


def test_all_right_is_not_certainty() -> None:
    # Clopper-Pearson for 5 of 5: the lower end is 0.025 ** (1 / 5)
    one = mean_figure([1.0] * 5)
    assert (one.value, one.high) == (1, 1)
    assert one.low == pytest.approx(0.025 ** (1 / 5))


def test_all_wrong_is_not_certainty_either() -> None:
    one = mean_figure([0.0] * 5)
    assert (one.value, one.low) == (0, 0)
    assert one.high == pytest.approx(1 - 0.025 ** (1 / 5))


def test_a_mean_of_equal_tokens_has_no_spread() -> None:
    assert mean_figure([300, 300], "tokens") == Figure(300, 300, 300, 2, "tokens")


def test_a_percentile_is_by_nearest_rank() -> None:
    # 95% of 20 values is 19, so the 19th smallest; 95% of 3 is 2.85, so the 3rd
    assert percentile_figure(range(1, 21), 95).value == 19
    assert percentile_figure([30.0, 10.0, 20.0], 95).value == 30
    assert percentile_figure([30.0, 10.0, 20.0], 50).value == 20


def test_a_percentile_of_a_resample_is_one_of_the_values() -> None:
    one = percentile_figure([10.0, 20.0, 90.0], 50)
    assert (one.low, one.high) == (10, 90)


def test_a_percentile_of_nothing_is_no_score() -> None:
    assert percentile_figure([], 95) == Figure(None, None, None, 0, "ms")


def test_any_figure_of_rows() -> None:
    one = figure([[1, 10], [2, 20], [3, 30]], lambda rows: float(rows[:, 1].max()), "ms")
    assert (one.value, one.high, one.n, one.unit) == (30, 30, 3, "ms")
    assert one.low is not None
    assert one.low < 30


def test_a_figure_of_no_rows_has_no_value() -> None:
    assert figure([], lambda rows: float(rows.mean()), "ms") == Figure(None, None, None, 0, "ms")


def test_resamples_that_give_no_figure_are_left_out() -> None:
    def only_with_a_one(rows: np.ndarray) -> float | None:
        return 7.0 if (rows == 1).any() else None

    one = figure([[0], [1]], only_with_a_one, "")
    assert (one.value, one.low, one.high) == (7, 7, 7)


def test_mcnemar_counts_only_what_changed() -> None:
    # 6 better, 0 worse: two tails of a fair coin, 2 / 2**6
    outcome = paired([0] * 6 + [1] * 4, [1] * 10)
    assert outcome.test == "exact McNemar"
    assert outcome.difference == pytest.approx(0.6)
    assert outcome.p == pytest.approx(2 / 2**6)


def test_a_change_each_way_is_no_change() -> None:
    outcome = paired([0, 1], [1, 0])
    assert (outcome.difference, outcome.p) == (0, 1)


def test_two_runs_that_agree_are_alike() -> None:
    assert paired([1, 0, 1], [1, 0, 1]).p == 1
    assert paired([0.5, 0.25], [0.5, 0.25]).p == 1


def test_shares_are_tested_by_random_signs() -> None:
    # changes 0.1 to 0.5, all up: 2 of the 2**5 ways to set the signs are as extreme
    outcome = paired([0.0] * 5, [0.1, 0.2, 0.3, 0.4, 0.5])
    assert outcome.test == "random signs"
    assert outcome.p == pytest.approx(2 / 2**5)
    assert outcome.difference == pytest.approx(0.3)
    assert outcome.low is not None
    assert outcome.low > 0


def test_only_questions_that_both_scored_are_paired() -> None:
    assert paired([1, None, 0, 1], [1, 1, None, 0]).n == 2


def test_nothing_paired_is_no_test() -> None:
    assert paired([None], [1]).p is None


def test_two_runs_of_other_lengths_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired([1, 0], [1])
