"""Words, as evidence and checks compare them."""

from __future__ import annotations

import re
from functools import lru_cache

import Stemmer

from index import words as index_words

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_STEMMER = Stemmer.Stemmer("english")
# One role under its names; "chief strategy officer" is another.
_CHIEF_EXECUTIVE = re.compile(r"\bchief executive(?: officer)?\b", re.IGNORECASE)

STOP_WORDS = index_words.STOP_WORDS

MONTHS = (
    *"January February March April May June July August September".split(),
    *"October November December".split(),
)
WEEKDAYS = tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
MONTHS_AND_DAYS = (*MONTHS, *WEEKDAYS)


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """The stem that `investing`, `invested` and `investment` share. Not for reading.

    Porter's English stemmer in its second version (Snowball, Porter 2001).
    """
    return str(_STEMMER.stemWord(word))


def words(text: str) -> list[str]:
    """The words of a text as they stand, numbers included; a chief executive is a CEO."""
    return _WORD.findall(_CHIEF_EXECUTIVE.sub("CEO", text))


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, mostly once each."""
    text = _CHIEF_EXECUTIVE.sub("CEO", text)
    return [stem(word) for word in index_words.content_words(text)]
