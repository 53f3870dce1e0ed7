"""The training: low-rank changes to some layers, and a linear layer, by gradient descent.

The layers below those that are changed are the same for every passage whatever is learnt, so they
are computed once, in int8 as when Byline answers, and their states kept.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from eval.teaching.rows import Row
from rag.engines.adapter import HEAD, normed
from rag.engines.int8 import Int8Linear, use_int8

Report = Callable[[int, float], None]
"""Told after each step: how many were made, and the loss, averaged over the last ones."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`layers` are changed, from the first to before the last; `epochs` may be part of one."""

    layers: tuple[int, int] = (12, 20)
    rank: int = 8
    epochs: float = 1.5
    rate: float = 2e-4
    head_rate: float = 2e-3
    warm_up: int = 15  # steps
    seed: int = 1


class _Frozen(nn.Module):
    """A linear layer that is not learnt, in int8 both ways: the gradient of what came in is the
    product with the weights turned round. Its parts are no submodules, so that nothing visits them.
    """

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        turned = nn.Linear(layer.out_features, layer.in_features, bias=False, device="meta")
        turned.weight = nn.Parameter(layer.weight.detach().T.contiguous(), requires_grad=False)
        self._both = Int8Linear(layer), Int8Linear(turned)

    def forward(self, rows: torch.Tensor) -> Any:
        return _Product.apply(rows, *self._both)  # type: ignore[no-untyped-call]


class _Product(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, there: Int8Linear, back: Int8Linear) -> Any:
        ctx.back = back
        return there(rows)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> Any:
        return ctx.back(gradient), None, None


class _Changed(nn.Module):
    """A linear layer, which stays as it is, and the product of two matrices added to it."""

    def __init__(self, layer: nn.Linear, rank: int) -> None:
        super().__init__()
        self.layer = _Frozen(layer)
        self.a = nn.Parameter(torch.randn(rank, layer.in_features) / math.sqrt(layer.in_features))
        self.b = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, rows: torch.Tensor) -> Any:
        change = (rows @ self.a.to(rows.dtype).T) @ self.b.to(rows.dtype).T
        return self.layer(rows) + _SCALE * change


_SCALE = 2.0  # alpha / rank, folded into `b` when it is saved
_HEAD_SCALE = 1 / 8  # keeps the linear layer's first steps small, and is folded into it


class Teacher:
    """A causal model in bfloat16 on a CPU, of which some layers are taught."""

    def __init__(self, model: Any, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self._plan, self._inner = plan, model.model
        self._inner.requires_grad_(False)
        first, last = plan.layers
        self._inner.layers = self._inner.layers[:last]
        use_int8(self._inner.layers[:first])
        self._changed = {
            f"layers.{n + first}.{path}": layer
            for n, whole in enumerate(self._inner.layers[first:])
            for path, layer in _changed(whole, plan.rank)
        }
        self._head = nn.Linear(model.config.hidden_size, 1)
        nn.init.zeros_(self._head.weight)
        nn.init.zeros_(self._head.bias)

    def go_on(self, file: Path) -> None:
        """Begin with what a file of `save` holds."""
        tensors = load_file(file)
        weight, bias = (tensors[name].float() for name in HEAD)
        self._head.weight.data, self._head.bias.data = weight / _HEAD_SCALE, bias
        for path, layer in self._changed.items():
            layer.a.data = tensors[f"{path}.a"].float()
            layer.b.data = tensors[f"{path}.b"].float() / _SCALE

    def states(self, row: Row) -> torch.Tensor:
        """What the layers below make of a row, shape (1, tokens, width)."""
        with torch.inference_mode():
            hidden = self._inner.embed_tokens(torch.tensor([row.ids]))
            return self._through(hidden, row, 0, self._plan.layers[0])

    def learn(self, rows: Sequence[Row], states: Sequence[torch.Tensor], report: Report) -> None:
        """One step for each row, in an order of chance."""
        plan, rng, late = self._plan, random.Random(self._plan.seed), 0.0
        steps = round(len(rows) * plan.epochs)
        matrices = [matrix for layer in self._changed.values() for matrix in (layer.a, layer.b)]
        groups = [{"params": matrices}, {"params": list(self._head.parameters())}]
        optimiser = torch.optim.AdamW(groups, weight_decay=0.0)
        for step, n in zip(range(steps), _orders(len(rows), rng), strict=False):
            pace = (
                min(1.0, (step + 1) / plan.warm_up) * 0.5 * (1 + math.cos(math.pi * step / steps))
            )
            for group, rate in zip(
                optimiser.param_groups, (plan.rate, plan.head_rate), strict=True
            ):
                group["lr"] = rate * pace
            odds = self._odds(rows[n], states[n])
            loss = binary_cross_entropy_with_logits(odds, torch.tensor(rows[n].stated).float())
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(matrices, 1.0)
            optimiser.step()
            optimiser.zero_grad()
            late = 0.95 * late + 0.05 * loss.item() if step else loss.item()
            report(step + 1, late)

    def odds(self, row: Row, states: torch.Tensor) -> list[float]:
        """The log-odds of yes for each question of a row."""
        with torch.no_grad():
            return [float(value) for value in self._odds(row, states)]

    def save(self, file: Path, about: dict[str, str]) -> None:
        """Write what was learnt in the form that `rag.engines.adapter.Adapter` reads."""
        tensors = dict(
            zip(
                HEAD,
                (self._head.weight.detach() * _HEAD_SCALE, self._head.bias.detach()),
                strict=True,
            )
        )
        for path, layer in self._changed.items():
            tensors[f"{path}.a"] = layer.a.detach().bfloat16()
            tensors[f"{path}.b"] = (layer.b.detach() * _SCALE).bfloat16()
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, file, metadata=about)

    def _odds(self, row: Row, states: torch.Tensor) -> torch.Tensor:
        hidden = self._through(states.clone(), row, *self._plan.layers)
        return self._head(normed(hidden[0, row.ends]) * _HEAD_SCALE)[:, 0]  # type: ignore[no-any-return]

    def _through(self, hidden: torch.Tensor, row: Row, first: int, last: int) -> torch.Tensor:
        positions = torch.tensor([row.positions])
        rotary, mask = self._inner.rotary_emb(hidden, positions), row.mask(hidden.dtype)
        for layer in self._inner.layers[first:last]:
            hidden = layer(
                hidden, attention_mask=mask, position_ids=positions, position_embeddings=rotary
            )
        return hidden


def _changed(whole: nn.Module, rank: int) -> list[tuple[str, _Changed]]:
    """Put a changed layer in the place of each linear layer; their paths and themselves."""
    changed: list[tuple[str, _Changed]] = []
    for path, layer in list(whole.named_modules()):
        if type(layer) is nn.Linear:
            parent, _, name = path.rpartition(".")
            changed.append((path, _Changed(layer, rank)))
            setattr(whole.get_submodule(parent), name, changed[-1][1])
    return changed


def _orders(count: int, rng: random.Random) -> Iterator[int]:
    while True:
        yield from rng.sample(range(count), count)
