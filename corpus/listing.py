"""Feeds and sitemaps: lists of addresses, with what each says of the article behind it."""

from __future__ import annotations

import calendar
import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urljoin
from xml.sax import SAXException

from corpus.clean import clean_lines
from corpus.dates import to_iso
from corpus.encoding import decode
from corpus.fields import Unreadable, shown
from corpus.markup import html_text, local_name, parse_html, parse_xml

SITEMAP_BYTES = 60_000_000  # unpacked; the protocol allows 50 MiB
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")


@dataclass(frozen=True, slots=True)
class Entry:
    """One address of a list.

    `stamp` differs when the list says that the page has changed. `fields` are those of
    `corpus.fields.article_from` that the list knows, and `text` is the content that a feed itself
    gives, without markup.
    """

    url: str
    stamp: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a feed or a sitemap lists, in its order; `children` are further sitemaps."""

    entries: tuple[Entry, ...]
    children: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()


def read_feed(data: bytes, address: str, content_type: str = "") -> Listing:
    """The items of an RSS or Atom feed, by feedparser. Raises `Unreadable` when it is none."""
    import feedparser

    headers = {"content-location": address}
    if content_type:
        headers["content-type"] = content_type
    # A stream, because feedparser opens text as a file or an address if it can.
    try:
        parsed = feedparser.parse(io.BytesIO(data), response_headers=headers)
    except Exception as error:  # a broken feed can fail anywhere inside the parser
        raise Unreadable(f"not a readable feed ({type(error).__name__}: {error})") from None
    if not parsed.get("version"):
        raise Unreadable(f"not a feed{_hint(data, address)}")
    notes = []
    if isinstance(parsed.get("bozo_exception"), SAXException):
        notes.append("the feed is not well-formed XML; what could be read of it was read")
    entries: dict[str, Entry] = {}
    for item in parsed.entries:
        entry = _feed_entry(item, parsed.feed, address)
        if entry is None:
            title = _words(str(item.get("title", "")))
            notes.append(f"an item without a web address: {shown(title)}")
        else:
            entries.setdefault(entry.url, entry)
    return Listing(tuple(entries.values()), notes=tuple(notes))


def _feed_entry(item: Any, feed: Any, address: str) -> Entry | None:
    link = urljoin(address, str(item.get("link", "")).strip()) if item.get("link") else ""
    if not link.startswith(("http://", "https://")):
        return None
    contents = [str(content.get("value", "")) for content in item.get("content", [])]
    markup = max([*contents, str(item.get("summary", ""))], key=len)
    text = clean_lines(_words(markup))
    source = item.get("source") or {}
    detail = item.get("author_detail") or {}
    # feedparser gives `published` for `updated` with a warning, so ask first whether it is there.
    updated = _feed_date(item, "updated") if "updated" in item else None
    published = _feed_date(item, "published")
    known = {
        "title": _words(str(item.get("title", ""))).replace("\n", " "),
        "author": str(detail.get("name") or item.get("author", "")),
        "outlet": str(source.get("title") or feed.get("title", "")),
        "language": str(item.get("language") or feed.get("language", "")),
        "published_at": published or "",
        "updated_at": updated or "",
    }
    stamp = updated or published or hashlib.sha256(markup.encode("utf-8", "replace")).hexdigest()
    return Entry(link, stamp, {name: value for name, value in known.items() if value}, text)


def _feed_date(item: Any, name: str) -> str | None:
    """ISO 8601: as the feed writes it, else in UTC as feedparser understands it."""
    if written := to_iso(str(item.get(name, ""))):
        return written
    parsed = item.get(f"{name}_parsed")
    if parsed is None:
        return None
    try:
        moment = datetime.fromtimestamp(calendar.timegm(parsed), timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.isoformat(timespec="seconds")


def _words(markup: str) -> str:
    try:
        return html_text(markup.replace("\0", ""))
    except (Unreadable, UnicodeEncodeError):
        return ""


def _hint(data: bytes, address: str) -> str:
    """Where a page that was taken for a feed says that its feed is."""
    if b"<html" not in data[:2000].lower():
        return ""
    try:
        text, _ = decode(data[:200_000])
        links = parse_html(text).xpath('//link[@rel="alternate"][@href]')
    except Unreadable:
        return " but a page"
    feeds = [link.get("href") for link in links if link.get("type") in _FEED_TYPES]
    return f" but a page; its feed is {urljoin(address, feeds[0])}" if feeds else " but a page"


def read_sitemap(data: bytes, address: str, most_bytes: int = SITEMAP_BYTES) -> Listing:
    """The addresses of a sitemap, or the sitemaps of an index of them; gzip is unpacked.

    Also those of a news sitemap, with title, outlet, language and date, and of a text file with
    an address on each line (sitemaps.org). Raises `Unreadable` when it is none.
    """
    if data.startswith(b"\x1f\x8b"):
        data = _gunzip(data, most_bytes)
    if not data.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return _text_sitemap(data)
    root = parse_xml(data)
    kind = local_name(root)
    if kind not in ("urlset", "sitemapindex"):
        raise Unreadable(f"not a sitemap but <{kind}>")
    entries: dict[str, Entry] = {}
    notes = []
    for element in root:
        entry = _sitemap_entry(element, address)
        if entry is None:
            notes.append("an entry without a web address")
        else:
            entries.setdefault(entry.url, entry)
    found = tuple(entries.values())
    if kind == "sitemapindex":
        return Listing((), children=found, notes=tuple(notes))
    return Listing(found, notes=tuple(notes))


def _sitemap_entry(element: Any, address: str) -> Entry | None:
    values = dict(_leaves(element))
    location = values.get("loc", "")
    if not location:
        return None
    url = urljoin(address, location)
    if not url.startswith(("http://", "https://")):
        return None
    published = to_iso(values.get("publication_date", ""))
    modified = to_iso(values.get("lastmod", ""))
    known = {
        "title": values.get("title", ""),
        "outlet": values.get("name", ""),
        "language": values.get("language", ""),
        "published_at": published or "",
        "updated_at": modified or "",
    }
    return Entry(url, modified or published, {k: v for k, v in known.items() if v})


def _leaves(element: Any) -> Iterator[tuple[str, str]]:
    """Name and text of what has no children; of images and videos only the page counts."""
    for child in element:
        name = local_name(child)
        if name in ("image", "video", "link"):
            continue
        if len(child):
            yield from _leaves(child)
        elif child.text:
            yield name, " ".join(child.text.split())


def _text_sitemap(data: bytes) -> Listing:
    text, notes = decode(data)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    good = [line for line in lines if line.startswith(("http://", "https://"))]
    if not good:
        raise Unreadable("not a sitemap")
    if len(good) < len(lines):
        notes += (f"{len(lines) - len(good)} lines without a web address",)
    return Listing(tuple(Entry(url) for url in dict.fromkeys(good)), notes=notes)


def _gunzip(data: bytes, most_bytes: int) -> bytes:
    stream = zlib.decompressobj(31)
    try:
        out = stream.decompress(data, most_bytes + 1)
    except zlib.error as error:
        raise Unreadable(f"its gzip data is damaged ({error})") from None
    if len(out) > most_bytes:
        raise Unreadable(f"more than {most_bytes // 1_000_000} MB unpacked")
    if not stream.eof:
        raise Unreadable("its gzip data ends in the middle")
    return out
