"""Web pages: the article's text without the page around it."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from corpus.clean import clean_lines, prune
from corpus.dates import to_iso
from corpus.encoding import decode
from corpus.fields import Found, Unreadable, article_from, optional
from corpus.metadata import Metadata, later, read_metadata
from corpus.paywall import check_paywall
from corpus.plain import make_title

if TYPE_CHECKING:
    from lxml.html import HtmlElement  # type: ignore[import-untyped]

_CHARSET = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w-]{2,30})", re.IGNORECASE
)


def read_html(data: bytes) -> Found:
    """An article from a saved page."""
    return read_page(data)


def read_page(
    data: bytes,
    address: str | None = None,
    charset: str | None = None,
    lacking: Mapping[str, object] | None = None,
    outlet: str | None = None,
) -> Found:
    """An article from a page, by trafilatura.

    Title, outlet, author, dates and address are those that the page declares; `lacking` holds what
    else is known of the fields that it does not, and `outlet` goes before both. Only then is a date
    looked for in the text. The outlet is None where it would have to be made from the address or
    from the name of an account. `address` is where the page was found and `charset` what its
    server says. Raises `Unreadable`, and `Paywalled` where only the beginning can be read.
    """
    declared = _CHARSET.search(data[:4096])
    text, notes = decode(data, charset, declared[1].decode("ascii") if declared else None)
    tree, document, about = _extract(text, address)
    body = clean_lines(document.text)
    notes += check_paywall(body, about.free)
    known = lacking or {}
    modified = about.modified or known.get("updated_at")
    published = about.published or known.get("published_at")
    if not published and document.date != (to_iso(_text(modified) or "") or "")[:10]:
        published = document.date  # which is the day of the change where only that is declared
    fields = {
        "title": document.title or known.get("title") or make_title(body),
        "text": body,
        "outlet": outlet or _outlet(document.sitename, document.url, tree) or known.get("outlet"),
        "author": document.author or known.get("author"),
        "published_at": published,
        "updated_at": later(_text(modified), _text(published)),
        "url": about.canonical or document.url,
        "language": optional("language", tree.get("lang")) or known.get("language"),
    }
    return article_from(fields, notes)


def _extract(text: str, address: str | None) -> tuple[HtmlElement, Any, Metadata]:
    """The page's tree, trafilatura's document and the metadata."""
    from trafilatura import bare_extraction
    from trafilatura.utils import load_html

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # the reason for a skip says it
    try:
        tree = load_html(text)
        document = None
        if tree is not None:
            about = read_metadata(tree, address)
            prune(tree)
            document = bare_extraction(
                tree,
                url=address,
                include_comments=False,
                with_metadata=True,
                date_extraction_params={"original_date": True, "extensive_search": False},
            )
    except Exception as error:  # a page can break the parser anywhere
        raise Unreadable(f"not readable HTML ({type(error).__name__}: {error})") from None
    if tree is None or document is None or not document.text:
        raise Unreadable("no article text was found in the page")
    return tree, document, about


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _outlet(sitename: str | None, url: str | None, tree: HtmlElement) -> str | None:
    """The site's name, unless trafilatura made it from the address or a Twitter account."""
    if not sitename or sitename.startswith("http"):
        return None
    host = re.match(r"https?://(?:www\.|w[0-9]+\.)?([^/]+)", url or "")
    accounts = tree.xpath('//meta[@name="twitter:site"]/@content')
    handles = {str(account).strip().lstrip("@").casefold() for account in accounts}
    guessed = host is not None and host[1] == sitename
    return None if guessed or sitename.casefold() in handles else sitename
