"""Nearest passages, by exact inner product."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from corpus.errors import BylineError


class FlatVectors:
    """Every vector is compared: exact, and fast enough up to some hundred thousand passages."""

    def __init__(self, ids: Sequence[int], vectors: np.ndarray) -> None:
        """`vectors` of shape (len(ids), dim), unit length, so that an inner product is a cosine."""
        import faiss

        matrix = np.ascontiguousarray(vectors, dtype=np.float32)
        if matrix.ndim != 2 or len(matrix) != len(ids):
            raise ValueError(f"{len(ids)} ids do not fit vectors of shape {matrix.shape}")
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(matrix.shape[1]))
        if len(ids):
            self._index.add_with_ids(matrix, np.asarray(ids, dtype=np.int64))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        return int(self._index.d)

    def search(
        self, vector: np.ndarray, k: int, allow: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` best (passage id, inner product), best first, equal ones by id.

        Fewer than `k` when there are fewer; `allow` limits the search to these ids. A vector of
        another width than the index raises BylineError.
        """
        import faiss

        if vector.shape != (self.dim,):
            raise BylineError(
                f"The question's vector has {vector.size} numbers and the index {self.dim}: the "
                "index was built with another embedder, so rebuild it: byline index build --again"
            )
        k = min(k, len(self) if allow is None else len(set(allow)))
        if k < 1 or not len(self):
            return []
        params = None
        if allow is not None:
            selector = faiss.IDSelectorBatch(np.fromiter(allow, dtype=np.int64))
            params = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        row = np.ascontiguousarray(vector[None], dtype=np.float32)
        scores, ids = self._index.search(row, k, params=params)
        pairs = zip(ids[0].tolist(), scores[0].tolist(), strict=True)
        # FAISS pads with -1 where `allow` names ids that the index does not have.
        found = [(id_, score) for id_, score in pairs if id_ >= 0]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def to_bytes(self) -> bytes:
        """The index in FAISS's own file format; faiss.write_index would hide a full disk."""
        import faiss

        return bytes(faiss.serialize_index(self._index).tobytes())

    @classmethod
    def from_bytes(cls, data: bytes) -> FlatVectors:
        """The index that `to_bytes` wrote. Raises RuntimeError when the bytes are damaged."""
        import faiss

        loaded = cls.__new__(cls)
        loaded._index = faiss.deserialize_index(np.frombuffer(data, dtype=np.uint8))
        return loaded
