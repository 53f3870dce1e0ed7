"""Zip archives, opened within bounds: a small file must not become a large one."""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from corpus.fields import Found, Unreadable, shown


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much an archive may hold; bytes are counted unpacked, nested archives included."""

    members: int = 20_000
    total_bytes: int = 1_000_000_000
    member_bytes: int = 100_000_000
    ratio: int = 200  # unpacked to packed, of a member over a megabyte
    nesting: int = 2


BOUNDS = Bounds()
_DIRECTORY_ENTRY = 46 + 300  # bytes of a member's entry with a long name
_FEW = 1_000_000  # bytes below which a high ratio does no harm

ReadMember = Callable[[str, bytes], Iterator[Found | Unreadable]]


def open_zip(data: bytes, bounds: Bounds = BOUNDS) -> zipfile.ZipFile:
    """The archive, if all that it says of itself is within bounds. Raises `Unreadable`.

    zipfile never unpacks more of a member than the archive's directory says, so looking at the
    directory is enough.
    """
    _check_directory(data, bounds)
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, RuntimeError, EOFError, OSError) as error:
        raise Unreadable(f"not a readable zip archive ({error}); pack or fetch it again") from None
    members = archive.infolist()
    if len(members) > bounds.members:
        raise Unreadable(
            f"an archive of {len(members)} members, more than {bounds.members}; unpack it first"
        )
    total = sum(member.file_size for member in members)
    if total > bounds.total_bytes:
        raise Unreadable(
            f"an archive of {total // 1_000_000} MB unpacked, more than "
            f"{bounds.total_bytes // 1_000_000} MB; unpack it first"
        )
    return archive


def read_member(archive: zipfile.ZipFile, name: str, bounds: Bounds = BOUNDS) -> bytes:
    """The bytes of one member. Raises `Unreadable`, also when there is none of this name."""
    try:
        member = archive.getinfo(name)
    except KeyError:
        raise Unreadable(f"the archive lacks {shown(name)}; make or fetch it again") from None
    if member.flag_bits & 1:
        raise Unreadable("encrypted; unpack the archive with its password first")
    if member.file_size > bounds.member_bytes:
        raise Unreadable(
            f"{member.file_size // 1_000_000} MB unpacked, more than "
            f"{bounds.member_bytes // 1_000_000} MB; split it"
        )
    if member.file_size > max(_FEW, bounds.ratio * member.compress_size):
        raise Unreadable(
            f"packed more than {bounds.ratio} to 1, as only an archive made to do harm is"
        )
    try:
        return archive.read(member)
    except (  # a RuntimeError tells of a compression or an encryption that zipfile does not know
        zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError
    ) as error:  # fmt: skip
        raise Unreadable(f"its zip data is damaged ({error}); pack or fetch it again") from None


def read_zip(
    data: bytes, read: ReadMember, bounds: Bounds = BOUNDS
) -> Iterator[tuple[str, Found | Unreadable]]:
    """What `read` makes of each member, in the order of their names, which are only shown.

    Nothing is written to the disk. Raises `Unreadable` when the archive cannot be opened.
    """
    with open_zip(data, bounds) as archive:
        for name in sorted({member.filename for member in archive.infolist()}):
            if name.endswith("/"):
                continue
            place = _shown_name(name)
            if refusal := _left_out(place):
                yield place, Unreadable(refusal)
                continue
            try:
                content = read_member(archive, name, bounds)
            except Unreadable as error:
                yield place, error
                continue
            for result in read(place, content):
                yield place, result


def _left_out(place: str) -> str | None:
    parts = place.split("/")
    if any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return "hidden"
    if parts[-1].casefold().partition(".")[0] == "readme":
        return "a README describes a folder and is no article"
    return None


def _shown_name(name: str) -> str:
    """A member's name as a place below the archive: no root, no way up, no control characters."""
    parts = re.sub(r"[\x00-\x1f\x7f]", "?", name.replace("\\", "/")).split("/")
    return "/".join(part for part in parts if part not in ("", ".", "..")) or "?"


def _check_directory(data: bytes, bounds: Bounds) -> None:
    """Refuse a directory of millions of members before it is read into memory."""
    tail = data[-(22 + 65_535) :]
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise Unreadable("not a readable zip archive (it ends in the middle); fetch it again")
    (size,) = struct.unpack_from("<L", tail, end + 12)
    if size > bounds.members * _DIRECTORY_ENTRY:
        raise Unreadable(f"an archive of more than {bounds.members} members; unpack it first")
