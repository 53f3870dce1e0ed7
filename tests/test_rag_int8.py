"""Linear layers with int8 weights for single rows."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rag.int8 import Int8Linear, write_with_int8


@pytest.fixture
def linear() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(64, 32, dtype=torch.bfloat16)


def row(rows: int = 1) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(1, rows, 64, dtype=torch.bfloat16)


def test_one_row_comes_out_nearly_the_same(linear: nn.Linear) -> None:
    exact, rounded = linear(row()), Int8Linear(linear)(row())
    assert rounded.shape == exact.shape == (1, 1, 32)
    assert torch.allclose(rounded, exact, atol=0.03)
    assert not torch.equal(rounded, exact)


def test_several_rows_come_out_the_same(linear: nn.Linear) -> None:
    assert torch.equal(Int8Linear(linear)(row(3)), linear(row(3)))


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
    write_with_int8(model)
    kinds = [type(module) for module in model.modules()]
    assert kinds.count(Int8Linear) == 2
