"""Checking a whole answer against anybody's articles."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from corpus.article import Article
from index.chunk import chunk
from index.types import Hit, Passage
from rag.markers import DraftSentence, split_draft
from rag.reading.words import STOP_WORDS, stem, words
from rag.types import Citation, Sentence, SupportModel
from rag.verify.names import alias
from rag.verify.sentence import check
from rag.verify.weighed import weigh

NEAREST = 8
"""Passages that a sentence is compared with."""

_SATURATION, _LENGTH = 1.2, 0.75  # k1 and b, as Robertson and Zaragoza (2009) suggest


class Sources:
    """Articles cut into passages, and the passages nearest to a sentence by its words (BM25)."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.count = len(articles)
        self._places: list[tuple[int, Passage]] = [
            (number, passage)
            for number, article in enumerate(articles, start=1)
            for passage in chunk(article)
        ]
        self._lengths: list[int] = []
        self._found: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for place, (_, passage) in enumerate(self._places):
            counts = Counter(_terms(f"{passage.article.title}\n{passage.text}"))
            self._lengths.append(sum(counts.values()))
            for term, count in counts.items():
                self._found[term].append((place, count))

    def nearest(self, sentence: str, first: Sequence[int] = ()) -> list[tuple[int, Hit]]:
        """At most `NEAREST` passages with the number of their article, counted from 1.

        Those of the articles `first` come before all others.
        """
        scores: dict[int, float] = defaultdict(float)
        average = sum(self._lengths) / max(len(self._lengths), 1)
        for term in set(_terms(sentence)):
            found = self._found.get(term, [])
            rarity = math.log1p((len(self._places) - len(found) + 0.5) / (len(found) + 0.5))
            for place, count in found:
                length = 1 - _LENGTH + _LENGTH * self._lengths[place] / average
                scores[place] += rarity * count * (_SATURATION + 1) / (count + _SATURATION * length)
        best = sorted(scores, key=lambda p: (self._places[p][0] not in first, -scores[p], p))
        return [
            (self._places[place][0], Hit(self._places[place][1], scores[place]))
            for place in best[:NEAREST]
        ]


def check_answer(
    answer: str,
    articles: Sequence[Article] | Sources,
    markers: bool = True,
    model: SupportModel | None = None,
) -> list[Sentence]:
    """The sentences of an answer, each with its verdict, why it fails, and what carries it.

    A marker `[n]` in the answer names the n-th article, counted from 1, and a citation's `number`
    does too. A sentence without markers, or whose markers do not support it, is looked for in all
    articles. Where markers mean something else, `markers` is False: they are cut out. Give
    `Sources` to check many answers against the same ones, and a `model` to weigh what the rules say
    (rag/support/model.py).
    """
    sources = articles if isinstance(articles, Sources) else Sources(articles)
    given = sources.count if markers else 0
    return [_checked(draft, sources, model) for draft in split_draft(answer, given)]


def _checked(draft: DraftSentence, sources: Sources, model: SupportModel | None) -> Sentence:
    nearest = sources.nearest(draft.text, draft.numbers)
    cited = tuple(n for n, (article, _) in enumerate(nearest, start=1) if article in draft.numbers)
    hits = [hit for _, hit in nearest]
    checked = weigh(check(DraftSentence(draft.text, cited), hits), hits, model)
    citations: dict[int, Citation] = {}
    for one in checked.citations:  # the first of an article's passages speaks for it
        number = nearest[one.number - 1][0]
        citations.setdefault(number, replace(one, number=number))
    return replace(checked, citations=tuple(citations.values()))


def _terms(text: str) -> list[str]:
    return [stem(word) for one in words(text) if (word := alias(one)) not in STOP_WORDS]
