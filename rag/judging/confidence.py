"""How likely an answer is right: what a model that was taught to judge makes of its passage,
calibrated on questions that it was not taught from (Platt, "Probabilistic Outputs for Support
Vector Machines", 1999).

Whether the model stands by its draft, the words that a passage shares with the question, and how
far the rules of the check find a draft supported told nothing beside that (docs/LOG.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from index.types import Hit
from rag.types import Generator

Words = Literal["high", "fair", "low"]

# Slope and intercept over the log-odds that the passage states the answer, or that the quoted
# sentence gives it: `python -m eval.calibrate` prints them.
WRITTEN = (1.62, -2.66)
QUOTED = (0.85, -0.40)

_HIGH = 0.85
_FAIR = 0.7


def confidence(evidence: Sequence[Hit], *, quoted: bool = False) -> float:
    """The probability, 0 to 1, that an answer written from judged passages is right or, if it is
    `quoted`, that a sentence is one whose hit has the probability that it gives what is asked."""
    states = max((hit.score for hit in evidence), default=0.0)
    slope, intercept = QUOTED if quoted else WRITTEN
    states = min(max(states, 1e-6), 1 - 1e-6)
    return 1 / (1 + math.exp(-slope * math.log(states / (1 - states)) - intercept))


def believed(evidence: Sequence[Hit], generator: Generator, least: float) -> bool:
    """Whether an answer written from the evidence would be right often enough, with the `least`
    confidence; of a model that was not taught to judge this is not known beforehand."""
    return not generator.taught or confidence(evidence) >= least


def in_words(probability: float) -> Words:
    """A percentage would claim more than some hundred questions can tell."""
    return "high" if probability >= _HIGH else "fair" if probability >= _FAIR else "low"
