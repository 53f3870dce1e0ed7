"""Vectors of one embedder are never compared with those of another."""

from __future__ import annotations

from pathlib import Path

from corpus.errors import BylineError
from index.types import Embedder
from index.versions import AGAIN, Manifest


def check_embedder(directory: Path, manifest: Manifest, embedder: Embedder) -> None:
    """Raises BylineError, naming the command that helps, unless this embedder made the index.

    It reads no weights.
    """
    if embedder.name != manifest.embedder:
        differs = f"the embedder {manifest.embedder}, and this one is {embedder.name}"
    elif embedder.weights_hash != manifest.weights_hash:
        differs = f"other weights of the embedder {manifest.embedder}"
    else:
        return
    raise _refused(directory, differs)


def check_width(directory: Path, manifest: Manifest, dim: int) -> None:
    """Raises BylineError, naming the command that helps, unless vectors have the index's width."""
    if dim != manifest.dim:
        raise _refused(
            directory, f"vectors of width {manifest.dim}, and this embedder's have {dim}"
        )


def _refused(directory: Path, differs: str) -> BylineError:
    return BylineError(f"The index in {directory} was built with {differs}: {AGAIN}")
