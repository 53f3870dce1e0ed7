"""A part of a thing taken for the whole: who buys a stake in a company has not bought it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.verify.fault import Fault, shown

_NAME = r"([A-Z][\w&’'-]*)"
_TAKEN = re.compile(
    r"\b(?:buy(?:s|ing)?|bought|acquir(?:e|es|ed|ing)|purchas(?:e|es|ed|ing)|own(?:s|ed|ing)?"
    r"|tak(?:es?|en|ing) over|took over) (?:all of |the (?:\w+ ){0,2})?" + _NAME
)
_PART = re.compile(
    r"\b(?:stakes?|shares?|interest|holding|shareholding|part|slice|portion)"
    r" (?:in|of) (?:(?:the|an?) )?(?:[\w-]+ ){0,3}?" + _NAME
)


def part_for_whole(claim: str, sentences: Sequence[str]) -> Fault | None:
    """What a claim says was bought or is owned, where the passage speaks of a part of it only."""
    parts = set(_names(_PART, claim))
    for name in _names(_TAKEN, claim):
        in_part = [one for one in sentences if name in _names(_PART, one)]
        if name not in parts and in_part and not any(name in _names(_TAKEN, s) for s in sentences):
            return Fault(f"the passage speaks of a part of {shown(name)} only")
    return None


def _names(form: re.Pattern[str], text: str) -> list[str]:
    return [re.sub(r"['’]s?$", "", name) for name in form.findall(text)]
