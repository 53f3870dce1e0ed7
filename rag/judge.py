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
from rag.asked import is_yes_or_no, kinds_asked, offer, replies_in_kind
from rag.prompt import as_data, heading
from rag.types import Generator, Message, Sentence

_SYSTEM = (
    "You judge whether a passage of news states the answer to a question. "
    "Reply with yes or no only."
)
_SYSTEM_REPLY = "You judge whether a reply answers a question. Reply with yes or no only."
MOST = 3
"""Passages that are worth their tokens in the prompt."""
LEAST_SHARE = 0.5
"""Of the best passage's probability, that another must have to be read beside it."""

OFFER = 0.2
"""What a passage gains that offers the kind of thing asked for, on the scale of probabilities."""

LEAST_RELEVANCE = 0.31
"""Of a reply; right ones had 0.32 and more, most beside the point 0.30 and less (docs/LOG.md)."""

LEAST_RELEVANCE_OF_QUOTE = 0.25
"""Of a passage's own sentence, which is longer than a reply and never false: 0.30 to 0.50 seen."""


def judge(question: str, evidence: Sequence[Hit], generator: Generator) -> list[Hit]:
    """The evidence, best first; `score` is the probability, 0 to 1, that it states the answer."""
    judged = [
        replace(hit, score=generator.next_token_probability(_messages(question, hit), "yes"))
        for hit in evidence
    ]
    return sorted(judged, key=lambda hit: -hit.score)


def worth_reading(question: str, judged: Sequence[Hit]) -> list[Hit]:
    """The judged passages that an answer is written from, best first.

    Those that offer the kind of thing the question asks for come before their equals.
    """
    kinds = kinds_asked(question)

    def worth(hit: Hit) -> float:
        return hit.score + OFFER * sum(offer(kind, question, hit.passage.text) for kind in kinds)

    least = LEAST_SHARE * max((hit.score for hit in judged), default=0.0)
    worthy = [hit for hit in judged if hit.score >= least]
    return sorted(worthy, key=lambda hit: -worth(hit))[:MOST]


def gives_what_is_asked(
    question: str, reply: Sequence[Sentence], generator: Generator, quoted: bool = False
) -> bool:
    """Whether the checked sentences of a reply answer, and do not merely say something true.

    `quoted` tells that they are an article's own. A reply to yes or no is a quotation, of which the
    model cannot tell (docs/LOG.md).
    """
    text = " ".join(sentence.text for sentence in reply)
    bodies = {c.passage.article.body for sentence in reply for c in sentence.citations}
    if not reply or not replies_in_kind(question, text, "\n".join(bodies)):
        return False
    if is_yes_or_no(question):
        return True
    least = LEAST_RELEVANCE_OF_QUOTE if quoted else LEAST_RELEVANCE
    asked = f"Question: {as_data(question)}\nReply: {as_data(text)}"
    messages = [
        Message("system", _SYSTEM_REPLY),
        Message("user", f"{asked}\n\nDoes the reply give what the question asks for?"),
    ]
    return generator.next_token_probability(messages, "yes") >= least


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
