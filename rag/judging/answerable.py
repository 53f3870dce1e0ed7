"""How far the evidence is to be trusted with an answer, decided before a word is written.

A small model never refuses by itself, so the refusal is earned: by how sure it is that the best
passage states the answer (rag/judging/judge.py), and by the names of the question that no article
mentions. How near the passages are and how many of the question's words they hold add nothing to
that (docs/LOG.md).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Literal

from index.types import Hit
from rag.reading.words import MONTHS_AND_DAYS, words
from rag.verify import alias, names

Trust = Literal["sure", "doubtful", "none"]
"""Sure: an answer may be written. Doubtful: only one from a passage that speaks of what is asked,
as of things that it says in passing ("but will not have any voting power"). None: a refusal."""

DOUBTFUL = 0.2
"""Of the best passage. No answerable question was seen below it, and many that are off-topic."""

_SHORTEST, _LONGEST = 2, 5  # letters of an abbreviation

_CALENDAR = {name.lower() for name in MONTHS_AND_DAYS}


def trust(question: str, judged: Sequence[Hit], sure: float) -> Trust:
    """What the evidence is good for, as `rag.judging.judge.judge` ranked it.

    `sure` is the probability of the best passage from which there is no doubt.
    Nothing where the question names what none of the articles mentions: what they say of another
    thing is no answer, however sure the model is.
    """
    best = max((hit.score for hit in judged), default=0.0)
    if best < DOUBTFUL or unmentioned_names(question, judged):
        return "none"
    return "sure" if best >= sure else "doubtful"


def unmentioned_names(question: str, hits: Sequence[Hit]) -> list[str]:
    """The names in a question that stand in no article of `hits`, not even spelled a bit otherwise.

    Spelled otherwise: a ratio of matching characters (Ratcliff and Metzener 1988) of 0.75 and more,
    or the words that it abbreviates.
    """
    articles = {hit.passage.article.id: hit.passage.article for hit in hits}.values()
    known = {
        alias(word)
        for article in articles
        for text in (article.title, article.body, article.author or "", article.outlet or "")
        for word in words(text)
    }
    known |= _CALENDAR
    missing = [
        name
        for name in names(question)
        if name not in known and not get_close_matches(name, known, n=1, cutoff=0.75)
    ]
    texts = [f"{article.title}\n{article.body}" for article in articles] if missing else []
    return [name for name in missing if not any(_abbreviates(name, text) for text in texts)]


def _abbreviates(name: str, text: str) -> bool:
    """Whether a name is made of the initials of words with capitals that follow each other: "sp"
    of "the Scottish Parliament"."""
    if not (_SHORTEST <= len(name) <= _LONGEST and name.isalpha()):
        return False
    initials = r"[\w.’'-]*\s+(?:of |and |the |for )?".join(letter.upper() for letter in name)
    return re.search(rf"\b{initials}", text) is not None
