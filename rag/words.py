"""Words, as evidence and checks compare them."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?", re.UNICODE)

STOP_WORDS = frozenset(
    """a about after again all also am an and any are as at be because been before being between both
    but by can could did do does doing down during each few for from further had has have having
    he     her here hers him his how i if in into is it its itself just many me more most much my no nor
    not     now of off on once only or other our out over own same she should so some such than that the
    their them then there these they this those through to too under until up very was we were what
    when where which while who whom whose why will with would you your tell please know say says
    said     give let get got one""".split()
)


def stem(word: str) -> str:
    """A crude stem that lets `investing`, `invested` and `investment` meet. Not for reading."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    for suffix in ("ments", "ment", "ings", "ing", "ions", "ion", "ies", "ed", "es", "s", "e"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


def words(text: str) -> list[str]:
    """The words of a text as they stand, numbers included."""
    return _WORD.findall(text)


def content_words(text: str) -> list[str]:
    """Stems of the words that carry meaning, in order, repeats kept."""
    return [stem(word) for word in words(text) if word.lower() not in STOP_WORDS]
