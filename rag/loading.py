"""What takes a while to be loaded, loaded once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


class Loading(Generic[T]):
    """Loads it once, for whoever asks first; after a failure the next one tries again."""

    def __init__(self, load: Callable[[], T]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._pipeline: T | None = None

    @property
    def ready(self) -> bool:
        return self._pipeline is not None

    def begin(self) -> None:
        """Load in the background, so that the first question waits for less of it."""
        threading.Thread(target=self._try, name="loading", daemon=True).start()

    def _try(self) -> None:
        try:
            self.get()
        except Exception as error:  # who asks is told: it is tried again then
            log.warning("Nothing is loaded yet: %s", error)

    def busy(self, seconds: float) -> bool:
        """Whether somebody still loads after waiting so long."""
        if self._lock.acquire(timeout=seconds):
            self._lock.release()
            return False
        return True

    def get(self) -> T:
        with self._lock:
            if self._pipeline is None:
                self._pipeline = self._load()
            return self._pipeline
