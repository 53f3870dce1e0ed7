"""What a refusal adds: that the articles do not say what the question takes for granted.

"Why did Meta sell its stake?" cannot be answered where it did not, and a reader wants to know which
of the two it is: that the articles say nothing of a sale, or that they tell of it and not why.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from index.types import Embedder, Hit
from rag.differences.disagreement import Told
from rag.evidence import Budget, candidates, choose
from rag.judging.answerable import unmentioned_names
from rag.markers import DraftSentence, quotable
from rag.prompt import heading
from rag.question.asked import kinds_asked, offer
from rag.question.presumed import Presumed, presumed
from rag.reading.untrusted import as_data
from rag.reading.words import content_words
from rag.types import Generator, Sentence
from rag.verify import check

DENIED = 0.15
"""Probability that a passage states what is presumed, below which the articles do not say it. It
was below in 41 of 70 development questions without an answer, of which the passage says one, and in
3 of 50 that have one (docs/LOG.md)."""

PRESUMED = 0.38
"""The same, below which an answer to when, where, why or how is none: it answers something else. Of
16 development answers it was below this in four to questions without an answer and in one to a
question that has one (docs/LOG.md)."""

SAID = 0.9
"""From here on the articles say it, where the rules of the check find nothing against that."""

_REASON = re.compile(
    r"\b(?:because|since|as|due|after|amid|following|citing|given|so|thanks|owing|reasons?)\b", re.I
)
_READ = Budget(characters=800, passages=3, candidates=48)


def unsaid(
    question: str,
    answer: Told,
    retrieved: Sequence[Hit],
    embedder: Embedder,
    generator: Generator,
) -> Sentence | None:
    """A sentence to stand after a refusal; None where `answer` is none, and where nothing is sure.

    `retrieved` are the passages of the search, in which the best evidence for what is presumed is
    read. A sentence may cite those that the refusal shows.
    """
    told = presumed(question)
    if answer.sentences or told is None or not retrieved:
        return None
    stated = _stated(told.statement, retrieved, embedder, generator)
    if stated is None:
        return None
    if stated < DENIED:
        return Sentence(f"The articles do not say that {told.statement}.")
    return _said_in_part(question, told, answer.hits) if stated >= SAID else None


def as_presumed(
    question: str,
    sentences: list[Sentence],
    retrieved: Sequence[Hit],
    embedder: Embedder,
    generator: Generator,
) -> list[Sentence]:
    """The sentences of an answer; none where a question of when, where, why or how takes for
    granted what the articles do not say: they answer something else."""
    told = presumed(question)
    if not sentences or told is None or told.lack is None or not generator.taught:
        return sentences
    stated = _stated(told.statement, retrieved, embedder, generator)
    return [] if stated is not None and stated < PRESUMED else sentences


def _stated(
    statement: str, retrieved: Sequence[Hit], embedder: Embedder, generator: Generator
) -> float | None:
    """How likely, 0 to 1, a passage states it, as the model tells that was taught to judge; None
    where it was not."""
    if unmentioned_names(f"It is said that {statement}", retrieved):
        return 0.0
    ranked = candidates(statement, retrieved, embedder, _READ.candidates)
    read = [(heading(hit), as_data(hit.passage.text)) for hit in choose(ranked, _READ)]
    told = (
        generator.states_answer(as_data(f"Is it true that {statement}?"), read) if read else [0.0]
    )
    return max(told) if told is not None else None


def _said_in_part(question: str, told: Presumed, shown: Sequence[Hit]) -> Sentence | None:
    """That the articles say it, and not when or why; cited, or nothing.

    Only where one sentence has all that is presumed and nothing that might be a date or a reason:
    most sentences that are like it say something else, and some answer.
    """
    statement = quotable(f"{told.statement[:1].upper()}{told.statement[1:]}.")
    checked = check(DraftSentence(statement, ()), shown)
    if checked.verdict != "supported":
        return None
    words = set(content_words(statement))
    (citation, *_) = checked.citations
    if not words <= set(content_words(citation.quote)):
        return None
    if told.lack == "why":
        answers = _REASON.search(citation.quote) is not None
    else:
        answers = "date" not in kinds_asked(question) or offer("date", question, citation.quote) > 0
    if answers:
        return None
    return replace(checked, text=f"The articles say that {told.statement}, but not {told.lack}.")
