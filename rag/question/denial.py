"""What a passage says that there is none of: a reply to how much of it there is, or to which."""

from __future__ import annotations

import re

from rag.reading.words import content_words
from rag.verify import marks

_NONE = re.compile(r"\A(?:no|none|nobody|no one|without|lack\w*)\b|\bany\b", re.IGNORECASE)


def denies(question: str, text: str) -> bool:
    """Whether a text says that there is none of what a question, itself without "not", asks for.

    "Will not have any voting power" replies to "what voting rights": the first word that the denial
    bears on is one of the question's.
    """
    if any(mark.kind == "not" for mark in marks(question)):
        return False
    asked = set(content_words(question))
    return any(
        mark.kind == "not" and _NONE.search(mark.phrase) and mark.bears_on[0] in asked
        for mark in marks(text)
        if mark.bears_on
    )
