"""BM25 over many passages: the weight of every word in every passage, worked out beforehand.

FTS5 works BM25 out for each passage that has any word of a question: some microseconds for each of
hundreds of thousands, where the passages are a million. Here these are sums over mapped arrays.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import Stemmer

from index.words import STOP_WORDS, TITLE_WEIGHT, content_words, has_ending

K1, B = 1.2, 0.75
"""As FTS5 has them."""

Text = tuple[int, str, str]
"""The id, title and text of a passage."""

# "14.3", "U.S." and "O'Brien" are found as a whole; their parts are words of their own, too.
_WORD = re.compile(r"\d+(?:[.,:]\d+)+|(?:[^\W\d_]\.)+[^\W\d_]\b|[^\W_]+(?:['’][^\W_]+)?")
_PART = re.compile(r"[^\W_]+")
_AT_ONCE = 10_000  # passages read at once
_ARRAYS = ("terms", "starts", "rows", "weights", "ids")


class Postings:
    """The mapped file that `write_postings` wrote; from any thread.

    `terms` are hashes of words in order; those of the term at `i` are in the passages
    `rows[starts[i]:starts[i + 1]]`, with these `weights`; a row counts into `ids`.
    """

    def __init__(self, path: Path, repeats: Collection[int] = ()) -> None:
        """`repeats` are not found unless they are allowed. Raises ValueError or OSError where the
        file is no such file."""
        arrays = dict(zip(_ARRAYS, _read(path), strict=True))
        self._terms, self._starts = arrays["terms"], arrays["starts"]
        self._rows, self._weights, self._ids = arrays["rows"], arrays["weights"], arrays["ids"]
        self._repeats = self._rows_of(repeats)
        self._last: tuple[Collection[int], np.ndarray] | None = None

    def search(
        self, question: str, k: int, allow: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """As Store.search: the `k` best (passage id, BM25) over any of the question's words."""
        found = [span for term in terms_of(question) if (span := self._span(term))]
        if not found or k < 1 or (allow is not None and not len(allow)):
            return []
        scores = np.zeros(len(self._ids), dtype=np.float32)
        for start, end in found:
            scores[self._rows[start:end]] += self._weights[start:end]
        if allow is None:
            scores[self._repeats] = 0
            rows = np.flatnonzero(scores >= self._bound(scores, found, k))
        else:
            among = self._allowed(allow)
            rows = among[scores[among] > 0]
        order = np.lexsort((rows, -scores[rows]))[:k]
        return [(int(self._ids[row]), float(scores[row])) for row in rows[order]]

    def _bound(self, scores: np.ndarray, found: Sequence[tuple[int, int]], k: int) -> float:
        """What the `k` best have at least: that of the `k` best with the rarest word that so many
        have. Sorting these few takes less time than sorting all."""
        for start, end in sorted(found, key=lambda span: span[1] - span[0]):
            own = scores[self._rows[start:end]]
            if np.count_nonzero(own) >= k:
                return float(np.partition(own, len(own) - k)[len(own) - k])
        return float(np.finfo(np.float32).tiny)

    def _span(self, wanted: int) -> tuple[int, int] | None:
        """Where the postings of a term lie."""
        at = int(np.searchsorted(self._terms, wanted))
        if at == len(self._terms) or self._terms[at] != wanted:
            return None
        return int(self._starts[at]), int(self._starts[at + 1])

    def _allowed(self, allow: Collection[int]) -> np.ndarray:
        last = self._last
        if last is None or last[0] is not allow:
            last = self._last = (allow, self._rows_of(allow))
        return last[1]

    def _rows_of(self, ids: Collection[int]) -> np.ndarray:
        """The rows of those passages that are there, in order."""
        wanted = np.sort(np.fromiter(ids, dtype=np.int64, count=len(ids)))
        rows = np.searchsorted(self._ids, wanted)
        there = rows < len(self._ids)
        rows, wanted = rows[there], wanted[there]
        return np.unique(rows[self._ids[rows] == wanted])


def terms_of(question: str) -> list[int]:
    """The term of each of a question's words that is worth looking for, as `_hash` gives it."""
    stemmer = Stemmer.Stemmer("porter")
    return [_hash(" ".join(_PART.findall(word)), stemmer) for word in content_words(question)]


def write_postings(path: Path, texts: Iterable[Sequence[Text]]) -> None:
    """Write the postings of all passages, which come some at a time in the order of their ids.

    The same passages give the same bytes. Raises OSError when the disk is full.
    """
    _write(path, *_counted(texts))


def sparse_rows(
    texts: Iterable[Sequence[Text]],
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """The same by passage, in their order: its id, its terms and the weights of these."""
    hashes, held, rows, weights, ids = _counted(texts)
    terms = np.repeat(np.array(hashes, dtype=np.uint64), held)
    order = np.argsort(rows, kind="stable")
    ends = np.cumsum(np.bincount(rows, minlength=len(ids)))
    for id_, own in zip(ids, np.split(order, ends[:-1]) if ids else [], strict=True):
        yield id_, terms[own], weights[own]


def _counted(
    texts: Iterable[Sequence[Text]],
) -> tuple[list[int], np.ndarray, np.ndarray, np.ndarray, list[int]]:
    """The terms, how many passages hold each, the rows and weights of these, and all ids."""
    words, ids, lengths = _Terms(), list[int](), list[np.ndarray]()
    batches: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for batch in texts:
        terms, rows, counts, length = words.counted(batch)
        batches.append((terms, rows + np.int32(len(ids)), counts))
        lengths.append(length)
        ids += [id_ for id_, _, _ in batch]
    length = np.concatenate(lengths) if lengths else np.zeros(0)
    held = np.zeros(len(words.hashes), dtype=np.int64)
    for terms, _, _ in batches:
        held += np.bincount(terms, minlength=len(held))
    rows, weights = _weighed(batches, held, length)
    return words.hashes, held, rows, weights, ids


def _weighed(
    batches: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
    held: np.ndarray,
    length: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The postings of all batches by term, each with its weight. `held` is how many passages have
    a term, `length` how many words a passage has. The batches are used up."""
    rows = np.zeros(int(held.sum()), dtype=np.int32)
    weights = np.zeros(len(rows), dtype=np.float16)
    idf = np.log((len(length) - held + 0.5) / (held + 0.5))
    idf[idf <= 0] = 1e-6
    norm = K1 * (1 - B + B * length / max(length.mean(), 1.0)) if len(length) else length
    place = np.cumsum(held) - held
    for at, (terms, own, counts) in enumerate(batches):
        new, first, n = np.unique(terms, return_index=True, return_counts=True)
        to = np.repeat(place[new] - first, n) + np.arange(len(terms))
        rows[to] = own
        weights[to] = idf[terms] * counts * (K1 + 1) / (counts + norm[own])
        place[new] += n
        batches[at] = (terms[:0], own[:0], counts[:0])
    return rows, weights


def _write(
    path: Path,
    hashes: Sequence[int],
    held: np.ndarray,
    rows: np.ndarray,
    weights: np.ndarray,
    ids: Sequence[int],
) -> None:
    """Terms in the order of their hashes."""
    terms = np.array(hashes, dtype=np.uint64)
    order = np.argsort(terms)
    before = np.cumsum(held) - held
    starts = np.concatenate([[0], np.cumsum(held[order])])
    with open(path, "wb") as file:
        np.save(file, terms[order])
        np.save(file, starts.astype(np.int64))
        for values in (rows, weights):
            _save_by_term(file, values, before[order], held[order])
        np.save(file, np.array(ids, dtype=np.int64))


def _save_by_term(file: Any, values: np.ndarray, before: np.ndarray, held: np.ndarray) -> None:
    """Save the values of each term in this order, without a second copy of them all."""
    header = {"descr": values.dtype.str, "fortran_order": False, "shape": (len(values),)}
    np.lib.format.write_array_header_1_0(file, header)
    for start in range(0, len(before), _AT_ONCE):
        first, n = before[start : start + _AT_ONCE], held[start : start + _AT_ONCE]
        ends = np.cumsum(n)
        at = np.repeat(first - ends + n, n) + np.arange(int(ends[-1]))
        file.write(values[at].tobytes())


def _read(path: Path) -> Iterator[np.ndarray]:
    with open(path, "rb") as file:
        for _ in _ARRAYS:
            np.lib.format.read_magic(file)
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            if 0 in shape:
                yield np.zeros(shape, dtype)
                continue
            yield np.memmap(path, dtype, "r", file.tell(), shape)
            file.seek(int(np.prod(shape)) * dtype.itemsize, 1)


class _Terms(dict[str, tuple[int, ...]]):
    """The numbers of the terms that a word of a passage is found by, in the order in which they
    come: none for a stop word, and for "14.3" that of its own and those of its parts."""

    def __init__(self) -> None:
        super().__init__()
        self.hashes: list[int] = []
        self._number: dict[int, int] = {}
        self._stemmer = Stemmer.Stemmer("porter")

    def __missing__(self, word: str) -> tuple[int, ...]:
        parts = _PART.findall(word)
        whole = [" ".join(parts)] if len(parts) > 1 and not has_ending(word) else []
        # As in content_words, capitals make a stop word a name.
        names = [p for p in parts if p.lower() not in STOP_WORDS or (len(p) > 1 and p.isupper())]
        found = self[word] = tuple(self._numbered(one) for one in dict.fromkeys([*whole, *names]))
        return found

    def _numbered(self, term: str) -> int:
        hashed = _hash(term, self._stemmer)
        number = self._number.setdefault(hashed, len(self.hashes))
        if number == len(self.hashes):
            self.hashes.append(hashed)
        return number

    def counted(
        self, batch: Sequence[Text]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Terms and rows, counted from 0, ordered by both; how much each term weighs there; and
        the words of each passage."""
        terms: list[int] = []
        spans: list[tuple[int, int, float]] = []  # how many terms of which row and column
        length = np.zeros(len(batch))
        for row, (_, title, text) in enumerate(batch):
            for column, weight in ((title, TITLE_WEIGHT), (text, 1.0)):
                before = len(terms)
                words = _WORD.findall(column)
                length[row] += len(_PART.findall(column))  # as FTS5 counts them
                terms += chain.from_iterable(map(self.__getitem__, words))
                spans.append((row, len(terms) - before, weight))
        at, n, weights = (np.array(values) for values in zip(*spans, strict=True))
        keys = (np.array(terms, dtype=np.int64) << 32) | np.repeat(at.astype(np.int64), n)
        keys, inverse = np.unique(keys, return_inverse=True)
        counts = np.bincount(inverse, np.repeat(weights, n), len(keys)).astype(np.float32)
        return (keys >> 32).astype(np.int32), (keys & 0xFFFFFFFF).astype(np.int32), counts, length


def _hash(term: str, stemmer: Any) -> int:
    """64 bits of the term as FTS5's tokenizer reads it: without accents, its parts as Porter stems
    where they have three letters. Of ten million terms two are the same in one index of four
    hundred thousand."""
    letters = unicodedata.normalize("NFD", term.lower())
    parts = "".join(c for c in letters if not unicodedata.combining(c)).split()
    stems = " ".join(stemmer.stemWord(part) if len(part) > 2 else part for part in parts)
    return int.from_bytes(hashlib.blake2b(stems.encode(), digest_size=8).digest(), "big")
