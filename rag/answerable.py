"""Whether the evidence answers the question, decided before a word is written.

A small model never refuses by itself, so the refusal is earned: by how sure the model is that one
of the passages states the answer (rag/judge.py), by how near the nearest passage is, and by how
many of the question's words and names the evidence holds. A logistic regression weighs the four
(`python -m eval.calibrate`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from index.types import Hit
from rag.prompt import heading
from rag.verify import alias, names
from rag.words import MONTHS_AND_DAYS, content_words, words

_CALENDAR = {name.lower() for name in MONTHS_AND_DAYS}

WEIGHTS = Path(__file__).with_name("answerability.json")


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of one question and its evidence; every figure is higher when it looks good."""

    says_yes: float  # log-odds of the best passage: does it state the answer?
    similarity: float  # cosine of the question and the nearest passage, -1 to 1
    words_held: float  # share of the question's words in the evidence, 0 to 1
    names_held: float  # share of the question's names in the evidence, 0 to 1

    def row(self) -> list[float]:
        return [self.says_yes, self.similarity, self.words_held, self.names_held]


@dataclass(frozen=True, slots=True)
class Answerability:
    """A logistic regression over the signals, and the probability from which an answer is tried."""

    weights: tuple[float, ...]
    bias: float
    threshold: float = 0.3

    @classmethod
    def load(cls, threshold: float, path: Path = WEIGHTS) -> Answerability:
        fitted = json.loads(path.read_text(encoding="utf-8"))
        return cls(tuple(fitted["weights"]), fitted["bias"], threshold)

    def probability(self, signals: Signals) -> float:
        """That the evidence answers the question, 0 to 1."""
        total = self.bias + sum(
            weight * value for weight, value in zip(self.weights, signals.row(), strict=True)
        )
        return 1 / (1 + math.exp(-total))

    def holds(self, question: str, judged: Sequence[Hit]) -> bool:
        """Whether an answer should be tried at all.

        Not where the question names what none of the articles mentions: what they say of another
        thing is no answer, however sure the model is.
        """
        if unmentioned_names(question, judged):
            return False
        return self.probability(read_signals(question, judged)) >= self.threshold


def read_signals(question: str, judged: Sequence[Hit]) -> Signals:
    """The signals of a question and its evidence as `rag.judge` ranked it."""
    source = "\n".join(f"{heading(hit)}\n{hit.passage.text}" for hit in judged)
    held = set(content_words(source))
    asked = content_words(question)
    known = {word.lower() for word in words(source)}
    named = names(question)
    return Signals(
        says_yes=_log_odds(max((hit.score for hit in judged), default=0.0)),
        similarity=max((hit.similarity or 0.0 for hit in judged), default=0.0),
        words_held=_share(word in held for word in asked),
        names_held=_share(name in known for name in named),
    )


def unmentioned_names(question: str, hits: Sequence[Hit]) -> list[str]:
    """The names in a question that stand in no article of `hits`, not even spelled a bit otherwise.

    Spelled otherwise: a ratio of matching characters (Ratcliff and Metzener 1988) of 0.75 and more.
    """
    articles = {hit.passage.article.id: hit.passage.article for hit in hits}.values()
    known = {
        alias(word)
        for article in articles
        for text in (article.title, article.body, article.author or "", article.outlet or "")
        for word in words(text)
    }
    known |= _CALENDAR
    return [
        name
        for name in names(question)
        if name not in known and not get_close_matches(name, known, n=1, cutoff=0.75)
    ]


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-3), 1 - 1e-3)
    return math.log(bounded / (1 - bounded))


def _share(found: Iterable[bool]) -> float:
    values = list(found)
    return sum(values) / len(values) if values else 1.0
