"""What an answer says of its own age: how old its newest article is, and what has no date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from index.browse import day as in_words
from index.seen import day_known
from rag.reading.times import Span, times_named
from rag.types import Sentence

OLD = 90
"""Days after which what an article says of the present is told to be old."""

_PAST = frozenset("was were did had could would might".split())
_PRESENT = frozenset("is are am does do isn't aren't doesn't don't".split())
_CONTRACTED = re.compile(r"^(?:who|what|where|how)(?:['’]s|['’]re)$")
_PERFECT = re.compile(
    r"\b(?:been|become|begun|bought|broken|built|chosen|come|cut|done|drawn|fallen|found|given|gone"
    r"|got|grown|held|hit|kept|left|led|lost|made|met|paid|put|risen|run|said|seen|sent|set|shown"
    r"|shut|sold|spent|spoken|struck|taken|told|won|written|[a-z]{2,}ed)\b"
)
# "Who leads Scale AI?", "Which company owns it?": the verb's ending is the only sign.
_THIRD_PERSON = re.compile(r"^(?:who|what|which(?: [\w’'-]+){1,2})(?: (?:now|currently))? (\w+s)$")


def asks_of_now(question: str, on: date) -> bool:
    """Whether a question asked on a day is about that day: in the present tense, and of no other
    time. Where the wording does not tell, it is not."""
    times = times_named(question, on)
    if times and not any(time.overlaps(Span(on, on)) for time in times):
        return False
    words = re.findall(r"[\w’'-]+", question.lower())
    for place, word in enumerate(words):
        if word in _PAST:
            return False
        if word in _PRESENT or _CONTRACTED.match(word):
            return True
        if word in ("has", "have"):
            return not _PERFECT.search(" ".join(words[place + 1 :]))
        if _THIRD_PERSON.match(" ".join(words[: place + 1])) and _is_verb(word, words, place):
            return True
    return False


def _is_verb(word: str, words: Sequence[str], place: int) -> bool:
    """Whether a word in -s is one that somebody does: "leads", and not "which boss" or a noun."""
    if word.endswith(("ss", "us", "is", "'s", "’s")):
        return False
    follows = words[place + 1] if place + 1 < len(words) else ""
    is_noun = follows in _PAST | _PRESENT or follows in ("has", "have", "will", "of")
    return not is_noun


def note_on(
    question: str, sentences: Sequence[Sentence], on: date, as_of: date | None
) -> str | None:
    """What a reader should know of how old an answer is, None where nothing.

    `on` is the day of the question. A question about now is told the day of the newest cited
    article where that is more than `OLD` days before; and where only what was known on `as_of` was
    to be read, an article is named as undated that may be later.
    """
    cited = {c.passage.article.id: c.passage.article for s in sentences for c in s.citations}
    days = [day_known(a.published_at, a.updated_at) for a in cited.values()]
    dated = [day for day in days if day is not None]
    notes = []
    if dated and (on - max(dated)).days > OLD and asks_of_now(question, on):
        notes.append(f"The newest article on this is from {in_words(max(dated).isoformat())}.")
    if as_of is not None and len(dated) < len(days):
        undated = len(days) - len(dated)
        which = "One cited article has" if undated == 1 else f"{undated} cited articles have"
        notes.append(f"{which} no date and may be later than {in_words(as_of.isoformat())}.")
    return " ".join(notes) or None
