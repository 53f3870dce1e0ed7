"""Versions of an index on disk: whole, immutable, and published by moving one pointer.

    DIR/versions/<version>/{byline.sqlite, vectors.faiss, manifest.json}
    DIR/current      the version in use, replaced atomically and last
    DIR/lock         held while a build runs

A crash at any moment leaves the old version in use or the new one, never half of one.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import IO

from corpus.errors import BylineError
from index.chunk import Chunking

SCHEMA = 2
STORE, VECTORS, MANIFEST = "byline.sqlite", "vectors.faiss", "manifest.json"

_BUILDING = ".building-"
_REBUILD = "rebuild it with: byline index build"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version was made of, and by what.

    `vectors_sha256` is that of the FAISS file; `sources` are the files and folders that were read.
    """

    version: str
    created_at: str
    embedder: str
    weights_hash: str
    dim: int
    chunking: Chunking
    articles: int
    passages: int
    source_digest: str
    vectors_sha256: str
    sources: tuple[str, ...] = ()
    schema: int = SCHEMA


def new_version_id(source_digest: str) -> str:
    """Time in UTC and the sources' hash: ids in alphabetical order are in order of time."""
    return f"{datetime.now(timezone.utc):%Y%m%dT%H%M%S.%fZ}-{source_digest[:8]}"


def version_folder(directory: Path, version: str) -> Path:
    return directory / "versions" / version


def current_version(directory: Path) -> str | None:
    """The version in use, None when nothing was built yet."""
    pointer = directory / "current"
    try:
        version = pointer.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise BylineError(f"{pointer} cannot be read ({error}): {_REBUILD}") from error
    if not re.fullmatch(r"\w[\w.-]*", version):
        raise BylineError(f"{pointer} does not name a version of the index: {_REBUILD}")
    return version


def read_manifest(directory: Path, version: str | None = None) -> Manifest:
    """The manifest of a version, of the one in use when None.

    Raises BylineError when there is no index, or its manifest is damaged or of another schema.
    """
    version = version or current_version(directory)
    if version is None:
        raise BylineError(f"There is no index in {directory} yet; run: byline index build")
    path = version_folder(directory, version) / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise BylineError(
                f"The index in {directory} is of schema {data['schema']} and this program reads "
                f"schema {SCHEMA}: {_REBUILD}"
            )
        manifest = Manifest(
            **{
                **data,
                "chunking": Chunking(**data["chunking"]),
                "sources": tuple(data["sources"]),
            }
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BylineError(f"The manifest {path} is missing or damaged: {_REBUILD}") from error
    kinds = {"str": str, "int": int, "Chunking": Chunking, "tuple[str, ...]": tuple}
    if any(not isinstance(getattr(manifest, f.name), kinds[str(f.type)]) for f in fields(Manifest)):
        raise BylineError(f"The manifest {path} is missing or damaged: {_REBUILD}")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    text = json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


@contextmanager
def build_lock(directory: Path) -> Iterator[None]:
    """Hold the one place for a writer; BylineError naming the process that holds it already."""
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / "lock", "a+", encoding="utf-8") as file:
        try:
            _take(file)
        except (BlockingIOError, PermissionError) as error:
            file.seek(0)
            raise BylineError(
                f"Another build (process {file.read().strip() or 'unknown'}) is writing the index "
                f"in {directory}: wait until it ends and run the command again"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield  # closing the file lets the lock go, as the end of the process does


if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[str]) -> None:
        file.seek(1 << 20)  # a byte beyond the process id, which others may read
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)

else:
    import fcntl

    def _take(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def building_folder(directory: Path) -> Iterator[Path]:
    """An empty folder to build a version in, gone at the end unless it was published.

    Call it under `build_lock`: whatever an earlier build left here is then of a dead process.
    """
    versions = directory / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    for leftover in versions.glob(f"{_BUILDING}*"):
        _log.info("Removing %s, left by a build that did not end", leftover)
        _remove(leftover)
    folder = Path(tempfile.mkdtemp(prefix=f"{_BUILDING}{os.getpid()}-", dir=versions))
    try:
        yield folder
    finally:
        if folder.exists():
            _remove(folder)


def publish(directory: Path, folder: Path, version: str) -> None:
    """Make the built folder the version in use; every byte is on the disk before the pointer."""
    for path in folder.iterdir():
        _sync(path)
    _sync(folder)
    target = version_folder(directory, version)
    os.rename(folder, target)
    try:
        _sync(target.parent)
        _point(directory, version)
    except BaseException:
        if current_version(directory) != version:
            _remove(target)
        raise


def prune(directory: Path, keep: int = 3) -> None:
    """Delete all but the `keep` newest versions, never the one in use."""
    versions = sorted((p.name for p in (directory / "versions").iterdir()), reverse=True)
    current = current_version(directory)
    others = [name for name in versions if name != current and not name.startswith(_BUILDING)]
    for name in others[keep - 1 :]:
        _remove(version_folder(directory, name))


def _point(directory: Path, version: str) -> None:
    temporary = directory / "current.new"
    temporary.write_text(version + "\n", encoding="utf-8")
    _sync(temporary)
    os.replace(temporary, directory / "current")
    _sync(directory)


def _sync(path: Path) -> None:
    if sys.platform == "win32" and path.is_dir():
        return  # Windows cannot open a folder, and writes renames through
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:  # Windows keeps files that are open; the next build tries again
        _log.warning("%s could not be removed: %s", folder, error)
