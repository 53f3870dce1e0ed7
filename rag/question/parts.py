"""A question that asks for two things, put as two: "Who leads Vell and when was Orrin sold?"

Only where the grammar shows it: direct questions joined by "and", and what is asked of two names at
once. Each is answered by itself, so that what is not known of the one does not take the other away
(question decomposition, as in Min et al., "Multi-hop Reading Comprehension through Question
Decomposition and Rescoring", 2019, here by rules).
"""

from __future__ import annotations

import re

from rag.reading.verbs import BASE

MOST = 3
_WH = r"(?:who|whom|whose|what|which|when|where|why|how)"
_TO = r"(?:(?:in|on|at|for|from|by|to|with|of) )?"
_JOIN = re.compile(rf",? and (?={_TO}{_WH}\b)", re.IGNORECASE)
_OPENS = re.compile(rf"{_TO}(?P<wh>{_WH})\b(?P<rest>.*)", re.IGNORECASE)
_AUXILIARY = frozenset(
    "is are was were do does did has have had will would can could should may might".split()
)
_SINGULAR = {"do": "does", "are": "is", "were": "was", "have": "has"}
# What is weighed, or chosen from, cannot be asked by halves.
_WEIGHED = re.compile(
    r"\b(?:than|or|versus|between|same|differ\w*|compar\w*|common|more|less|most|least|first|last"
    r"|earlier|later|bigger|larger|smaller|higher|lower|longer|older|dearer|cheaper|biggest|largest"
    r"|smallest|highest|lowest|respectively)\b",
    re.IGNORECASE,
)
_NAME = r"[A-Z][\w.&’'-]*(?: [A-Z][\w.&’'-]*)*"
_TWO = re.compile(
    rf"(?P<aux>\b(?:{'|'.join(sorted(_AUXILIARY))})) "
    rf"(?:both (?P<a>{_NAME}) and (?P<b>{_NAME})|(?P<c>{_NAME}) and (?P<d>{_NAME}) each)\b"
)
_BARE = re.compile(r"when|where|why|how", re.IGNORECASE)
_CLAUSE = re.compile(rf"{_TO}{_WH}\b.*? (?P<clause>(?:{'|'.join(sorted(_AUXILIARY))}) .+)", re.I)
_CIRCUMSTANCE = re.compile(
    r"(?:when|where|why|how) (?:did|was|were|will|has|have|does|do|is|are)\b"
)


def parts_of(question: str) -> list[str]:
    """The questions in one, in their order; the question alone where no rule is sure."""
    plain = " ".join(question.split())
    body = plain.rstrip(" ?.!")
    if _WEIGHED.search(body) or re.search(r"[?!;]|\. ", body):
        return [question]
    if of_two := _of_two_names(body):
        return of_two
    parts = _JOIN.split(body)
    if not 1 < len(parts) <= MOST:
        return [question]
    whole = _without_gaps(parts)
    if not all(map(_is_direct, whole)):
        return [question]
    return [_as_question(part) for part in whole]


def _of_two_names(body: str) -> list[str]:
    """ "What did A and B each pay" as what A did, and what B."""
    match = _TWO.search(body)
    if match is None or not _OPENS.match(body) or _JOIN.search(body):
        return []
    auxiliary = _SINGULAR.get(match["aux"], match["aux"])
    names = (match["a"] or match["c"], match["b"] or match["d"])
    return [
        _as_question(f"{body[: match.start()]}{auxiliary} {name}{body[match.end() :]}")
        for name in names
    ]


def _without_gaps(parts: list[str]) -> list[str]:
    """ "When did Vell buy Orrin", "why" with the clause that the second leaves out."""
    whole: list[str] = []
    for part in parts:
        clause = _CLAUSE.fullmatch(whole[-1]) if whole and _BARE.fullmatch(part) else None
        asks = bool(clause) and _CIRCUMSTANCE.match(whole[-1].lower()) is not None
        whole.append(f"{part} {clause['clause']}" if clause and asks else part)
    return whole


def _is_direct(part: str) -> bool:
    """Whether it asks by itself: not "why it matters", which depends on another question."""
    match = _OPENS.fullmatch(part)
    if match is None:
        return False
    words = match["rest"].split()
    if len(words) < 2 or re.search(rf"\b{_WH}\b", match["rest"], re.IGNORECASE):
        return False
    if match["wh"].lower() == "who":
        return words[0].islower()
    near = words[: 1 if match["wh"].lower() in ("when", "where", "why") else 5]
    return any(word in _AUXILIARY or (word in BASE and n > 0) for n, word in enumerate(near))


def _as_question(part: str) -> str:
    return f"{part[:1].upper()}{part[1:]}?"
