"""docs/SIZING.md says what tools/sizing.py works out."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

SIZING = runpy.run_path(str(Path(__file__).parent.parent / "tools" / "sizing.py"))


def test_the_page_is_as_the_figures_are() -> None:
    page = SIZING["PAGE"].read_text(encoding="utf-8")
    assert SIZING["with_tables"](page) == page


def test_the_arithmetic_by_hand() -> None:
    one = SIZING["Size"](100_000)
    assert one.passages == pytest.approx(1_788_624, rel=1e-4)  # times 53,927 / 3,015 = 17.886
    assert one.version_gb == pytest.approx(8.278, rel=1e-3)  # times 4,628 bytes
    assert one.memory_gb == pytest.approx(1.833, rel=1e-3)  # 0.32 + 1.7886 x 0.8457
    assert one.search_ms == pytest.approx(32.5, rel=1e-3)  # 3.9 + 16 x 1.7886
    assert one.embedding_hours == pytest.approx(9.518, rel=1e-3)  # / 52.2 / 3,600
    assert one.cost == pytest.approx(57.5, rel=1e-2)  # 24.8 x 0.08 + 1.833 x 3 + 50
    large = SIZING["Size"](10_000_000)
    assert large.nodes == 10  # 178.9 million x 2,300 bytes = 411 GB, / 45
    small = SIZING["Size"](10_000)
    assert not small.in_milvus
    assert small.nodes == 0


@pytest.mark.parametrize(
    ("figure", "said"), [(0.0833, "0.083"), (6.84, "6.8"), (57.4, "57"), (4128.0, "4,100")]
)
def test_two_figures_count(figure: float, said: str) -> None:
    assert SIZING["number"](figure) == said
