"""Nearest passages by inner product: every vector compared, or those of the nearest lists."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from corpus.errors import BylineError
from index.sizes import FaissKind

Batch = tuple[np.ndarray, np.ndarray]
"""Passage ids, int64 of shape (n,), and their vectors, float32 of shape (n, dim), unit length."""
Exact = Callable[[Sequence[int]], Batch]
"""The exact vectors of some passages, in any order."""

TRAINED_ON = 64
"""Vectors that a centroid is learnt from."""
_RESCORED = 2
"""Times as many passages as are asked for whose exact vectors are compared in the end."""


class FlatVectors:
    """Every vector is compared: exact, and fast enough up to some hundred thousand passages."""

    def __init__(self, dim: int, batches: Iterable[Batch]) -> None:
        import faiss

        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dim))
        self._selectors = _Selectors()
        for ids, vectors in batches:
            self._index.add_with_ids(*_fitting(ids, vectors))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(
        self, vector: np.ndarray, k: int, allow: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` best (passage id, inner product), best first, equal ones by id.

        Fewer than `k` when there are fewer; `allow` limits the search to these ids. A vector of
        another width than the index raises BylineError.
        """
        import faiss

        check_width(vector, self._index.d)
        k = min(k, len(self) if allow is None else len(allow))
        if k < 1 or not len(self):
            return []
        params = None
        if allow is not None:
            params = faiss.SearchParameters(sel=self._selectors.of(allow))  # type: ignore[call-arg]
        return ordered(*_found(self._index, vector, k, params))

    def write(self, path: Path) -> None:
        """Write FAISS's own file format. Raises OSError when the disk is full."""
        _write(self._index, path)

    @classmethod
    def open(cls, path: Path) -> FlatVectors:
        """The index that `write` wrote, mapped: what a search touches is read when it does.

        Raises RuntimeError when the file is damaged.
        """
        import faiss

        opened = cls.__new__(cls)
        opened._index = faiss.read_index(str(path), _mapped(faiss.IO_FLAG_MMAP_IFC))
        opened._selectors = _Selectors()
        return opened


class ListedVectors:
    """Vectors of one byte a number, in lists around centroids; those of the lists nearest to a
    question are compared, and the best of them once more by their exact vectors.

    Within a part of the passages as many more lists are looked into as the part is smaller, so
    that about as many vectors are compared, and all lists where those are too few.
    """

    def __init__(
        self, kind: FaissKind, dim: int, sample: np.ndarray, batches: Iterable[Batch], exact: Exact
    ) -> None:
        """The centroids and the steps of a number are learnt from `sample`, of shape (n, dim), n
        at least the number of lists. The same vectors give the same index."""
        import faiss

        index: Any = faiss.index_factory(dim, kind.factory, faiss.METRIC_INNER_PRODUCT)
        index.cp.min_points_per_centroid = 1  # or FAISS complains on stderr
        index.train(np.ascontiguousarray(sample, dtype=np.float32))
        for ids, vectors in batches:
            index.add_with_ids(*_fitting(ids, vectors))
        self._index, self._kind, self._exact = index, kind, exact
        self._selectors = _Selectors()

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(
        self, vector: np.ndarray, k: int, allow: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """As FlatVectors.search, of the lists that are looked into; the products are exact."""
        check_width(vector, self._index.d)
        k = min(k, len(self) if allow is None else len(allow))
        if k < 1 or not len(self):
            return []
        lists, probes = self._kind.lists, self._kind.probes
        if allow is not None:
            probes = min(lists, -(-probes * len(self) // len(allow)))
        ids = self._among(vector, k, probes, allow)
        if len(ids) < k and probes < lists:
            ids = self._among(vector, k, lists, allow)
        known, vectors = self._exact(ids)
        return ordered(known, vectors @ vector)[:k]

    def _among(
        self, vector: np.ndarray, k: int, probes: int, allow: Collection[int] | None
    ) -> list[int]:
        import faiss

        params = faiss.SearchParametersIVF(  # type: ignore[call-arg]
            nprobe=probes, sel=None if allow is None else self._selectors.of(allow)
        )
        ids, _ = _found(self._index, vector, min(_RESCORED * k, len(self)), params)
        return [int(id_) for id_ in ids]

    def write(self, path: Path) -> None:
        """As FlatVectors.write."""
        _write(self._index, path)

    @classmethod
    def open(cls, path: Path, kind: FaissKind, exact: Exact) -> ListedVectors:
        """As FlatVectors.open: the lists are mapped."""
        import faiss

        opened = cls.__new__(cls)
        opened._index = faiss.read_index(str(path), _mapped(faiss.IO_FLAG_MMAP))
        opened._kind, opened._exact, opened._selectors = kind, exact, _Selectors()
        return opened


class _Selectors:
    """Which ids a search may find, as FAISS wants it; the last one is kept, as many questions are
    for the same part."""

    def __init__(self) -> None:
        self._last: tuple[Collection[int], Any] | None = None

    def of(self, allow: Collection[int]) -> Any:
        """For a collection that does not change any more."""
        import faiss

        last = self._last
        if last is not None and last[0] is allow:
            return last[1]
        ids = np.fromiter(allow, dtype=np.int64, count=len(allow))
        allowed = np.zeros(int(ids.max()) + 1, dtype=bool)
        allowed[ids] = True
        bits = np.packbits(allowed, bitorder="little")
        selector = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg, arg-type]
        self._last = (allow, selector)
        return selector


def _fitting(ids: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if vectors.ndim != 2 or len(vectors) != len(ids):
        raise ValueError(f"{len(ids)} ids do not fit vectors of shape {vectors.shape}")
    matrix = np.ascontiguousarray(vectors, dtype=np.float32)
    return matrix, np.ascontiguousarray(ids, dtype=np.int64)


def check_width(vector: np.ndarray, dim: int) -> None:
    if vector.shape != (dim,):
        raise BylineError(
            f"The question's vector has {vector.size} numbers and the index {dim}: the "
            "index was built with another embedder, so rebuild it: byline index build --again"
        )


def _found(index: Any, vector: np.ndarray, k: int, params: Any) -> Batch:
    """Ids and inner products. FAISS fills up with -1 where it finds fewer."""
    row = np.ascontiguousarray(vector[None], dtype=np.float32)
    products, ids = index.search(row, k, params=params)
    there = ids[0] >= 0
    return ids[0][there], products[0][there]


def ordered(ids: np.ndarray, products: np.ndarray) -> list[tuple[int, float]]:
    pairs = zip(ids.tolist(), products.tolist(), strict=True)
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def _write(index: Any, path: Path) -> None:
    """By Python's own file, as FAISS's hides that a disk is full."""
    import faiss

    with open(path, "wb") as file:
        faiss.write_index(index, faiss.PyCallbackIOWriter(file.write))  # type: ignore[attr-defined]


def _mapped(flag: int) -> int:
    return flag if os.name == "posix" else 0
