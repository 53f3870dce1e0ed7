"""Building a version of the index from articles."""

from __future__ import annotations

import errno
import hashlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from corpus.article import Article
from corpus.errors import BylineError
from index import versions
from index.chunk import Chunking, chunk, embedding_text
from index.store import Store, content_hash, text_hash, write_store
from index.types import Embedder, Passage
from index.vectors import FlatVectors
from index.versions import Manifest

Progress = Callable[[str, int, int], None]
"""Hears (stage, done, total); the stages are "chunk", "embed" and "write", in this order."""

KEPT_VERSIONS = 3
_log = logging.getLogger(__name__)


def build(
    articles: Sequence[Article],
    embedder: Embedder,
    directory: Path,
    chunking: Chunking = Chunking(),  # noqa: B008 (frozen)
    on_progress: Progress | None = None,
    sources: Sequence[str] = (),
) -> Manifest:
    """Publish a new version that holds exactly these articles, and return its manifest.

    A passage whose embedding text the version before holds keeps its vector, if the embedder is the
    same. `sources` are noted in the manifest. Raises BylineError, and leaves the version before in
    use, when there is nothing to index, two articles share an id, another build is running, or the
    disk is full.
    """
    _check(articles)
    try:
        with versions.build_lock(directory):
            return _build(articles, embedder, directory, chunking, on_progress or _silent, sources)
    except (OSError, sqlite3.Error) as error:
        raise BylineError(
            f"The index could not be written to {directory} because {_reason(error)}; an earlier "
            "version stays as it was, so mend that or choose another folder and run again: "
            "byline index build"
        ) from error


def source_digest(articles: Sequence[Article]) -> str:
    """SHA-256, 64 hex digits, over the articles' ids and contents, in whatever order they come."""
    pairs = sorted((article.id, content_hash(article)) for article in articles)
    return hashlib.sha256(repr(pairs).encode()).hexdigest()


def is_current(
    directory: Path,
    articles: Sequence[Article],
    embedder_name: str,
    weights_hash: str,
    chunking: Chunking = Chunking(),  # noqa: B008 (frozen)
) -> bool:
    """Whether the version in use is whole and was built from just these articles, in this way."""
    try:
        manifest = versions.read_manifest(directory)
    except BylineError:
        return False
    made_of = (manifest.embedder, manifest.weights_hash, manifest.chunking, manifest.source_digest)
    wanted = (embedder_name, weights_hash, chunking, source_digest(articles))
    store = versions.version_folder(directory, manifest.version) / versions.STORE
    return made_of == wanted and store.is_file()


def _build(
    articles: Sequence[Article],
    embedder: Embedder,
    directory: Path,
    chunking: Chunking,
    on_progress: Progress,
    sources: Sequence[str],
) -> Manifest:
    passages: list[Passage] = []
    for done, article in enumerate(articles, start=1):
        passages += chunk(article, chunking.max_chars, chunking.overlap)
        on_progress("chunk", done, len(articles))
    if not passages:
        raise BylineError(
            f"None of the {len(articles)} articles has any text to index: check the files"
        )
    texts = [embedding_text(passage) for passage in passages]
    hashes = [text_hash(text) for text in texts]
    known = _known_vectors(directory, embedder)
    vectors = _embed(texts, hashes, known, embedder, lambda d, n: on_progress("embed", d, n))
    digest = source_digest(articles)
    version = versions.new_version_id(digest)
    with versions.building_folder(directory) as folder:
        on_progress("write", 0, 3)
        write_store(folder / versions.STORE, articles, passages, hashes, vectors)
        on_progress("write", 1, 3)
        faiss_file = FlatVectors(range(1, len(passages) + 1), vectors).to_bytes()
        (folder / versions.VECTORS).write_bytes(faiss_file)
        on_progress("write", 2, 3)
        manifest = Manifest(
            version=version,
            created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            embedder=embedder.name,
            weights_hash=embedder.weights_hash,
            dim=embedder.dim,
            chunking=chunking,
            articles=len(articles),
            passages=len(passages),
            source_digest=digest,
            vectors_sha256=hashlib.sha256(faiss_file).hexdigest(),
            sources=tuple(sources),
        )
        versions.write_manifest(folder, manifest)
        versions.publish(directory, folder, version)
    versions.prune(directory, KEPT_VERSIONS)
    on_progress("write", 3, 3)
    return manifest


def _embed(
    texts: Sequence[str],
    hashes: Sequence[bytes],
    known: dict[bytes, bytes],
    embedder: Embedder,
    on_progress: Callable[[int, int], None],
) -> np.ndarray:
    """Vectors of shape (len(texts), dim); a text that is known or comes twice is not embedded."""
    new = {h: text for h, text in zip(hashes, texts, strict=True) if h not in known}
    fresh = embedder.embed_passages(list(new.values()), on_progress)
    position = {h: i for i, h in enumerate(new)}
    return np.stack(
        [
            fresh[position[h]] if h in position else np.frombuffer(known[h], np.float32)
            for h in hashes
        ]
    )


def _known_vectors(directory: Path, embedder: Embedder) -> dict[bytes, bytes]:
    """The vectors that this embedder gave for the version in use, by the hash of their text."""
    try:
        if versions.current_version(directory) is None:
            return {}
        manifest = versions.read_manifest(directory)
        if (manifest.embedder, manifest.weights_hash) != (embedder.name, embedder.weights_hash):
            return {}
        store = Store(versions.version_folder(directory, manifest.version) / versions.STORE)
        with closing(store):
            known = store.vectors_by_hash()
    except BylineError as error:
        _log.warning("Embedding everything anew, as the version before cannot be read: %s", error)
        return {}
    return {h: vector for h, vector in known.items() if len(vector) == 4 * embedder.dim}


def _check(articles: Sequence[Article]) -> None:
    if not articles:
        raise BylineError("There are no articles to index: name a file or a folder that holds some")
    seen: dict[str, Article] = {}
    for article in articles:
        if article.id in seen:
            raise BylineError(
                f"Two articles have the id {article.id!r} ({seen[article.id].title!r} and "
                f"{article.title!r}): give one of them another id, or leave one out"
            )
        seen[article.id] = article
        try:
            "".join(v for v in asdict(article).values() if isinstance(v, str)).encode()
        except UnicodeEncodeError as error:
            raise BylineError(
                f"The article {article.id!r} holds half a character (a lone surrogate): "
                "save its file again as UTF-8"
            ) from error


def _reason(error: Exception) -> str:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "the disk is full" if full or "disk is full" in str(error) else f"of this: {error}"


def _silent(stage: str, done: int, total: int) -> None:
    """Nobody listens."""
