"""Words, as evidence and checks compare them."""

from __future__ import annotations

import re

from index import words as index_words

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_SUFFIXES = ("ments", "ment", "ings", "ing", "ions", "ion", "ies", "ed", "es", "s", "e")

STOP_WORDS = index_words.STOP_WORDS

MONTHS_AND_DAYS = (
    *"January February March April May June July August September".split(),
    *"October November December".split(),
    *"Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
)


def stem(word: str) -> str:
    """A crude stem that lets `investing`, `invested` and `investment` meet. Not for reading."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


def words(text: str) -> list[str]:
    """The words of a text as they stand, numbers included."""
    return _WORD.findall(text)


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, mostly once each."""
    return [stem(word) for word in index_words.content_words(text)]
