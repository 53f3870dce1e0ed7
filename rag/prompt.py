"""What the model is told. It starts with what never changes, so its keys and values are reused."""

from __future__ import annotations

import re
from collections.abc import Sequence

from corpus.article import Article
from index.types import Hit
from rag.reading.orders import addresses_a_model
from rag.reading.untrusted import as_data
from rag.types import Message

REFUSAL = "The articles do not answer this question."

# Offering the refusal here makes a small model refuse what it could answer, and it hardly refuses
# what it cannot (docs/LOG.md): rag/judging/answerable.py decides that, before the model writes.
SYSTEM = (
    "Read the question, then the numbered passages of news, and answer the question from them and "
    "from nothing else. Reply with one complete sentence that gives the fact asked for exactly as "
    "the passage states it, and ends with the passage's number, like [1]."
)

# One worked example: with it small models cite every sentence (measured: docs/LOG.md).
_EXAMPLE_PASSAGES = """[1] Ferry line opens (2024-03-02)
The harbour authority said the crossing takes 25 minutes. Two boats will serve it.
[2] Ferry line to cost more than planned (2024-01-15)
The line will cost $48 million, a third above the plan, treasurer Ana Ruiz told the council."""
_EXAMPLE_QUESTION = "Who said how much the ferry line costs?"
_EXAMPLE_ANSWER = "Treasurer Ana Ruiz said that the line will cost $48 million [2]."

_REFUSING = re.compile(
    r"\b(?:not|n't|no|none|cannot)\b[^.]*\b(?:passages?|articles?|information|mention(?:ed)?)\b"
    r"|\b(?:passages?|articles?)\b[^.]*\b(?:not|n't|no)\b",
    re.IGNORECASE,
)
_LONGEST_OPENING = 60
_LONGEST_TITLE = 300  # characters; the outlet's name takes part of the prompt, too


def build_messages(question: str, evidence: Sequence[Hit]) -> list[Message]:
    """The chat that the model continues: the rules, one example, the passages and the question.

    The best passage comes first, and the question stands before the passages and after them: a
    small model reads with it in mind.
    """
    passages = "\n".join(
        f"[{number}] {heading(hit)}\n{as_data(hit.passage.text)}"
        for number, hit in enumerate(evidence, start=1)
    )
    return [
        Message("system", SYSTEM),
        Message("user", _asked(_EXAMPLE_PASSAGES, _EXAMPLE_QUESTION)),
        Message("assistant", _EXAMPLE_ANSWER),
        Message("user", _asked(passages, as_data(question))),
    ]


def _asked(passages: str, question: str) -> str:
    return f"Question: {question}\n\nPassages:\n{passages}\n\nQuestion again: {question}"


def is_refusal(sentence: str) -> bool:
    """Whether a sentence of the model says, in its own words, that the passages do not answer."""
    return bool(_REFUSING.search(sentence))


def declines(draft: str) -> bool:
    """Whether a whole draft says nothing, or that the passages do not answer."""
    return is_refusal(draft) or not any(character.isalpha() for character in draft)


def heading(hit: Hit) -> str:
    """Title, outlet and date of a passage, as far as they are known, and as far as they are names
    and no orders to the model."""
    article = hit.passage.article
    title = _name(_headline(article)) or "Untitled"
    known = [_name(part) for part in (article.outlet or "", (article.published_at or "")[:10])]
    about = ", ".join(part for part in known if part)
    return f"{title} ({about})" if about else title


def _headline(article: Article) -> str:
    """The title; of one that is the text's first sentence, only the beginning: a small model would
    give it as its answer."""
    title = article.title.strip()
    if len(title) <= _LONGEST_OPENING or not article.body.lstrip().startswith(title):
        return title
    return f"{title[:_LONGEST_OPENING].rsplit(maxsplit=1)[0]}…"


def _name(text: str) -> str:
    """A name is one line; what follows it would pose as another passage."""
    name = as_data(next(iter(text.strip().splitlines()), ""))
    name = name if len(name) <= _LONGEST_TITLE else f"{name[:_LONGEST_TITLE]}…"
    return "" if addresses_a_model(name) else name
