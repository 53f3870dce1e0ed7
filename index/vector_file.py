"""The FAISS file of a version: made from the vectors in SQLite, and opened again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from index.faiss_kind import FaissKind
from index.store import Store
from index.types import VectorIndex
from index.vectors import TRAINED_ON, Batch, FlatVectors, ListedVectors
from index.versions import Manifest
from index.writer import sha256_of

_log = logging.getLogger(__name__)


def write_vectors(path: Path, store_file: Path, dim: int, kind: FaissKind) -> None:
    """Write the FAISS file that belongs to a SQLite file; the same one gives the same bytes.

    Raises OSError when the disk is full.
    """
    with closing(Store(store_file)) as store:
        _made(store, dim, kind).write(path)


def open_vectors(path: Path, manifest: Manifest, store: Store) -> VectorIndex:
    """The FAISS index from its file, or from the vectors in SQLite where the file is damaged."""
    dim, kind = manifest.dim, manifest.faiss
    try:
        if sha256_of(path, _unheard) == manifest.vectors_sha256:
            if kind.lists:
                return ListedVectors.open(path, kind, _exact_in(store, dim))
            return FlatVectors.open(path)
        problem = "its contents have changed"
    except (OSError, RuntimeError) as error:
        problem = str(error)
    _log.warning("%s is not usable (%s); made again from SQLite, in memory", path, problem)
    return _made(store, dim, kind)


def _made(store: Store, dim: int, kind: FaissKind) -> FlatVectors | ListedVectors:
    batches = store.vector_batches(dim)
    if not kind.lists:
        return FlatVectors(dim, batches)
    ids = store.passage_ids()
    drawn = np.random.default_rng(0).permutation(len(ids))[: TRAINED_ON * kind.lists]
    _, sample = store.exact_vectors([ids[at] for at in sorted(drawn.tolist())], dim)
    return ListedVectors(kind, dim, sample, batches, _exact_in(store, dim))


def _exact_in(store: Store, dim: int) -> Callable[[Sequence[int]], Batch]:
    return lambda ids: store.exact_vectors(ids, dim)


def _unheard(stage: str, done: int, total: int) -> None:
    """Opening an index tells nobody how far its file is read."""
