"""Whether a question can be asked at all."""

from __future__ import annotations

from corpus.errors import BylineError
from rag.reading.language import foreign_language


def askable(question: str, longest: int) -> str:
    """The question with its white space set right.

    Raises BylineError when it is empty, longer than `longest` characters, or not in English.
    """
    question = " ".join(question.split())
    if not question:
        raise BylineError("The question is empty: write what you would like to know.")
    if len(question) > longest:
        raise BylineError(
            f"The question has {len(question):,} characters and at most {longest:,} can be "
            "asked: shorten it."
        )
    if language := foreign_language(question):
        raise BylineError(
            f"The question looks like {language}, and Byline reads and answers English only: "
            "ask it in English."
        )
    return question
