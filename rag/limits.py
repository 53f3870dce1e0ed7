"""How much is looked at and how much may be asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from rag.evidence import Budget


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one pipeline; `question_characters` counts a question as it is searched, trimmed."""

    retrieved: int = 12  # passages whose sentences compete to be evidence
    question_characters: int = 1000
    sure: float = 0.55  # of a passage; below, what answers must hold the question's words
    least_confidence: float = 0.6  # of an answer, where the model was taught to judge
    budget: Budget = field(default_factory=Budget)
