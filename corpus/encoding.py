"""Bytes to characters: what a byte order mark, a header or the page says, else a guess."""

from __future__ import annotations

import codecs

from corpus.fields import Unreadable, tidy

_MAGIC = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF-": "a PDF",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"PK\x03\x04": "a zip archive or an office document",
    b"\x1f\x8b": "a gzip archive",
}
_WIDE = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# Labels that browsers read as a larger encoding (encoding.spec.whatwg.org), by Python's names.
_LARGER = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030",
    "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs", "iso8859-9": "cp1254",
    "tis-620": "cp874", "iso8859-11": "cp874",
}  # fmt: skip
# Nothing else that a page names is tried: some of Python's codecs are slow or are no encodings.
_OF_THE_WEB = {
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5hkscs", "cp932", "cp949",
    "euc_jp", "iso2022_jp", "koi8-r", "koi8-u", "cp866", "cp874", "mac-roman", "mac-cyrillic",
    *(f"cp{n}" for n in range(1250, 1259)),
    *(f"iso8859-{n}" for n in range(2, 17)),
}  # fmt: skip
_LIKE_CP1252 = {"cp1250", "cp1254", "cp1257", "cp775", "iso8859_4", "iso8859_10", "iso8859_13"}
_MOSTLY = 20  # letters of good UTF-8 for each that is not, in a text that is UTF-8 all the same


class NotText(Unreadable):
    """Why bytes are no text in any encoding."""


def decode(data: bytes, *declared: str | None) -> tuple[str, tuple[str, ...]]:
    """The characters of a text, and a note where its encoding had to be guessed.

    UTF-8 first, or what a byte order mark says; then the encodings that were `declared`, in their
    order; then charset-normalizer's guess. Raises `NotText` for a binary file whatever its name.
    """
    for mark, encoding in _WIDE.items():
        if data.startswith(mark):
            try:
                return tidy("text", data.decode(encoding)), ()
            except UnicodeDecodeError:
                raise NotText(f"not text (it starts like {encoding} but is not)") from None
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise NotText(f"not text (it looks like {kind})")
    named = [name for name in map(known_encoding, declared) if name]
    if b"\0" in data and not any(name.startswith("utf-16") for name in named):
        raise NotText("not text (it holds NUL bytes)")
    first = ["iso2022_jp"] if b"\x1b$" in data else []  # its bytes are good UTF-8 too
    for encoding in (*first, "utf-8"):
        try:
            return _printable(data.decode(encoding)), ()
        except UnicodeDecodeError:
            continue
    if (nearly := _nearly_utf8(data)) is not None:
        return nearly
    for encoding in named:
        try:
            return _printable(data.decode(encoding)), ()
        except UnicodeDecodeError:
            continue
    encoding = _guess(data)
    return _printable(data.decode(encoding)), (f"not UTF-8, so it was read as {encoding}",)


def known_encoding(label: str | None) -> str | None:
    """Python's name of an encoding of the web, None for anything else."""
    try:
        name = codecs.lookup((label or "").strip()).name
    except (LookupError, ValueError):
        return None
    name = _LARGER.get(name, name)
    return name if name in _OF_THE_WEB else None


def _nearly_utf8(data: bytes) -> tuple[str, tuple[str, ...]] | None:
    """A text in UTF-8 with a few damaged letters, which is never any other encoding."""
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    letters = sum(1 for character in text if character > "\x7f") - damaged
    if letters < _MOSTLY * damaged:
        return None
    noun = "letter is" if damaged == 1 else "letters are"
    return _printable(text), (f"{damaged} {noun} not UTF-8 and shown as \ufffd",)


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    matches = from_bytes(data)
    best = matches.best()
    if best is None:
        raise NotText("not text (no encoding fits its bytes)")
    # The code pages of Latin letters differ in a few of them and in "£", so a short text fits
    # several alike; 1252 is by far the most common one in the news.
    for match in matches:
        fits = "cp1252" in (match.encoding, *match.could_be_from_charset)
        if best.encoding in _LIKE_CP1252 and fits and match.chaos <= best.chaos:
            return "cp1252"
    return best.encoding


def _printable(text: str) -> str:
    controls = sum(1 for c in text if c < " " and c not in "\n\r\t\f")
    if controls * 20 > len(text):
        raise NotText("not text (more than one character in twenty is a control code)")
    return tidy("text", text)
