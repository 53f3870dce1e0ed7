"""What is made ready before the first question."""

from __future__ import annotations

import deal
import pytest
from fakes import ScriptedGenerator

from rag.load import warm_up


def test_a_reply_is_begun_and_stopped(make: deal.Make) -> None:
    generator = ScriptedGenerator("It ", "happened.")
    warm_up(make(generator))
    [asked] = generator.asked
    assert asked[-1].content.startswith("Question: ")
    assert generator.closed


def test_what_fails_is_left_to_who_asks(make: deal.Make, caplog: pytest.LogCaptureFixture) -> None:
    pipeline = make(ScriptedGenerator("It."))
    pipeline.generator = None  # type: ignore[assignment]
    with caplog.at_level("INFO"):
        warm_up(pipeline)
    assert "Nothing could be made ready" in caplog.text
