"""Words of a question that no article holds, put right where one of its words is meant."""

from __future__ import annotations

import re
from collections import Counter

import Stemmer
from rapidfuzz import process
from rapidfuzz.distance import OSA
from spellchecker import SpellChecker

from index.store import Store

_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST = 5
"""Letters of a word that can be put right: a shorter one is a step away from too many others."""
_ASKED_WITH = (
    "what when where which whose much many long money price cost value worth amount stake share "
    "sales revenue profit percent number year date name founder chief"
).split()
"""Words that questions ask with, whether or not an article holds them."""
_SHORTEST_ASKED_WITH = 4
_LONG = 8
"""Letters of a word that may be two steps away: one letter added, left out, changed or swapped."""


class Spelling:
    """Puts right what is misspelled, by the words of one version of an index.

    A word is put right where neither a dictionary of English nor the index knows it, and the index
    knows a stem that begins with the same letter, at an optimal string alignment distance (Damerau
    1964) of one, or two for a long word; of several, the one in most passages. Before these come
    the words that questions ask with, where one of them is a step away. A stem that the
    other one begins with is another form or another word, and no slip.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._english = SpellChecker(language="en").word_frequency
        self._stemmer = Stemmer.Stemmer("porter")  # as the full-text index stems
        self._passages = store.vocabulary()
        self._stems: dict[str, list[str]] = {}
        for stem in self._passages:
            self._stems.setdefault(stem[:1], []).append(stem)

    def corrected(self, question: str) -> str:
        """The question with its misspelled words put right, as the articles write them."""
        return _WORD.sub(lambda match: self._meant(match[0]), question)

    def _meant(self, word: str) -> str:
        lower = word.lower()
        stem = self._stem(lower)
        if lower in self._english:
            return word
        # One with a capital may be a name: Nate is no slip of name.
        if len(word) >= _SHORTEST_ASKED_WITH and word == lower and stem not in self._passages:
            asked = [one for one in _ASKED_WITH if word[0] == one[0] and _is_step(word, one)]
            left_out = [one for one in asked if len(one) > len(word)]  # the commonest slip
            if len(left_out or asked) == 1:
                return (left_out or asked)[0]
        if len(word) < _SHORTEST:
            return word
        if stem in self._passages:
            form = self._as_written(stem) or word
            return form if _is_slip(lower, form.lower()) else word
        found = process.extract(
            stem,
            self._stems.get(stem[:1], []),
            scorer=OSA.distance,
            score_cutoff=2 if len(word) >= _LONG else 1,
            limit=None,
        )
        near = [
            (distance, -self._passages[other], other)
            for other, distance, _ in found
            if _is_slip(stem, other)
        ]
        return (self._as_written(min(near)[2]) or word) if near else word

    def _as_written(self, stem: str) -> str | None:
        """The form with this stem that stands most often in the best passages for it."""
        passages = self._store.passages([id_ for id_, _ in self._store.search(stem, 3)]).values()
        forms = Counter(
            word
            for passage in passages
            for word in _WORD.findall(f"{passage.article.title} {passage.text}")
            if self._stem(word.lower()) == stem
        )
        return forms.most_common(1)[0][0] if forms else None

    def _stem(self, word: str) -> str:
        return str(self._stemmer.stemWord(word))


def _is_step(one: str, other: str) -> bool:
    return OSA.distance(one, other, score_cutoff=1) == 1 and _is_slip(one, other)


def _is_slip(one: str, other: str) -> bool:
    """Rather than another form of a word, which has more at its end or less."""
    return not one.startswith(other) and not other.startswith(one)
