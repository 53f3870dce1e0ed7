"""Choosing the evidence: the best sentences of the found passages with their paragraphs, inside a
budget.

On a CPU the prompt's length is the time to the first word, and a small model answers better from
few sentences than from whole passages (measured: docs/LOG.md).
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from index.fuse import day_factor
from index.sentences import sentence_spans
from index.store import day_stated
from index.types import Embedder, Hit, Passage
from rag.question.asked import kinds_asked, offer
from rag.reading.orders import addresses_a_model
from rag.reading.words import content_words

_PRONOUNS = frozenset("he she they it his her their its this that these those him them".split())
# A line that ends otherwise is a bullet, a caption or a link: it matches well and says little.
_ENDED = re.compile(r"[.!?…][\"'”’)\]]*$")

_MARKUP = re.compile(r"!\[[^\]]*\]\(|<(?:script|img|iframe|svg|style|a|!--)\b", re.IGNORECASE)

PLACE = 0.2
"""What a sentence late in its article loses: news tells first what matters most. With `DAY` the
answer stood in the evidence for 0.70 of 202 questions on news instead of 0.63 (docs/LOG.md)."""

DAY = 0.2
"""What a sentence of an article of the days that are asked for gains, and half of it one of a month
before or after them."""

_LATE = 3000  # characters into an article from which a sentence is as late as any

LONGEST_RUN = 400
"""Characters up to which neighbouring sentences are given as one passage."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much the model is given. Characters of evidence text; four to five make a token."""

    characters: int = 1200
    passages: int = 5
    candidates: int = 96  # sentences that are embedded: each costs some milliseconds
    floor: float = 0.55  # share of the best score below which a sentence is not worth its tokens


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch of a found passage's article, `start` to `end` in its body, and how well it serves
    as evidence. `score` is the sum of its `parts`."""

    hit: Hit
    start: int
    end: int
    score: float
    similarity: float
    parts: Mapping[str, float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.hit.passage.article.body[self.start : self.end]


def choose_evidence(
    question: str, hits: Sequence[Hit], embedder: Embedder, budget: Budget = Budget()
) -> list[Hit]:
    """The stretches of text to answer from, best first: `choose` of all `candidates`."""
    return choose(candidates(question, hits, embedder, budget.candidates), budget)


def candidates(
    question: str,
    hits: Sequence[Hit],
    embedder: Embedder,
    limit: int,
    days: tuple[date, date] | None = None,
) -> list[Candidate]:
    """The sentences of the hits, at most `limit`, best first.

    A sentence is scored by its cosine with the question, the share of the question's words that it
    or its title holds, the score of its passage, whether it offers the kind of thing that is asked
    for, how early it stands in its article and, where the question is of some `days`, how near to
    them that was published.
    """
    sentences = _score(question, _sentences_of(hits, limit), embedder, days)
    return sorted(sentences, key=lambda c: -c.score)


def choose(ranked: Sequence[Candidate], budget: Budget, besides: Sequence[Hit] = ()) -> list[Hit]:
    """Of candidates, best first, those that the budget has room for, each as a run of whole
    sentences: a paragraph where it is short. None of them overlaps with a hit of `besides`.

    Every returned hit is exact: `passage.text == article.body[start:end]`.
    """
    chosen: dict[str, list[Candidate]] = defaultdict(list)
    runs: list[Hit] = []
    for candidate in ranked:
        if candidate.score < budget.floor * ranked[0].score:
            break
        mates = [*chosen[candidate.hit.passage.article.id], _in_its_paragraph(candidate)]
        new_runs = _runs({**chosen, candidate.hit.passage.article.id: mates})
        used = sum(run.passage.end - run.passage.start for run in new_runs)
        if runs and (used > budget.characters or len(new_runs) > budget.passages):
            continue
        if any(_overlap(run.passage, other.passage) for run in new_runs for other in besides):
            continue
        chosen[candidate.hit.passage.article.id] = mates
        runs = new_runs
    return sorted(runs, key=lambda hit: -hit.score)


def _overlap(one: Passage, other: Passage) -> bool:
    same = one.article.id == other.article.id
    return same and one.start < other.end and other.start < one.end


def _sentences_of(hits: Sequence[Hit], limit: int) -> list[Candidate]:
    """The sentences of the hits in the hits' order, each once, at most `limit` of them."""
    seen: dict[tuple[str, int], Candidate] = {}
    for hit in hits:
        passage = hit.passage
        language = passage.article.language or "en"
        for start, end in sentence_spans(passage.text, language):
            key = (passage.article.id, passage.start + start)
            if key not in seen and _is_sentence(passage.text[start:end]):
                seen[key] = Candidate(hit, passage.start + start, passage.start + end, 0.0, 0.0)
            if len(seen) >= limit:
                return list(seen.values())
    return list(seen.values())


def _is_sentence(text: str) -> bool:
    """Not a heading, a byline or a bare link: those match questions well and answer nothing."""
    is_prose = len(text.split()) >= 5 and any(character.islower() for character in text)
    return is_prose and is_news(text)


def is_news(text: str) -> bool:
    """Not what is left of a page's markup, nor an order to the model that reads it."""
    return not _MARKUP.search(text) and not addresses_a_model(text)


def _score(
    question: str,
    sentences: Sequence[Candidate],
    embedder: Embedder,
    days: tuple[date, date] | None,
) -> list[Candidate]:
    if not sentences:
        return []
    vectors = embedder.embed_passages([c.text for c in sentences])
    similarities = vectors @ embedder.embed_question(question)
    shares = _word_shares(question, sentences)
    best = max(c.hit.score for c in sentences) or 1.0
    kinds = kinds_asked(question)
    parts = [
        {
            "similarity": float(similarity),
            "words": 0.5 * share,
            "passage": 0.3 * c.hit.score / best,
            "kind": 0.1 * sum(offer(kind, question, c.text) for kind in kinds),
            "ending": 0.0 if _ENDED.search(c.text) else -0.3,
            "place": -PLACE * min(math.log1p(c.start) / math.log1p(_LATE), 1.0),
            "day": _nearness(c, days),
        }
        for c, similarity, share in zip(sentences, similarities, shares, strict=True)
    ]
    return [
        replace(c, similarity=p["similarity"], score=sum(p.values()), parts=p)
        for c, p in zip(sentences, parts, strict=True)
    ]


def _nearness(candidate: Candidate, days: tuple[date, date] | None) -> float:
    if days is None:
        return 0.0
    return day_factor(day_stated(candidate.hit.passage.article.published_at), days, DAY) - 1


def _word_shares(question: str, sentences: Sequence[Candidate]) -> list[float]:
    """Share of the question's words in each sentence or, at half weight, in its title.

    A word counts by its rarity among the candidates, so that the words that all of them hold
    decide nothing.
    """
    asked = set(content_words(question))
    texts = [set(content_words(c.text)) for c in sentences]
    spread = Counter(word for words in texts for word in words & asked)
    weights = {word: math.log(1 + len(texts) / (1 + spread[word])) for word in asked}
    total = sum(weights.values()) or 1.0
    shares = []
    for candidate, words in zip(sentences, texts, strict=True):
        title = set(content_words(candidate.hit.passage.article.title))
        share = sum(
            weight * (1.0 if word in words else 0.5 if word in title else 0.0)
            for word, weight in weights.items()
        )
        shares.append(share / total)
    return shares


def _in_its_paragraph(candidate: Candidate) -> Candidate:
    """The sentence with the rest of its paragraph, which says of whom it speaks, if it is short."""
    body = candidate.hit.passage.article.body
    start = body.rfind("\n", 0, candidate.start) + 1
    end = body.find("\n", candidate.end)
    end = end if end >= 0 else len(body)
    if end - start > LONGEST_RUN or not is_news(body[start:end]):
        return candidate
    return replace(candidate, start=start, end=end)


def paragraph_of(candidate: Candidate) -> Hit:
    """A candidate as evidence by itself: its paragraph where it is short."""
    return _as_hit([_in_its_paragraph(candidate)])


def _runs(chosen: dict[str, list[Candidate]]) -> list[Hit]:
    """Chosen sentences joined with their neighbours: a gap of under 60 characters is filled.

    A run that is long already is not joined: what it says last would be lost on a small model.
    Nor is one joined over an order to the model.
    """
    runs = []
    for mates in chosen.values():
        run: list[Candidate] = []
        for candidate in sorted(mates, key=lambda c: c.start):
            if run and candidate.end == run[-1].end:  # two sentences of one paragraph
                run[-1] = max(run[-1], candidate, key=lambda c: c.score)
                continue
            if run and (
                candidate.start - run[-1].end > 60
                or candidate.end - run[0].start > LONGEST_RUN
                or addresses_a_model(_between(run[-1], candidate))
            ):
                runs.append(_as_hit(run))
                run = []
            run.append(candidate)
        if run:
            runs.append(_as_hit(run))
    return runs


def _between(left: Candidate, right: Candidate) -> str:
    return left.hit.passage.article.body[left.end : right.start]


def _as_hit(run: Sequence[Candidate]) -> Hit:
    best = max(run, key=lambda c: c.score)
    start = _start_with_antecedent(run[0])
    return Hit(
        passage=Passage(best.hit.passage.article, start, run[-1].end),
        score=best.score,
        ranks=best.hit.ranks,
        similarity=max(c.similarity for c in run),
        copies=tuple(c for c in best.hit.copies if all(c in other.hit.copies for other in run)),
    )


def _start_with_antecedent(first: Candidate) -> int:
    """Where the run begins: one sentence earlier if it opens with a pronoun, to say who it is."""
    opening = first.text.split(maxsplit=1)[0].strip("\"'“‘").lower() if first.text.strip() else ""
    passage = first.hit.passage
    if opening not in _PRONOUNS or first.start <= passage.start:
        return first.start
    before = [
        passage.start + start
        for start, end in sentence_spans(passage.text[: first.start - passage.start])
    ]
    if not before or addresses_a_model(passage.article.body[before[-1] : first.start]):
        return first.start
    return before[-1]
