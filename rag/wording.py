"""Words that the page and the API tell readers alike."""

from __future__ import annotations

import logging

from corpus.errors import BylineError

log = logging.getLogger(__name__)

FAILED = "Something went wrong: {kind}. Ask again, or see the log for what happened."


def sentence_for(error: Exception) -> str:
    """What a reader is told of an error; what nobody foresaw goes to the log with its traceback."""
    if isinstance(error, BylineError):
        return str(error)
    log.error("Byline could not go on", exc_info=error)
    return FAILED.format(kind=type(error).__name__)


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
