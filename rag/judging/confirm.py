"""Whether a draft that passed the check is to be believed: is it right, and is it an answer?

The check (rag/verify) holds each sentence against its passage by rules. Here the model is asked
about what it wrote, with the passages before it (Kadavath et al., "Language Models (Mostly) Know
What They Know", 2022): a small one takes nearly all for right, but it is less sure of what is not
(docs/LOG.md). A model that was taught to judge has said with more certainty whether the passage
states the answer, and is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.types import Hit
from rag.facts.claims import is_of_another_time
from rag.prompt import heading
from rag.question.asked import kinds_asked, replies_in_kind
from rag.question.denial import denies
from rag.reading.measures import measure_asked, measure_of, unlike
from rag.reading.quantities import located_quantities
from rag.reading.untrusted import as_data
from rag.reading.words import content_words, stem
from rag.types import Generator, Message, Sentence
from rag.verify import names, whole_names
from rag.verify.roles import swapped_roles
from rag.verify.tokens import names_within

_SYSTEM = "You check replies to questions against passages of news. Reply with yes or no only."
_ASKS = "Do the passages say what the reply says?"

_WHO = re.compile(r"\Awho\b", re.IGNORECASE)
_CHOICE = re.compile(r"\bor\b", re.IGNORECASE)

LEAST_SURE = 0.92
"""Of a draft, as `surely` tells it. On gold dev 33 of 36 right drafts that had passed the check had
as much, and 8 of 17 wrong ones (docs/LOG.md)."""

LEAST_WORDS = 0.5
"""Of the question's words, that an answer's passage must hold in doubt, and a quotation itself: it
is all that is known of it."""

LEAST_NEW_WORDS = 0.5
"""Share of what a reply adds to the question that its passages must hold."""


def answers(
    question: str,
    reply: Sequence[Sentence],
    evidence: Sequence[Hit],
    generator: Generator,
    least_words: float = 0.0,
) -> bool:
    """Whether the checked sentences of a reply, written from `evidence`, answer the question.

    Not so where the passages that it cites hold less than `least_words`, 0 to 1, of the question's
    words.
    """
    if not reply:
        return False
    text = " ".join(sentence.text for sentence in reply)
    cited = {c.passage for sentence in reply for c in sentence.citations}
    if not speak_of(question, [Hit(passage, 0.0) for passage in cited], least_words):
        return False
    if turns_round(question, text) or _passes_denial_over(question, text, evidence):
        return False
    bodies = {passage.article.body for passage in cited}
    if not replies_in_kind(question, text, "\n".join(bodies)):
        return False
    if _share_of_new_words(question, reply) < LEAST_NEW_WORDS:
        return False
    if _of_another_time(question, reply) or _of_another_measure(question, reply):
        return False
    if generator.taught:
        return True
    says = stands_by(question, text, evidence, generator)
    return surely(max(hit.score for hit in evidence), says) >= LEAST_SURE


def speak_of(question: str, evidence: Sequence[Hit], least_words: float) -> bool:
    """Whether passages hold together at least this share, 0 to 1, of the question's words."""
    return words_held(question, " ".join(hit.passage.text for hit in evidence)) >= least_words


def surely(states: float, says: float) -> float:
    """How likely a draft is right, 0 to 1, by the probabilities that its passage states the answer
    and that the passages say what it says: their odds multiplied, as of independent witnesses."""
    odds = [p / max(1 - p, 1e-6) for p in (states, says)]
    return odds[0] * odds[1] / (1 + odds[0] * odds[1])


def stands_by(question: str, reply: str, evidence: Sequence[Hit], generator: Generator) -> float:
    """How likely, 0 to 1, the model says yes when asked whether the passages say the reply."""
    passages = "\n".join(
        f"Passage: {heading(hit)}: {as_data(hit.passage.text)}" for hit in evidence
    )
    told = f"{passages}\n\nQuestion: {as_data(question)}\nReply: {as_data(reply)}\n\n{_ASKS}"
    chat = [Message("system", _SYSTEM), Message("user", told)]
    return generator.read([chat], "yes")[0].probability


def words_held(question: str, text: str) -> float:
    """The share, 0 to 1, of the question's words, names left out, whose stems a text holds."""
    asked = set(content_words(question)).difference(stem(name) for name in names(question))
    return len(asked.intersection(content_words(text))) / len(asked) if asked else 1.0


def _of_another_time(question: str, reply: Sequence[Sentence]) -> bool:
    return any(
        is_of_another_time(question, sentence.text, c.quote, c.passage.article.published_at)
        for sentence in reply
        for c in sentence.citations
    )


def _passes_denial_over(question: str, reply: str, evidence: Sequence[Hit]) -> bool:
    """Whether the best passage says that there is none of what is asked for, and the reply not."""
    return denies(question, evidence[0].passage.text) and not denies(question, reply)


def turns_round(question: str, reply: str) -> bool:
    """Whether a reply to "who" has whom the question names in the other role: "Vell took over from
    Ruiz" to "Who took over from Vell?". A name of the reply is put in the place of "who"."""
    if not _WHO.match(question):
        return False
    asked = {word for name in whole_names(question) for word in name}
    others = [name for name in whole_names(reply) if not asked.intersection(name)]
    for name in others:
        meant = _WHO.sub(" ".join(name).title(), question, count=1)
        if swapped_roles(reply, [meant.rstrip(" ?")], names_within(f"{meant} {reply}")):
            return True
    return False


def _of_another_measure(question: str, reply: Sequence[Sentence]) -> bool:
    """Whether all figures of the reply are, where it has them from, of another measure than asked:
    of a valuation, where the question is what was paid."""
    said = [one.value for sentence in reply for one in located_quantities(sentence.text)]
    quotes = {c.quote for sentence in reply for c in sentence.citations}
    kinds = [kind for kind in kinds_asked(question) if kind in ("money", "share")]
    if denies(question, " ".join(sentence.text for sentence in reply)):
        return False
    for kind in kinds:
        asked = measure_asked(kind, question)
        stated = [
            unlike(kind, asked, measure_of(kind, quote, one.start, one.end))
            for quote in quotes
            for one in located_quantities(quote)
            if any(one.value.same(value) for value in said)
            and (one.value.unit == "%") == (kind == "share")
        ]
        if stated and all(stated):
            return True
    return False


def _share_of_new_words(question: str, reply: Sequence[Sentence]) -> float:
    """Of what the reply adds to the question's words, the share that the cited passages hold.

    A sentence that repeats the question and adds one invented word has most of its words right; one
    that adds nothing is no answer, unless it is one of those that the question lets choose from.
    """
    new = {word for sentence in reply for word in content_words(sentence.text)}
    new -= set(content_words(question))
    passages = {c.passage for sentence in reply for c in sentence.citations}
    held = {word for p in passages for word in content_words(f"{heading(Hit(p, 0))} {p.text}")}
    if not new:
        return float(bool(_CHOICE.search(question)))
    return len(new & held) / len(new)
