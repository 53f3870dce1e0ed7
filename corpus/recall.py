"""Recalling what a file gave when it was last read, so that the same bytes are not parsed again."""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Protocol

from corpus.article import of_outlet
from corpus.fields import Found, Unreadable

_PIECE = 1 << 20  # bytes read at once
_LIBRARIES = (  # what an article's text depends on beside the code of this folder
    "trafilatura", "lxml", "htmldate", "jusText", "courlan", "pypdf", "python-docx",
    "python-frontmatter", "PyYAML", "charset-normalizer", "dateparser", "py3langid",
)  # fmt: skip


class Recall(Protocol):
    """Keeps what files gave, by path and `digest_of`."""

    def results(self, path: Path, digest: str) -> Sequence[Found | Unreadable] | None:
        """What reading the file gives, in its order; None where it has to be read."""
        ...

    def learn(self, path: Path, digest: str, results: Sequence[Found | Unreadable]) -> None: ...


class OfOutlet:
    """Keeps what files gave once they are of this outlet, as the index holds them then. Known by a
    digest of its own: the same file as it stands gives articles of another outlet."""

    def __init__(self, recall: Recall, outlet: str) -> None:
        self._recall, self._outlet = recall, outlet

    def results(self, path: Path, digest: str) -> Sequence[Found | Unreadable] | None:
        return self._recall.results(path, self._digest(digest))

    def learn(self, path: Path, digest: str, results: Sequence[Found | Unreadable]) -> None:
        told = [
            replace(one, article=of_outlet(one.article, self._outlet))
            if isinstance(one, Found)
            else one
            for one in results
        ]
        self._recall.learn(path, self._digest(digest), told)

    def _digest(self, digest: str) -> str:
        return hashlib.sha256(f"{digest} {self._outlet}".encode(errors="surrogatepass")).hexdigest()


def digest_of(path: Path) -> str:
    """SHA-256, 64 hex digits, of a file's bytes and of the code that reads them. May raise OSError.

    So another release of this program, or of a library that it reads with, reads every file again.
    """
    digest = begun_digest()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def begun_digest() -> hashlib._Hash:
    """`digest_of` a file of which nothing was read yet."""
    return hashlib.sha256(reading_code())


@functools.cache
def reading_code() -> bytes:
    """SHA-256, 32 bytes, of the code that reads files, this program's and its libraries'."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    for name in _LIBRARIES:
        digest.update(f"{name} {_version(name)}\n".encode())
    return digest.digest()


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return "none"
