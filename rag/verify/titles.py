"""Posts by their titles: a chief strategy officer is no chief technology officer, though two of
three words are the same."""

from __future__ import annotations

import re

from rag.reading.words import content_words, stem
from rag.verify.fault import Fault, shown

_TITLE = re.compile(r"\bchief ([a-z]+) officer\b|\bC([FIMOPRT])O\b", re.IGNORECASE)
_OF = {
    "F": "financial",
    "I": "information",
    "M": "marketing",
    "O": "operating",
    "P": "product",
    "R": "revenue",
    "T": "technology",
}


def other_title(claim: str, source: str) -> Fault | None:
    """The first such title of a claim of which the source has neither the word nor the letters."""
    held = {*content_words(source), *(letters.lower() for letters in _letters(source))}
    for match in _TITLE.finditer(claim):
        of = (match[1] or _OF[match[2].upper()]).lower()
        if of != "executive" and not held & {stem(of), f"c{of[0]}o"}:
            return Fault(f"the passage does not say {shown(match[0])}")
    return None


def _letters(text: str) -> list[str]:
    return [match[0] for match in _TITLE.finditer(text) if match[2]]
