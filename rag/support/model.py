"""How far texts support a claim, as a model tells, beside the rules.

The rules (rag/verify) hold a sentence to its passage's words: they take a free paraphrase for
unsupported, and the same words about something else for supported. A support model reads both
(rag/support/trained.py, rag/support/others.py; docs/LOG.md has the figures).
"""

from __future__ import annotations

from collections.abc import Sequence

from index.sentences import sentence_spans
from rag.reading.words import content_words
from rag.types import SupportModel

READ = 800
"""Characters of the texts that are read for a claim: the parts that share most words with it."""

_RUN = 400
"""Characters of a run of sentences that is read or left as one."""
_ENOUGH = 0.8
"""Of what may be read: from there on no run is added."""


def support(claim: str, texts: Sequence[str], model: SupportModel) -> float:
    """How likely, 0 to 1, texts in English support a claim."""
    return model.supports(claim, [nearest(claim, texts)])[0]


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
