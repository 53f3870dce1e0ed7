"""A disagreement of sources in words: what it is about, and the sentence that tells it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from corpus.article import Article
from index.browse import day
from index.types import Hit
from rag.facts.claims import Asked, Stated
from rag.facts.values import Value, relate
from rag.reading.untrusted import as_data
from rag.reading.when import when
from rag.reading.words import MONTHS
from rag.types import Claim, Difference, Sentence

MOST_VALUES = 4
"""Different values that the sentence names; the rest stands beside it."""
_LONGEST_NAME = 60

_ABOUT = {
    "money": "the amount",
    "share": "the share",
    "number": "the number",
    "date": "the date",
    "person": "the person",
    "yes or no": "whether it is so",
}
_OPENING: dict[Difference, str] = {
    "different": "Reports differ",
    "compatible": "Not all reports are as exact",
    "corrected": "An earlier report no longer stands",
    "changed": "It changed",
}
_OWN_WORD = re.compile(
    r"\b(?:stake|share|price|value|valuation|revenue|sales|profit|loss|cost|fee|sum|debt|budget"
    r"|population|age|number of \w+|capital expenditure)\b",
    re.IGNORECASE,
)
_NOUN = re.compile(  # "what sport", "in which country", "what is the mascot"
    r"(?:(?:in|on|at|by|from|for|to|of) )?(?:what|which) (?:(?:is|was) the )?([a-z]+)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Voice:
    """What one article states: the value, and the sentence that states it."""

    stated: Stated
    hit: Hit

    @property
    def article(self) -> Article:
        return self.hit.passage.article


def same(one: Stated, other: Stated) -> bool:
    return relate(one.value, other.value) == "same"


def moment(article: Article) -> str:
    return article.updated_at or article.published_at or ""


def about(query: str, wanted: Asked | None) -> str:
    own = _OWN_WORD.search(wanted.question if wanted else query)
    if own:
        return f"the {own[0].lower()}"
    if wanted:
        return _ABOUT[wanted.kind]
    noun = _NOUN.match(query)
    return f"the {noun[1].lower()}" if noun else "what is asked"


def sentence_of(kind: Difference, voices: Sequence[Voice], claims: Sequence[Claim]) -> Sentence:
    """ "Reports differ: A (12 June 2025) says 49%; B (13 June 2025) says 47%."

    Milder where they differ only in how exact they are. Of those that say the same the newest is
    named.
    """
    shown: list[tuple[Voice, Claim]] = []
    for voice, claim in zip(voices, claims, strict=True):
        if all(not same(voice.stated, other.stated) for other, _ in shown):
            shown.append((voice, claim))
    shown = shown[:MOST_VALUES]
    if kind == "changed":
        shown.reverse()
    parts = [
        f"{_source(voice.article)} {_says(voice.stated.value, claim)}" for voice, claim in shown
    ]
    if kind == "changed":
        parts = _over_time(*(voice for voice, _ in shown))
    text = f"{_OPENING[kind]}: {'; '.join(parts)}."
    return Sentence(text, tuple(claim.citation for _, claim in shown), "supported", 1.0)


def _over_time(old: Voice, new: Voice) -> list[str]:
    """ "until June 2025 Wang, says A (11 June 2025)", "since then Droege, says B (13 June 2025)".

    Where the month of the change is not known, only that one was reported first.
    """
    days = [date.fromisoformat(moment(voice.article)[:10]) for voice in (old, new)]
    told = when(new.hit.passage.text, new.stated.value.start, days[1].isoformat())
    first, last = ((day.year, day.month) for day in days)
    named = (told.year or 0, told.month or 0) if told.told else (0, 0)
    month = last if first == last else named
    known = first <= month <= last  # a month outside is of another thing
    words = (
        (f"until {MONTHS[month[1] - 1]} {month[0]}", "since then") if known else ("first", "later")
    )
    values = (as_data(" ".join(voice.stated.value.text.split())) for voice in (old, new))
    sources = (_source(voice.article) for voice in (old, new))
    told_by = zip(words, values, sources, strict=True)
    return [f"{word} {value}, says {source}" for word, value, source in told_by]


def _source(article: Article) -> str:
    name = as_data(article.outlet or (f"“{article.title}”" if article.title else "One report"))
    if len(name) > _LONGEST_NAME:
        name = name[:_LONGEST_NAME].rsplit(" ", 1)[0] + "…"
    return f"{name} ({day(article.published_at)})" if article.published_at else name


def _says(value: Value, claim: Claim) -> str:
    if value.is_hidden:
        return "does not reveal the figure"
    said = as_data(claim.value)
    return f"said {said}, {claim.note}" if claim.note else f"says {said}"
