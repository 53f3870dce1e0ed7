"""A title that the passage does not give to anybody."""

from __future__ import annotations

import pytest

from rag.verify.titles import other_title


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("Lee is the chief technology officer.", "Lee is the chief strategy officer."),
        ("Lee is the CTO.", "Lee is the CFO of Vell."),
        ("Lee is the Chief Operating Officer.", "Lee is the chief executive officer."),
    ],
)
def test_another_title(claim: str, source: str) -> None:
    fault = other_title(claim, source)
    assert fault is not None
    assert fault.why.startswith("the passage does not say")


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("Lee is the chief technology officer.", "Lee, the CTO, left."),
        ("Lee is the CFO.", "Lee, the chief financial officer, left."),
        ("Lee is the chief technology officer.", "Lee is in charge of technology."),
        ("Lee is the chief executive officer.", "Lee runs Vell."),  # a matter of names and words
        ("Lee left Vell.", "Lee is the CFO of Vell."),
    ],
)
def test_the_same_title_or_none(claim: str, source: str) -> None:
    assert other_title(claim, source) is None
