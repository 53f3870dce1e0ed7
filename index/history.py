"""The versions that are kept: which there are, going back to one, and making room."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from corpus.errors import BylineError
from index import versions
from index.embeddings import Embeddings
from index.publishing import Upkeep, changing, publish_folder, tidy_up
from index.types import Progress, silent
from index.versions import STORE, Manifest
from index.writer import StoreWriter, copy_store, sha256_of


@dataclass(frozen=True, slots=True)
class Kept:
    """A version on disk, in bytes; `manifest` is None where it is damaged or of another schema."""

    version: str
    bytes: int
    in_use: bool
    manifest: Manifest | None


def kept_versions(directory: Path) -> list[Kept]:
    """The newest first."""
    try:
        current = versions.current_version(directory)
    except BylineError:
        current = None
    return [
        Kept(
            version,
            bytes_of(versions.version_folder(directory, version)),
            version == current,
            _manifest(directory, version),
        )
        for version in versions.version_ids(directory)
    ]


def bytes_of(folder: Path) -> int:
    """What the files in a folder and below it take up, while others may be deleting them."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def rollback(
    directory: Path,
    version: str | None = None,
    on_progress: Progress | None = None,
    upkeep: Upkeep = Upkeep(),  # noqa: B008 (frozen)
) -> Manifest:
    """Make another version the one in use: that before it, when None. Newer ones stay.

    Also where the one in use, or the pointer to it, is damaged. Raises BylineError where there is
    no such version or it is not as it was written.
    """
    on_progress = on_progress or silent
    with changing(directory, upkeep, on_progress):
        chosen = version or _before(directory)
        ids = versions.version_ids(directory)
        if chosen not in ids:
            kept = ", ".join(ids) or "none"
            raise BylineError(
                f"The index in {directory} has no version {chosen}: choose one of those that are "
                f"kept ({kept})"
            )
        manifest = versions.read_manifest(directory, chosen)
        file = versions.version_folder(directory, chosen) / STORE
        if not file.is_file() or sha256_of(file, on_progress) != manifest.store_sha256:
            raise BylineError(
                f"The index file {file} is not as it was written, so nothing was changed: choose "
                "another version; byline index versions lists them"
            )
        milvus = upkeep.milvus
        if milvus is not None and not milvus.holds(manifest):
            milvus.put(manifest, file.parent, on_progress)
        versions.point_to(directory, chosen)
        if milvus is not None:
            milvus.point_to(chosen)
        return manifest


def compact(
    directory: Path,
    on_progress: Progress | None = None,
    upkeep: Upkeep = Upkeep(),  # noqa: B008 (frozen)
) -> Manifest:
    """Publish the version in use once more, as small as it goes, and delete what nobody needs.

    That is: versions that `upkeep` does not keep, what processes that died have left, and
    embeddings that no version holds. No article and no vector changes.
    """
    on_progress = on_progress or silent
    with changing(directory, upkeep, on_progress):
        base = versions.read_manifest(directory)
        with versions.building_folder(directory) as folder:
            old = versions.version_folder(directory, base.version) / STORE
            copy_store(old, folder / STORE, base.store_sha256, on_progress)
            with closing(StoreWriter(folder / STORE, on_progress)) as writer:
                writer.merge()
                writer.finish()
                writer.shrink()
            manifest = replace(
                base,
                version=versions.new_version_id(directory, base.source_digest),
                created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
                note=f"compacted out of {base.version}",
            )
            manifest = publish_folder(directory, folder, manifest, on_progress, upkeep.milvus)
        tidy_up(directory, manifest, upkeep)
        Embeddings(directory, base.embedder, base.weights_hash).drop()
        return manifest


def _before(directory: Path) -> str:
    """The version before the one in use or, where none can be told to be, the newest."""
    ids = versions.version_ids(directory)
    try:
        current = versions.current_version(directory)
    except BylineError:
        current = None
    earlier = [id_ for id_ in ids if current is None or id_ < current]
    if not earlier:
        raise BylineError(
            f"There is no version before the one in use in {directory} to go back to: "
            "byline index versions lists those that are kept"
        )
    return earlier[0]


def _manifest(directory: Path, version: str) -> Manifest | None:
    try:
        return versions.read_manifest(directory, version)
    except BylineError:
        return None
