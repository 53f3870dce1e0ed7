"""Embedding what has been read while the rest is still being read or fetched."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from corpus.article import Article
from index import versions
from index.chunk import Chunking, chunk, embedding_text
from index.lock import make_folder
from index.store import Held, content_hash, store_in_use, text_hash
from index.types import Embedder, silent

_SORTED = 4
"""How many times what is put away at once is sorted by length, against padding."""

_log = logging.getLogger(__name__)


@contextmanager
def embedding_ahead(
    directory: Path, embedder: Callable[[], Embedder]
) -> Iterator[Callable[[Article], None]]:
    """Takes articles that are to be put into the index in `directory` soon, and embeds them in a
    thread of its own until the end of the block.

    What it has made by then is put away by the hash of its text, where the change finds it; the
    rest is left to the change. So nothing depends on it, and it never raises.
    """
    ahead = _Ahead(directory, embedder)
    try:
        yield ahead.take
    finally:
        ahead.stop()


class _Ahead:
    def __init__(self, directory: Path, embedder: Callable[[], Embedder]) -> None:
        self._directory, self._embedder = directory, embedder
        self._waiting: queue.SimpleQueue[Article | None] = queue.SimpleQueue()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def take(self, article: Article) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="embedding", daemon=True)
            self._thread.start()
        self._waiting.put(article)

    def stop(self) -> None:
        """After what is being embedded, which is a second's work."""
        self._stopped = True
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            self._embed_all()
        except Exception as error:  # the change itself will say so if it matters
            _log.info("Nothing more is embedded ahead: %s", error)

    def _embed_all(self) -> None:
        from index.embeddings import SAVED_EVERY, vectors_of

        base, chunking = None, Chunking()
        held: Mapping[str, Held] = {}
        if versions.current_version(self._directory) is not None:
            base, store = store_in_use(self._directory)
            with closing(store):
                held = store.held()
            chunking = base.chunking
        embedder = self._embedder()
        maker = (embedder.name, embedder.weights_hash)
        if base and maker != (base.embedder, base.weights_hash):
            return
        make_folder(self._directory)
        while texts := self._some(SAVED_EVERY * _SORTED, chunking, held):
            for start in range(0, len(texts), SAVED_EVERY):
                if self._stopped:
                    return
                some = texts[start : start + SAVED_EVERY]
                hashes = list(map(text_hash, some))
                vectors_of(self._directory, base, some, hashes, embedder, silent)

    def _some(self, most: int, chunking: Chunking, held: Mapping[str, Held]) -> list[str]:
        """The texts of the articles that wait by now, `most` or a few more, the longest first; it
        waits for the first, and gives none when it is to stop."""
        texts: list[str] = []
        while len(texts) < most and not (texts and self._waiting.empty()):
            article = self._waiting.get()
            if article is None:
                return []
            before = held.get(article.id)
            if before is None or before.content_hash != content_hash(article):
                passages = chunk(article, chunking.max_chars, chunking.overlap)
                texts += map(embedding_text, passages)
        return sorted(texts, key=len, reverse=True)
