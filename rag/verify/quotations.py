"""Quotation marks stand around words of the article only."""

from __future__ import annotations

import re

# Single marks count when they are curly: a straight one is an apostrophe more often.
_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|«([^»]+)»|‘((?:[^’]|’(?=\w))+)’(?!\w)")
_MARKS = str.maketrans("‘’“”«»", '\'\'""""')
_LEFT_OUT = re.compile(r"\s*(?:\[[^\]]*\]|\(?\.\.\.\)?|…)\s*")


def altered_quotation(text: str, source: str) -> str | None:
    """The first words in quotation marks that `source` does not hold verbatim, or None.

    Marks and white space may differ, and so may capitals and the punctuation that ends the
    quotation. What an ellipsis or square brackets leave out is not looked for.
    """
    held = _plain(source)
    for quoted in quotations(text):
        parts = (_plain(part).strip(" .,;:!?'\"") for part in _LEFT_OUT.split(quoted))
        if not all(part in held for part in parts):
            return " ".join(quoted.split())
    return None


def quotations(text: str) -> list[str]:
    """The words between quotation marks, in order."""
    return ["".join(groups) for groups in _QUOTED.findall(text)]


def _plain(text: str) -> str:
    return " ".join(text.translate(_MARKS).casefold().split())
