"""Which reader reads which form, by the ending of a file's name."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from corpus.archive import BOUNDS, Bounds, read_zip
from corpus.encoding import NotText
from corpus.epub import read_epub
from corpus.fields import Found, Unreadable
from corpus.jsonlines import read_lines
from corpus.pdf import read_pdf
from corpus.plain import read_markdown, read_text
from corpus.web import read_html
from corpus.word import read_docx

SAVE_AS_TEXT = "save it as text in UTF-8, give it the ending of what it is, or leave it out"
WANTED = ".txt, .md, .html, .pdf, .docx, .epub, .jsonl or .zip"
JSON_LINES = (".jsonl", ".jsonl.gz")
LARGEST_TEXT = 20_000_000  # bytes; cutting and embedding a longer one takes memory and hours

_ONE_ARTICLE: dict[str, Callable[[bytes], Found]] = {
    ".txt": read_text,
    ".md": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".pdf": read_pdf,
    ".docx": read_docx,
}
_TEXT = {".txt", ".md", ".html", ".htm", ".xhtml"}
_SUFFIXES = {*_ONE_ARTICLE, ".epub", ".zip"}


def no_reader(name: str) -> str | None:
    """Why no reader takes a file of this name; None when one does."""
    if PurePosixPath(name.casefold()).suffix in _SUFFIXES or name.casefold().endswith(JSON_LINES):
        return None
    ending = PurePosixPath(name).suffix
    what = f"ending {ending}" if ending else "name without an ending"
    return f"the {what} is not {WANTED}"


@dataclass(slots=True)
class _Left:
    """Bytes that the members of an archive, and of those in it, may still unpack to."""

    bytes: int


def read_form(
    name: str, data: bytes, bounds: Bounds = BOUNDS, left: _Left | None = None
) -> Iterator[Found | Unreadable]:
    """The articles in the bytes of one file, each read or refused with its reason.

    A zip archive gives those of its members, archives in it as deep as `bounds.nesting`; all of
    them share `bounds.total_bytes`.
    """
    folded = name.casefold()
    if reason := no_reader(name):
        yield Unreadable(reason)
    elif not data.strip():
        yield Unreadable("the file is empty")
    elif len(data) > LARGEST_TEXT and PurePosixPath(folded).suffix in _TEXT:
        yield Unreadable(
            f"{len(data) // 1_000_000} MB of text are more than an article; split it into files of "
            "one article each, or into JSON lines"
        )
    elif folded.endswith(".jsonl.gz"):
        with gzip.open(io.BytesIO(data)) as stream:
            yield from read_lines(stream, bounds.total_bytes)
    elif folded.endswith(".jsonl"):
        yield from read_lines(io.BytesIO(data))
    else:
        try:
            if folded.endswith(".zip"):
                yield from _unzipped(data, bounds, left or _Left(bounds.total_bytes))
            elif folded.endswith(".epub"):
                yield from read_epub(data, bounds)
            else:
                yield _ONE_ARTICLE[PurePosixPath(folded).suffix](data)
        except NotText as error:
            yield Unreadable(f"{error.reason}; {SAVE_AS_TEXT}")
        except Unreadable as error:
            yield error


def _unzipped(data: bytes, bounds: Bounds, left: _Left) -> Iterator[Found | Unreadable]:
    if bounds.nesting < 1:
        yield Unreadable("an archive in an archive in an archive; unpack it first")
        return

    def read(name: str, content: bytes) -> Iterator[Found | Unreadable]:
        left.bytes -= len(content)
        if left.bytes < 0:
            yield Unreadable(
                f"the archives in it hold more than {bounds.total_bytes // 1_000_000} MB; "
                "unpack it first"
            )
            return
        yield from read_form(name, content, replace(bounds, nesting=bounds.nesting - 1), left)

    for place, result in read_zip(data, read, bounds):
        member = f"{place}/{result.member}" if result.member else place
        if isinstance(result, Found):
            yield replace(result, member=member)
        else:
            yield Unreadable(result.reason, result.line, member)
