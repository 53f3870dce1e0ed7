"""Stand-ins behind the project's protocols, small enough to be computed in the head."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence

import numpy as np


class HashingEmbedder:
    """A bag of words: each word counts one in the slot that its CRC-32 gives, then unit length.

    So the inner product of two texts is their shared words over the root of (words of the one times
    words of the other), when no word repeats: "meta buys scale" and "scale grows" give 1 / root 6.
    A text without words lies in slot 0.
    """

    def __init__(self, dim: int = 512, name: str = "hashing", weights_hash: str = "none") -> None:
        self.name, self.dim, self.weights_hash = name, dim, weights_hash
        self.embedded: list[str] = []  # every passage text it was asked for, in order

    def embed_passages(
        self, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        self.embedded += texts
        if on_progress:
            on_progress(len(texts), len(texts))
        rows = [self.embed_question(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.dim), dtype=np.float32)

    def embed_question(self, text: str) -> np.ndarray:
        vector = np.zeros(self.dim, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            vector[zlib.crc32(word.encode()) % self.dim] += 1
        if not vector.any():
            vector[0] = 1
        return vector / np.float32(np.linalg.norm(vector))
