"""`sources.toml`: where articles come from, and how often to look."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from corpus.errors import BylineError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Kind = Literal["feed", "page", "sitemap", "files"]
WhenGone = Literal["keep", "remove"]

_EVERY = {"feed": 3_600, "page": 86_400, "sitemap": 21_600, "files": 0}  # seconds
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LIMIT = 200
_MOST = 1_000_000
_TABLE = re.compile(r"^[ \t]*\[\[[ \t]*source[ \t]*\]\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Source:
    """One place that articles come from.

    `address` is that of a feed, a page or a sitemap, `path` a file or a folder. `interval` and
    `recheck` are in seconds: how long after a look the next one is due, and how long after it was
    fetched a page that is still listed is asked whether it has changed. `limit` is how many
    listed pages one look takes in, the newest first. `outlet` is the name of the outlet of all its
    articles. `when_gone` says what becomes of an article whose page is gone (404 or 410).
    """

    kind: Kind
    address: str = ""
    path: Path | None = None
    interval: int = 0
    outlet: str | None = None
    limit: int = _LIMIT
    recheck: int = 86_400
    when_gone: WhenGone = "keep"
    name: str = ""

    @property
    def place(self) -> str:
        return self.address or str(self.path)

    @property
    def key(self) -> str:
        """What tells it from the others, whatever else of it is changed."""
        return f"{self.kind} {self.place}"


def load_sources(file: Path) -> tuple[Source, ...]:
    """The sources of a file, in its order; a relative `path` starts at the file's folder.

    Raises BylineError that names the source and the key that is wrong.
    """
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise BylineError(
            f"There is no {file}: list feeds, pages, sitemaps and folders in it, each as "
            '[[source]] with kind = "feed" and address = "https://...".'
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BylineError(f"{file} could not be read ({error}): correct it.") from error
    unknown = sorted(data.keys() - {"source"})
    if unknown:
        raise BylineError(f'{file} has an unknown key "{unknown[0]}": it holds [[source]] only.')
    tables = data.get("source")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise BylineError(f"{file} lists no sources: begin each with a line [[source]].")
    sources: dict[str, Source] = {}
    for number, table in enumerate(tables, start=1):
        try:
            source = _source(table, file.resolve().parent)
        except ValueError as error:
            place = table.get("name") or table.get("address") or table.get("path") or ""
            raise BylineError(f"{file}, source {number} {place}: {error}.") from None
        if source.key in sources:
            raise BylineError(
                f"{file}, source {number}: {source.place} is listed twice: take one out."
            )
        sources[source.key] = source
    return tuple(sources.values())


def source_at(kind: Kind, address: str) -> Source:
    """A source on the web with nothing chosen. Raises BylineError for what is no address."""
    address = address.strip()
    if not address.isprintable():
        raise BylineError("The address holds characters that no address has: write it anew.")
    try:
        return _source({"kind": kind, "address": address}, Path())
    except ValueError as error:
        raise BylineError(f"Nothing was looked for: {error}.") from None


def note_source(file: Path, source: Source) -> bool:
    """Write a source on the web at the end of a file, made if it is missing; False where it is in
    it already. Raises BylineError as `load_sources` does."""
    listed = load_sources(file) if file.exists() else ()
    if any(one.key == source.key for one in listed):
        return False
    text = file.read_text(encoding="utf-8-sig").rstrip() + "\n\n" if listed else ""
    address = json.dumps(source.address, ensure_ascii=False)  # of what is printable, that is TOML
    text += f'[[source]]\nkind = "{source.kind}"\naddress = {address}\n'
    _rewrite(file, text, [*(one.key for one in listed), source.key])
    return True


def forget_source(file: Path, key: str) -> bool:
    """Take the source with this key out of a file, and leave the rest of it as it is; False where
    it is not in it. Raises BylineError as `load_sources` does."""
    keys = [one.key for one in load_sources(file)]
    if key not in keys:
        return False
    if len(keys) == 1:
        file.unlink()
        return True
    parts = _TABLE.split(file.read_text(encoding="utf-8-sig"))
    at = keys.index(key) + 1  # before the first is what stands above all of them
    parts = parts[:at] + parts[at + 1 :]
    _rewrite(file, "[[source]]".join(parts), [one for one in keys if one != key])
    return True


def _rewrite(file: Path, text: str, keys: Sequence[str]) -> None:
    """The whole of a file at once, if these sources are read from it then: a crash leaves the old
    file or the new one."""
    new = file.with_name(f"{file.name}.new")
    try:
        new.write_text(text, encoding="utf-8")
        if _keys(new) != list(keys):
            raise BylineError(f"{file} is written in a way that only you can change: edit it.")
        os.replace(new, file)
    except OSError as error:
        raise BylineError(f"{file} could not be written ({error}): mend that.") from error
    finally:
        new.unlink(missing_ok=True)


def _keys(file: Path) -> list[str] | None:
    """The keys of the sources of a file, None where it cannot be read."""
    try:
        return [one.key for one in load_sources(file)]
    except BylineError:
        return None


def _source(table: dict[str, Any], folder: Path) -> Source:
    names = [field.name for field in fields(Source)]
    for key in table:
        if key not in names:
            raise ValueError(f'unknown key "{key}"; choose among {", ".join(names)}')
    if table.get("kind") not in get_args(Kind):
        raise ValueError(f'"kind" must be {", ".join(get_args(Kind))}, not {table.get("kind")!r}')
    kind: Kind = table["kind"]
    address, path = _text(table, "address"), _text(table, "path")
    wanted, other = ("path", "address") if kind == "files" else ("address", "path")
    if wanted not in table or other in table:
        raise ValueError(f'a source of kind {kind} has "{wanted}" and no "{other}"')
    if kind == "files":
        for key in ("limit", "recheck", "when_gone"):
            if key in table:
                raise ValueError(f'"{key}" is not for files')
    elif not re.match(r"https?://[^\s/]+\S*$", address):
        raise ValueError(f'"address" must begin with http:// or https://, not {address!r}')
    when_gone = table.get("when_gone", "keep")
    if when_gone not in get_args(WhenGone):
        raise ValueError(f'"when_gone" must be keep or remove, not {when_gone!r}')
    return Source(
        kind=kind,
        address=address,
        path=Path(os.path.abspath(folder / Path(path).expanduser())) if path else None,
        interval=_seconds(table, "interval", _EVERY[kind]),
        outlet=_text(table, "outlet") or None,
        limit=_number(table, "limit", _LIMIT),
        recheck=_seconds(table, "recheck", 86_400),
        when_gone=when_gone,
        name=_text(table, "name") or address or path,
    )


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f'"{key}" must be text, not {value!r}')
    return value.strip()


def _number(table: dict[str, Any], key: str, default: int) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST:
        raise ValueError(f'"{key}" must be a whole number from 1, not {value!r}')
    return value


def _seconds(table: dict[str, Any], key: str, default: int) -> int:
    value = table.get(key)
    if value is None:
        return default
    match = re.fullmatch(r"(\d{1,6})\s*([smhdw])", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'"{key}" must be like "30m", "1h" or "2d", not {value!r}')
    return int(match[1]) * _UNITS[match[2]]
