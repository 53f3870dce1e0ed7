"""What a question means after the questions before it: rewritten so that it stands alone.

Conversational question rewriting by the model that answers, with examples (Vakulenko et al.,
"Question Rewriting for Conversational Question Answering", 2021). A question that stands alone
costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.prompt import REFUSAL
from rag.reading.untrusted import as_data
from rag.reading.words import content_words, words
from rag.types import Generator, History, Message, Turn
from rag.verify import alias, names

_LEANING = re.compile(
    r"^(?:and|but|so|or|what about|how about|why|then)\b"
    r"|\b(?:he|she|they|him|her|hers|them|his|their|theirs|it|its|this|that|these|those|there|then)\b",
    re.IGNORECASE,
)
_SYSTEM = (
    "Rewrite the last question of the chat as one question that can be understood without the "
    "chat: put names in the place of words like he, it or there, and add what is left out. Keep "
    "its meaning and its wording otherwise. Reply with the question only."
)
_EXAMPLES = [
    (
        [Turn("Who runs the ferry line?", "The ferry line is run by Ana Ruiz.")],
        "How long has she done so?",
        "How long has Ana Ruiz run the ferry line?",
    ),
    (
        [Turn("How much did the ferry line cost in 2023?", "It cost $48 million in 2023.")],
        "And in 2024?",
        "How much did the ferry line cost in 2024?",
    ),
    (
        [
            Turn("Which company built the boats?", "Coast Yards built the two boats."),
            Turn("Where does it sit?", "Coast Yards sits in Port Lyle."),
        ],
        "Who founded it, and what else has it built?",
        "Who founded Coast Yards, and what else has Coast Yards built?",
    ),
]
_TURNS = 3
"""The last turns of a chat that the model is shown: every further one is waiting time."""
_LONGEST = 400


def stand_alone(question: str, history: History, generator: Generator) -> str:
    """The question as it is understood: as it is, or rewritten where it leans on the chat.

    It leans when it opens as a continuation, has a pronoun, or has fewer than two words that carry
    meaning. Where the model's rewriting cannot be used, the questions that it leans on lead it.
    """
    if not history or not _leans(question):
        return question
    rewritten = "".join(generator.generate(_messages(question, history))).strip()
    return (
        rewritten if _is_usable(rewritten, question, history) else with_context(question, history)
    )


def _leans(question: str) -> bool:
    return bool(_LEANING.search(question)) or len(content_words(question)) < 2


def _messages(question: str, history: History) -> list[Message]:
    messages = [Message("system", _SYSTEM)]
    for turns, last, rewritten in _EXAMPLES:
        messages += [Message("user", _chat(turns, last)), Message("assistant", rewritten)]
    return [*messages, Message("user", _chat(history[-_TURNS:], question))]


def _chat(turns: Sequence[Turn], last: str) -> str:
    lines = []
    for turn in turns:
        lines.append(f"Question: {as_data(turn.question)}")
        if turn.answer and REFUSAL not in turn.answer:  # it tells nothing, and would be taken up
            lines.append(f"Answer: {as_data(turn.answer)}")
    return "\n".join([*lines, f"Last question: {as_data(last)}"])


def _is_usable(rewritten: str, question: str, history: History) -> bool:
    """One question, in which no name is new: the model may not bring in what nobody spoke of."""
    if not rewritten.endswith("?") or "\n" in rewritten or len(rewritten) > _LONGEST:
        return False
    said = [question, *(text for turn in history for text in (turn.question, turn.answer))]
    known = {alias(word) for text in said for word in words(text)}
    return all(name in known for name in names(rewritten))


def with_context(question: str, history: History) -> str:
    """The question, led by those before it where it leans on them: by the last one and, in a row of
    leaning ones, by the one that began it."""
    if not history or not _leans(question):
        return question
    chain = [history[-1].question]
    for turn in reversed(history):
        if not _leans(turn.question):
            chain = list(dict.fromkeys([turn.question, *chain]))
            break
    return " ".join([*chain, question])
