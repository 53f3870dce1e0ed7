"""Letting the model judge each passage by itself: does it state the answer?

One passage at a time is far easier for a small model than all of them at once: the right passage
comes to the front, and when none is good enough the question is not answered (docs/LOG.md). A model
that was taught to judge tells by itself (rag/engines/adapter.py). Of another two things are told
by one reading: how likely the question is as one about the passage (Sachan et al., "Improving
Passage Retrieval with Zero-Shot Question Generation", 2022), and how likely the model says yes when
asked whether the passage states the answer (Liang et al., HELM, 2022).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from index.types import Hit
from rag.prompt import heading
from rag.question.asked import kinds_asked, offer
from rag.question.denial import denies
from rag.reading.untrusted import as_data
from rag.reading.words import words
from rag.types import Generator, Message, Reading
from rag.verify import alias, names

_SYSTEM = (
    "You judge whether a passage of news states the answer to a question. "
    "Reply with yes or no only."
)
_SYSTEM_REPLY = "You judge whether a reply answers a question. Reply with yes or no only."
MOST = 3
"""Passages that are worth their tokens in the prompt."""
LEAST_SHARE = 0.5
"""Of the best passage's probability, that another must have to count beside it."""

FAINT = 0.1
"""Of a passage that alone holds the kind of thing asked for, to be worth reading all the same, or
that is quoted in doubt."""

DENIAL = 7.0
"""What the odds of a passage that denies what is asked for are multiplied by."""

LIKELIHOOD = 2.0
"""How much the mean log-probability of the question counts, against the log-odds of yes."""

OFFER = 0.2
"""What a passage gains that offers the kind of thing asked for, on the scale of probabilities."""

_SEVERAL = re.compile(
    r"\b(?:both|than|or|versus|first|each|more|most|less|least|compared?|differ\w*)\b"
    r"|\band (?:who|what|when|where|why|how|which)\b",
    re.IGNORECASE,
)

LEAST_ANSWERING = 0.28
"""Of a quotation, as `answering` tells it. On development questions in doubt, 9 of 13
right quotations had as much and, of 43 unanswerable questions, those only that fail by their kind
(docs/LOG.md)."""


def judge(question: str, evidence: Sequence[Hit], generator: Generator) -> list[Hit]:
    """The evidence, best first; `score` is the probability, 0 to 1, that it states the answer: as
    the model was taught to tell or, where it was not, as it replies when it is asked."""
    if not evidence:
        return []
    passages = [(heading(hit), as_data(hit.passage.text)) for hit in evidence]
    scores = generator.states_answer(as_data(question), passages)
    if scores is None:
        scores = _as_asked(question, evidence, generator)
    return best_first(
        [
            replace(hit, score=_with_denial(question, hit.passage.text, score))
            for hit, score in zip(evidence, scores, strict=True)
        ]
    )


def best_first(judged: Sequence[Hit]) -> list[Hit]:
    """Judged passages by their scores."""
    return sorted(judged, key=lambda hit: -hit.score)


def promises(judged: Sequence[Hit], sure: float) -> bool:
    """Whether a further look may pay: the best passage is neither `sure` nor beside the point."""
    return FAINT <= max((hit.score for hit in judged), default=0.0) < sure


def _with_denial(question: str, text: str, probability: float) -> float:
    """What denies what is asked for answers, which neither the model nor what it was taught
    expects: "will not have any voting power" tells how much of it."""
    if probability < FAINT or not denies(question, text):
        return probability
    odds = DENIAL * probability / max(1 - probability, 1e-6)
    return odds / (1 + odds)


def _as_asked(question: str, evidence: Sequence[Hit], generator: Generator) -> list[float]:
    """Where the engine tells how likely the question is as one about each passage, a passage counts
    for less the less likely it makes the question than the best one does."""
    chats = [_messages(question, hit) for hit in evidence]
    readings = generator.read(chats, "yes", told=_asked(question))
    told = [reading.likelihood for reading in readings if reading.likelihood is not None]
    return [_discounted(reading, max(told, default=None)) for reading in readings]


def _discounted(reading: Reading, best: float | None) -> float:
    if best is None or reading.likelihood is None:
        return reading.probability
    odds = reading.probability / max(1 - reading.probability, 1e-6)
    odds *= math.exp(LIKELIHOOD * (reading.likelihood - best))
    return odds / (1 + odds)


def asks_several(question: str) -> bool:
    """Whether a question asks for several things, or weighs one against another."""
    return bool(_SEVERAL.search(question))


def worth_reading(question: str, judged: Sequence[Hit]) -> list[Hit]:
    """The judged passages that an answer is written from, best first.

    Those that offer the kind of thing the question asks for come before their equals.
    """
    kinds = kinds_asked(question)

    def worth(hit: Hit) -> float:
        text = hit.passage.text
        offered = (
            1 if denies(question, text) else sum(offer(kind, question, text) for kind in kinds)
        )
        return hit.score + OFFER * offered

    return sorted(worth_quoting(question, judged), key=lambda hit: -worth(hit))[:MOST]


def worth_quoting(question: str, judged: Sequence[Hit]) -> list[Hit]:
    """The judged passages whose sentences may be an answer, best first.

    Where none of them holds anything of the kind that is asked for, those that do: a passage on the
    investment that gives no sum is no answer to how much it is, however sure the model is.
    """
    least = LEAST_SHARE * max((hit.score for hit in judged), default=0.0)
    worthy = [hit for hit in judged if hit.score >= least]
    kinds = kinds_asked(question)

    def offers(hit: Hit) -> bool:
        text = hit.passage.text
        return denies(question, text) or any(offer(kind, question, text) > 0 for kind in kinds)

    if not kinds or any(map(offers, worthy)):
        return worthy
    return [hit for hit in judged if hit.score >= FAINT and offers(hit)] or worthy


def fewest_to_read(question: str, worthy: Sequence[Hit]) -> list[Hit]:
    """Of passages worth reading the first, and those that hold what it lacks of what is asked.

    A small model given several takes the answer from the wrong one, or mixes them (docs/LOG.md):
    another is read only where it holds a name of the question or the kind of thing asked for that
    those before it do not hold, or where the question asks for several things.
    """
    if asks_several(question):
        return list(worthy)
    kept: list[Hit] = []
    held: set[str] = set()
    for hit in worthy:
        holds = _holds(question, hit)
        if not kept or not holds <= held:
            kept.append(hit)
            held |= holds
    return kept


def _holds(question: str, hit: Hit) -> set[str]:
    """What a passage holds of a question's names and of the kinds of thing it asks for."""
    text = hit.passage.text
    known = {alias(word) for word in words(f"{heading(hit)} {text}")}
    offered: set[str] = {kind for kind in kinds_asked(question) if offer(kind, question, text) > 0}
    return offered.union(name for name in names(question) if name in known)


def answering(states: float, gives: float) -> float:
    """How likely a quotation is an answer: the geometric mean of the probabilities that its passage
    states the answer and that it gives what is asked when it is read by itself."""
    return math.sqrt(states * gives)


def gives_answer(
    question: str, sentences: Sequence[tuple[str, str]], generator: Generator
) -> list[float]:
    """For each sentence, under its heading, the probability, 0 to 1, that it gives what is asked:
    as of a passage or, where the model was not taught to tell, as of a reply by itself."""
    if not sentences:
        return []
    plain = [(heading, as_data(text)) for heading, text in sentences]
    given = generator.states_answer(as_data(question), plain)
    if given is None:
        given = _as_replies(question, plain, generator)
    texts = [text for _, text in sentences]
    return [_with_denial(question, *one) for one in zip(texts, given, strict=True)]


def _as_replies(
    question: str, sentences: Sequence[tuple[str, str]], generator: Generator
) -> list[float]:
    asks = "Does the reply give what the question asks for?"
    chats = [
        [
            Message("system", _SYSTEM_REPLY),
            Message("user", f"{_asked(question)}\nReply: {text}\n\n{asks}"),
        ]
        for _, text in sentences
    ]
    return [reading.probability for reading in generator.read(chats, "yes")]


def _messages(question: str, hit: Hit) -> list[Message]:
    """The passage stands first, so that how likely the question is tells something of it."""
    passage = f"Passage: {heading(hit)}: {as_data(hit.passage.text)}"
    states = f'Does the passage state the answer to "{as_data(question)}"?'
    told = f"{passage}\n\n{_asked(question)}\n\n{states}"
    return [Message("system", _SYSTEM), Message("user", told)]


def _asked(question: str) -> str:
    return f"Question: {as_data(question)}"
