"""Where the sentences of a text begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

LONGEST = 1000
"""Characters. A table or a text without full stops is cut into pieces of at most this many."""

_DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_MONTHS = "Jan|Feb|Mar|Apr|May|June|July|Aug|Sep|Oct|Nov|Dec"
# What sentencex takes for an end and news writing does not: "at 2 p.m. Sunday", "vs. No. 2",
# "Daines, R-Mont. posted".
_NOT_AN_END = re.compile(
    rf"[ap]\.m\. +(?:{_DAYS}|{_MONTHS})|\b(?:No|vs|approx)\. +(?:No\. )?[$£€]?\d|\.['\"”’]? +[a-z]"
)
_SPACE = re.compile(r"\s")
_SURROGATE = re.compile("[\ud800-\udfff]")


def sentence_spans(text: str, language: str = "en") -> list[tuple[int, int]]:
    """The sentences of `text` as character offsets (start, end).

    They are in order, never overlap, are trimmed of white space, at most `LONGEST` characters
    long, and together cover every character that is not white space. A line break ends a sentence:
    in news files a line is a paragraph, a heading or a bullet. `language` is a BCP 47 tag; a
    language that sentencex does not know is split by its general rules.
    """
    spans: list[tuple[int, int]] = []
    offset = 0
    for line in text.splitlines(keepends=True):
        for start, end in _sentences_of_line(line, language):
            spans += _pieces(text, offset + start, offset + end)
        offset += len(line)
    return spans


def _sentences_of_line(line: str, language: str) -> list[tuple[int, int]]:
    # sentencex breaks down on white space of several bytes and on lone surrogates; a plain
    # character in the place of each keeps the offsets.
    plain = _SURROGATE.sub("\ufffd", _SPACE.sub(" ", line))
    spans: list[tuple[int, int]] = []
    for boundary in get_sentence_boundaries(language.split("-")[0], plain):
        start, end = boundary["start_index"], boundary["end_index"]
        if spans and _joined(plain, spans[-1][1], start):
            start = spans.pop()[0]
        spans.append((start, end))
    return spans


def _joined(line: str, end: int, start: int) -> bool:
    """Whether the boundary after `end` falls inside a sentence."""
    match = _NOT_AN_END.search(line, max(0, end - 8), start + 12)
    return match is not None and match.start() < start < match.end()


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """`start` to `end` without white space around it, cut where it is too long."""
    while start < end:
        stop = end
        if end - start > LONGEST:
            spaces = [m.start() for m in _SPACE.finditer(text, start + 1, start + LONGEST + 1)]
            stop = spaces[-1] if spaces else start + LONGEST
        piece = text[start:stop]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if left < right:
            yield left, right
        start = stop
