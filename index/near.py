"""Telling copies of a text from other texts about the same thing, by the runs of words they share.

A text is the set of its shingles, which are runs of five words; how much of one set the other holds
is their containment. Broder, "On the resemblance and containment of documents", SEQUENCES 1997.
The shingles are kept whole instead of sampled, so that luck decides nothing.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus.article import Article

SHINGLE = 5  # words
STRETCH = 32
"""Shingles of which a copy shares some, wherever one looks; a shared quotation covers few."""

# Scripts written without spaces: there a character stands for a word.
_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
)
_WORD = re.compile(rf"[{_ALONE}]|[^\W{_ALONE}]+")
_TOKEN = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_][\w'’-]*")
_INSIDE = re.compile(r"(?<=[\w,;)]\s)[^\W\d_a-z][\w'’-]*")  # few that are no names
_MIX = tuple(np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9))  # of SplitMix64
_STORED = np.dtype("<u4")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What of an article is compared: 32-bit hashes, each once.

    `shingles` are in the order of the text; `details`, its names and numbers, are sorted. Two texts
    have a hash in common by chance about once in ten thousand pairs of articles.
    """

    shingles: np.ndarray
    details: np.ndarray


def signature(article: Article) -> bytes:
    """The fingerprint of an article's text as bytes: about four for each of its words."""
    runs, details = shingles(article.body), np.unique(_hashes(_details(article.body)))
    head = np.array([len(runs)], dtype=_STORED)
    return np.concatenate([head, runs, details]).astype(_STORED).tobytes()


def fingerprint(signature: bytes) -> Fingerprint:
    """What `signature` wrote."""
    numbers = np.frombuffer(signature, dtype=_STORED).astype(np.uint32)
    return Fingerprint(numbers[1 : 1 + numbers[0]], numbers[1 + numbers[0] :])


def shingles(text: str, width: int = SHINGLE) -> np.ndarray:
    """uint32 hashes of the runs of `width` words, in the order of the text, each once.

    Case and punctuation do not count. A text of fewer words has none.
    """
    words = _hashes(word_list(text)).astype(np.uint64)
    if len(words) < width:
        return np.empty(0, dtype=np.uint32)
    runs = np.zeros(len(words) - width + 1, dtype=np.uint64)
    for i in range(width):
        runs = runs * _MIX[0] + words[i : len(words) - width + 1 + i]
    runs = (runs ^ (runs >> np.uint64(29))) * _MIX[1]
    hashes = (runs >> np.uint64(32)).astype(np.uint32)
    first = np.unique(hashes, return_index=True)[1]
    return hashes[np.sort(first)]


def word_list(text: str) -> list[str]:
    """The words of a text without case and punctuation."""
    return _WORD.findall(text.casefold())


def numbers(text: str) -> frozenset[str]:
    """The numbers of a text as they are written."""
    return frozenset(token for token in _TOKEN.findall(text) if token[0].isdigit())


def contained(part: np.ndarray, whole: np.ndarray) -> float:
    """The share, 0 to 1, of the hashes in `part` that are in `whole`; 1 of none."""
    return float(np.isin(part, whole).mean()) if len(part) else 1.0


def covered(part: np.ndarray, whole: np.ndarray) -> float:
    """The share, 0 to 1, of the stretches of `part` that have a tenth of their hashes in `whole`.

    Of a copy with every fifth word replaced nearly all have; of a report that only quotes the same
    speech, few.
    """
    shared = np.isin(part, whole)
    stretches = np.array_split(shared, max(1, len(part) // STRETCH))
    return float(np.mean([stretch.mean() >= 0.1 for stretch in stretches])) if len(part) else 1.0


def _details(text: str) -> set[str]:
    """Numbers, and words with a capital inside a sentence that are not written small elsewhere."""
    tokens = set(_TOKEN.findall(text))
    names = {name for name in _INSIDE.findall(text) if name[0].isupper()}
    names = {name.casefold() for name in names if name.lower() not in tokens}
    return names | {token for token in tokens if token[0].isdigit()}


def _hashes(words: Sequence[str] | set[str]) -> np.ndarray:
    known = {word: zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in set(words)}
    return np.array([known[word] for word in words], dtype=np.uint32)
