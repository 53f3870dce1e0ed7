"""Books and newspapers in EPUB: one article for each document in reading order.

Read with zipfile and lxml: the one EPUB library that is kept, EbookLib, unpacks whole archives
without a bound and is under the AGPL.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from corpus.archive import BOUNDS, Bounds, open_zip, read_member
from corpus.encoding import decode
from corpus.fields import Found, Unreadable, article_from
from corpus.markup import block_text, local_name, parse_html, parse_xml
from corpus.plain import make_title

_FEWEST_WORDS = 20  # a cover, a title page or a list of links has fewer
_PROGRAMS = {"calibre"}  # that put their own name where author and publisher belong


def read_epub(data: bytes, bounds: Bounds = BOUNDS) -> Iterator[Found | Unreadable]:
    """The articles of a book or newspaper, in the order of its spine.

    Author, publisher, date and language are the book's. Documents of fewer than 20 words (covers,
    title pages) are left out with a reason. Raises `Unreadable` when it is no EPUB.
    """
    with open_zip(data, bounds) as archive:
        place = _package_place(archive, bounds)
        package = parse_xml(read_member(archive, place, bounds))
        book = _book(package)
        names = _spine(package, posixpath.dirname(place))
        if not names:
            raise Unreadable("the EPUB names no documents to read; export or fetch it again")
        for name in names:
            try:
                found = _read_document(read_member(archive, name, bounds), name, book)
                yield replace(found, member=name)
            except Unreadable as error:
                yield Unreadable(error.reason, member=name)


def _package_place(archive: zipfile.ZipFile, bounds: Bounds) -> str:
    container = parse_xml(read_member(archive, "META-INF/container.xml", bounds))
    for element in container.iter():
        if local_name(element) == "rootfile" and element.get("full-path"):
            return str(element.get("full-path"))
    raise Unreadable(
        "the EPUB does not say where its contents are listed; export or fetch it again"
    )


def _book(package: Any) -> dict[str, str]:
    """The first of each Dublin Core element, by its name."""
    book: dict[str, str] = {}
    for element in package.iter():
        name, text = local_name(element), (element.text or "").strip()
        event = next((v for k, v in element.attrib.items() if k.endswith("event")), "publication")
        if name == "date" and event != "publication":
            continue
        if text and text.casefold() not in _PROGRAMS:
            book.setdefault(name, text)
    return book


def _spine(package: Any, folder: str) -> list[str]:
    hrefs = {
        item.get("id"): item.get("href", "")
        for item in package.iter()
        if local_name(item) == "item" and "nav" not in item.get("properties", "").split()
    }
    order = [item.get("idref") for item in package.iter() if local_name(item) == "itemref"]
    return [
        posixpath.normpath(posixpath.join(folder, unquote(hrefs[i]))) for i in order if i in hrefs
    ]


def _read_document(data: bytes, name: str, book: Mapping[str, str]) -> Found:
    try:
        root = parse_xml(data)
    except Unreadable:  # &nbsp; and other names of HTML, which XML does not know
        text, _ = decode(data)
        root = parse_html(text)
    heading = next((e for e in root.iter() if local_name(e).lower() in {"h1", "h2", "h3"}), None)
    title = " ".join("".join(heading.itertext()).split()) if heading is not None else ""
    text = block_text(root)
    words = len(text.split())
    if words < _FEWEST_WORDS:
        raise Unreadable(f"only {words} words, so a cover or title page and no article")
    fields = {
        "id": f"{book['identifier']}#{name}" if "identifier" in book else None,
        "title": title or make_title(text),
        "text": text,
        "author": book.get("creator"),
        "outlet": book.get("publisher"),
        "published_at": book.get("date"),
        "language": book.get("language"),
    }
    return article_from(fields)
