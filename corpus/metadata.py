"""What a page says of itself: meta tags and linked data, before anything is read off its text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from corpus.dates import to_iso

_PUBLISHED = (
    '//meta[@property="article:published_time" or @property="og:article:published_time"]/@content',
    '//meta[@itemprop="datePublished"]/@content',
    '//meta[@name="parsely-pub-date" or @name="pubdate" or @name="date"]/@content',
)
_MODIFIED = (
    '//meta[@property="article:modified_time" or @property="og:article:modified_time"]/@content',
    '//meta[@itemprop="dateModified"]/@content',
    '//meta[@property="og:updated_time" or @name="lastmod" or @name="last-modified"]/@content',
)
_MARKED = '//time[@itemprop="{0}"]/@datetime | //*[@itemprop="{0}"]/@content'
_CANONICAL = ('//link[@rel="canonical"]/@href', '//meta[@property="og:url"]/@content')
_TIER = '//meta[@property="article:content_tier" or @name="article:content_tier"]/@content'
_ARTICLE_TYPE = re.compile(r"Article|Report|BlogPosting|LiveBlog")
_TRACKING = re.compile(r"(?:utm_\w+|fbclid|gclid|mc_[ce]id|cmpid|CMP|ocid|at_\w+|ref_src)$")


@dataclass(frozen=True, slots=True)
class Metadata:
    """Dates as the page writes them; `free` is False where it says that reading it is paid for."""

    published: str | None
    modified: str | None
    canonical: str | None
    free: bool | None


def read_metadata(tree: Any, address: str | None = None) -> Metadata:
    """What an HTML tree declares. Relative addresses are taken from `address`."""
    data = list(_linked_data(tree))
    published = _first(tree, *_PUBLISHED) or _linked("datePublished", data)
    modified = _first(tree, *_MODIFIED) or _linked("dateModified", data)
    return Metadata(
        published or _first(tree, _MARKED.format("datePublished")),
        modified or _first(tree, _MARKED.format("dateModified")),
        canonical_address(_first(tree, *_CANONICAL), address),
        _is_free(tree, data),
    )


def later(modified: str | None, published: str | None) -> str | None:
    """`modified`, unless it is no later than `published`: then the text has not been changed."""
    if modified is None or published is None:
        return modified
    after, before = to_iso(modified), to_iso(published)
    if after is None or before is None:
        return modified
    first, second = datetime.fromisoformat(before), datetime.fromisoformat(after)
    if (first.tzinfo is None) != (second.tzinfo is None) or len(after) != len(before):
        return modified if after[:10] > before[:10] else None
    return modified if second > first else None


def canonical_address(declared: str | None, address: str | None) -> str | None:
    """The address that an article is known by.

    What a page declares counts when it is of the same site and no front page (templates get both
    wrong), else where the page was found, without what only tracks the reader.
    """
    try:
        here = urlsplit(address or "")
    except ValueError:
        return address
    try:
        parts = urlsplit(urljoin(address or "", declared or ""))
        if address is not None:
            elsewhere = _site(parts.hostname) != _site(here.hostname)
            front = parts.path in ("", "/") and not parts.query and here.path not in ("", "/")
            if elsewhere or front or parts.scheme not in ("http", "https"):
                parts = here
    except ValueError:
        parts = here
    if not parts.hostname:
        return address
    query = [pair for pair in parse_qsl(parts.query, True) if not _TRACKING.match(pair[0])]
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", urlencode(query), ""))


def _site(host: str | None) -> str:
    """`vell.example` of `www.vell.example`, `m.vell.example` and `amp.vell.example`."""
    from courlan import extract_domain

    host = (host or "").casefold()
    domain = extract_domain(f"https://{host}/") if re.search(r"[a-z]", host) else None
    return domain or re.sub(r"^(?:www\d?|m|mobile|amp)\.", "", host)


def _first(tree: Any, *paths: str) -> str | None:
    values = (str(value).strip() for path in paths for value in tree.xpath(path))
    return next((value for value in values if value), None)


def _linked_data(tree: Any) -> Iterator[dict[str, Any]]:
    """All objects of the page's JSON-LD, however deep, in the order of the document."""
    for script in tree.xpath('//script[@type="application/ld+json"]/text()'):
        try:
            yield from list(_objects(json.loads(str(script))))
        except (ValueError, RecursionError):
            continue  # the page's own mistake; its meta tags are left


def _objects(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _objects(child)


def _linked(key: str, data: list[dict[str, Any]]) -> str | None:
    """The value of the first article that has one, else of the first object."""
    having = [node for node in data if isinstance(node.get(key), str) and node[key].strip()]
    articles = [node for node in having if _ARTICLE_TYPE.search(str(node.get("@type")))]
    return next((str(node[key]) for node in articles + having), None)


def _is_free(tree: Any, data: list[dict[str, Any]]) -> bool | None:
    """schema.org's `isAccessibleForFree` of the article, or Facebook's content tier."""
    for node in data:
        value = node.get("isAccessibleForFree")
        if value is not None and _ARTICLE_TYPE.search(str(node.get("@type"))):
            return str(value).casefold() not in ("false", "no", "0", "http://schema.org/false")
    tier = _first(tree, _TIER)
    return tier != "locked" if tier in ("locked", "free") else None
