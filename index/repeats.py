"""Which passages of a story say what another of its articles says already."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.article import Article
from index.near import contained, numbers, shingles, word_list
from index.sentences import sentence_spans
from index.stories import moment, updates
from index.types import Passage

LEAST_SAID = 0.4
"""Of a sentence's runs of three words in the other article; half are left with every fifth word
replaced. Every sentence must be said, so that what one outlet adds stays to be found."""
_WIDTH = 3
_SENTENCE = 6  # words; a shorter one is read with what it stands beside


@dataclass(frozen=True, slots=True)
class Repeats:
    """`repeated` are passages that need not be searched, by id, as a chosen copy says the same;
    `carried` the other articles that say it, by the id of each passage that is left."""

    repeated: frozenset[int]
    carried: Mapping[int, tuple[str, ...]]


def find_repeats(passages: Mapping[int, Passage]) -> Repeats:
    """The repeats among the passages of one story's articles, which are given by their ids.

    The chosen copy is the one with most text, as it holds what the others cut; of equal ones the
    first to publish, which wrote it. An article that was updated comes after all that were not, one
    without a date after those with one. A passage with a number that the chosen copy does not have
    is no repeat, except of an update: there the newer number stands.
    """
    articles = {p.article.id: p.article for p in passages.values()}
    ordered = _ordered(list(articles.values()))
    bodies = {id_: _Body(article) for id_, article in articles.items()}
    said = {id_: _Said(passage) for id_, passage in passages.items()}
    kept: dict[str, list[int]] = {}
    repeated: set[int] = set()
    for article in ordered:
        for id_ in (i for i, p in passages.items() if p.article.id == article.id):
            if any(
                bodies[other].says(said[id_], updates(articles[other], article))
                for other in kept
                if other != article.id
            ):
                repeated.add(id_)
            else:
                kept.setdefault(article.id, []).append(id_)
    carried = {
        id_: tuple(
            other.id
            for other in ordered
            if other.id != article_id and bodies[other.id].says(said[id_])
        )
        for article_id, ids in kept.items()
        for id_ in ids
    }
    return Repeats(frozenset(repeated), {id_: others for id_, others in carried.items() if others})


def _ordered(articles: Sequence[Article]) -> list[Article]:
    """The copies to prefer first."""

    def key(article: Article) -> tuple[bool, bool, int, float, str]:
        time = moment(article.published_at)
        outdated = any(updates(other, article) for other in articles)
        length = len(word_list(article.body))
        return outdated, time is None, -length, time.timestamp() if time else 0.0, article.id

    return sorted(articles, key=key)


class _Said:
    """What one passage says, sentence by sentence."""

    def __init__(self, passage: Passage) -> None:
        text = passage.text
        spans = sentence_spans(text, passage.article.language or "en")
        sentences = [text[start:end] for start, end in spans]
        long = [s for s in sentences if len(word_list(s)) >= _SENTENCE]
        self.runs = [shingles(sentence, _WIDTH) for sentence in long or [text]]
        self.words: Collection[str] = () if long else tuple(word_list(text))
        self.numbers = numbers(text)


class _Body:
    """An article that may say what a passage of another one says."""

    def __init__(self, article: Article) -> None:
        self._runs = np.unique(shingles(article.body, _WIDTH))
        self._words = frozenset(word_list(article.body))
        self._numbers = numbers(article.body)

    def says(self, said: _Said, numbers_may_differ: bool = False) -> bool:
        if not (numbers_may_differ or said.numbers <= self._numbers):
            return False
        if not self._words.issuperset(said.words):
            return False
        return all(contained(runs, self._runs) >= LEAST_SAID for runs in said.runs)
