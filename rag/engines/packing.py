"""Several prompts read as one row, without padding and with their common beginning read once.

Each prompt sees the beginning and itself, as in block-diagonal attention over packed sequences
(Krell et al., "Efficient Sequence Packing without Cross-contamination", 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Packed:
    """Prompts of token ids in one row: what a causal model of full attention takes."""

    def __init__(self, prompts: Sequence[Sequence[int]]) -> None:
        shared = _shared_length(prompts)
        self._shared = shared
        self.ids = list(prompts[0][:shared])
        self.positions = list(range(shared))
        self._owners = [-1] * shared  # which prompt a token belongs to; -1: to all
        self._starts = []
        for owner, prompt in enumerate(prompts):
            self._starts.append(len(self.ids))
            self.ids += prompt[shared:]
            self.positions += range(shared, len(prompt))
            self._owners += [owner] * (len(prompt) - shared)

    def place(self, prompt: int, token: int) -> int:
        """Where the token of a prompt, both counted from 0, stands in the row."""
        return token if token < self._shared else self._starts[prompt] + token - self._shared

    def mask(self, dtype: Any, device: str) -> Any:
        """Added to attention's scores, shape (1, 1, tokens, tokens): 0, or the least number."""
        import torch

        owners = torch.tensor(self._owners, device=device)
        seen = (owners[:, None] == owners[None, :]) | (owners[None, :] < 0)
        seen = seen.tril()
        least = torch.finfo(dtype).min
        return torch.zeros(seen.shape, dtype=dtype, device=device).masked_fill_(~seen, least)[
            None, None
        ]


def can_be_packed(model: Any) -> bool:
    """Whether each of the model's layers attends by a mask, rather than keeping a running state."""
    kinds = getattr(model.config.get_text_config(), "layer_types", None) or []
    return bool(model._supports_sdpa) and all(kind.endswith("_attention") for kind in kinds)


def _shared_length(prompts: Sequence[Sequence[int]]) -> int:
    """Of the common beginning, which leaves each prompt one token of its own at least."""
    most = min(len(prompt) for prompt in prompts) - 1
    first = prompts[0]
    for n in range(most):
        if any(prompt[n] != first[n] for prompt in prompts):
            return n
    return most
