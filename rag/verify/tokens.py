"""A sentence as the words that the rules compare: stems in order, with what is a name and where a
clause ends."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.reading.words import STOP_WORDS, stem, words
from rag.verify.names import alias

_TOKEN = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W_]+(?:['’.&][^\W_]+)*|[,;:()–—?!\"“”]|\.(?=\s|$)")
_TITLES = frozenset("CEO CFO COO CTO Mr Mrs Ms Dr President Prime Minister Sir".split())
SCALE_WORDS = frozenset("thousand million billion trillion bn percent per cent dollars usd".split())


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it stands, its stem for comparing, and what its spelling tells.

    `capital` is a capitalised word that is neither a stop word nor a title; `initial` one that
    begins the sentence, which may be no name. A `mark` is punctuation.
    """

    text: str
    stem: str
    capital: bool
    initial: bool
    genitive: bool
    mark: bool

    @property
    def number(self) -> bool:
        return self.text[0].isdigit()

    @property
    def content(self) -> bool:
        """Whether it says something: no mark, no number, no stop word and no name."""
        small = self.text.lower()
        return not (
            self.mark or self.number or self.capital or small in STOP_WORDS or small in SCALE_WORDS
        )


@lru_cache(maxsize=4096)
def read(sentence: str) -> tuple[Word, ...]:
    """The words and marks of a sentence, in order."""
    sentence = re.sub(r"\bchief executive(?: officer)?\b", "CEO", sentence, flags=re.IGNORECASE)
    found: list[Word] = []
    for text in _TOKEN.findall(sentence):
        mark = not text[0].isalnum()
        initial = not mark and all(word.mark for word in found)
        genitive = text.endswith(("'s", "’s"))
        capital = (
            (text[0].isupper() or text[1:2].isupper())
            and text not in _TITLES
            and (text.lower() not in STOP_WORDS or (len(text) > 1 and text.isupper()))
        )
        key = alias(text)
        found.append(Word(text, key if capital else stem(key), capital, initial, genitive, mark))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a sentence: its words, compared as a set, at the places `start` to `end`."""

    start: int
    end: int
    words: frozenset[str]
    genitive: bool

    def names(self, other: Mention) -> bool:
        """Whether both may name one: "Wang" is "Alexandr Wang"."""
        return self.words <= other.words or other.words <= self.words


def mentions(sentence: tuple[Word, ...], known: frozenset[str]) -> list[Mention]:
    """The names in a sentence, in order; its first word is one when it is `known` to be a name."""
    found: list[Mention] = []
    for place, word in enumerate(sentence):
        if not word.capital or (word.initial and not _is_name(sentence, place, known)):
            continue
        before = found[-1] if found else None
        if before and before.end == place and not before.genitive:
            found[-1] = Mention(before.start, place + 1, before.words | {word.stem}, word.genitive)
        else:
            found.append(Mention(place, place + 1, frozenset([word.stem]), word.genitive))
    return found


def _is_name(sentence: tuple[Word, ...], place: int, known: frozenset[str]) -> bool:
    after = sentence[place + 1] if place + 1 < len(sentence) else None
    return sentence[place].stem in known or bool(after and after.capital)


@lru_cache(maxsize=1024)
def names_within(text: str) -> frozenset[str]:
    """The words that a text has as names, capitalised where no sentence begins, and never writes
    small."""
    small = {word for word in words(text) if word.islower()}
    inside = re.findall(r"(?<=[\w,;] )[a-z]?[A-Z][\w&’'-]*", text)
    found = {alias(word) for run in inside for word in words(run)}
    return frozenset(word for word in found if word not in small and word not in STOP_WORDS)
