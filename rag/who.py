"""Who asks, and what they may."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

Right = Literal["read", "write", "admin"]
RIGHTS: tuple[Right, ...] = ("read", "write", "admin")
"""Each holds those before it."""


@dataclass(frozen=True, slots=True)
class Who:
    """`name` is empty where nobody is asked who they are; `key` is the id of the key that was
    shown, if one was; `per_minute` how many requests it may make, 0: as many as it likes;
    `logged_in` that there is a way out."""

    name: str = ""
    right: Right = "admin"
    key: str = ""
    per_minute: int = 0
    logged_in: bool = False

    def may(self, right: Right) -> bool:
        return RIGHTS.index(self.right) >= RIGHTS.index(right)


signed_in: ContextVar[Who | None] = ContextVar("signed_in", default=None)
"""Whoever makes the request at hand; None where nobody is asked."""
