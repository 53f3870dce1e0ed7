"""How sure a figure is, and whether two runs differ by more than chance."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from eval.records import Figure

RESAMPLES = 2000
FEWER_RESAMPLES = 500
"""Of a figure that is worked out anew for each."""

CONFIDENCE = 0.95

Statistic = Callable[[np.ndarray], float | None]
"""A figure of rows of shape (n, columns); None where these rows give no score."""


@dataclass(frozen=True, slots=True)
class Paired:
    """The second run minus the first over the `n` questions that both scored.

    `low` and `high` bound the mean difference at 95%; `p` is the chance of one as large if the runs
    were alike. All are None when no question was scored by both.
    """

    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    n: int
    test: str


def wilson(hits: int, count: int) -> Figure:
    """A share of independent trials, with the interval of Wilson (1927), which holds near 0 and
    1 too."""
    if not count:
        return Figure(None, None, None, 0, "share")
    from scipy.stats import binomtest

    interval = binomtest(hits, count).proportion_ci(CONFIDENCE, method="wilson")
    return Figure(hits / count, float(interval.low), float(interval.high), count, "share")


def mean_figure(values: Sequence[float | None], unit: str = "share", seed: int = 0) -> Figure:
    """The mean of the values that are not None, with the interval of a bootstrap over questions.

    The questions are resampled with those that gave no score, so that a share of a share (such as
    precision) varies as it should. Where all scores are 0, or all are 1, a bootstrap sees no
    spread and the exact interval of Clopper and Pearson (1934) stands in.
    """
    rows = np.array([math.nan if value is None else value for value in values], dtype=float)
    scored = rows[~np.isnan(rows)]
    if not scored.size:
        return Figure(None, None, None, 0, unit)
    if unit == "share" and scored.min() == scored.max() and scored[0] in (0, 1):
        off = 1 - ((1 - CONFIDENCE) / 2) ** (1 / scored.size)
        low, high = (1 - off, 1.0) if scored[0] else (0.0, off)
        return Figure(float(scored[0]), low, high, scored.size, unit)
    times = _times_drawn(rows.size, seed)
    totals, present = times @ np.nan_to_num(rows), times @ (~np.isnan(rows)).astype(np.float32)
    low, high = _bounds(totals[present > 0] / present[present > 0])
    return Figure(float(scored.mean()), low, high, scored.size, unit)


@functools.lru_cache(maxsize=1)
def _times_drawn(count: int, seed: int) -> np.ndarray:
    """How often each of `count` questions is in each resample, of shape (RESAMPLES, count).

    All measures of a run are resampled alike, and drawn for once.
    """
    chance = np.random.default_rng(seed)
    return chance.multinomial(count, [1 / count] * count, RESAMPLES).astype(np.float32)


def percentile_figure(
    values: Sequence[float], percent: float, unit: str = "ms", seed: int = 0
) -> Figure:
    """The smallest value that `percent` of the values do not exceed (nearest rank)."""
    if not values:
        return Figure(None, None, None, 0, unit)
    ordered = np.sort(np.array(values, dtype=float))
    place = max(math.ceil(len(values) * percent / 100), 1) - 1
    drawn = np.random.default_rng(seed).integers(0, len(values), (RESAMPLES, len(values)))
    # The values are in order, so the place drawn at that rank names the value at that rank.
    low, high = _bounds(ordered[np.partition(drawn, place, axis=1)[:, place]])
    return Figure(float(ordered[place]), low, high, len(values), unit)


def figure(
    rows: Sequence[Sequence[float]], statistic: Statistic, unit: str, seed: int = 0
) -> Figure:
    """Any figure of rows of numbers, with the percentile interval of a bootstrap over the rows.

    Efron and Tibshirani 1993, chapter 13.
    """
    table = np.array(rows, dtype=float)
    value = statistic(table) if len(rows) else None
    if value is None:
        return Figure(None, None, None, len(rows), unit)
    drawn = np.random.default_rng(seed).integers(0, len(rows), (FEWER_RESAMPLES, len(rows)))
    again = [statistic(table[places]) for places in drawn]
    low, high = _bounds(np.array([one for one in again if one is not None]))
    return Figure(value, low, high, len(rows), unit)


def _bounds(values: np.ndarray) -> tuple[float, float]:
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def paired(first: Sequence[float | None], second: Sequence[float | None], seed: int = 0) -> Paired:
    """Two runs over the same questions in the same order, compared question by question.

    Right or wrong (all scores 0 or 1): the exact test of McNemar (1947). Anything else: a test of
    random signs (Fisher 1935), exact where there are few questions. The interval is a bootstrap's.
    """
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    if not pairs:
        return Paired(None, None, None, None, 0, "none")
    changes = np.array([b - a for a, b in pairs])
    drawn = np.random.default_rng(seed).integers(0, len(pairs), (RESAMPLES, len(pairs)))
    low, high = _bounds(changes[drawn].mean(axis=1))
    binary = all(value in (0, 1) for pair in pairs for value in pair)
    p = _mcnemar(changes) if binary else _signs(changes, seed)
    test = "exact McNemar" if binary else "random signs"
    return Paired(float(changes.mean()), low, high, p, len(pairs), test)


def _mcnemar(changes: np.ndarray) -> float:
    from scipy.stats import binomtest

    better, worse = int((changes > 0).sum()), int((changes < 0).sum())
    return float(binomtest(better, better + worse).pvalue) if better + worse else 1.0


def _signs(changes: np.ndarray, seed: int) -> float:
    """Two-sided p of the mean change when each change's sign is a coin's."""
    from scipy.stats import permutation_test

    if not changes.any():
        return 1.0
    outcome = permutation_test(
        (changes,),
        lambda sample, axis: np.mean(sample, axis=axis),
        permutation_type="samples",
        n_resamples=9999,
        vectorized=True,
        rng=np.random.default_rng(seed),
    )
    return float(outcome.pvalue)
