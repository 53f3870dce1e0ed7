"""The support model that this project trained: a small cross-encoder (rag/weights/README.md).

A cross-encoder reads a text and a claim together (Nogueira and Cho, "Passage Re-ranking with BERT",
2019). The file holds BERT's matrices in int8 with a scale for each row, all else in float32, and
its tokenizer. `python -m eval.teaching.support` makes it.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import BylineError
from index.sentences import sentence_spans
from index.types import Embedder

if TYPE_CHECKING:
    import numpy as np
    from tokenizers import Tokenizer

FILE = Path(__file__).parent.parent / "weights" / "support-minilm.safetensors"
SHA256 = "c5d8556c6c2b312368f00d9bd57282cd2e12681ad1967ea28e46bc03e9baaefd"
NEARNESS, BOUND = 6.0, 3.74
"""What the cosine between the claim and the nearest sentence counts against the log-odds, and what
both together must be of a claim that is supported: chosen on development claims (docs/LOG.md)."""
SCALE = ".scale"
"""What follows the name of an int8 matrix in the name of its scales, shape (rows, 1)."""

_STEP = 8
"""Tokens of a row come to a multiple of it, as each other length compiles kernels of its own."""

LogOdds = Callable[["dict[str, np.ndarray]"], "np.ndarray"]
"""From `input_ids`, `attention_mask` and `token_type_ids`, int64 of shape (rows, tokens), to
log-odds of shape (rows, 1)."""


class TrainedSupport:
    """Computed by OpenVINO on the processors that it is for, and else by torch.

    What it tells is joined with how near the embedder finds a sentence of the text, which tells
    more of long and free claims. The weights load on first use. Calls from several threads wait for
    each other.
    """

    name = "trained"
    least = 0.5

    def __init__(self, embedder: Embedder, file: Path = FILE, sha256: str | None = SHA256) -> None:
        """`sha256` is what the file must have; None where nobody knows, as after a training."""
        self._embedder, self._file, self._sha256 = embedder, file, sha256
        self._model: _Loaded | None = None
        self._lock = threading.Lock()

    def supports(self, claim: str, texts: Sequence[str]) -> list[float]:
        """For each text how likely, 0 to 1, it supports the claim.

        Of a text and a claim that have more tokens together than the model reads, the longer one is
        cut. Raises BylineError when the file is missing or not the one that is meant.
        """
        if not texts:
            return []
        with self._lock:
            if self._model is None:
                self._model = _load(self._file, self._sha256)
            odds = self._model.log_odds_of(claim, texts)
        near = self._nearness(claim, texts)
        return [
            1 / (1 + math.exp(-(odd + NEARNESS * one - BOUND)))
            for odd, one in zip(odds, near, strict=True)
        ]

    def _nearness(self, claim: str, texts: Sequence[str]) -> list[float]:
        """For each text the cosine between the claim and the sentence that is nearest to it."""
        parts = [[text[start:end] for start, end in sentence_spans(text)] or [""] for text in texts]
        vectors = self._embedder.embed_passages([claim, *(one for part in parts for one in part)])
        cosines = [float(value) for value in vectors[1:] @ vectors[0]]
        return [max(cosines.pop(0) for _ in part) for part in parts]


@dataclass(frozen=True, slots=True)
class _Loaded:
    tokenizer: Tokenizer
    log_odds: LogOdds

    def log_odds_of(self, claim: str, texts: Sequence[str]) -> list[float]:
        import numpy as np

        read = self.tokenizer.encode_batch([(text, claim) for text in texts])
        odds = self.log_odds(
            {
                "input_ids": np.array([one.ids for one in read], dtype=np.int64),
                "attention_mask": np.array([one.attention_mask for one in read], dtype=np.int64),
                "token_type_ids": np.array([one.type_ids for one in read], dtype=np.int64),
            }
        )
        return [float(value) for value in odds[:, 0]]


def dequantised(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All tensors in float32, the int8 ones times their scales."""
    import numpy as np

    return {
        name: value.astype(np.float32) * tensors.get(name + SCALE, np.float32(1))
        for name, value in tensors.items()
        if not name.endswith(SCALE)
    }


def _load(file: Path, sha256: str | None) -> _Loaded:
    from safetensors import SafetensorError, safe_open
    from tokenizers import Tokenizer

    from index.openvino_embedder import suits_openvino

    try:
        if sha256 and hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
            raise BylineError(f"{file} is not the support model of this version: install it anew.")
        with safe_open(file, "numpy") as opened:
            about, names = opened.metadata(), opened.keys()
            tensors = dequantised({name: opened.get_tensor(name) for name in names})
    except (OSError, SafetensorError) as error:
        raise BylineError(
            f"The support model {file} could not be read ({error}): install Byline anew, or set "
            "support to rules."
        ) from error
    tokenizer = Tokenizer.from_str(about["tokenizer"])
    tokenizer.enable_padding(pad_to_multiple_of=_STEP)
    tokenizer.enable_truncation(int(about["longest"]), strategy="longest_first")
    layers, heads = int(about["layers"]), int(about["heads"])
    if not suits_openvino():
        return _Loaded(tokenizer, _by_torch(tensors, layers, heads))
    from rag.support.cross_encoder_openvino import compiled_bert

    compiled = compiled_bert(tensors, layers, heads)
    return _Loaded(tokenizer, lambda inputs: compiled(inputs)[0])


def _by_torch(tensors: Mapping[str, np.ndarray], layers: int, heads: int) -> LogOdds:
    import torch

    from rag.support.cross_encoder import CrossEncoder

    model = CrossEncoder.of(tensors, layers, heads)

    def log_odds(inputs: dict[str, Any]) -> Any:
        with torch.inference_mode():
            return model(
                **{name: torch.from_numpy(value) for name, value in inputs.items()}
            ).numpy()

    return log_odds
