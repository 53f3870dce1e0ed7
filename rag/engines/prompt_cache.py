"""Keys and values of the last prompts, so that what another begins with is not read again.

Prompts are of few kinds, each with a long beginning that never changes: its rules and its examples.
Between two of one kind others are read, so more than the last one is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

MOST = 3
"""Prompts that are kept: one of answers, one of short replies, one of questions made to stand
alone. Keys and values of one take some 30 kB a token with the default model."""

LEAST_SHARED = 16
"""Tokens from which a beginning is taken for another's: chat templates share a few with all."""


class PromptCache:
    """What was kept of the last prompts, at most `most`; the one not used for longest goes."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: list[tuple[list[int], Any]] = []

    def take(self, tokens: Sequence[int], most: int) -> tuple[int, Any]:
        """How many of the first tokens were read before, at most so many, and their keys and values
        alone; 0 and None where that is nothing. They are not kept any more: what is made of them
        is to be kept in their place, or nothing if that fails."""
        shared = [shared_length(kept, tokens) for kept, _ in self._kept]
        best = max(range(len(shared)), key=shared.__getitem__, default=None)
        if best is None or shared[best] < LEAST_SHARED:
            return 0, None
        kept, cache = self._kept.pop(best)
        length = min(shared[best], most)
        if length < len(kept):
            cache = _cropped(cache, length)
        return (length, cache) if cache is not None else (0, None)

    def keep(self, tokens: Sequence[int], cache: Any) -> None:
        self._kept = [*self._kept, (list(tokens), cache)][-self._most :]


def shared_length(left: Sequence[int], right: Sequence[int]) -> int:
    length = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        length += 1
    return length


def _cropped(cache: Any, length: int) -> Any:
    """The cache cut back to its first `length` tokens, or None where its kind cannot be cut."""
    if cache is None or length == 0 or not hasattr(cache, "crop"):
        return None
    cache.crop(length - cache.get_seq_length())  # negative: how many tokens go from the end
    return cache
