"""A question and its answer as one statement, by rules.

After Demszky et al., "Transforming Question Answering Datasets Into Natural Language Inference
Datasets", 2018, who used a parser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.reading.words import MONTHS

_BE = "is was are were".split()
_MODALS = "can could will would should must may might has have had".split()
_DO = "do does did".split()
_AUXILIARIES = frozenset([*_BE, *_MODALS, *_DO])
_WH = re.compile(
    r"\A(?P<before>(?:in|on|at|for|from|to|by|of|with|during|under|after) )?"
    r"(?P<wh>who|whom|what|which|when|where|how many|how much)\b ?(?P<rest>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_IN_PLACE = re.compile(r"\b(?:what|who|whom|which [a-z]+|what [a-z]+)\Z", re.IGNORECASE)
_PREPOSITION = re.compile(r"\A(?:in|on|at|from|by|during|after|before|near|around|since|to) ", re.I)
_DAY = re.compile(rf"\A(?:\d{{1,2}} (?:{'|'.join(MONTHS)})|(?:{'|'.join(MONTHS)}) \d{{1,2}}\b)")
_LONGEST_NOUN = 6
"""Words of what is asked for: "which English football club"."""

_PAST = dict(
    pair.split("-")
    for pair in (
        "become-became begin-began break-broke bring-brought build-built buy-bought catch-caught "
        "choose-chose come-came cost-cost cut-cut do-did draw-drew drive-drove eat-ate fall-fell "
        "fight-fought find-found fly-flew forget-forgot get-got give-gave go-went grow-grew "
        "have-had hear-heard hit-hit hold-held keep-kept know-knew lead-led leave-left lose-lost "
        "make-made mean-meant meet-met pay-paid play-played put-put read-read rise-rose run-ran "
        "say-said see-saw sell-sold send-sent set-set sing-sang sit-sat speak-spoke spend-spent "
        "stand-stood take-took teach-taught tell-told think-thought win-won write-wrote"
    ).split()
)
_PARTICIPLES = frozenset(
    "born built known made called located found held given written shot sung won taken set "
    "used spoken led seen based set begun chosen sold sent kept lost worn drawn".split()
)


@dataclass(frozen=True, slots=True)
class Verbs:
    """The regular verbs that texts have in a past form: how a verb is told from a noun."""

    pasts: frozenset[str]

    @classmethod
    def of(cls, text: str) -> Verbs:
        """Those of a text, whose words that end in "ed" are taken for past forms."""
        return cls(frozenset(re.findall(r"\b[a-z]{2,}ed\b", text.lower())))

    def past(self, word: str) -> str | None:
        """The past form of a verb, None for another word."""
        if word in _PAST:
            return _PAST[word]
        doubled = word + word[-1:] + "ed"
        changed = (word + "d" if word.endswith("e") else word + "ed", word[:-1] + "ied", doubled)
        return next((one for one in changed if one in self.pasts), None)

    def is_participle(self, word: str) -> bool:
        return word in self.pasts or word in _PARTICIPLES


def statement(question: str, answer: str, verbs: Verbs) -> str | None:
    """What is stated by one who gives `answer` to `question`; None where no rule fits."""
    plain = " ".join(question.split()).rstrip(" ?.")
    answer = " ".join(answer.split()).rstrip(".")
    match = _WH.match(plain)
    if match is None:
        place = _IN_PLACE.search(plain)
        return _sentence(plain[: place.start()] + answer) if place else None
    wh, before = match["wh"].lower(), (match["before"] or "").strip().lower()
    words = match["rest"].split()
    found = [n for n, word in enumerate(words[: _LONGEST_NOUN + 1]) if word.lower() in _AUXILIARIES]
    if not found:  # "who wrote Hamlet", "how many people died there"
        return _of_subject(wh, words, answer, verbs) if words and not before else None
    noun, aux, rest = words[: found[0]], words[found[0]].lower(), words[found[0] + 1 :]
    if not rest:
        return None
    told = answer if wh not in ("how many", "how much") else " ".join([answer, *noun])
    if wh in ("when", "where"):
        if noun:
            return None
        told = answer if _PREPOSITION.match(answer) else f"{_place(answer)} {answer}"
    elif before:
        told = f"{before} {answer}"
    if aux in _DO:
        return _of_object(rest, aux, told, verbs)
    if wh in ("when", "where") or before:
        return _turned(rest, aux, told, verbs)
    return _sentence(" ".join([told, aux, *rest]))


def _of_subject(wh: str, words: list[str], answer: str, verbs: Verbs) -> str | None:
    if wh in ("when", "where", "which") or (wh == "what" and words[0].lower() not in verbs.pasts):
        return None  # where the noun ends is not known
    return _sentence(" ".join([answer, *words]))


def _place(answer: str) -> str:
    return "on" if _DAY.match(answer) else "in"


def _of_object(rest: list[str], aux: str, told: str, verbs: Verbs) -> str | None:
    """ "... did the firm pay in 2019": its verb in its own form, and the answer after it."""
    for n, word in enumerate(rest[1:], start=1):
        past = verbs.past(word.lower())
        if past is None:
            continue
        verb = {"did": past, "does": f"{word}s", "do": word}[aux]
        before_place = told.startswith("in ") or _PREPOSITION.match(told)
        after = [*rest[n + 1 :], told] if before_place else [told, *rest[n + 1 :]]
        return _sentence(" ".join([*rest[:n], verb, *after]))
    return None


def _turned(rest: list[str], aux: str, told: str, verbs: Verbs) -> str:
    """ "... was the bridge built": the auxiliary goes before the participle, or to the end."""
    for n, word in enumerate(rest[1:], start=1):
        if verbs.is_participle(word.lower()):
            return _sentence(" ".join([*rest[:n], aux, *rest[n:], told]))
    return _sentence(" ".join([*rest, aux, told]))


def _sentence(text: str) -> str:
    plain = " ".join(text.split())
    return f"{plain[:1].upper()}{plain[1:]}."
