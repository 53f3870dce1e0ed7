"""The files of a version that are made from its SQLite file: the vectors' index and, where there
are many passages, the postings of words. `verify` makes them again where they are damaged."""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from index.postings import Postings, write_postings
from index.sizes import FaissKind
from index.store import Store
from index.types import VectorIndex, WordIndex, silent
from index.vectors import TRAINED_ON, Exact, FlatVectors, ListedVectors
from index.versions import POSTINGS, STORE, VECTORS, Manifest
from index.writer import sha256_of

_log = logging.getLogger(__name__)


def derived_of(manifest: Manifest) -> dict[str, str]:
    """The names of a version's files that are derived, each with its hash."""
    files = {VECTORS: manifest.vectors_sha256}
    return files | {POSTINGS: manifest.postings_sha256} if manifest.postings else files


def write_derived(folder: Path, manifest: Manifest, ending: str = "") -> Manifest:
    """Write the files that belong to the SQLite file in `folder` beside it, their names with this
    `ending`, and return the manifest with their hashes.

    The same SQLite file gives the same bytes. Raises OSError when the disk is full.
    """
    with closing(Store(folder / STORE)) as store:
        _made(store, manifest.dim, manifest.faiss).write(folder / f"{VECTORS}{ending}")
        if manifest.postings:
            write_postings(folder / f"{POSTINGS}{ending}", store.texts())
    hashes = {name: sha256_of(folder / f"{name}{ending}", silent) for name in derived_of(manifest)}
    return replace(
        manifest, vectors_sha256=hashes[VECTORS], postings_sha256=hashes.get(POSTINGS, "")
    )


def open_vectors(folder: Path, manifest: Manifest, store: Store) -> VectorIndex:
    """The FAISS index from its file, or from the vectors in SQLite where the file is damaged."""
    path, dim, kind = folder / VECTORS, manifest.dim, manifest.faiss
    try:
        _check(path, manifest)
        if kind.lists:
            return ListedVectors.open(path, kind, exact_in(store, dim))
        return FlatVectors.open(path)
    except (OSError, RuntimeError) as error:
        _log.warning("%s is not usable (%s); made again from SQLite, in memory", path, error)
        return _made(store, dim, kind)


def open_words(
    folder: Path, manifest: Manifest, store: Store, repeats: frozenset[int]
) -> WordIndex:
    """The postings, or the store itself where the version has none, or damaged ones."""
    if not manifest.postings:
        return store
    path = folder / POSTINGS
    try:
        _check(path, manifest)
        return Postings(path, repeats)
    except (OSError, ValueError, RuntimeError) as error:
        _log.warning("%s is not usable (%s); words are searched by SQLite, slower", path, error)
        return store


def _check(path: Path, manifest: Manifest) -> None:
    if sha256_of(path, silent) != derived_of(manifest)[path.name]:
        raise RuntimeError("its contents have changed")


def _made(store: Store, dim: int, kind: FaissKind) -> FlatVectors | ListedVectors:
    batches = store.vector_batches(dim)
    if not kind.lists:
        return FlatVectors(dim, batches)
    ids = store.passage_ids()
    drawn = np.random.default_rng(0).permutation(len(ids))[: TRAINED_ON * kind.lists]
    _, sample = store.exact_vectors([ids[at] for at in sorted(drawn.tolist())], dim)
    return ListedVectors(kind, dim, sample, batches, exact_in(store, dim))


def exact_in(store: Store, dim: int) -> Exact:
    """The vectors of passages as SQLite has them."""
    return lambda ids: store.exact_vectors(ids, dim)
