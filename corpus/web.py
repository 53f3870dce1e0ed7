"""Web pages saved as HTML: the article's text without the page around it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from corpus.fields import Found, Unreadable, article_from, optional
from corpus.plain import decode, make_title

if TYPE_CHECKING:
    from lxml.html import HtmlElement  # type: ignore[import-untyped]

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w-]{2,30})", re.IGNORECASE)
_PUBLISHED = (
    '//meta[@property="article:published_time" or @property="og:article:published_time"]/@content',
    '//meta[@itemprop="datePublished"]/@content',
    '//meta[@name="parsely-pub-date" or @name="pubdate" or @name="date"]/@content',
)


def read_html(data: bytes) -> Found:
    """An article from a saved page, by trafilatura.

    Title, outlet, author, date and address are those that the page declares. The outlet is None
    where it would have to be made from the address or from the name of an account.
    """
    declared = _CHARSET.search(data[:4096])
    text, notes = decode(data, declared[1].decode("ascii") if declared else None)
    from trafilatura import bare_extraction
    from trafilatura.utils import load_html

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # the reason for a skip says it
    try:
        tree = load_html(text)
        document = None
        if tree is not None:
            document = bare_extraction(
                tree,
                include_comments=False,
                with_metadata=True,
                date_extraction_params={"original_date": True, "extensive_search": False},
            )
    except Exception as error:  # a page can break the parser anywhere
        raise Unreadable(f"not readable HTML ({type(error).__name__}: {error})") from None
    if tree is None or document is None or not document.text:
        raise Unreadable("no article text was found in the page")
    fields = {
        "title": document.title or make_title(document.text),
        "text": document.text,
        "outlet": _outlet(document.sitename, document.url, tree),
        "author": document.author,
        "published_at": _published_at(tree) or document.date,
        "url": document.url,
        "language": optional("language", tree.get("lang")),
    }
    return article_from(fields, notes)


def _published_at(tree: HtmlElement) -> str | None:
    """The first publication with its time, which trafilatura's own date does not keep."""
    for path in _PUBLISHED:
        for value in tree.xpath(path):
            if str(value).strip():
                return str(value)
    for script in tree.xpath('//script[@type="application/ld+json"]/text()'):
        try:
            for value in _values("datePublished", json.loads(str(script))):
                return value
        except (ValueError, RecursionError):
            continue  # the page's own mistake; trafilatura's date is left
    return None


def _values(key: str, node: object) -> Iterator[str]:
    """All texts under `key`, however deep, in the order of the document."""
    if isinstance(node, dict):
        value = node.get(key)
        if isinstance(value, str):
            yield value
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _values(key, child)


def _outlet(sitename: str | None, url: str | None, tree: HtmlElement) -> str | None:
    """The site's name, unless trafilatura made it from the address or a Twitter account."""
    if not sitename or sitename.startswith("http"):
        return None
    host = re.match(r"https?://(?:www\.|w[0-9]+\.)?([^/]+)", url or "")
    accounts = tree.xpath('//meta[@name="twitter:site"]/@content')
    handles = {str(account).strip().lstrip("@").casefold() for account in accounts}
    guessed = host is not None and host[1] == sitename
    return None if guessed or sitename.casefold() in handles else sitename
