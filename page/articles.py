"""The state of the view of the articles, and the running of one change at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from rag.api import parts
from rag.loopback import of_this_machine
from rag.who import Right, Who

AT_ONCE = 100  # articles on one page of the list
ELSEWHERE = (
    "This page is open to other machines, so that the articles can be read here and not changed: "
    "use byline index and byline sync on the machine that it runs on."
)
NOT_YOURS = "You may {right} here: ask whoever runs Byline to change this."


class Library(parts.Library, Protocol):
    """What the page needs of the articles beyond what the API does."""

    def version(self) -> str | None: ...
    def forget(self, key: str) -> bool: ...
    def titles(self, ids: Collection[str]) -> Mapping[str, str]: ...


@dataclass(slots=True)
class View:
    """What one browser session looks at; `seen` tells what it was shown last, `dismissed` which
    change it wants to hear no more of, and `may` whether it may change anything. `chosen` are ids
    of the list, over its pages and searches, and `asked_about` those that are to be removed once a
    person has said that they are sure."""

    words: str = ""
    start: int = 0
    article_id: str | None = None
    title: str = ""
    seen: tuple[object, ...] = ()
    dismissed: int = 0
    may: bool = False
    chosen: set[str] = field(default_factory=set)
    asked_about: tuple[str, ...] = ()


def refused(
    headers: Mapping[str, str], who: Who | None = None, right: Right = "write"
) -> str | None:
    """Why a request may not change anything. Who has signed in may what their right says; else one
    that was made on this machine, by the page itself."""
    if who is not None:
        return None if who.may(right) else NOT_YOURS.format(right=who.right)
    return None if of_this_machine(headers) else ELSEWHERE
