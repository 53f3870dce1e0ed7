"""The capitals of a question typed without any, as the articles write its names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from index.types import Hit
from rag.reading.words import STOP_WORDS

_WORD = re.compile(r"[^\W\d_]+")
# A word that begins a sentence or a heading has a capital anyway.
_INSIDE = re.compile(r"(?<=[a-z,;] )[^\W\d_]+")


def with_names(question: str, hits: Sequence[Hit]) -> str:
    """The question with its names capitalised, where it has no capital but perhaps its first.

    A name is a word that the articles of `hits` write with a capital inside their sentences more
    often than without ("truecasing", Lita et al. 2003, by the majority's form). The names of a
    question say what must be spoken of, and they are told by their capitals.
    """
    if question[1:] != question[1:].lower():
        return question
    bodies = {hit.passage.article.id: hit.passage.article.body for hit in hits}
    forms = Counter(word for body in bodies.values() for word in _INSIDE.findall(body))

    def cased(match: re.Match[str]) -> str:
        word = match[0]
        if word in STOP_WORDS:
            return word
        same = {form: n for form, n in forms.items() if form.lower() == word}
        return max(same, key=lambda form: (same[form], form == word), default=word)

    return _WORD.sub(cased, question)
