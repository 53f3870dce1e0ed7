"""Passages with questions that they answer and questions that they do not, out of question sets.

A passage is a run of sentences, as long as evidence is (rag/evidence.py). A question goes with the
run that holds its answer and, against that, with the run of the same text that shares most words
with it and does not answer; so does one that the text does not answer at all. Sets whose questions
all have an answer give those of the question that shares most words with it, too.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from corpus.article import Article
from eval.metrics import contains_answer
from eval.questions import Question
from eval.sets import Case
from index.sentences import sentence_spans
from rag.reading.words import content_words

SHARE_TESTED, SEED = 0.3, 5
"""Of the titles of a set, what is kept to test on, and the seed that they are drawn with."""

_RUN_LENGTHS = (150, 250, 400)  # characters; evidence is of all of them
_SHARE_DATED, _SHARE_OTHER_RUN = 0.6, 0.5
OUTLETS = (None, None, "AFP", "AP", "BBC", "Reuters", "The Harbour Post", "Morning Sampler")
_SHARE_TIMED, _SHARE_LED = 0.15, 0.15
_TIMES = (
    *("this week", "last week", "recently", "this month"),
    *("on Tuesday", "on Friday", "this year"),
)
_LEADING = 140  # characters of a sentence before a question
_QUOTED = 60  # characters by which a sentence of the set's own key is found in a run


class Asked(NamedTuple):
    """A question put to a passage, and whether the passage states its answer."""

    question: str
    stated: bool


@dataclass(frozen=True, slots=True)
class Lesson:
    """One passage, as an article of its own, with what is asked of it."""

    passage: Article
    asked: tuple[Asked, ...]


def kept_apart(cases: Sequence[Case]) -> list[Case]:
    """Of a set that the judge learnt from, the cases of titles that it did not learn from."""
    return held_out(cases, SHARE_TESTED, SEED)[1]


def held_out(cases: Sequence[Case], share: float, seed: int) -> tuple[list[Case], list[Case]]:
    """To learn from and to test on: no title stands in both."""
    titles = sorted({case.articles[0].title for case in cases})
    random.Random(seed).shuffle(titles)
    learnt = set(titles[: round(len(titles) * (1 - share))])
    parts: tuple[list[Case], list[Case]] = [], []
    for case in cases:
        parts[case.articles[0].title not in learnt].append(case)
    return parts


def lessons(cases: Sequence[Case], rng: random.Random) -> list[Lesson]:
    """Of question sets whose questions bring one text each; texts that several share, once."""
    of_text: dict[str, list[Question]] = defaultdict(list)
    title = {case.articles[0].body: case.articles[0].title for case in cases}
    for case in cases:
        of_text[case.articles[0].body].append(case.question)
    if all(case.question.answerable for case in cases):
        for text, question in zip(of_text, _nearest_others(cases), strict=False):
            of_text[text].append(question)
    made: list[Lesson] = []
    for text, questions in of_text.items():
        runs = _runs(text, rng)
        asked: dict[str, list[Asked]] = defaultdict(list)
        for question in questions:
            told = _as_of_news(question.question, text, rng)
            for run, stated in _places(question, runs, rng):
                asked[run].append(Asked(told, stated))
        made += [
            Lesson(_with_source(title[text], run, rng), tuple(of_run))
            for run, of_run in asked.items()
        ]
    return made


def _places(
    question: Question, runs: Sequence[str], rng: random.Random
) -> Iterator[tuple[str, bool]]:
    """The runs that the question is put to, and whether they state its answer."""
    near = sorted(runs, key=lambda run: -_share(question.question, run))
    holding = [run for run in near if _states(question, run)] if question.answerable else []
    others = [run for run in near if run not in holding]
    if holding:
        yield holding[0], True
    if others and (not question.answerable or (holding and rng.random() < _SHARE_OTHER_RUN)):
        yield others[0], False


def _as_of_news(question: str, text: str, rng: random.Random) -> str:
    """Some questions as they are asked of news: of this week, or after a sentence on what happened.
    Whether the text answers them is not told by it, as that is drawn for all alike."""
    drawn = rng.random()
    if drawn < _SHARE_TIMED:
        return f"{question.removesuffix('?')} {rng.choice(_TIMES)}?"
    if drawn < _SHARE_TIMED + _SHARE_LED:
        spans = sentence_spans(text, "en")
        short = [text[start:end] for start, end in spans if end - start <= _LEADING]
        return f"{rng.choice(short)} {question}" if short else question
    return question


def _states(question: Question, run: str) -> bool:
    if question.sentences:  # an answer too long to stand in a text as it is
        return any(sentence.strip()[:_QUOTED] in run for sentence in question.sentences)
    return contains_answer(run, question.answers)


def _nearest_others(cases: Sequence[Case]) -> list[Question]:
    """For each case the question of another that shares most words with its own, as one that its
    text does not answer."""
    words = [set(content_words(case.question.question)) for case in cases]
    nearest: list[Question] = []
    for n, mine in enumerate(words):
        other = max(
            (i for i in range(len(cases)) if i != n),
            key=lambda i: len(mine & words[i]) / max(len(mine | words[i]), 1),
        )
        nearest.append(Question(f"{n}-other", cases[other].question.question, answerable=False))
    return nearest


def _runs(text: str, rng: random.Random) -> list[str]:
    runs: list[str] = []
    for start, end in sentence_spans(text, "en"):
        longer = f"{runs[-1]} {text[start:end]}" if runs else ""
        if longer and len(longer) <= rng.choice(_RUN_LENGTHS):
            runs[-1] = longer
        else:
            runs.append(text[start:end])
    return runs


def _share(question: str, run: str) -> float:
    asked = set(content_words(question))
    return len(asked.intersection(content_words(run))) / max(len(asked), 1)


def _with_source(title: str, run: str, rng: random.Random) -> Article:
    """An article with an outlet and a day, as news have them, and as these texts have not."""
    dated = rng.random() < _SHARE_DATED
    day = f"20{rng.randint(10, 25)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
    return Article(
        title,
        title,
        run,
        outlet=rng.choice(OUTLETS),
        published_at=day if dated else None,
        language="en",
    )
