"""The arithmetic behind every bar: a rate, and the time that is left."""

from __future__ import annotations

import pytest

from rag.upkeep.pace import Pace, Wait


@pytest.mark.parametrize(
    ("pace", "told"),
    [
        (Pace(30, 90, 10.0), "30 of 90, 3.0/s, 20 s left"),
        (Pace(5, 10, 50.0), "5 of 10, 6.0/min, 50 s left"),  # what takes longer than a second each
        (Pace(1_000, 10_000, 60.0), "1,000 of 10,000, 16.7/s, 9 min left"),
        (Pace(0, 90, 10.0), "0 of 90"),
        (Pace(3, 0, 10.0), ""),  # nobody knows how much there is
    ],
)
def test_a_pace_is_told(pace: Pace, told: str) -> None:
    assert str(pace) == told


@pytest.mark.parametrize(
    ("wait", "told"),
    [
        (Wait(3.2, None), "3 s"),  # nobody knows how long it takes
        (Wait(0.0, 8.7), "0 s, about 9 s left"),
        (Wait(8.6, 8.7), "9 s, about 1 s left"),  # not "0 s left" while it goes on
        (Wait(8.7, 8.7), "9 s, longer than last time"),
        (Wait(10.0, 190.0), "10 s, about 3 min left"),
    ],
)
def test_what_counts_nothing_is_told_by_the_time_that_it_took_before(wait: Wait, told: str) -> None:
    assert str(wait) == told
