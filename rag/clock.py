"""How long an answer took, and where."""

from __future__ import annotations

import time

from rag.types import Generator, Timings


class Clock:
    """Milliseconds since the question came."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._found: float | None = None
        self._first_word: float | None = None

    def found(self) -> None:
        self._found = self._now()

    def word(self) -> None:
        if self._first_word is None:
            self._first_word = self._now()

    def timings(self, generator: Generator) -> Timings:
        wrote = self._first_word is not None
        return Timings(
            retrieve_ms=self._found or 0.0,
            total_ms=self._now(),
            first_token_ms=self._first_word,
            prompt_tokens=generator.usage.prompt_tokens if wrote else None,
            new_tokens=generator.usage.new_tokens if wrote else None,
        )

    def _now(self) -> float:
        return round((time.perf_counter() - self._start) * 1000, 1)
