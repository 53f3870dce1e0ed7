"""What every form of article has in common: its fields, checked and cleaned."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from corpus.article import Article, content_id
from corpus.corrections import find_correction
from corpus.dates import to_iso

_SHOWN = 60  # characters of a bad value that a message repeats
# Letters that NFC leaves alone wherever they stand. Nearly all texts hold no others beside ASCII,
# and asking unicodedata takes as long as parsing the JSON around them.
_COMPOSED = re.compile(
    "[\u0080-\u02ff\u0400-\u0482\u048a-\u0590\u05d0-\u05ea\u2002-\u20cf\u2100-\u2125"
    "\u2190-\u2328\u2500-\u2775\u3001-\u3029\u3041-\u3096\u30a1-\u30ff\u4e00-\u9fff\uff01-\uffef]*"
)
_ASCII = bytes(range(128))


class Unreadable(Exception):
    """Why one article cannot be read; the reader of its file turns this into `Skipped`."""

    def __init__(self, reason: str, line: int | None = None, member: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line
        self.member = member


@dataclass(frozen=True, slots=True)
class Found:
    """One article, its line or its place in an archive, and what was not understood of it."""

    article: Article
    line: int | None = None
    notes: tuple[str, ...] = ()
    member: str | None = None


def packed(result: Found | Unreadable) -> dict[str, Any]:
    """As JSON has it, for `unpacked` in another process."""
    if isinstance(result, Found):
        return asdict(result)
    return {"reason": result.reason, "line": result.line, "member": result.member}


def unpacked(fields: Mapping[str, Any]) -> Found | Unreadable:
    """What was `packed`."""
    if "article" not in fields:
        return Unreadable(**fields)
    told = {**fields, "article": Article(**fields["article"]), "notes": tuple(fields["notes"])}
    return Found(**told)


def article_from(fields: Mapping[str, object], notes: tuple[str, ...] = ()) -> Found:
    """An article from `title` and `text` and, where known, `id`, `url`, `outlet`, `author`,
    `published_at` (or `date`), `language`, `updated_at` (or `updated`) and `correction`; other
    fields are left alone. A correction that is not given is looked for in title and text.

    Raises `Unreadable` when `title` or `text` is missing or a field has the wrong type. A date or
    an address that is not understood becomes None and a note.
    """
    title = " ".join(required(fields, "title").split())
    body = required(fields, "text").strip()
    author = fields.get("author")
    if isinstance(author, list) and all(isinstance(name, str) for name in author):
        author = ", ".join(author)
    given_id = fields.get("id")
    if isinstance(given_id, int) and not isinstance(given_id, bool):
        given_id = str(given_id)
    published_at, date_notes = _date(fields, "published_at", "date")
    updated_at, update_notes = _date(fields, "updated_at", "updated")
    url = optional("url", fields.get("url"))
    if url is not None and not re.match(r"https?://[^\s/]+\S*$", url):
        notes += (f"url not understood: {shown(url)} (it does not start with http or https)",)
        url = None
    outlet = optional("outlet", fields.get("outlet"))
    article = Article(
        id=optional("id", given_id) or url or content_id(title, body, outlet),
        title=title,
        body=body,
        url=url,
        outlet=outlet,
        author=optional("author", author),
        published_at=published_at,
        language=optional("language", fields.get("language")),
        updated_at=updated_at,
        correction=optional("correction", fields.get("correction")) or find_correction(title, body),
    )
    return Found(article, notes=notes + date_notes + update_notes)


def required(fields: Mapping[str, object], name: str) -> str:
    """A field that must be there and hold at least one letter or digit."""
    value = fields.get(name)
    if value is None:
        raise Unreadable(f'"{name}" is missing; every article needs one')
    if not isinstance(value, str):
        raise Unreadable(f'"{name}" must be text, not {_kind(value)}')
    if not any(character.isalnum() for character in value):
        raise Unreadable(f'"{name}" holds no words; write some, or leave the article out')
    return tidy(name, value)


def optional(name: str, value: object) -> str | None:
    """A field on one line, or None when it is missing or blank."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unreadable(f'"{name}" must be text, not {_kind(value)}')
    return " ".join(tidy(name, value).split()) or None


def tidy(name: str, text: str) -> str:
    r"""The text in Unicode's composed form (NFC), with \n line ends and no byte order mark.

    Nothing else changes. What no index could store (half of a surrogate pair, a NUL) is refused.
    """
    if "\0" in text:
        raise Unreadable(f'"{name}" holds a NUL character; take it out')
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.removeprefix("\ufeff")
    if text.isascii():
        return text
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise Unreadable(
            f'"{name}" holds half of a surrogate pair, which is no character; take it out'
        ) from None
    if _COMPOSED.fullmatch(encoded.translate(None, _ASCII).decode()):
        return text
    # Line by line, as nothing composes across a line's end and few lines need it.
    return "\n".join(
        line if line.isascii() else unicodedata.normalize("NFC", line) for line in text.split("\n")
    )


def shown(value: str) -> str:
    """A value as a message repeats it: quoted, on one line, cut with an ellipsis."""
    flat = " ".join(value.split())
    return f"'{flat[:_SHOWN]}…'" if len(flat) > _SHOWN else f"'{flat}'"


def _date(
    fields: Mapping[str, object], name: str, other_name: str
) -> tuple[str | None, tuple[str, ...]]:
    value = fields.get(name)
    if value is None:
        value = fields.get(other_name)
    if isinstance(value, datetime.datetime):  # YAML reads dates by itself
        return value.isoformat(timespec="seconds"), ()
    if isinstance(value, datetime.date):
        return value.isoformat(), ()
    if isinstance(value, int) and not isinstance(value, bool):  # 20250613
        value = str(value)
    text = optional(name, value)
    if text is None:
        return None, ()
    iso = to_iso(text)
    return (iso, ()) if iso else (None, (f"date not understood: {shown(text)}",))


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else f"a {type(value).__name__}"
