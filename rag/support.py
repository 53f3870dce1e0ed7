"""How far texts support a claim, as the model tells that was taught to judge passages.

The rules (rag/verify) hold a sentence to its passage's words, and take a free paraphrase for
unsupported. The taught judge (rag/adapter.py) learnt whether a passage states the answer to a
question; asked whether the claim is true, it tells supported claims from others without having
been taught that (docs/LOG.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from index.sentences import sentence_spans
from rag.types import Generator
from rag.untrusted import as_data
from rag.words import content_words

READ = 800
"""Characters of the texts that are read for a claim: the parts that share most words with it."""

LEAST_SUPPORT = 0.6
"""Of a claim, as `support` tells it, to be taken for supported. Chosen on development claims, from
a flat stretch of bounds: docs/LOG.md."""

_RUN = 400
"""Characters of a run of sentences that is read or left as one."""
_ENOUGH = 0.8
"""Of what may be read: from there on no run is added."""
_UNTITLED = "Untitled"


def support(claim: str, texts: Sequence[str], generator: Generator) -> float | None:
    """How likely, 0 to 1, texts in English support a claim; None where the model was not taught to
    judge."""
    told = generator.states_answer(
        as_data(as_yes_or_no(claim)), [(_UNTITLED, as_data(nearest(claim, texts)))]
    )
    return told[0] if told is not None else None


def as_yes_or_no(claim: str) -> str:
    """A claim as the question whether it is true."""
    plain = claim.strip()
    return f"Is it true that {plain[:1].lower()}{plain[1:].rstrip('.')}?"


def nearest(claim: str, texts: Sequence[str], most: int = READ) -> str:
    """Texts whole, or their runs of sentences that hold most of a claim's words, in their order, of
    at most `most` characters."""
    plain = [" ".join(text.split()) for text in texts]
    if sum(map(len, plain)) <= most:
        return " ... ".join(plain)
    claimed = set(content_words(claim))
    runs = [run[:most] for text in plain for run in _runs(text)]
    shared = [len(claimed.intersection(content_words(run))) for run in runs]
    order = sorted(range(len(runs)), key=lambda n: -shared[n])
    kept: list[int] = []
    for n in order:
        held = sum(len(runs[one]) for one in kept)
        if held < _ENOUGH * most and held + len(runs[n]) <= most:
            kept.append(n)
    return " ... ".join(runs[n] for n in sorted(kept))


def _runs(text: str) -> list[str]:
    runs: list[str] = []
    for start, end in sentence_spans(text, "en"):
        sentence = text[start:end]
        if runs and len(runs[-1]) + len(sentence) <= _RUN:
            runs[-1] = f"{runs[-1]} {sentence}"
        else:
            runs.append(sentence)
    return runs
