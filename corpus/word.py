"""Word documents (.docx): their paragraphs and tables in order."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from corpus.archive import BOUNDS, Bounds, open_zip, read_member
from corpus.fields import Found, Unreadable, article_from
from corpus.plain import declared_title, make_title

_TITLES = {"Title", "Heading 1"}


def read_docx(data: bytes, bounds: Bounds = BOUNDS) -> Found:
    """An article from a Word document, by python-docx. A table's row is one line.

    The title is the one the document declares, else its first heading, else one made from the
    text. The date stays None: a document says when it was saved, not when it was published.
    """
    with open_zip(data, bounds) as archive:
        for name in archive.namelist():
            read_member(archive, name, bounds)  # each within bounds before anything is parsed
    import docx

    try:
        document = docx.Document(io.BytesIO(data))
        lines = [line for line in _lines(document) if line]
        heading = next(
            (p.text for p in document.paragraphs if p.style and p.style.name in _TITLES), None
        )
        declared, author = document.core_properties.title, document.core_properties.author
    except Exception as error:  # a damaged file fails anywhere inside the library
        raise Unreadable(
            f"not a readable Word document ({type(error).__name__}: {error}); "
            "save it again as .docx"
        ) from None
    text = "\n".join(lines)
    if not any(c.isalnum() for c in text):
        raise Unreadable("the document holds no text; leave it out")
    fields = {
        "title": declared_title(declared) or (heading or "").strip() or make_title(text),
        "text": text,
        "author": None if author == "python-docx" else author,
    }
    return article_from(fields)


def _lines(document: Any) -> Iterator[str]:
    from docx.oxml.ns import qn
    from docx.text.paragraph import Paragraph

    for block in document.iter_inner_content():
        if isinstance(block, Paragraph):
            yield block.text.strip()
            continue
        # From the XML, since a cell of the library's own may claim to span a million columns.
        for row in block._element.iter(qn("w:tr")):
            cells = (
                "".join(text.text or "" for text in cell.iter(qn("w:t"))).strip()
                for cell in row.iter(qn("w:tc"))
            )
            yield " | ".join(cell for cell in cells if cell)
