"""Claims with texts that support them and texts that do not, out of question sets.

A claim is a question with its answer, a sentence of a long answer, or a sentence of the text in
other words. A text is a run of sentences. What carries the claim supports it. What does not are the
same text without that, another text on the same thing, and the carrying text against a claim with
another answer, name, number or role, or with a second half that it does not state.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from corpus.article import Article
from eval.metrics import contains_answer
from eval.planting import PLANTERS, Context
from eval.questions import Question
from eval.rewording import REWORDINGS
from eval.sets import Case
from eval.teaching.pairs import OUTLETS
from eval.teaching.statements import Verbs, statement
from index.sentences import sentence_spans
from index.types import Hit, Passage
from rag.prompt import heading
from rag.reading.words import content_words

_SHARE_TITLED = 0.5
_MOST_SENTENCES = 5
_MOST_CHARACTERS = 900
_LEAST_WORDS, _LEAST_CHARACTERS = 5, 15
_KEPT = {
    "answer, other text": 0.6,
    "long answer, other text": 0.5,
    "sentence": 0.85,
    "sentence, without": 0.75,
    "sentence, other text": 0.4,
    "name of another article": 0.35,
    "name of the same article": 0.5,
    "negation flipped": 0.4,
    "roles swapped": 0.7,
}
"""The share of pairs of a kind that are learnt from, of those that would be too many."""
_KINDS = (
    re.compile(r"\b(?:1[0-9]|20)\d\d\b"),
    re.compile(r"\b\d+(?:[.,]\d+)*(?:%| million| billion| percent| per cent)?"),
    re.compile(r"\b[A-Z][\w'-]+(?: (?:of |the |de |van )?[A-Z][\w'-]+)*"),
)
_PRONOUN = re.compile(r"\A(?:He|She|It|They) (?=[a-z])")
_OPENING = re.compile(
    r"\A(?:In|On|At|By|After|During|However|Also|Since|Although)\b[^,]{2,60}, (?=\w)"
)
_ASIDE = re.compile(
    r" ?\([^()]{2,80}\)|, (?:which|who|where)\b[^,.;]{5,90}(?=[,.])(?:,(?= [a-z]))?"
)
_JOINT = re.compile(r",? (?:and|but|while) (?=(?:the|it|he|she|they|a|an|this|[A-Z])\b)|; ")


class Pair(NamedTuple):
    """A claim, a text, whether the text supports the claim, and how the pair came about."""

    claim: str
    text: str
    supported: bool
    kind: str


@dataclass(frozen=True, slots=True)
class _Text:
    """The text of a case in sentences, and the articles that names and numbers are swapped from."""

    article: Article
    sentences: tuple[str, ...]
    articles: Sequence[Article]

    @classmethod
    def of(cls, article: Article, articles: Sequence[Article]) -> _Text:
        spans = sentence_spans(article.body, "en")
        return cls(article, tuple(article.body[a:b] for a, b in spans), articles)


def pairs(cases: Sequence[Case], seed: int) -> list[Pair]:
    """Of one question set, whose questions bring one text each; in their order."""
    chance = random.Random(seed)
    of_text: dict[str, list[Question]] = defaultdict(list)
    articles = {case.articles[0].body: _dated(case.articles[0], chance) for case in cases}
    for case in cases:
        of_text[case.articles[0].body].append(case.question)
    verbs = Verbs.of(" ".join(of_text))
    others = list(articles.values())
    near = _nearest(others)
    made: list[Pair] = []
    for n, (body, questions) in enumerate(of_text.items()):
        beside = [others[near[n]], *chance.sample(others, min(4, len(others)))]
        text, other = _Text.of(articles[body], beside), _Text.of(others[near[n]], beside)
        made += _of_questions(questions, text, other, verbs, chance)
        made += _of_sentences(text, other, chance)
    return [
        pair
        for pair in made
        if min(len(pair.text), len(pair.claim)) > _LEAST_CHARACTERS
        and chance.random() < _KEPT.get(pair.kind, 1.0)
    ]


def _dated(article: Article, chance: random.Random) -> Article:
    """With a day and an outlet, as news have them, and in the spelling of running text."""
    body = re.sub(r" (?=[.,;:)]|'s\b|n't\b)|(?<=\() ", "", article.body)
    body = body.replace("`` ", "“").replace(" ''", "”")
    day = f"20{chance.randint(10, 25)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
    title = article.title.replace("_", " ")
    outlet = chance.choice(OUTLETS)
    return Article(article.id, title, body, outlet=outlet, published_at=day, language="en")


def _nearest(articles: Sequence[Article]) -> list[int]:
    """For each article the other one that shares most words with it: of the same title first."""
    from scipy.sparse import csr_array

    places: dict[str, int] = {}
    words = [_stems(article.body) for article in articles]
    rows = [row for row, held in enumerate(words) for _ in held]
    columns = [places.setdefault(word, len(places)) for held in words for word in held]
    table = csr_array((np.ones(len(rows), np.float32), (rows, columns)))
    titles = np.array([article.title for article in articles])
    nearest = []
    for n, article in enumerate(articles):
        shared = (table @ table[[n]].T).toarray()[:, 0] / len(words[n] or " ")
        shared += titles == article.title
        shared[n] = -1
        nearest.append(int(shared.argmax()))
    return nearest


def _of_questions(
    questions: Sequence[Question], text: _Text, other: _Text, verbs: Verbs, chance: random.Random
) -> Iterator[Pair]:
    stated: list[tuple[str, set[int]]] = []
    for question in questions:
        if question.sentences:
            yield from _of_long_answer(question, text, other, chance)
        elif question.answers:
            claim = statement(question.question, chance.choice(question.answers), verbs)
            carriers = _carriers(question, text)
            if claim is None or not carriers:
                continue
            yield from _held_and_not(claim, carriers, text, other, chance, "answer")
            yield from _other_answers(question, text, carriers, verbs, chance)
            stated.append((claim, carriers))
        elif answered := [one for one in questions if one.answers]:
            near = max(answered, key=lambda one: _alike(one.question, question.question))
            wrong = _of_kind(question.question, near, text, chance)
            claim = statement(question.question, wrong, verbs) if wrong else None
            if claim:
                around = _run(text, {_best(claim, text)}, set(), chance)
                yield Pair(claim, _told(text, around, chance), False, "unanswerable")
    yield from _joined(stated, text, chance)


def _carriers(question: Question, text: _Text) -> set[int]:
    """The sentences that hold the answer; only the first is taken for the one that states it."""
    holding = [n for n, one in enumerate(text.sentences) if contains_answer(one, question.answers)]
    return set(holding)


def _held_and_not(
    claim: str, carriers: set[int], text: _Text, other: _Text, chance: random.Random, kind: str
) -> Iterator[Pair]:
    best = max(carriers, key=lambda n: _share(claim, text.sentences[n]))
    yield Pair(claim, _told(text, _run(text, {best}, set(), chance), chance), True, kind)
    rest = [n for n in range(len(text.sentences)) if n not in carriers]
    if rest:
        near = max(rest, key=lambda n: _share(claim, text.sentences[n]) + 0.2 * chance.random())
        without = _run(text, {near}, carriers, chance)
        yield Pair(claim, _told(text, without, chance), False, f"{kind}, without")
    if not rest or chance.random() < 0.3:
        around = _run(other, {_best(claim, other)}, set(), chance)
        yield Pair(claim, _told(other, around, chance), False, f"{kind}, other text")


def _other_answers(
    question: Question, text: _Text, carriers: set[int], verbs: Verbs, chance: random.Random
) -> Iterator[Pair]:
    """Another answer of the same kind out of the text, or the answer with another number."""
    if chance.random() < 0.5:
        return
    wrong = _of_kind(question.question, question, text, chance)
    claim = statement(question.question, wrong, verbs) if wrong else None
    if claim:
        run = _run(text, {min(carriers)}, set(), chance)
        yield Pair(claim, _told(text, run, chance), False, "other answer")


def _of_kind(asked: str, question: Question, text: _Text, chance: random.Random) -> str | None:
    """Something of the text that is of the kind of a question's answer and is not it; to another
    question, `asked`, that answer itself."""
    answer = question.answers[0]
    if asked != question.question and chance.random() < 0.7:
        return answer
    kind = next((form for form in _KINDS if form.fullmatch(answer)), None)
    if kind is None:
        return None
    known = " ".join(question.answers).lower()
    found = [m[0] for m in kind.finditer(text.article.body)]
    fresh = [
        one
        for one in dict.fromkeys(found)
        if one.lower() not in known
        and known not in one.lower()
        and one.lower() not in asked.lower()
    ]
    return chance.choice(fresh) if fresh else None


def _of_long_answer(
    question: Question, text: _Text, other: _Text, chance: random.Random
) -> Iterator[Pair]:
    """A long answer's sentences against the sentences that it was written from."""
    keys = [re.sub(r"\W+", "", one)[:40] for one in question.sentences]
    plain = [re.sub(r"\W+", "", one) for one in text.sentences]
    carriers = {n for n, one in enumerate(plain) if any(key in one for key in keys)}
    if not carriers or len(carriers) > _MOST_SENTENCES:
        return
    for answer in question.answers:
        for start, end in sentence_spans(re.sub(r" (?=[.,;])", "", answer), "en"):
            claim = re.sub(r" (?=[.,;])", "", answer)[start:end]
            whole = _run(text, carriers, set(), chance)
            yield Pair(claim, _told(text, whole, chance), True, "long answer")
            rest = [n for n in range(len(text.sentences)) if n not in carriers]
            if rest:
                near = max(rest, key=lambda n: _share(claim, text.sentences[n]))
                run = _run(text, {near}, carriers, chance)
                yield Pair(claim, _told(text, run, chance), False, "long answer, without")
            around = _run(other, {_best(claim, other)}, set(), chance)
            yield Pair(claim, _told(other, around, chance), False, "long answer, other text")


def _joined(
    stated: Sequence[tuple[str, set[int]]], text: _Text, chance: random.Random
) -> Iterator[Pair]:
    """Two claims in one, against a run that holds both, and one that holds the first only."""
    for (one, here), (two, there) in pairwise(stated):
        claim = f"{one[:-1]}, and {two[:1].lower()}{two[1:]}"
        if here & there or max(here | there) - min(here | there) >= _MOST_SENTENCES:
            continue
        both = set(range(min(min(here), min(there)), max(max(here), max(there)) + 1))
        yield Pair(claim, _told(text, both, chance), True, "two claims")
        half, gone = (here, there) if chance.random() < 0.5 else (there, here)
        run = _run(text, {min(half)}, gone, chance)
        yield Pair(claim, _told(text, run, chance), False, "two claims, one held")


def _of_sentences(text: _Text, other: _Text, chance: random.Random) -> Iterator[Pair]:
    """Some sentences of a text as claims: in other words, and with a fault."""
    context = Context(text.article, text.articles, chance)
    usable = [
        n
        for n, one in enumerate(text.sentences)
        if len(_stems(one)) >= _LEAST_WORDS and len(one) < 300
    ]
    for n in chance.sample(usable, min(2, len(usable))):
        sentence = _reworded(text.sentences[n], text, chance)
        parts = _JOINT.split(sentence)
        if len(parts) == 2 and min(map(len, parts)) > 30 and chance.random() < 0.6:
            part = chance.choice(parts).strip(" .")
            sentence = f"{part[:1].upper()}{part[1:]}."
        if text.article.outlet:
            for reword in chance.sample(list(REWORDINGS.values()), 3):
                sentence = reword(sentence, context) or sentence
        yield from _held_and_not(sentence, {n}, text, other, chance, "sentence")
        planted = [(kind, plant(sentence, context)) for kind, plant in PLANTERS.items()]
        usable_faults = [
            (kind, one)
            for kind, one in planted
            if one and one != sentence and kind not in ("hedge dropped", "quotation altered")
        ]
        for kind, one in chance.sample(usable_faults, min(1, len(usable_faults))):
            run = _run(text, {n}, set(), chance)
            yield Pair(one, _told(text, run, chance), False, kind)


def _reworded(sentence: str, text: _Text, chance: random.Random) -> str:
    """Its pronoun resolved to the title, its opening and its asides left out."""
    if chance.random() < 0.7:
        sentence = _ASIDE.sub("", sentence)
    if chance.random() < 0.5:
        sentence = _OPENING.sub("", sentence)
    if chance.random() < 0.6:
        sentence = _PRONOUN.sub(f"{text.article.title} ", sentence)
    return f"{sentence[:1].upper()}{sentence[1:]}"


def _run(text: _Text, inside: set[int], without: set[int], chance: random.Random) -> set[int]:
    """Sentences from the first to the last of `inside` and some around them, none of `without`."""
    first, last = min(inside), max(inside)
    room = max(chance.randint(1, _MOST_SENTENCES) - (last - first + 1), 0)
    before = chance.randint(0, room)
    places = range(max(first - before, 0), min(last + room - before + 1, len(text.sentences)))
    return set(places) - without


def _told(text: _Text, places: set[int], chance: random.Random) -> str:
    told = " ".join(text.sentences[n] for n in sorted(places))[:_MOST_CHARACTERS]
    if chance.random() >= _SHARE_TITLED:
        return told
    return f"{heading(Hit(Passage(text.article, 0, 0), 0.0))}: {told}"


def _best(claim: str, text: _Text) -> int:
    return max(range(len(text.sentences)), key=lambda n: _share(claim, text.sentences[n]))


def _share(claim: str, text: str) -> float:
    claimed = _stems(claim)
    return len(claimed & _stems(text)) / max(len(claimed), 1)


@lru_cache(maxsize=10_000)
def _stems(text: str) -> frozenset[str]:
    return frozenset(content_words(text))


def _alike(one: str, other: str) -> float:
    return _share(one, other) + 0.5 * (one.split()[0].lower() == other.split()[0].lower())
