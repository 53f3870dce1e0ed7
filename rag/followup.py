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
    """The text to search with: the question, led by the last one where it leans on it.

    A question leans on the chat when it opens as a continuation, has a pronoun, or has fewer than
    two words that carry meaning.
    """
    leans = _LEANING.search(question) or len(content_words(question)) < 2
    return f"{history[-1].question} {question}" if history and leans else question
