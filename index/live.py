"""The version in use, whichever that is by now."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.article import Article
from corpus.errors import BylineError
from index.search import Index
from index.store import ArticleRow
from index.types import Embedder, Hit, Preference
from index.versions import Manifest

if TYPE_CHECKING:
    from index.milvus import Milvus

_log = logging.getLogger(__name__)


class LiveIndex:
    """An open index that moves to another version, between two uses, when one is published.

    From any thread. Each use keeps the version that it began with, and a version that was left is
    closed when its last use ends. A version that cannot be opened leaves the one before serving;
    `problem` then says so.
    """

    def __init__(self, directory: Path, embedder: Embedder, milvus: Milvus | None = None) -> None:
        """Opens the version in use. Raises BylineError as Index.open does."""
        self._directory = directory
        self._embedder = embedder
        self._milvus = milvus
        self._lock = threading.Lock()
        self._index = Index.open(directory, embedder, milvus)
        self._users: dict[Index, int] = {self._index: 0}
        self.problem: str | None = None

    @contextmanager
    def pinned(self) -> Iterator[Index]:
        """The version in use now; inside, nothing changes under the caller's feet."""
        with self._lock:
            self._move()
            index = self._index
            self._users[index] += 1
        try:
            yield index
        finally:
            with self._lock:
                self._users[index] -= 1
                self._close_left()

    literal = False
    """As of Index."""

    @property
    def manifest(self) -> Manifest:
        with self.pinned() as index:
            return index.manifest

    def search(
        self,
        question: str,
        k: int = 10,
        depth: int = 60,
        as_of: date | None = None,
        prefer: Preference | None = None,
    ) -> list[Hit]:
        """As Index.search."""
        with self.pinned() as index:
            return index.search(question, k, depth, as_of, prefer)

    def article(self, article_id: str) -> Article | None:
        with self.pinned() as index:
            return index.article(article_id)

    def articles(self) -> list[ArticleRow]:
        """As Index.articles."""
        with self.pinned() as index:
            return index.articles()

    def outlets(self) -> list[str]:
        """As Index.outlets."""
        with self.pinned() as index:
            return index.outlets()

    def close(self) -> None:
        """For the end: uses that go on lose their version."""
        with self._lock:
            for index in self._users:
                index.close()

    def _move(self) -> None:
        """Open the version in use if it is another; everybody waits, so that nobody who asks after
        a removal is answered from before it."""
        try:
            if not self._index.is_stale():
                self.problem = None
                return
            newer = Index.open(self._directory, self._embedder, self._milvus)
        except BylineError as error:
            told = f"{error}. Answers still come from the version {self._index.manifest.version}."
            if told != self.problem:
                _log.warning(told)
            self.problem = told
            return
        _log.info("Moved to the version %s", newer.manifest.version)
        self.problem = None
        self._users[newer] = 0
        self._index = newer
        self._close_left()

    def _close_left(self) -> None:
        for index in [i for i, users in self._users.items() if not users and i is not self._index]:
            del self._users[index]
            index.close()
