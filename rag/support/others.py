"""Support models that others made: cross-encoders of sentence-transformers, and the judge."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus.errors import BylineError
from rag.fetching.hub import ask_hub, is_kept
from rag.reading.untrusted import as_data
from rag.types import Generator, Message

_SUPPORTING = ("entailment", "entails", "entailed", "supported", "supports", "support", "label_1")
"""What the output is called that stands for support, in models of several outputs. The last is of
those that have two without a name."""
_UNTITLED = "Untitled"
_SYSTEM = "You judge claims by a passage of news alone. Reply with yes or no only."
_LONGEST = 512
"""Tokens of a text and a claim, for models that name no limit."""


class CrossEncoderSupport:
    """A cross-encoder of one output, or one that tells entailment among two or three (NLI).

    `model` is a folder, read without the network, or the id of a model on the hub. The weights load
    on first use; only safetensors are read, and no code of the model's own is run. The text comes
    first and the claim after it, as premise and hypothesis do.
    """

    least = 0.5

    def __init__(self, model: str) -> None:
        self.name = model
        self._model: Any = None
        self._lock = threading.Lock()

    def supports(self, claim: str, texts: Sequence[str]) -> list[float]:
        """For each text how likely, 0 to 1, it supports the claim. Raises BylineError for a model
        that cannot be read or whose outputs have no known name."""
        if not texts:
            return []
        import torch

        with self._lock:
            if self._model is None:
                self._model = _load(self.name)
            odds = self._model.predict(
                [(text, claim) for text in texts],
                activation_fn=torch.nn.Identity(),
                show_progress_bar=False,
            )
        if odds.ndim == 1 or odds.shape[1] == 1:
            return [1 / (1 + math.exp(-float(value))) for value in odds.reshape(-1)]
        place = supporting(self._model.config.id2label, self.name)
        return [float(value) for value in torch.softmax(torch.as_tensor(odds), 1)[:, place]]


def supporting(labels: Mapping[int, str], model: str) -> int:
    """The output of a model that stands for support, by the names of its outputs."""
    known = {label.lower(): place for place, label in labels.items()}
    names = [name for name in _SUPPORTING if name in known and (name[-1] != "1" or len(known) == 2)]
    if not names:
        raise BylineError(
            f"{model} tells {', '.join(labels.values())}, none of which is entailment or "
            "supported: choose another support model."
        )
    return known[names[0]]


def _load(model: str) -> Any:
    """The cross-encoder: from this machine if it is here, else from the hub."""
    is_local = Path(model).exists()
    try:
        try:
            loaded = _read(model) if is_local or is_kept(model) else None
        except OSError:  # what the hub's cache keeps may be a part of it
            if is_local:
                raise
            loaded = None
        if loaded is None:
            ask_hub(model)
            loaded = _read(model, local_only=False)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else "unreadable"
        raise BylineError(
            f"The support model {model} could not be read ({reason}): name a folder or a hub id of "
            "a cross-encoder, or set support to rules."
        ) from error
    loaded.max_seq_length = min(loaded.max_seq_length or _LONGEST, _LONGEST)
    return loaded


def _read(model: str, *, local_only: bool = True) -> Any:
    from sentence_transformers import CrossEncoder

    return CrossEncoder(
        model,
        local_files_only=local_only,
        trust_remote_code=False,
        model_kwargs={"use_safetensors": True},
    )


class JudgeSupport:
    """A language model asked whether the claim is true: as it was taught to judge passages
    (rag/engines/adapter.py) or, where it was not, by how likely it says yes."""

    least = 0.6  # chosen on development claims: docs/LOG.md

    def __init__(self, generator: Generator) -> None:
        self.name = f"judge {generator.name}"
        self._generator = generator

    def supports(self, claim: str, texts: Sequence[str]) -> list[float]:
        """For each text how likely, 0 to 1, it supports the claim."""
        if not texts:
            return []
        asked = as_data(as_yes_or_no(claim))
        told = self._generator.states_answer(asked, [(_UNTITLED, as_data(one)) for one in texts])
        if told is not None:
            return told
        chats = [
            [
                Message("system", _SYSTEM),
                Message("user", f"Passage: {as_data(text)}\n\nQuestion: {asked}"),
            ]
            for text in texts
        ]
        return [reading.probability for reading in self._generator.read(chats, "yes")]


def as_yes_or_no(claim: str) -> str:
    """A claim as the question whether it is true."""
    plain = claim.strip()
    return f"Is it true that {plain[:1].lower()}{plain[1:].rstrip('.')}?"
