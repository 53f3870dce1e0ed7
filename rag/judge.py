"""Letting the model judge each passage by itself: does it state the answer?

One passage at a time is far easier for a small model than all of them at once: the right passage
comes to the front, and when none is good enough the question is not answered (docs/LOG.md). As in
pointwise re-ranking by a language model's own probability of "yes" (Liang et al. 2022, HELM;
Sachan et al. 2022).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from index.types import Hit, Passage
from rag.prompt import as_data, heading
from rag.types import Generator, Message

_SYSTEM = (
    "You judge whether a passage of news states the answer to a question. "
    "Reply with yes or no only."
)
_SYSTEM_REPLY = "You judge whether a reply answers a question. Reply with yes or no only."
MOST = 3
"""Passages that are worth their tokens in the prompt."""
LEAST_SHARE = 0.5
"""Of the best passage's probability, that another must have to be read beside it."""

LEAST_RELEVANCE = 0.4
"""Of a reply; right ones had 0.59 and more, beside the point 0.24 and less (docs/LOG.md)."""


def judge(question: str, evidence: Sequence[Hit], generator: Generator) -> list[Hit]:
    """The evidence, best first; `score` is the probability, 0 to 1, that it states the answer."""
    judged = [
        replace(hit, score=generator.next_token_probability(_messages(question, hit), "yes"))
        for hit in evidence
    ]
    return sorted(judged, key=lambda hit: -hit.score)


def worth_reading(judged: Sequence[Hit], leave_out: Collection[Passage] = ()) -> list[Hit]:
    """The judged passages that an answer is written from, best first, without those left out."""
    least = LEAST_SHARE * judged[0].score
    worthy = [hit for hit in judged if hit.score >= least and hit.passage not in leave_out]
    return worthy[:MOST]


def gives_what_is_asked(question: str, reply: str, generator: Generator) -> bool:
    """Whether a checked reply answers the question, and does not merely say something true."""
    asked = f"Question: {as_data(question)}\nReply: {as_data(reply)}"
    messages = [
        Message("system", _SYSTEM_REPLY),
        Message("user", f"{asked}\n\nDoes the reply give what the question asks for?"),
    ]
    return generator.next_token_probability(messages, "yes") >= LEAST_RELEVANCE


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
