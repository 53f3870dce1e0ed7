"""How much is looked at and how much may be asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from rag.evidence import Budget


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one pipeline; `question_characters` counts a question as it is searched, trimmed."""

    retrieved: int = 12  # passages whose sentences compete to be evidence
    question_characters: int = 1000
    sure: float = 0.55  # that a passage states the answer, for one in the model's own words
    budget: Budget = field(default_factory=Budget)
