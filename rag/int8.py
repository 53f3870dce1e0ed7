"""Faster single tokens on a CPU: weights of eight bits where memory is what limits.

Reading a prompt multiplies many rows at once and is limited by arithmetic, which bfloat16
instructions do well; writing a token multiplies one row and is limited by reading the weights, so
half the bytes take about half the time. Rounded to nearest, one scale for each output row, as in
Dettmers et al., "LLM.int8()", NeurIPS 2022 (there with outliers apart; here only weights are
rounded).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Int8Linear(nn.Module):
    """A linear layer that multiplies one row with int8 weights and several with its own."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear
        weight = linear.weight.detach()  # (out, in)
        rounded = torch.empty_like(weight, dtype=torch.int8)
        scale = torch.empty_like(weight[:, 0])
        for start in range(0, len(weight), 4096):  # in float32, by parts to spare the memory
            part = weight[start : start + 4096].float()
            largest = part.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / 127
            rounded[start : start + 4096] = part.div_(largest).round_().to(torch.int8)
            scale[start : start + 4096] = largest[:, 0].to(scale.dtype)
        self.register_buffer("rounded", rounded, persistent=False)
        self.register_buffer("scale", scale, persistent=False)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Shape (..., in) to (..., out)."""
        if rows.numel() != rows.shape[-1]:
            return self.linear(rows)  # type: ignore[no-any-return]
        product = torch.ops.aten._weight_int8pack_mm(
            rows.reshape(1, -1), self.rounded, self.scale
        ).reshape(*rows.shape[:-1], -1)
        return product if self.linear.bias is None else product + self.linear.bias  # type: ignore[no-any-return]


def write_with_int8(model: Any) -> None:
    """Let the linear layers of a bfloat16 model on a CPU take int8 weights for single tokens.

    Takes half the model's memory more.
    """
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Linear:
                setattr(module, name, Int8Linear(child))
