"""One answer's scores, by the same rules for every system."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from eval.citations import precision
from eval.metrics import contains_answer, searchable
from eval.questions import Question
from eval.scores import is_right

_NOT = r"(?:does|do|did|is|are|was|were|has|have|had|could|can)(?: not|n't)|cannot|never"
_REFUSALS = re.compile(
    "|".join(
        (
            rf"\b(?:{_NOT}) (?:\w+ )?(?:know|contain|provide|mention|specify|state|disclose"
            r"|indicate|address|answer|determine)\b",
            rf"\b(?:{_NOT}) (?:\w+ )?(?:mentioned|provided|specified|stated|available|disclosed"
            r"|known|clear|possible|answered|determined|found)\b",
            rf"\b(?:{_NOT}) (?:have|include|give|offer)(?: \w+)? (?:information|details?|evidence"
            r"|answers?|context)\b",
            r"\bno (?:\w+ )?(?:information|mention|details?|evidence|answer|record)\b",
            r"\b(?:not|insufficient|not enough) (?:\w+ )?(?:information|context|mentioned"
            r"|provided|specified|stated)\b",
            r"\bunable to (?:answer|determine|find|provide|tell)\b",
            r"\bi(?:'m| am) (?:sorry|not sure)\b",
        )
    ),
    re.IGNORECASE,
)
"""Words of an answer that says it does not know. They are read generously: a sentence such as
"the price was not disclosed" is a refusal too."""


@dataclass(frozen=True, slots=True)
class PeerRecord:
    """What one system made of one question. None: no score, or not known.

    `evidence_holds` is whether an accepted answer stands in what the model was given; tokens are
    the model's own, of that evidence, of all prompts that the answer took, and of the answer.
    `processor_s` is the time of all threads that worked on it, the shared server's among them.
    """

    system: str
    id: str
    question: str
    tags: tuple[str, ...]
    answerable: bool | None
    answers: tuple[str, ...]
    gold_articles: tuple[str, ...]
    answer: str
    error: str | None
    evidence: tuple[dict[str, str], ...]
    cited: tuple[str, ...] | None
    refused: bool
    right: bool | None
    evidence_holds: bool | None
    citation_precision: float | None
    evidence_tokens: int | None
    prompt_tokens: int | None
    answer_tokens: int | None
    first_word_s: float | None
    whole_s: float | None
    processor_s: float | None


def says_it_does_not_know(text: str) -> bool:
    """Whether an answer in words is a refusal."""
    return bool(_REFUSALS.search(text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")))


def score(
    system: str,
    question: Question,
    reply: dict[str, Any],
    counts: dict[str, int | None],
    processor_s: float,
) -> PeerRecord:
    """A reply of the protocol, scored. `counts` are its tokens: evidence, prompt and answer.

    A system that says itself whether it refused is believed; of the others the words are read, and
    an answer that is right all the same is no refusal.
    """
    answer, evidence = reply["answer"], tuple(reply["evidence"])
    wanted = searchable(question.answers)
    own_word = reply["refused"]
    right = is_right(answer, bool(own_word), question)
    refused = own_word if own_word is not None else says_it_does_not_know(answer) and not right
    cited = None if reply["cited"] is None else tuple(reply["cited"])
    return PeerRecord(
        **_asked(system, question),
        answer=answer,
        error=None,
        evidence=evidence,
        cited=cited,
        refused=refused,
        right=right,
        evidence_holds=contains_answer("\n".join(e["text"] for e in evidence), wanted)
        if wanted
        else None,
        citation_precision=None
        if refused or cited is None
        else precision(cited, question.article_ids),
        evidence_tokens=counts["evidence"],
        prompt_tokens=counts["prompt"],
        answer_tokens=counts["answer"],
        first_word_s=reply["first_word_s"],
        whole_s=reply["whole_s"],
        processor_s=processor_s,
    )


def failed(system: str, question: Question, error: str) -> PeerRecord:
    """A question that a system gave no answer to: wrong where it has one, else without a score."""
    return PeerRecord(
        **_asked(system, question),
        answer="",
        error=error,
        evidence=(),
        cited=None,
        refused=False,
        right=is_right("", True, question),
        evidence_holds=None,
        citation_precision=None,
        evidence_tokens=None,
        prompt_tokens=None,
        answer_tokens=None,
        first_word_s=None,
        whole_s=None,
        processor_s=None,
    )


def _asked(system: str, question: Question) -> dict[str, Any]:
    return {
        "system": system,
        "id": question.id,
        "question": question.question,
        "tags": question.tags,
        "answerable": question.answerable,
        "answers": question.answers,
        "gold_articles": question.article_ids,
    }
