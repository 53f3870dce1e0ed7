"""Linear layers with int8 weights."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from rag.engines import int8
from rag.engines.int8 import Int8Linear, computes_int8, use_int8


@pytest.fixture
def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(64, 128, dtype=torch.bfloat16)


def row(rows: int = 1) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(1, rows, 64, dtype=torch.bfloat16)


@pytest.mark.parametrize("rows", [1, 3, 40])
def test_rows_come_out_nearly_the_same(linear: nn.Linear, rows: int) -> None:
    exact, rounded = linear(row(rows)), Int8Linear(linear)(row(rows))
    assert rounded.shape == exact.shape == (1, rows, 128)
    assert torch.allclose(rounded, exact, atol=0.05)


def test_one_row_is_computed_with_rounded_weights(linear: nn.Linear) -> None:
    assert not torch.equal(Int8Linear(linear)(row()), linear(row()))


@pytest.mark.skipif(not computes_int8(), reason="this processor has no int8 instructions")
def test_a_layer_whose_rows_are_rounded_gives_its_own_weights_up(linear: nn.Linear) -> None:
    assert Int8Linear(linear).linear is None


@pytest.mark.parametrize(("outlier", "lost"), [(1.0, 0.01), (300.0, 0.01), (3000.0, 0.05)])
def test_a_very_large_value_leaves_room_for_the_others_in_a_layer_wider_in_than_out(
    outlier: float, lost: float
) -> None:
    narrow = nn.Linear(64, 32, bias=False, dtype=torch.bfloat16)
    with torch.no_grad():
        narrow.weight[:, 7] = 0  # so that the others are all that there is to see
    rows = row(40)
    exact = narrow(rows)
    rows[..., 7] = outlier
    assert (Int8Linear(narrow)(rows) - exact).norm() < lost * exact.norm()


@pytest.mark.skipif(not computes_int8(), reason="this processor has no int8 instructions")
def test_such_a_layer_keeps_its_weights_where_bfloat16_has_instructions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    narrow = nn.Linear(64, 32, dtype=torch.bfloat16)
    monkeypatch.setattr(int8, "multiplies_bfloat16", lambda: True)
    assert torch.equal(Int8Linear(narrow)(row(40)), narrow(row(40)))
    monkeypatch.setattr(int8, "multiplies_bfloat16", lambda: False)
    assert Int8Linear(narrow).linear is None


@pytest.mark.parametrize("largest", [1e-3, 1.0, 3.1e5])
def test_the_largest_of_a_row_keeps_its_sign(linear: nn.Linear, largest: float) -> None:
    """Rounded to 128, it would come out as -128."""
    rows = torch.full((1, 40, 64), largest, dtype=torch.bfloat16) * torch.linspace(0.4, 1, 40)[
        None, :, None
    ].to(torch.bfloat16)
    linear.bias.data.zero_()
    assert torch.allclose(Int8Linear(linear)(rows), linear(rows), rtol=0.05, atol=0.05 * largest)


def test_rows_of_zeros(linear: nn.Linear) -> None:
    assert torch.equal(Int8Linear(linear)(row(40) * 0), linear(row(40) * 0))


def test_a_row_of_zeros_in_the_weights(linear: nn.Linear) -> None:
    with torch.no_grad():
        linear.weight[0].zero_()
    assert torch.isfinite(Int8Linear(linear)(row())).all()


def test_the_bias_counts(linear: nn.Linear) -> None:
    with torch.no_grad():
        linear.bias += 5
    assert Int8Linear(linear)(row()).mean() > 4


def test_every_linear_layer_of_a_model_is_taken() -> None:
    model = nn.Sequential(nn.Linear(64, 64), nn.Sequential(nn.Linear(64, 64), nn.ReLU()))
    use_int8(model)
    kinds = [type(module) for module in model.modules()]
    assert kinds.count(Int8Linear) == 2


_MANY_ROWS = """
import torch
from rag.engines import int8
from rag.engines.int8 import Int8Linear
Int8Linear(torch.nn.Linear(64, 128, dtype=torch.bfloat16))(torch.ones(40, 64, dtype=torch.bfloat16))
"""


@pytest.mark.skipif(not computes_int8(), reason="this processor has no int8 instructions")
def test_many_rows_are_multiplied_by_instructions_and_not_one_by_one() -> None:
    """oneDNN says which implementation it takes; its reference one is a thousand times slower."""
    run = subprocess.run(
        [sys.executable, "-c", _MANY_ROWS],
        env=os.environ | {"ONEDNN_VERBOSE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    products = [line for line in run.stdout.splitlines() if ",exec,cpu,matmul," in line]
    assert products
    assert not [line for line in products if ",ref" in line]
