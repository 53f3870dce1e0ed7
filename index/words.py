"""The words of a question that are worth looking for."""

from __future__ import annotations

import re

TITLE_WEIGHT = 2.0
"""How much a word in the title weighs in BM25, against 1 in the passage."""

# Numbers and abbreviations stay whole ("14.3", "U.S."), so that they are found as phrases.
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)+|(?:[^\W\d_]\.){2,}|[^\W_]+(?:['’][^\W_]+)?")
_ENDINGS = {"s", "t", "re", "ve", "ll", "d", "m"}

_STOP_WORDS = """
    a about after all also am an and any are as at be because been before being between both but by
    can could did do does doing for from get got had has have having he her hers him his how i if in
    into is it its just many me might more most much must my no nor not of off on once one only or
    other our ours out over own said same say says shall she should so some such tell than that the
    their theirs them then there these they this those through to too under until up us very was we
    were what when where which while who whom whose why will with would you your yours
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


def has_ending(word: str) -> bool:
    """Whether what stands after its apostrophe is no part of it, as in "Meta's"."""
    _, apostrophe, ending = word.replace("’", "'").partition("'")
    return bool(apostrophe) and ending.lower() in _ENDINGS


def content_words(question: str) -> list[str]:
    """The words of `question` in lower case, each once, in order, without stop words.

    "Meta's" is "meta" and "didn't" is nothing, but "O'Brien" stays. Capitals make a stop word a
    name: the "US" and the "WHO" stay, unless the whole question is in capitals.
    """
    words: dict[str, None] = {}
    for token in _TOKEN.findall(question):
        stem, _, ending = token.replace("’", "'").partition("'")
        if ending.lower() not in _ENDINGS:
            stem = token
        elif ending.lower() == "t" and stem.lower().endswith("n"):
            stem = stem[:-1]  # did-n't
        is_name = len(stem) > 1 and stem.isupper() and not question.isupper()
        if is_name or stem.lower() not in STOP_WORDS:
            words[stem.lower()] = None
    return list(words)


def match_expression(question: str) -> str:
    """An FTS5 query for any of the question's words; empty when none is worth looking for.

    Each word is quoted, so nothing that a user types is read as query syntax.
    """
    return " OR ".join(f'"{word}"' for word in content_words(question))
