"""What is said not to be, and what is said with a reserve.

A negation or a hedge is compared by the words that it bears on: the first that say something after
it in its clause ("will not have any *voting power*"). Where a sentence says one of these words, it
has to negate or hedge it as the passage does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rag.verify.dates import without_dates
from rag.verify.fault import Fault, shown
from rag.verify.tokens import Word, read

Kind = Literal["not", "maybe"]

_NOT = re.compile(
    r"\b(?:not|never|no longer|no|nor|neither|none|nobody|no one|nothing|without|cannot|\w+n't"
    r"|non|unable to|refus\w+ to|declin\w+ to|fail(?:s|ed|ing)? to"
    r"|den(?:y|ies|ied|ying)(?: that| reports?(?: that)?)?|rul(?:e|es|ed|ing) out"
    r"|lack(?:s|ed|ing)?(?: of)?"
    r"|reject(?:s|ed|ing)?)\b(?!'t)",
    re.IGNORECASE,
)
# "No fewer than", "not only", "no doubt" and "not least" negate nothing.
_NO_NEGATION = re.compile(
    r"\b(?:not (?:only|just|least|merely)|no (?:fewer|less|more|later) than|no doubt|no\.)",
    re.IGNORECASE,
)
_MAYBE = re.compile(
    r"\b(?:may|might|could|possibly|perhaps|maybe|potentially|probably|likely"
    r"|reportedly|allegedly|apparently|rumou?red|said to be|believed to|thought to"
    r"|according to (?:[\w']+ )?(?:reports?|sources|people)"
    r"|(?:is|are|was|were|be|been) (?:said|reported|believed|thought|expected) to"
    r"|expect(?:s|ed)?(?: that| to)?|plan(?:s|ned|ning)? to|intend(?:s|ed)? to"
    r"|aim(?:s|ed|ing)? to|wants? to|wanted to|hop(?:e|es|ed|ing) to|seek(?:s|ing)? to"
    r"|propos(?:es|ed|ing) to|consider(?:s|ing)|in talks (?:to|about|over)|talks (?:to|about|over)"
    r"|alleged|projected to|forecast to|due to be|would like to)\b"
)
_VERB_FOLLOWS = re.compile(r"\b(?:to|may|might|could|\w+ly|perhaps|maybe|reports?|sources|people)$")
_LIGHT = frozenset(
    "any longer yet go goe on get make take give begin start continu keep also still even ever way"
    " becom be use ani in".split()
)
"""Stems that say too little to tell what a negation or a hedge bears on."""
_FORMS: tuple[tuple[re.Pattern[str], Kind], ...] = ((_NOT, "not"), (_MAYBE, "maybe"))
_NEXT_WORDS = re.compile(r"(?: [\w'$-]+){1,3}")
_QUOTES = '"“”'
_BREAKS = frozenset("but while although though whereas and because".split())


@dataclass(frozen=True, slots=True)
class Mark:
    """A negation or a hedge as it stands, alone and with some words after it, and the stems that it
    bears on, at most two."""

    kind: Kind
    text: str
    phrase: str
    bears_on: tuple[str, ...]


@lru_cache(maxsize=4096)
def marks(sentence: str) -> tuple[Mark, ...]:
    """The negations and hedges of a sentence."""
    plain = without_dates(sentence).replace("’", "'")
    plain = plain[:1].lower() + plain[1:]
    spared = [match.span() for match in _NO_NEGATION.finditer(plain)]
    found: list[Mark] = []
    for form, kind in _FORMS:
        for match in form.finditer(plain):
            if kind == "not" and any(first <= match.start() < last for first, last in spared):
                continue
            after = _first_stems(read(plain[match.end() :]))
            before = _first_stems(tuple(reversed(read(plain[: match.start()].rstrip(", ")))))
            words = _NEXT_WORDS.match(plain, match.end())
            phrase = match[0] + (words[0] if words else "")
            found.append(Mark(kind, match[0], phrase, after or before))
    return tuple(found)


def _first_stems(rest: Sequence[Word]) -> tuple[str, ...]:
    """The first two stems of the clause that say something; of an enclosed clause, none."""
    found: list[str] = []
    for word in rest:
        if found and (word.mark or word.text.lower() in _BREAKS):
            break
        if word.mark and word.text not in _QUOTES:
            break
        if word.content and word.stem not in _LIGHT:
            found.append(word.stem)
    return tuple(found[:2])


def negation_fault(claim: str, carriers: Sequence[str], others: Sequence[str]) -> Fault | None:
    """A negation of the passage that the claim lacks, or one of its own.

    `carriers` are the sentences of the passage that the claim comes from, `others` the rest of it:
    there both words that a negation bears on have to be in the claim.
    """
    said, own = _said(claim), _of_kind(claim, "not")
    negated = {stem for mark in own for stem in mark.bears_on}
    for sentence in [*carriers, *others]:
        near = sentence in carriers
        for mark in _of_kind(sentence, "not"):
            meant = mark.bears_on[: 1 if near else 2]
            lacks = said.issuperset(meant) and not negated.intersection(mark.bears_on)
            elsewhere = [] if near else [*carriers, *others]
            if meant and lacks and (near or len(meant) == 2) and not _plainly(meant, elsewhere):
                return Fault(f"the passage says “{shown(mark.phrase)}”")
    marked = [mark for one in [*carriers, *others] for mark in _of_kind(one, "not")]
    held = {mark.bears_on[0] for mark in marked if mark.bears_on}
    for mark in own:
        in_source = any(set(mark.bears_on) & _said(one) for one in [*carriers, *others])
        unlike = not held.intersection(mark.bears_on)
        if unlike and (in_source or not any(_of_kind(one, "not") for one in carriers)):
            return Fault(f"the passage does not say “{shown(mark.phrase)}”")
    return None


def dropped_hedge(claim: str, carriers: Sequence[str]) -> Fault | None:
    """A hedge of the passage on something that the claim says outright.

    Any hedge may stand for any other; one that the claim adds is none the worse.
    """
    said = _said(claim)
    if _of_kind(claim, "maybe"):
        return None
    for sentence in carriers:
        for mark in _of_kind(sentence, "maybe"):
            # What "expects" takes may be a noun, which tells less than the verb after "expects to".
            least = 1 if _VERB_FOLLOWS.search(mark.text) else 2
            if mark.bears_on and said.issuperset(mark.bears_on[:least]):
                return Fault(f"the passage says “{shown(mark.phrase)}”", grave=False)
    return None


def _said(sentence: str) -> set[str]:
    return {word.stem for word in read(sentence) if word.content or word.initial}


def _of_kind(sentence: str, kind: Kind) -> list[Mark]:
    return [mark for mark in marks(sentence) if mark.kind == kind]


def _plainly(stems: Sequence[str], sentences: Sequence[str]) -> bool:
    """Whether a sentence that negates nothing says all the stems."""
    return any(_said(one).issuperset(stems) for one in sentences if not _of_kind(one, "not"))
