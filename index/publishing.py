"""One new version: from nothing, or from the version before and what has changed."""

from __future__ import annotations

import errno
import logging
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.article import Article
from corpus.errors import BylineError
from index import versions
from index.chunk import Chunking, chunk, embedding_text
from index.derived import write_derived
from index.lock import writing
from index.sizes import EXACT_PASSAGES, FTS_PASSAGES, kind_for
from index.store import FIELDS, Store, text_hash
from index.types import Embedder, Passage, Progress
from index.versions import STORE, Keep, Manifest

if TYPE_CHECKING:
    from index.milvus import Milvus
    from index.writer import StoreWriter

# What writes is imported where it is used: a change that changes nothing needs no NumPy.
_FEWER = 0.75
"""Below this share of the articles before, room is given back: the next versions are copies."""

_log = logging.getLogger(__name__)
_values = attrgetter(*FIELDS)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How a writer goes about it: which versions it keeps, how many seconds it waits while another
    process writes, up to how many passages the vectors are all compared, and the words searched by
    FTS5, and the Milvus that holds the versions, too."""

    keep: Keep = field(default_factory=Keep)
    wait_s: float = 0.0
    exact_passages: int = EXACT_PASSAGES
    fts_passages: int = FTS_PASSAGES
    milvus: Milvus | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a new version is to be: `base` with `gone` taken out and `put` put in.

    Without a `base` it is `put` alone. An article that is replaced is in both. `origins` are the
    files and addresses that `put` was read from, by article id; `moved` those that articles which
    stay are read from now.
    """

    base: Manifest | None
    put: Sequence[Article]
    chunking: Chunking
    sources: Sequence[str]
    note: str
    gone: Collection[str] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def changing(directory: Path, upkeep: Upkeep, on_progress: Progress) -> Iterator[None]:
    """Hold the lock; what the disk refuses becomes a BylineError that says what stands."""
    try:
        with writing(directory, upkeep.wait_s, on_progress):
            yield
    except (OSError, sqlite3.Error) as error:
        raise BylineError(
            f"The index could not be written to {directory} because {_reason(error)}; an earlier "
            "version stays as it was, so mend that or choose another folder, and run the command "
            "again"
        ) from error


def check_articles(articles: Sequence[Article]) -> None:
    """Raises BylineError for two articles of one id, and for text that no file can hold."""
    seen: dict[str, Article] = {}
    for article in articles:
        if article.id in seen:
            raise BylineError(
                f"Two articles have the id {article.id!r} ({seen[article.id].title!r} and "
                f"{article.title!r}): give one of them another id, or leave one out"
            )
        seen[article.id] = article
        try:
            "".join(filter(None, _values(article))).encode()
        except UnicodeEncodeError as error:
            raise BylineError(
                f"The article {article.id!r} holds half a character (a lone surrogate): "
                "save its file again as UTF-8"
            ) from error


def publish(
    directory: Path, draft: Draft, embedder: Embedder, upkeep: Upkeep, on_progress: Progress
) -> Manifest:
    """Write the version that `draft` describes and make it the one in use. For the lock's holder.

    The embedder reads only texts that no kept version and no run before has the vector of.
    """
    from index.embeddings import vectors_of
    from index.writer import StoreWriter, copy_store

    passages: list[Passage] = []
    for done, article in enumerate(draft.put, start=1):
        passages += chunk(article, draft.chunking.max_chars, draft.chunking.overlap)
        on_progress("chunk", done, len(draft.put))
    if not passages and draft.base is None:
        raise BylineError(
            f"None of the {len(draft.put)} articles has any text to index: check the files"
        )
    texts = [embedding_text(passage) for passage in passages]
    hashes = [text_hash(text) for text in texts]
    vectors = vectors_of(directory, draft.base, texts, hashes, embedder, on_progress)
    with versions.building_folder(directory) as folder:
        if draft.base:
            old = versions.version_folder(directory, draft.base.version) / STORE
            copy_store(old, folder / STORE, draft.base.store_sha256, on_progress)
        with closing(StoreWriter(folder / STORE, on_progress)) as writer:
            writer.remove(draft.gone, replaced={article.id for article in draft.put})
            writer.add(draft.put, passages, hashes, vectors, draft.origins)
            writer.move(draft.moved)
            is_loose = draft.base and _articles_left(draft) < _FEWER * draft.base.articles
            if draft.base is None:
                _inherit(directory, writer)
            if draft.base is None or is_loose:
                writer.merge()
            writer.tell()
            articles, count, digest = writer.finish()
            if is_loose:
                writer.shrink()
        manifest = Manifest(
            version=versions.new_version_id(directory, digest),
            created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            embedder=embedder.name,
            weights_hash=embedder.weights_hash,
            dim=vectors.shape[1],
            chunking=draft.chunking,
            articles=articles,
            passages=count,
            source_digest=digest,
            vectors_sha256="",
            sources=tuple(draft.sources),
            note=draft.note,
            faiss=kind_for(count, upkeep.exact_passages),
            postings=count > upkeep.fts_passages,
        )
        manifest = publish_folder(directory, folder, manifest, on_progress, upkeep.milvus)
    tidy_up(directory, manifest, upkeep)
    return manifest


def _articles_left(draft: Draft) -> int:
    before = draft.base.articles if draft.base else 0
    return before - len(draft.gone) + len(draft.put)


def _inherit(directory: Path, writer: StoreWriter) -> None:
    """Keep what the version in use holds of earlier states, if there is one that can be read."""
    version = versions.current_version(directory)
    if version is None:
        return
    try:
        with closing(Store(versions.version_folder(directory, version) / STORE)) as before:
            writer.inherit(before)
    except BylineError as error:
        _log.warning("Earlier states of articles are not kept: %s", error)


def publish_folder(
    directory: Path,
    folder: Path,
    manifest: Manifest,
    on_progress: Progress,
    milvus: Milvus | None = None,
) -> Manifest:
    """Make a folder that holds a finished SQLite file the version in use: what is derived from
    that, then its manifest, then the pointer; with Milvus its alias last."""
    from index.writer import sha256_of

    on_progress("faiss", 0, 0)
    manifest = write_derived(folder, manifest)
    manifest = replace(manifest, store_sha256=sha256_of(folder / STORE, on_progress))
    versions.write_manifest(folder, manifest)
    if milvus is not None:
        milvus.put(manifest, folder, on_progress)
    on_progress("sync", 0, 0)
    versions.publish(directory, folder, manifest.version)
    if milvus is not None:
        milvus.point_to(manifest.version)
    return manifest


def tidy_up(directory: Path, manifest: Manifest, upkeep: Upkeep) -> None:
    """After a version is published: delete what is not kept, and embeddings that it holds."""
    from index.embeddings import Embeddings, outlive

    leaving = versions.leaving(directory, upkeep.keep)
    outlive(directory, leaving)
    versions.remove(directory, leaving)
    if upkeep.milvus is not None:
        upkeep.milvus.keep_only(versions.version_ids(directory))
    with (
        closing(Embeddings(directory, manifest.embedder, manifest.weights_hash)) as waiting,
        closing(Store(versions.version_folder(directory, manifest.version) / STORE)) as store,
    ):
        waiting.forget(store)


def _reason(error: Exception) -> str:
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    return "the disk is full" if full or "disk is full" in str(error) else f"of this: {error}"
