"""Letting the model judge each passage by itself: does it state the answer?

One passage at a time is far easier for a small model than all of them at once: the right passage
comes to the front, and when none is good enough the question is not answered (docs/LOG.md). As in
pointwise re-ranking by a language model's own probability of "yes" (Liang et al. 2022, HELM;
Sachan et al. 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.types import Hit
from rag.prompt import as_data, heading
from rag.types import Generator, Message

_SYSTEM = (
    "You judge whether a passage of news states the answer to a question. "
    "Reply with yes or no only."
)
MOST = 3
"""Passages that are worth their tokens in the prompt."""
LEAST_SHARE = 0.5
"""Of the best passage's probability, that another must have to be read beside it."""


def judge(question: str, evidence: Sequence[Hit], generator: Generator) -> list[Hit]:
    """The evidence, best first; `score` is the probability, 0 to 1, that it states the answer."""
    judged = [
        replace(hit, score=generator.next_token_probability(_messages(question, hit), "yes"))
        for hit in evidence
    ]
    return sorted(judged, key=lambda hit: -hit.score)


def worth_reading(judged: Sequence[Hit]) -> list[Hit]:
    """The judged passages that the answer is written from, best first."""
    return [hit for hit in judged[:MOST] if hit.score >= LEAST_SHARE * judged[0].score]


def _messages(question: str, hit: Hit) -> list[Message]:
    """The question stands first, so that the model reads it once for all passages."""
    asked = as_data(question)
    return [
        Message("system", _SYSTEM),
        Message(
            "user",
            f"Question: {asked}\n\nPassage: {heading(hit)}: {as_data(hit.passage.text)}\n\n"
            f'Does the passage state the answer to "{asked}"?',
        ),
    ]
