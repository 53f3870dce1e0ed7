"""Citation markers in a draft: kept whole while it streams, bounded, and tied to their sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.sentences import sentence_spans
from rag.reading.untrusted import visible

_NUMBER = r"(?:passages?\s*)?\d{1,3}"
MARKER = re.compile(r" ?\[(\d{1,3})\]")
"""A marker as answers have it, with the space before it."""

_MARKER = re.compile(
    rf"\s*\[\s*({_NUMBER}(?:\s*(?:[,;&–-]|,?\s*and)\s*{_NUMBER})*)\s*\]", re.IGNORECASE
)
# What may still become a marker, with the white space before it, which goes with one.
_BEGINNING = re.compile(r"\s*(?:\[[\s\dpasgend,;&–-]*)?\Z", re.IGNORECASE)

_UNENDED = re.compile(rf"\s*\[\s*(?:{_NUMBER}[\s\d,;&–-]*)?\Z", re.IGNORECASE)


def quotable(text: str) -> str:
    """A sentence of an article as a sentence of an answer: what is seen of it, and nothing that
    looks like a marker of the answer's own."""
    return _MARKER.sub(lambda match: f" ({match[1]})", visible(text))


class MarkerFilter:
    """Lets a streamed draft through in pieces that never end inside a marker such as `[1`.

    Markers of passages that were not given (`[9]` of five) are taken out on the way.
    """

    def __init__(self, passages: int) -> None:
        self._passages = passages
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be shown now of all that has come."""
        self._held += piece
        beginning = _BEGINNING.search(self._held)
        cut = beginning.start() if beginning else len(self._held)
        ready, self._held = self._held[:cut], self._held[cut:]
        return self._bounded(ready)

    def finish(self) -> str:
        """What was held back and turns out to be no marker; the beginning of one that never came to
        its end, such as `[1`, is left out."""
        rest, self._held = self._held, ""
        return _UNENDED.sub("", self._bounded(rest)).rstrip()

    def _bounded(self, text: str) -> str:
        return _MARKER.sub(self._keep_given, text)

    def _keep_given(self, match: re.Match[str]) -> str:
        numbers = _numbers(match, self._passages)
        return " " + "".join(f"[{n}]" for n in numbers) if numbers else ""


@dataclass(frozen=True, slots=True)
class DraftSentence:
    """A sentence of the draft without its markers, and the passages it names, each once."""

    text: str
    numbers: tuple[int, ...]


def split_draft(raw: str, passages: int) -> list[DraftSentence]:
    """The draft's sentences with the passages (1 to `passages`) that each cites.

    A marker belongs to the sentence before it, whether it stands before the full stop or after.
    """
    clean, marks = _without_markers(raw, passages)
    spans = sentence_spans(clean)
    cited: list[list[int]] = [[] for _ in spans]
    for position, numbers in marks:
        owner = max((i for i, (start, _) in enumerate(spans) if start < position), default=None)
        if owner is not None:
            cited[owner] += [n for n in numbers if n not in cited[owner]]
    return [
        DraftSentence(clean[start:end], tuple(numbers))
        for (start, end), numbers in zip(spans, cited, strict=True)
        if any(character.isalnum() for character in clean[start:end])
    ]


def _without_markers(raw: str, passages: int) -> tuple[str, list[tuple[int, list[int]]]]:
    clean = ""
    marks = []
    last = 0
    for match in _MARKER.finditer(raw):
        clean += raw[last : match.start()]
        marks.append((len(clean), _numbers(match, passages)))
        last = match.end()
    return clean + raw[last:], marks


def _numbers(match: re.Match[str], passages: int) -> list[int]:
    """The passages that a marker names, each once; `[1-3]` names three."""
    numbers: list[int] = []
    for first, last in re.findall(r"(\d+)(?:\s*[–-]\s*(\d+))?", match[1]):
        numbers += range(int(first), min(int(last or first), passages) + 1)
    return [n for n in dict.fromkeys(numbers) if 1 <= n <= passages]
