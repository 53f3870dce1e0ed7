"""Plain text and Markdown: a header or front matter, and a title."""

from __future__ import annotations

import re
from collections.abc import Mapping

from corpus.encoding import decode
from corpus.fields import Found, Unreadable, article_from

_HEADER = {
    "title": "title",
    "headline": "title",
    "outlet": "outlet",
    "source": "outlet",
    "publisher": "outlet",
    "author": "author",
    "byline": "author",
    "date": "published_at",
    "published": "published_at",
    "updated": "updated_at",
    "url": "url",
    "link": "url",
    "language": "language",
    "id": "id",
}
_LABELS = {
    "key points",
    "key takeaways",
    "takeaways",
    "highlights",
    "summary",
    "at a glance",
    "in brief",
    "top stories",
    "top story",
    "breaking news",
    "latest news",
    "related articles",
    "read more",
    "what to know",
    "what we know",
    "table of contents",
    "advertisement",
}
_BULLET = re.compile(r"^(?:[-*•‣–—]|\d+[.)])\s+")
_DATELINE = re.compile(
    r"^[A-Z][A-Z .'-]{2,}(?:, [\w .]{2,30})?(?: \([^)]{2,40}\))?\s*(?::|\s[-–—])\s+"
)
_QUOTE = "correct it, or put the value in quotes"
_HEADLINE_LENGTH = 140  # characters; a longer first line is a paragraph
_SHORT_TITLE = 80  # characters of a title made from the first sentence


def read_text(data: bytes) -> Found:
    """An article from a plain text, with a labelled header (`Title: ...`) if it starts with one."""
    text, notes = decode(data)
    return _from_text(text, notes)


def read_markdown(data: bytes) -> Found:
    """An article from Markdown, with YAML front matter if it starts with one. Markup stays."""
    text, notes = decode(data)
    if not re.match(r"-{3,}[ \t]*\n", text):
        return _from_text(text, notes)
    fields, body = _front_matter(text)
    if fields.get("title") is None:
        fields = {**fields, "title": make_title(body)}
    return article_from({**fields, "text": body}, notes)


def declared_title(value: object) -> str | None:
    """A title that a document declares, unless a program has put the name of its file there."""
    if not isinstance(value, str) or len(value.split()) < 2 or re.search(r"\.\w{2,5}$", value):
        return None  # "untitled", "Microsoft Word - draft.docx"
    return value


def make_title(text: str) -> str:
    """The first line where it reads like a headline, else the beginning of the first sentence."""
    lines = [line.strip() for line in text.splitlines() if any(c.isalnum() for c in line)]
    if not lines:
        raise Unreadable("it holds no text")
    heading = re.match(r"#{1,6}\s+(.+?)\s*#*$", lines[0])
    if heading:
        return heading[1]
    if _is_headline(lines[0]):
        return lines[0]
    prose = next((line for line in lines if len(line.split()) >= 8 and not _BULLET.match(line)), "")
    line = " ".join(_DATELINE.sub("", prose or _BULLET.sub("", lines[0])).split())
    if len(line) <= _SHORT_TITLE:
        return line.rstrip(".")
    words = line[: _SHORT_TITLE + 1].rsplit(" ", 1)[0]
    return words[:_SHORT_TITLE].rstrip(" ,;:–—-") + "…"


def _is_headline(line: str) -> bool:
    """Short, at least two words, no closing stop, and no label, bullet or byline."""
    words = line.split()
    return (
        len(words) >= 2
        and len(line) <= _HEADLINE_LENGTH
        and line[-1] not in ".:;,"
        and not _BULLET.match(line)
        and line.casefold().rstrip("!") not in _LABELS
        and words[0].casefold() not in {"by", "published", "updated"}
    )


def _from_text(text: str, notes: tuple[str, ...]) -> Found:
    fields, body = _labelled_header(text)
    title = fields.get("title") or make_title(body)
    return article_from({**fields, "title": title, "text": body}, notes)


def _labelled_header(text: str) -> tuple[Mapping[str, str], str]:
    """The fields of the first lines and the rest, if all lines up to a blank one are labelled."""
    head, blank, body = text.lstrip("\n").partition("\n\n")
    fields: dict[str, str] = {}
    for line in head.splitlines():
        label, colon, value = line.partition(":")
        name = _HEADER.get(label.strip().casefold())
        if not colon or name is None or name in fields:
            return {}, text
        fields[name] = value.strip()
    return (fields, body) if blank and fields else ({}, text)


def _front_matter(text: str) -> tuple[Mapping[str, object], str]:
    import yaml  # type: ignore[import-untyped]
    from frontmatter.default_handlers import YAMLHandler

    handler = YAMLHandler()
    try:
        matter, body = handler.split(text)
    except ValueError:
        raise Unreadable("its front matter is not closed by a line of ---; add that line") from None
    try:
        fields = handler.load(matter)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise Unreadable(
            f"its front matter is not valid YAML: {error.problem}; {_QUOTE}", line
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise Unreadable(f"its front matter is not valid YAML: {reason}; {_QUOTE}") from None
    if fields is None:
        return {}, body
    if not isinstance(fields, dict):
        raise Unreadable("its front matter is not a list of `key: value` lines; write it as one")
    return fields, body
