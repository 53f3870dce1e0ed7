"""Versions of an index on disk: whole, immutable, and published by moving one pointer.

    DIR/versions/<version>/{byline.sqlite, vectors.faiss, words.postings, manifest.json}
    DIR/current              the version in use, replaced atomically and last
    DIR/embeddings.sqlite    vectors that no version holds: of a run that did not end, or of
                             articles that went with the last version that had them
    DIR/readings.sqlite      what files gave, so that those that stay the same are not parsed again
    DIR/lock                 held by the one process that changes anything here

A crash at any moment leaves the old version in use or the new one, never half of one.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from corpus.errors import BylineError
from index.chunk import Chunking
from index.lock import sync
from index.sizes import FaissKind

SCHEMA = 3
STORE, MANIFEST = "byline.sqlite", "manifest.json"
VECTORS, POSTINGS = "vectors.faiss", "words.postings"
AGAIN = "rebuild it with: byline index build --again"
"""What helps where the articles are there and the rest does not fit: they are read out of it."""
MEND = "go back with byline index rollback, or rebuild it with: byline index build"
"""What helps where a version is damaged."""

_TIME = "%Y%m%dT%H%M%S.%fZ"
_BUILDING, _LEAVING = ".building-", ".leaving-"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version was made of, and by what.

    `source_digest` is over the contents of all articles, `store_sha256` and so on over the
    files; `sources` are the files, folders and addresses that were read, `note` says what was
    done. `faiss` is the kind of index that the vectors lie in; with `postings` words are looked up
    in a file of their own, and else in the SQLite file.
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
    store_sha256: str = ""
    note: str = ""
    faiss: FaissKind = field(default_factory=FaissKind)
    postings: bool = False
    postings_sha256: str = ""
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Keep:
    """Which versions stay beside the one in use: so many in all, and whatever is younger than
    `days`."""

    versions: int = 3
    days: float = 0.0


def new_version_id(directory: Path, source_digest: str) -> str:
    """Time in UTC and the sources' hash: ids in alphabetical order are in order of time.

    Also when the clock was put back: then the newest version's time counts on.
    """
    moment = datetime.now(timezone.utc)
    for last in version_ids(directory)[:1]:
        if match := re.match(r"\d{8}T\d{6}\.\d{6}Z-", last):
            before = datetime.strptime(match[0], f"{_TIME}-").replace(tzinfo=timezone.utc)
            moment = max(moment, before + timedelta(microseconds=1))
    return f"{moment:{_TIME}}-{source_digest[:8]}"


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
        raise BylineError(f"{pointer} cannot be read ({error}): {MEND}") from error
    if not re.fullmatch(r"\w[\w.-]*", version):
        raise BylineError(f"{pointer} does not name a version of the index: {MEND}")
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
                f"schema {SCHEMA}: {AGAIN}"
            )
        manifest = Manifest(
            **{
                **data,
                "chunking": Chunking(**data["chunking"]),
                "faiss": FaissKind(**data.get("faiss", {})),  # earlier versions name none
                "sources": tuple(data["sources"]),
            }
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BylineError(f"The manifest {path} is missing or damaged: {MEND}") from error
    kinds = {"str": str, "int": int, "bool": bool, "tuple[str, ...]": tuple}
    kinds |= {"Chunking": Chunking, "FaissKind": FaissKind}
    if any(not isinstance(getattr(manifest, f.name), kinds[str(f.type)]) for f in fields(Manifest)):
        raise BylineError(f"The manifest {path} is missing or damaged: {MEND}")
    return manifest


def made_by(directory: Path, version: str) -> tuple[str, str] | None:
    """A version's embedder and the hash of its weights, also of another schema; None if damaged."""
    data = _parsed(directory, version)
    if {"embedder", "weights_hash"} <= data.keys():
        return str(data["embedder"]), str(data["weights_hash"])
    return None


def sources_of(directory: Path, version: str) -> tuple[str, ...]:
    """The sources of a version, also of another schema; none if its manifest is damaged."""
    return tuple(map(str, _parsed(directory, version).get("sources", ())))


def _parsed(directory: Path, version: str) -> dict[str, Any]:
    try:
        data = json.loads((version_folder(directory, version) / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def as_json(manifest: Manifest) -> str:
    return json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / MANIFEST).write_text(as_json(manifest), encoding="utf-8")


@contextmanager
def building_folder(directory: Path) -> Iterator[Path]:
    """An empty folder to build a version in, gone at the end unless it was published.

    Call it under the lock: whatever an earlier process left here is then of a dead one.
    """
    versions = directory / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    for leftover in versions.glob(".*"):
        _log.info("Removing %s, left by a process that did not end its work", leftover)
        shutil.rmtree(leftover, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{_BUILDING}{os.getpid()}-", dir=versions))
    try:
        yield folder
    finally:
        if folder.exists():
            _remove(folder)


def publish(directory: Path, folder: Path, version: str) -> None:
    """Make the built folder the version in use; every byte is on the disk before the pointer."""
    for path in folder.iterdir():
        sync(path)
    sync(folder)
    target = version_folder(directory, version)
    os.rename(folder, target)
    try:
        sync(target.parent)
        point_to(directory, version)
    except BaseException:
        if current_version(directory) != version:
            _remove(target)
        raise


def point_to(directory: Path, version: str) -> None:
    """Make a version that is whole the one in use."""
    temporary = directory / "current.new"
    temporary.write_text(version + "\n", encoding="utf-8")
    sync(temporary)
    os.replace(temporary, directory / "current")
    sync(directory)


def version_ids(directory: Path) -> list[str]:
    """The versions that are kept, the newest first."""
    try:
        names = [path.name for path in (directory / "versions").iterdir()]
    except FileNotFoundError:
        return []
    return sorted((name for name in names if not name.startswith(".")), reverse=True)


def leaving(directory: Path, keep: Keep) -> list[str]:
    """The versions that `keep` does not ask for; the one in use is never among them."""
    current = current_version(directory)
    others = [name for name in version_ids(directory) if name != current]
    beyond = others[max(0, keep.versions - 1) :]
    return [name for name in beyond if not _is_young(directory, name, keep.days)]


def remove(directory: Path, names: Iterable[str]) -> None:
    """Delete these versions."""
    for name in names:
        _remove(version_folder(directory, name))


def _is_young(directory: Path, version: str, days: float) -> bool:
    try:
        created_at = datetime.fromisoformat(read_manifest(directory, version).created_at)
    except (BylineError, ValueError):
        return False
    return datetime.now(timezone.utc) - created_at < timedelta(days=days)


def _remove(folder: Path) -> None:
    """Take a folder away: by its name at once, so that no half of it is ever read."""
    try:
        if not folder.name.startswith("."):
            folder = folder.rename(folder.with_name(f"{_LEAVING}{folder.name}"))
        shutil.rmtree(folder)
    except OSError as error:  # Windows keeps files that are open; the next change tries again
        _log.warning("%s could not be removed: %s", folder, error)
