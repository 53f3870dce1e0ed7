"""What the API is made of: the parts that it shares with the page, and who may do what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeVar

import anyio.to_thread
from fastapi import Depends, Request

from corpus.errors import Away, BylineError
from corpus.sources import Kind
from index.types import Hit, Progress
from rag.api.problems import RETRY_S, Problem, problem_for
from rag.describe import Description
from rag.line import Line
from rag.loading import Loading
from rag.narrow import Scope
from rag.types import Generator, SupportModel, Turn
from rag.upkeep.changes import Changes
from rag.upkeep.library import Holdings, Listing, Outcome, Shown
from rag.who import Right, Who

AT_ONCE = 8
"""Requests that read the index at once; more wait, so that the page has threads of its own."""

T = TypeVar("T")


class Asked(Protocol):
    """What the API needs of a pipeline; of rag.narrow.Narrowing."""

    @property
    def generator(self) -> Generator: ...
    def describe(self) -> Description: ...
    def check(self) -> None: ...
    def search(self, question: str, k: int, scope: Scope | None = None) -> list[Hit]: ...
    def stream(self, question: str, history: Sequence[Turn], scope: Scope | None = None) -> Any: ...


class Library(Protocol):
    """What the API needs of the articles; whatever changes them raises BylineError."""

    def browse(self, words: str, start: int, count: int) -> Listing: ...
    def article(self, id_: str) -> Shown | None: ...
    def holdings(self) -> Holdings: ...
    def hand_in(
        self, files: Sequence[Path], on_progress: Progress, who: Who | None = None
    ) -> Outcome: ...
    def fetch(
        self, kind: Kind, address: str, on_progress: Progress, who: Who | None = None
    ) -> Outcome: ...
    def look_again(self, on_progress: Progress) -> Outcome: ...
    def update(self, on_progress: Progress) -> Outcome: ...
    def build_again(self, on_progress: Progress) -> Outcome: ...
    def remove(
        self, ids: Collection[str], on_progress: Progress, who: Who | None = None
    ) -> Outcome: ...
    def check(self, ids: Collection[str], who: Who | None) -> None: ...
    def owners(self, ids: Collection[str], who: Who | None) -> Mapping[str, str]: ...
    def rollback(self, version: str, on_progress: Progress) -> Outcome: ...


@dataclass(frozen=True)
class Options:
    """`support` loads what stands beside the rules of a check, given the language model; with
    `support_asks_model` it is that model. `asks_who` says whether requests must say who they are,
    `check` raises BylineError while that cannot be told, and `log_questions` says whether questions
    may stand in the log.
    """

    support: Callable[[Generator | None], SupportModel | None] = lambda generator: None
    support_asks_model: bool = False
    question_characters: int = 1000
    asks_who: bool = False
    check: Callable[[], object] = lambda: None
    log_questions: bool = False


@dataclass(frozen=True)
class Parts:
    """From any thread."""

    loading: Loading[Any]
    line: Line
    library: Library
    changes: Changes
    options: Options = Options()
    reading: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(AT_ONCE))
    checking: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(1))

    async def read(self, look: Callable[..., T], *given: Any) -> T:
        """What a look at the index gives, away from the event loop. An index that cannot be read is
        no fault of whoever asks."""
        try:
            return await anyio.to_thread.run_sync(partial(look, *given), limiter=self.reading)
        except Away as error:
            raise problem_for(error) from error
        except BylineError as error:
            raise Problem(503, str(error)) from error

    def ready(self) -> Asked:
        """The pipeline. While it is loading it raises Problem, and begins if nobody loads it; after
        a failure that says what failed."""
        if not self.loading.ready:
            failure = self.loading.failure
            self.loading.begin()
            if isinstance(failure, Away):
                raise problem_for(failure)
            if isinstance(failure, BylineError):
                raise Problem(503, str(failure), {"Retry-After": RETRY_S})
            raise Problem(
                503, "Byline is still loading its models: try again soon.", {"Retry-After": "5"}
            )
        pipeline: Asked = self.loading.get()
        return pipeline


def who_asks(request: Request) -> Who:
    """Whoever the gate let in (rag/api/gate.py)."""
    who = request.scope["who"]
    assert isinstance(who, Who)
    return who


def needs(right: Right) -> Callable[[Request], Who]:
    """What a route depends on that only some may use."""

    def check(request: Request) -> Who:
        who = who_asks(request)
        if not who.may(right):
            raise Problem(403, f"This key may {who.right} only: use one that may {right}.")
        return who

    return check


Reader = Annotated[Who, Depends(needs("read"))]
Writer = Annotated[Who, Depends(needs("write"))]
Admin = Annotated[Who, Depends(needs("admin"))]
