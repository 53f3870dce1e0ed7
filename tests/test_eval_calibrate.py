"""What each bound on the evidence would answer."""

from __future__ import annotations

import pytest

from eval.calibrate import Example, figures


@pytest.fixture
def told() -> dict[str, float]:
    examples = [
        Example("gold", "a?", True, 0.9, False),
        Example("gold", "b?", True, 0.3, True),
        Example("gold", "c?", True, 0.6, False),
        Example("gold", "d?", False, 0.5, False),
    ]
    return figures(examples)["gold"]


def test_a_bound_answers_what_reaches_it_and_what_can_be_quoted(told: dict[str, float]) -> None:
    assert told["answerable answered at 0.55"] == 1
    assert told["answerable answered at 0.65"] == pytest.approx(2 / 3)


def test_a_bound_refuses_what_stays_below_it(told: dict[str, float]) -> None:
    assert told["unanswerable answered at 0.5"] == 1
    assert told["unanswerable answered at 0.55"] == 0


def test_the_order_of_answerable_and_unanswerable_ones(told: dict[str, float]) -> None:
    assert told["auc"] == pytest.approx(2 / 3)
