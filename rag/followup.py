"""What a question means after the questions before it."""

from __future__ import annotations

import re

from rag.types import History
from rag.words import content_words

_LEANING = re.compile(
    r"^(?:and|but|so|or|what about|how about|why|then)\b"
    r"|\b(?:he|she|they|him|her|hers|them|his|their|theirs|it|its|this|that|these|those|there|then)\b",
    re.IGNORECASE,
)


def stand_alone(question: str, history: History = ()) -> str:
    """The text to search with: the question, led by those before it where it leans on them.

    A question leans on the chat when it opens as a continuation, has a pronoun, or has fewer than
    two words that carry meaning. In a row of such questions the one that began it leads, and the
    last of them follows.
    """
    if not history or not _leans(question):
        return question
    chain = [history[-1].question]
    for turn in reversed(history):
        if not _leans(turn.question):
            chain = list(dict.fromkeys([turn.question, *chain]))
            break
    return " ".join([*chain, question])


def _leans(question: str) -> bool:
    return bool(_LEANING.search(question)) or len(content_words(question)) < 2
