"""PDF: the text layer, with wrapped lines joined again."""

from __future__ import annotations

import io
import logging
import re

from corpus.fields import Found, Unreadable, article_from, tidy
from corpus.plain import declared_title, make_title

_AGAIN = "fetch it again, or open it in a viewer and print it to another PDF"
_FULL_LINE = 0.75  # of the longest line of the page: a shorter line ends its paragraph


def read_pdf(data: bytes) -> Found:
    """An article from a PDF with a text layer.

    The title is the one the file declares, else one made from the text. The date stays None: a PDF
    says when the file was made, not when the report was published.
    """
    import pypdf
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # the reason for a skip says it once
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("the PDF is encrypted; save it without a password")
        pages = [page.extract_text() for page in reader.pages]
        declared, author = _declared(reader)
    except Unreadable:
        raise
    except pypdf.errors.DependencyError:
        raise Unreadable("the PDF is encrypted; save it without a password") from None
    except PyPdfError as error:
        raise Unreadable(f"not a readable PDF ({error}); {_AGAIN}") from None
    except Exception as error:  # a damaged file fails anywhere inside the parser
        raise Unreadable(
            f"not a readable PDF ({type(error).__name__}: {error}); {_AGAIN}"
        ) from None
    text = unwrap(pages)
    if not any(c.isalnum() for c in text):
        raise Unreadable("the PDF has no text layer; it may be a scan, which needs OCR first")
    fields = {"title": declared or make_title(text), "text": text, "author": author}
    return article_from(fields)


def unwrap(pages: list[str]) -> str:
    """Paragraphs, one a line, from the wrapped lines of pages.

    A line as long as its page is wide runs on into the next. A hyphen at its end goes when the
    word behind it runs on in small letters, unless the text has the hyphenated word elsewhere.
    """
    whole = "\n".join(pages)
    paragraphs: list[str] = []
    runs_on = False
    for page in pages:
        # Glyphs without a Unicode value come out as NUL or as halves of surrogate pairs.
        lines = [re.sub(r"[\0\ud800-\udfff\u00ad]", "", line).strip() for line in page.splitlines()]
        width = max((len(line) for line in lines), default=0)
        for line in lines:
            if not line:
                runs_on = False
                continue
            if runs_on or (paragraphs and line[0].islower()):
                paragraphs[-1] = _join(paragraphs[-1], line, whole)
            else:
                paragraphs.append(line)
            runs_on = len(line) >= _FULL_LINE * width and len(lines) > 1
    return tidy("text", "\n".join(paragraphs))


def _join(left: str, right: str, whole: str) -> str:
    broken = re.search(r"([^\W\d_]+)-$", left)
    if not broken or not right[0].islower():
        return f"{left} {right}"
    word = re.match(r"\w+", right)
    if word and f"{broken[1]}-{word[0]}" in whole:
        return left + right
    return left[:-1] + right


def _declared(reader: object) -> tuple[str | None, str | None]:
    """Title and author as the file declares them, without the names that programs put there."""
    metadata = getattr(reader, "metadata", None)
    author = getattr(metadata, "author", None)
    title = declared_title(getattr(metadata, "title", None))
    return title, author if isinstance(author, str) else None
