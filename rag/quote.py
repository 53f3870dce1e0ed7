"""An answer in a passage's own words: to yes or no, in doubt, and where the model's words fail.

A quotation is never false, so less has to be known of the passage than for an answer that the model
writes; it has to answer, though.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.sentences import sentence_spans
from index.types import Hit, Passage
from rag.judging.confidence import confidence
from rag.judging.confirm import words_held
from rag.judging.judge import FAINT, LEAST_ANSWERING, answering, gives_answer, worth_quoting
from rag.markers import DraftSentence, quotable
from rag.prompt import heading
from rag.question.asked import replies_in_kind
from rag.question.denial import denies
from rag.types import Generator, Sentence
from rag.verify import check, known_names, telling, whole_names

WORDS = 0.4
"""What the question's words, all of them held, add to a quotation's score among those that have
enough: of several true sentences the one that speaks of what is asked (docs/LOG.md)."""


def best_quote(
    question: str,
    judged: Sequence[Hit],
    generator: Generator,
    least_words: float = 0.0,
    least_confidence: float = 0.0,
) -> tuple[list[Hit], list[Sentence]]:
    """The sentence of the judged passages that answers best, and the passage it is from, whose
    score is now the probability that the sentence gives what is asked.

    A sentence counts by `rag.judging.judge.answering`; among those that are good enough, the
    question's words that it holds count too. No candidate is one that does not mention, with what
    comes before it, every name of the question by a word that tells it apart; that holds nothing of
    the kind that is asked for; or that holds less than `least_words`, 0 to 1, of the question's
    other words. Both lists are empty where no sentence is good enough.
    """
    # In doubt the words decide, and the passage with the most of them may be no favourite.
    faint = [hit for hit in judged if hit.score >= FAINT]
    candidates = [
        (hit, sentence)
        for hit, sentence in _candidates(
            question, faint if least_words else worth_quoting(question, judged)
        )
        if words_held(question, sentence.text) >= least_words
    ]
    texts = [(heading(hit), sentence.text) for hit, sentence in candidates]
    given = gives_answer(question, texts, generator)
    scored = [
        (answering(hit.score, probability), replace(hit, score=probability), sentence)
        for (hit, sentence), probability in zip(candidates, given, strict=True)
    ]
    enough = [
        (score, hit, sentence)
        for score, hit, sentence in scored
        if _is_enough(question, score, hit, sentence, generator, least_confidence)
    ]
    if not enough:
        return [], []
    _, hit, sentence = max(
        enough, key=lambda one: one[0] + WORDS * words_held(question, one[2].text)
    )
    return [hit], [check(DraftSentence(quotable(sentence.text), (1,)), [hit])]


def _is_enough(
    question: str,
    score: float,
    hit: Hit,
    sentence: Passage,
    generator: Generator,
    least_confidence: float,
) -> bool:
    """Of a model that was taught to judge, what has the `least_confidence`
    (rag/judging/confidence.py). Of another, and where there is none of what is asked for, which
    none was taught, what has `LEAST_ANSWERING`."""
    if generator.taught and not denies(question, sentence.text):
        return confidence([hit], quoted=True) >= least_confidence
    return score >= LEAST_ANSWERING


def _candidates(question: str, hits: Sequence[Hit]) -> list[tuple[Hit, Passage]]:
    asked = whole_names(question)
    return [
        (hit, sentence)
        for hit in hits
        for sentence in _sentences(hit.passage)
        if _mentions(asked, hit, sentence.text)
        and replies_in_kind(question, sentence.text, hit.passage.article.body)
    ]


def _mentions(asked: Sequence[Sequence[str]], hit: Hit, text: str) -> bool:
    known = known_names(text, hit)
    return all(any(word in known for word in telling(name)) for name in asked)


def _sentences(passage: Passage) -> list[Passage]:
    spans = sentence_spans(passage.text, passage.article.language or "en")
    return [
        Passage(passage.article, passage.start + start, passage.start + end) for start, end in spans
    ]
