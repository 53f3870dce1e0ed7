"""Faster linear layers on a CPU: eight bits where arithmetic or memory is what limits.

Writing a token multiplies one row and is limited by reading the weights: int8 weights take half the
time. Reading a prompt multiplies many rows and is limited by arithmetic: there the rows are rounded
to eight bits too, each with a scale of its own, and multiplied by oneDNN's integer instructions
(Dettmers et al., "LLM.int8()", NeurIPS 2022; there with outliers apart). What comes into a layer
that is wider in than out, the down projections, holds rare and very large values, which would leave
no room for the others (Sun et al., "Massive Activations in Large Language Models", 2024). There
what rounding leaves over is rounded and multiplied once more or, where a processor multiplies
bfloat16 in instructions of its own, the layer keeps its weights for many rows.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

_FEW = 4
"""Rows up to which int8 weights with exact rows take less time than rounding the rows."""

_ZERO = 128
"""What stands for 0 in rows rounded to unsigned numbers."""


class Int8Linear(nn.Module):
    """A linear layer with int8 weights, one scale for each of its outputs."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach()  # (out, in)
        self.outputs, inputs = weight.shape
        self.bias = linear.bias
        rounded, scale = _rounded(weight)
        self.register_buffer("rounded", rounded, persistent=False)
        self.register_buffer("scale", scale.to(weight.dtype), persistent=False)
        self.wide = inputs > self.outputs
        rounds_rows = computes_int8() and not (self.wide and multiplies_bfloat16())
        self.linear = None if rounds_rows else linear
        if rounds_rows:
            packed = torch.ops.onednn.qlinear_prepack(rounded, None)
            self.register_buffer("packed", packed, persistent=False)
            self.register_buffer("scale_float", scale, persistent=False)
            zeros = torch.zeros(self.outputs, dtype=torch.long)
            self.register_buffer("zeros", zeros, persistent=False)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Shape (..., in) to (..., out)."""
        flat = rows.reshape(-1, rows.shape[-1])
        if len(flat) <= _FEW:
            product = torch.ops.aten._weight_int8pack_mm(flat, self.rounded, self.scale)
        elif self.linear is not None:
            return self.linear(rows)  # type: ignore[no-any-return]
        else:
            product = self._with_rounded_rows(flat)
        product = product if self.bias is None else product + self.bias
        return product.reshape(*rows.shape[:-1], self.outputs)  # type: ignore[no-any-return]

    def _with_rounded_rows(self, rows: torch.Tensor) -> torch.Tensor:
        if self.wide:
            return self._with_rows_rounded_twice(rows.float()).to(rows.dtype)
        scale = _largest(rows) / 126  # 127 may come out as 128 in bfloat16, and wrap
        return self._product((rows / scale).round_(), rows.dtype).mul_(scale)

    def _with_rows_rounded_twice(self, rows: torch.Tensor) -> torch.Tensor:
        """Fifteen bits in all, which is more than bfloat16 has."""
        scale = _largest(rows) / 127
        rounded = (rows / scale).round_()
        left = torch.addcmul(rows, rounded, scale, value=-1)  # half of `scale` at most
        finer = scale / 254
        product = self._product(rounded, rows.dtype).mul_(scale)
        return product.addcmul_(self._product(left.div_(finer).round_(), rows.dtype), finer)

    def _product(self, rounded: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Of rows of whole numbers, -127 to 127, which are changed, with the weights."""
        # Unsigned, as the instructions of most processors multiply unsigned by signed numbers only:
        # without AMX oneDNN computes signed by signed one by one, a thousand times slower.
        unsigned = rounded.add_(_ZERO).to(torch.uint8)
        return torch.ops.onednn.qlinear_pointwise(  # type: ignore[no-any-return]
            *(unsigned, 1.0, _ZERO, self.packed, self.scale_float, self.zeros),  # rows, weights
            *(None, 1.0, 0, dtype, "none", [], ""),  # no bias, as it is, nothing after it
        )


def _largest(rows: torch.Tensor) -> torch.Tensor:
    """The largest magnitude of each row, shape (rows, 1); `linalg.vector_norm` takes five times as
    long."""
    return rows.abs().amax(dim=1, keepdim=True).clamp_(min=1e-6)


def computes_int8() -> bool:
    """Whether this processor multiplies int8 in instructions of its own (AVX-512 VNNI, AMX)."""
    return bool(torch.cpu.get_capabilities().get("avx512_vnni", False))


def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies matrices of bfloat16 in instructions of its own (AMX)."""
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))


def _rounded(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights of shape (out, in) to nearest, and their scales in float32, shape (out,)."""
    rounded = torch.empty_like(weight, dtype=torch.int8)
    scale = torch.empty(len(weight), dtype=torch.float32)
    for start in range(0, len(weight), 4096):  # in float32, by parts to spare the memory
        part = weight[start : start + 4096].float()
        largest = part.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / 127
        rounded[start : start + 4096] = part.div_(largest).round_().to(torch.int8)
        scale[start : start + 4096] = largest[:, 0]
    return rounded, scale


def use_int8(model: Any) -> None:
    """Let the linear layers of a bfloat16 model on a CPU compute with int8 weights.

    Those that no longer need their own weights give them up.
    """
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child) is nn.Linear:
                setattr(module, name, Int8Linear(child))
