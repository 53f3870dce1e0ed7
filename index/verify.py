"""Whether a version is what it was written as, and mending what can be."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.article import Article
from corpus.errors import BylineError
from index import versions
from index.chunk import embedding_text
from index.derived import derived_of, write_derived
from index.lock import sync
from index.publishing import Upkeep, changing
from index.store import Store, content_hash, contents_digest, text_hash
from index.types import Passage, Progress, silent
from index.versions import MANIFEST, STORE, Manifest
from index.writer import sha256_of

if TYPE_CHECKING:
    from index.milvus import Milvus

_NEW = ".new"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found in a version: `problems` that stay, and what was `repaired`."""

    version: str
    articles: int
    passages: int
    problems: tuple[str, ...]
    repaired: tuple[str, ...]


def verify(
    directory: Path,
    version: str | None = None,
    on_progress: Progress | None = None,
    upkeep: Upkeep = Upkeep(),  # noqa: B008 (frozen)
) -> Verification:
    """Check a version, the one in use when None: its counts, the hash of every file, article and
    passage, and that the derived files hold what SQLite holds; one that does not is made again,
    as is what Milvus holds of it.

    Raises BylineError when there is no such version or its manifest is damaged.
    """
    on_progress = on_progress or silent
    with changing(directory, upkeep, on_progress):
        manifest = versions.read_manifest(directory, version)
        folder = versions.version_folder(directory, manifest.version)
        problems = _problems_of_file(folder / STORE, manifest, on_progress)
        repaired: list[str] = []
        if not problems:
            problems = _problems_of_contents(folder / STORE, manifest, on_progress)
        if not problems:
            repaired = _mended(folder, manifest, on_progress)
            if upkeep.milvus is not None:
                repaired += _mended_in(upkeep.milvus, directory, manifest, on_progress)
    return Verification(
        manifest.version, manifest.articles, manifest.passages, tuple(problems), tuple(repaired)
    )


def _problems_of_file(path: Path, manifest: Manifest, on_progress: Progress) -> list[str]:
    if not path.is_file():
        return [f"{path.name} is missing"]
    if sha256_of(path, on_progress) != manifest.store_sha256:
        return [f"{path.name} has changed since it was written"]
    on_progress("damage", 0, 0)
    with closing(Store(path)) as store:
        damage = store.damage()
    return [f"{path.name} is damaged ({damage})"] if damage else []


def _problems_of_contents(path: Path, manifest: Manifest, on_progress: Progress) -> list[str]:
    problems: list[str] = []
    with closing(Store(path)) as store:
        expected = {"articles": manifest.articles} | dict.fromkeys(
            ("passages", "vectors", "words_docsize"), manifest.passages
        )
        for table, count in store.counts().items():
            if count != expected[table]:
                problems.append(f"{table} has {count} rows and the manifest says {expected[table]}")
        articles: dict[str, Article] = {a.id: a for a, _ in store.all_articles()}
        held = store.held()
        if contents_digest((i, h.content_hash) for i, h in held.items()) != manifest.source_digest:
            problems.append("the articles are not those that the manifest was written for")
        problems += [
            f"the article {id_} has changed since it was indexed"
            for id_, article in articles.items()
            if content_hash(article) != held[id_].content_hash
        ]
        for done, (id_, article_id, start, end, digest) in enumerate(store.spans(), start=1):
            on_progress("verify", done, manifest.passages)
            article = articles.get(article_id)
            if article is None:
                problems.append(f"the passage {id_} is of no article")
            elif text_hash(embedding_text(Passage(article, start, end))) != digest:
                problems.append(f"the passage {id_} has the vector of another text")
    return problems


def _mended(folder: Path, manifest: Manifest, on_progress: Progress) -> list[str]:
    """Make the derived files again from SQLite unless they are what that gives; what was done.

    The manifest is written after them, and only where one differs from what the manifest says, as
    that of another release of FAISS may: whoever comes between takes the vectors from SQLite.
    """
    on_progress("faiss", 0, 0)
    done: list[str] = []
    try:
        again = write_derived(folder, manifest, _NEW)
        for name, digest in derived_of(again).items():
            path = folder / name
            if not path.is_file() or sha256_of(path, on_progress) != digest:
                _replace(path)
                done.append(f"{name} was made again from {STORE}")
        if again != manifest:
            new = folder / f"{MANIFEST}{_NEW}"
            new.write_text(versions.as_json(again), encoding="utf-8")
            _replace(folder / MANIFEST)
    finally:
        for left in folder.glob(f"*{_NEW}"):
            left.unlink()
    return done


def _mended_in(
    milvus: Milvus, directory: Path, manifest: Manifest, on_progress: Progress
) -> list[str]:
    """Put a version into Milvus unless it is there whole, and set the alias; what was done."""
    done: list[str] = []
    if not milvus.holds(manifest):
        milvus.put(manifest, versions.version_folder(directory, manifest.version), on_progress)
        done.append(f"its collection in {milvus.address} was made from {STORE}")
    in_use = versions.current_version(directory) == manifest.version
    if in_use and milvus.current() != manifest.version:
        milvus.point_to(manifest.version)
        done.append(f"{milvus.address} searches it now")
    return done


def _replace(path: Path) -> None:
    """By the new one beside it."""
    new = path.with_name(f"{path.name}{_NEW}")
    sync(new)
    os.replace(new, path)
    sync(path.parent)


def whole(directory: Path, verification: Verification) -> None:
    """Raises BylineError, which says what helps, unless nothing is wrong by now."""
    if not verification.problems:
        return
    listed = "; ".join(verification.problems[:5])
    more = len(verification.problems) - 5
    raise BylineError(
        f"The version {verification.version} of the index in {directory} is damaged: {listed}"
        f"{f'; and {more} more' if more > 0 else ''}: {versions.MEND}"
    )
