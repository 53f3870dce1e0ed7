"""A judge of passages, learnt on top of the language model that answers.

Some of the model's layers are changed by matrices of low rank (Hu et al., "LoRA", 2022), and a
linear layer reads from the last token's state whether the passage states the answer. The state is
read after the layers that were changed: what comes above them serves to choose the next word, and
is not computed (docs/LOG.md). The change is switched on for judging only; the model writes as it
was made. `python -m eval.teaching` makes the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from corpus.errors import BylineError
from rag.engines.packing import Packed

WEIGHTS = Path(__file__).parent.parent / "weights"
"""Holds `NAME.safetensors` for each model of the catalogue that was taught to judge."""

HEAD = "head.weight", "head.bias"
_EPSILON = 1e-6
_PRIOR = 1.2
"""Added to the log-odds: of passages that are found for a question more state its answer than of
those that were learnt from (Saerens et al., 2002). Chosen on development questions: docs/LOG.md."""


def adapter_for(model: str) -> Path | None:
    """The file of what a model of the catalogue was taught, if it was."""
    file = WEIGHTS / f"{model}.safetensors"
    return file if file.is_file() else None


def as_passage(heading: str, text: str) -> str:
    """How a passage is told; all questions about it can follow these words."""
    return f"Passage: {heading}: {text}"


def as_question(question: str) -> str:
    """How a question about the passage before it is told."""
    return f"\nQuestion: {question}\nAnswer stated?"


def normed(states: torch.Tensor) -> torch.Tensor:
    """States, shape (..., width), each scaled to a mean square of 1, in float32."""
    states = states.float()
    return states * torch.rsqrt(states.square().mean(-1, keepdim=True) + _EPSILON)


class Adapter:
    """What a causal model of rotary positions was taught, attached to that model."""

    def __init__(self, model: Any, file: Path) -> None:
        """Read the change of each layer from `file`: `PATH.a`, shape (rank, in), and `PATH.b`,
        shape (out, rank), for the linear layer at PATH. Raises BylineError where it does not fit.
        """
        self._inner = model.model
        self._device = next(model.parameters()).device
        self._on = False
        tensors = load_file(file, device=str(self._device))
        self._weight, self._bias = (tensors.pop(name).float() for name in HEAD)
        changed = sorted({name.rpartition(".")[0] for name in tensors})
        self._depth = 1 + max(int(path.split(".")[1]) for path in changed)
        for path in changed:
            self._attach(path, tensors[f"{path}.a"], tensors[f"{path}.b"], file)

    def _attach(self, path: str, a: torch.Tensor, b: torch.Tensor, file: Path) -> None:
        try:
            layer = self._inner.get_submodule(path)
        except AttributeError as error:
            raise BylineError(
                f"{file.name} is for a model with a layer {path}, which this one has not."
            ) from error

        def change(_layer: Any, inputs: tuple[torch.Tensor], output: torch.Tensor) -> Any:
            return output + (inputs[0] @ a.T) @ b.T if self._on else None

        layer.register_forward_hook(change)

    @contextmanager
    def _switched_on(self) -> Iterator[None]:
        self._on = True
        try:
            yield
        finally:
            self._on = False

    def log_odds(self, prompts: Sequence[Sequence[int]]) -> list[float]:
        """Of yes, for each prompt of token ids; they are read together, as one packed row."""
        packed = Packed(prompts)
        ends = [packed.place(n, len(prompt) - 1) for n, prompt in enumerate(prompts)]
        with torch.inference_mode(), self._switched_on():
            odds = normed(self._states(packed)[0, ends]) @ self._weight.T + self._bias
        return [float(value) + _PRIOR for value in odds[:, 0]]

    def _states(self, packed: Packed) -> Any:
        """After the changed layers, shape (1, tokens, width)."""
        hidden = self._inner.embed_tokens(torch.tensor([packed.ids], device=self._device))
        positions = torch.tensor([packed.positions], device=self._device)
        rotary = self._inner.rotary_emb(hidden, positions)
        mask = packed.mask(hidden.dtype, str(self._device))
        for layer in self._inner.layers[: self._depth]:
            hidden = layer(
                hidden, attention_mask=mask, position_ids=positions, position_embeddings=rotary
            )
        return hidden
