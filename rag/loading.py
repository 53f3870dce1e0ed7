"""What takes a while to be loaded, loaded once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

from rag.upkeep.pace import Wait

log = logging.getLogger(__name__)

LOADING = "Loading the language model; questions wait for it…"
_MOMENT_S = 0.5

T = TypeVar("T")


class Loading(Generic[T]):
    """Loads it once, in a thread of its own; after a failure the next one who asks for it tries
    again."""

    def __init__(self, load: Callable[[], T], usual: float | None = None) -> None:
        """`usual` is how many seconds it took before, None where that is not known."""
        self._load, self._usual = load, usual
        self._lock = threading.Lock()
        self._began = 0.0
        self._loaded: Future[T] | None = None
        self.failure: BaseException | None = None  # of the last time that is over

    @property
    def ready(self) -> bool:
        return self._loaded is not None and self._loaded.done() and not self._loaded.exception()

    @property
    def told(self) -> str:
        """What somebody who waits for it is told: how long it goes on, and how long it may yet."""
        return f"{LOADING} {Wait(time.monotonic() - self._began, self._usual)}"

    def begin(self) -> Future[T]:
        """Load in the background, if nobody does and it is not done, so that the first question
        waits for less of it."""
        with self._lock:
            failed = self._loaded is not None and self._loaded.done() and not self.ready
            if self._loaded is None or failed:
                self._loaded, self._began = Future(), time.monotonic()
                threading.Thread(
                    target=self._run, args=(self._loaded,), name="loading", daemon=True
                ).start()
            return self._loaded

    def _run(self, loaded: Future[T]) -> None:
        try:
            result, self.failure = self._load(), None
            loaded.set_result(result)
        except BaseException as error:  # who asks is told
            log.warning("Nothing is loaded yet: %s", error)
            self.failure = error
            loaded.set_exception(error)

    def get(self) -> T:
        return self.begin().result()

    def steps(self) -> Iterator[str]:
        """What is told until it is loaded, every moment. Raises what keeps it from being loaded."""
        if self.ready:
            return
        loading = self.begin()
        yield self.told
        while wait([loading], timeout=_MOMENT_S).not_done:
            yield self.told
        loading.result()
