"""What is wrong with a sentence, in words for its reader."""

from __future__ import annotations

from dataclasses import dataclass

SAYS_NOTHING = "no passage says this"
SAYS_PART = "the passage says only part of it"

SHOWN = 60
"""Characters of a text that a fault quotes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `grave`: the passage does not say so, or says otherwise; else it says so with a
    reserve that the sentence dropped."""

    why: str
    grave: bool = True


def shown(text: str) -> str:
    """A stretch of text for a reader, on one line and bounded."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1].rstrip() + "…"
