"""Whether a sentence says that somebody or something came to be what it states: "was named", "rose
to". Then an earlier report of another value was right in its time."""

from __future__ import annotations

import re

from rag.facts.values import Value

_NEAR = 60  # characters between a value and the word that tells of the change
_TOOK_OFFICE = re.compile(
    r"\b(?:named|appointed|promoted|elected|chosen|becomes?|became|tak(?:es|en) over|took over"
    r"|will (?:become|take over|succeed|replace|lead|head|run)|succeed(?:s|ed)|replac(?:es|ed))\b"
)
_INTO_OFFICE = re.compile(
    r"\b(?:named|appoint(?:s|ed)|promot(?:es|ed)|elect(?:s|ed)|(?:succeeded|replaced) by|new"
    r"|successor(?:,| is| will be))\b[^.;]*\Z"
)
_MOVED = re.compile(
    r"\b(?:rose|risen|raised?|increased?|grew|grown|climbed|jumped|fell|fallen|cut|lowered|reduced"
    r"|dropped|shrank|shrunk|now (?:expects?|has|have|employs?|holds?|owns?|puts?))\b[^.;]*\Z",
    re.IGNORECASE,
)
_FROM = re.compile(r"\bfrom\s+(?:\w+\s+)?\Z", re.IGNORECASE)
_MAYBE = re.compile(r"\b(?:would|could|may|might|if|whether|plan(?:s|ned)?|expected)\b")


def came_to_be(sentence: str, value: Value) -> bool:
    """Whether a sentence says that what it states at a value's place is so since a change.

    Not what might come about, nor the value before the change: "up from 12", "she replaced Wang".
    """
    before = sentence[max(value.start - _NEAR, 0) : value.start]
    after = sentence[value.end : value.end + _NEAR]
    if _MAYBE.search(before + after) or value.is_date:
        return False
    if value.low is not None:
        return bool(_MOVED.search(before)) and not _FROM.search(before)
    took = _TOOK_OFFICE.search(re.split(r"[.;]", after)[0])
    return bool(took or _INTO_OFFICE.search(before))
