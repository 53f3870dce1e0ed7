"""The training of a small cross-encoder: a text and a claim in, the log-odds of support out.

From the weights of the catalogue's MiniLM, a new linear layer on top; its word embeddings stay as
they are. What is written is int8, each row of a matrix by its own scale.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save_file
from torch.nn.functional import binary_cross_entropy_with_logits
from transformers import AutoTokenizer, BertModel

from eval.teaching.claims import Pair
from rag.support.cross_encoder import CrossEncoder
from rag.support.trained import SCALE

Report = Callable[[float, float], None]
"""Told after each step: the share of the time that has gone, and the loss of the last steps."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`minutes` are of the clock; the rate falls to nothing in them."""

    minutes: float = 28.0
    batch: int = 32
    rate: float = 1.5e-4
    head_rate: float = 1e-3
    warm_up: int = 40  # steps
    longest: int = 192  # tokens of text and claim together
    smoothing: float = 0.04
    seed: int = 1


@dataclass(frozen=True, slots=True)
class _Row:
    ids: list[int]
    types: list[int]
    supported: bool


class Learner:
    """A cross-encoder that learns from pairs, on a CPU."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self._plan = plan
        self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        bert = BertModel.from_pretrained(
            folder,
            add_pooling_layer=False,
            hidden_dropout_prob=0.05,
            attention_probs_dropout_prob=0.05,
        )
        self._model = CrossEncoder(bert)
        self._model.bert.embeddings.requires_grad_(False)
        self.steps = 0

    def learn(self, pairs: Sequence[Pair], report: Report) -> None:
        """Batches of like length in an order of chance, until the time is over."""
        plan, begin, late = self._plan, time.monotonic(), 0.0
        rows = self._rows(pairs)
        head = list(self._model.classifier.parameters())
        body = list(self._model.bert.encoder.parameters())
        optimiser = torch.optim.AdamW([{"params": body}, {"params": head}], weight_decay=0.01)
        self._model.train()
        for batch in _batches(rows, plan):
            spent = (time.monotonic() - begin) / 60 / plan.minutes
            if spent >= 1:
                break
            pace = min(1.0, (self.steps + 1) / plan.warm_up) * max(1 - spent, 0.02)
            for group, rate in zip(
                optimiser.param_groups, (plan.rate, plan.head_rate), strict=True
            ):
                group["lr"] = rate * pace
            wanted = torch.tensor([float(row.supported) for row in batch])
            wanted = wanted * (1 - plan.smoothing) + plan.smoothing / 2
            loss = binary_cross_entropy_with_logits(self._odds(batch), wanted)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(body, 1.0)
            optimiser.step()
            optimiser.zero_grad()
            self.steps += 1
            late = 0.98 * late + 0.02 * loss.item() if self.steps > 1 else loss.item()
            report(spent, late)

    def odds(self, pairs: Sequence[Pair]) -> list[float]:
        """The log-odds of support for each pair."""
        self._model.eval()
        rows, told = self._rows(pairs), [0.0] * len(pairs)
        order = sorted(range(len(rows)), key=lambda n: len(rows[n].ids))
        with torch.inference_mode():
            for start in range(0, len(order), self._plan.batch):
                places = order[start : start + self._plan.batch]
                for place, odd in zip(places, self._odds([rows[n] for n in places]), strict=True):
                    told[place] = float(odd)
        return told

    def save(self, file: Path, about: dict[str, str]) -> None:
        """Write what rag.support.trained reads: matrices in int8, the rest in float32."""
        tensors: dict[str, np.ndarray] = {}
        for name, value in self._model.state_dict().items():
            array = value.float().numpy()
            if array.ndim == 2:
                scale = np.maximum(np.abs(array).max(axis=1, keepdims=True), 1e-8) / 127
                tensors[name + SCALE] = scale.astype(np.float32)
                array = np.rint(array / scale).astype(np.int8)
            elif not np.issubdtype(array.dtype, np.floating):
                continue
            tensors[name] = np.ascontiguousarray(array)
        config = self._model.bert.config
        shape = {
            "layers": str(config.num_hidden_layers),
            "heads": str(config.num_attention_heads),
            "longest": str(self._plan.longest),
            "tokenizer": self._tokenizer.backend_tokenizer.to_str(),
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, file, metadata={**about, **shape})

    def _rows(self, pairs: Sequence[Pair]) -> list[_Row]:
        read = self._tokenizer(
            [pair.text for pair in pairs],
            [pair.claim for pair in pairs],
            truncation="longest_first",
            max_length=self._plan.longest,
        )
        return [
            _Row(ids, types, pair.supported)
            for ids, types, pair in zip(
                read["input_ids"], read["token_type_ids"], pairs, strict=True
            )
        ]

    def _odds(self, rows: Sequence[_Row]) -> torch.Tensor:
        shape = len(rows), max(len(row.ids) for row in rows)
        inputs: dict[str, Any] = {
            name: torch.zeros(shape, dtype=torch.long)
            for name in ("input_ids", "attention_mask", "token_type_ids")
        }
        for n, row in enumerate(rows):
            length = len(row.ids)
            inputs["input_ids"][n, :length] = torch.tensor(row.ids)
            inputs["attention_mask"][n, :length] = 1
            inputs["token_type_ids"][n, :length] = torch.tensor(row.types)
        return self._model(**inputs)[:, 0]  # type: ignore[no-any-return]


def _batches(rows: Sequence[_Row], plan: Plan) -> Iterator[list[_Row]]:
    """For ever: all rows in an order of chance, those of like length together."""
    rng, slab = random.Random(plan.seed), 20 * plan.batch
    while True:
        order = rng.sample(list(rows), len(rows))
        batches = []
        for start in range(0, len(order), slab):
            alike = sorted(order[start : start + slab], key=lambda row: len(row.ids))
            batches += [alike[n : n + plan.batch] for n in range(0, len(alike), plan.batch)]
        rng.shuffle(batches)
        yield from batches
