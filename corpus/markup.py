"""XML and HTML trees, parsed without entities or network, and the words in them."""

from __future__ import annotations

from typing import Any

from corpus.fields import Unreadable

_BLOCKS = (
    "address article aside blockquote br caption dd div dl dt figcaption figure footer h1 h2 h3 h4 "
    "h5 h6 header hr li main nav ol p pre section table td th tr ul"
).split()
_SILENT = "head script style template noscript iframe object svg math form button".split()


def parse_xml(data: bytes) -> Any:
    """The root element of an XML document.

    Entities of its own are refused: they are how a small file becomes a large one, or reads
    another. Raises `Unreadable`.
    """
    from lxml import etree  # type: ignore[import-untyped]

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(f"not valid XML ({' '.join(str(error).split())})") from None
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise Unreadable("its XML defines entities, which are not expanded here")
    return root


def parse_html(text: str) -> Any:
    """The root element of an HTML page or of a piece of one. Raises `Unreadable` when empty."""
    from lxml import etree, html

    parser = html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True
    )
    try:
        return html.document_fromstring(text.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(f"not readable HTML ({error})") from None


def local_name(element: Any) -> str:
    """`title` of `{http://purl.org/dc/elements/1.1/}title`; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def block_text(root: Any) -> str:
    """The words of a tree, one line for each block, without scripts, forms and the like.

    The tree is changed and of no further use.
    """
    from lxml import etree

    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = local_name(element).lower()
    etree.strip_elements(root, *_SILENT, with_tail=False)
    for element in root.iter(*_BLOCKS):
        element.text = "\n" + (element.text or "")
        element.tail = "\n" + (element.tail or "")
        if len(element):
            element[-1].tail = (element[-1].tail or "") + "\n"
        else:
            element.text += "\n"
    lines = (" ".join(line.split()) for line in "".join(root.xpath(".//text()")).split("\n"))
    return "\n".join(line for line in lines if line)


def html_text(text: str) -> str:
    """The words of a piece of HTML, or of plain text, one line for each block."""
    return block_text(parse_html(text)) if text.strip() else ""
