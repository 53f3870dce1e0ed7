"""The arithmetic behind every bar: a rate, and the time that is left."""

from __future__ import annotations

import pytest

from rag.upkeep.pace import Pace


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
