"""How long an answer took, and where."""

from __future__ import annotations

import time
from dataclasses import replace

from rag.types import Timings, Usage


class Clock:
    """Milliseconds since the question came."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._found: float | None = None
        self._first_word: float | None = None
        self._usage = Usage()

    def found(self) -> None:
        self._found = self._now()

    def word(self) -> None:
        if self._first_word is None:
            self._first_word = self._now()

    def wrote(self, usage: Usage) -> None:
        """The draft is whole; what the model is asked afterwards is not counted."""
        self._usage = replace(usage)

    def timings(self) -> Timings:
        return Timings(
            retrieve_ms=self._found or 0.0,
            total_ms=self._now(),
            first_token_ms=self._first_word,
            prompt_tokens=self._usage.prompt_tokens,
            new_tokens=self._usage.new_tokens,
        )

    def _now(self) -> float:
        return round((time.perf_counter() - self._start) * 1000, 1)
