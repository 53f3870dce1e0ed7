"""What kind of thing a question asks for, and whether a sentence offers one.

A sentence that answers "who" names somebody whom the question does not name, and one that answers
"when" holds a date: answer-type matching, as in Li and Roth, "Learning Question Classifiers", 2002,
here by rules for the kinds that can be seen in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag.question.denial import denies
from rag.reading.measures import Kind, measure_asked, measure_of, unlike
from rag.reading.quantities import Located, located_quantities, quantities
from rag.reading.words import MONTHS_AND_DAYS, STOP_WORDS

# Where "who" and "when" ask; elsewhere they tell more of a thing, as in "the man who".
_ASKS = (
    r"(?:\A\W*|[,;:—–-] ?"
    r"|\b(?:and|or|but|by|to|with|from|for|of|since|until|exactly|me|know) )"
)
_ASKING: dict[Kind, re.Pattern[str]] = {
    "person": re.compile(
        rf"{_ASKS}who(?:m|se)?\b|\b(?:which|what) (?:person|executive|man|woman)\b", re.I
    ),
    "share": re.compile(
        r"^(?:how|what|which)\b.*\b(?:share|percent\w*|stake|proportion|portion|fraction)\b"
        r"|\b(?:own|hold|buy|bought|acquire|take|control|get)s?\b.*\bhow much of\b"
        r"|\bhow much of\b.*\b(?:own|hold|buy|bought|acquire|take|control|get)\b",
        re.I,
    ),
    "number": re.compile(
        r"\bhow (?:many|long|old|big|large|far|often|high)\b"
        r"|\bwhat (?:(?:is|was|are|were) the (?=size|number|age))?"
        r"(?:share|percent\w*|stake|number|proportion|portion|age|size)\b",
        re.I,
    ),
    "date": re.compile(rf"{_ASKS}when\b|\b(?:what|which) (?:year|date|day|month)\b", re.I),
}
# "How much voting power" asks for no sum.
_HOW_MUCH = re.compile(
    r"\bhow many (?:[mb]illions?|dollars|euros|pounds)\b"
    r"|\bhow much (?:money|cash|capital|funding|investment|debt|revenue|profit"
    r"|did|does|do|is|was|were|are|will|would|has|have|had)\b",
    re.I,
)
_WHAT_AMOUNT = re.compile(
    r"^(?:at |for )?(?:what|which)\b"
    r".*\b(?:price|cost|revenue|turnover|sales|amount|sum|dollars|euros|pounds|valuation"
    r"|monetary value|value of)\b"
    r"|\b(?:worth|cost|costs|pay|paid|for|at|is|was) how much\b"
    r"|^what (?:did|does|do|will|has|have)\b"
    r".*\b(?:pay|paid|spend|spent|invest|invested|cost|earn)\b",
    re.I,
)
_YES_OR_NO = re.compile(
    r"^(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|should|may|might)\b", re.I
)
_FULL_NAME = re.compile(r"\b[A-Z][a-z]+(?:['’-][A-Za-z]+)?(?:\s+(?:[A-Z]\.?\s+)?[A-Z][\w’'-]+)+")
_NAME = re.compile(r"(?<=[a-z,;’'\"] )[A-Z][\w’'-]+")
_TITLES = frozenset("ceo cfo coo cto".split())
_TITLE = re.compile(rf"\b(?:{'|'.join(_TITLES)})\b", re.IGNORECASE)
_DOER = re.compile(r"(?:\A\W*|\b(?:by|is|was|are|were) )([A-Z]\w+)\b(?! [A-Z]{2})")
_DATE = re.compile(rf"\b(?:1[5-9]|20)\d\d\b|\b(?:{'|'.join(MONTHS_AND_DAYS)})\b")
# What stands in for a date, a number, a share or a name, and replies all the same.
_TIME = re.compile(
    r"\b(?:today|tonight|yesterday|tomorrow|spring|summer|autumn|winter|ago)\b"
    r"|\b(?:last|next|this|coming|previous|following)"
    r" (?:night|week|weekend|month|quarter|year|decade|century)\b"
    r"|\b(?:in|within) (?:\w+ ){0,2}(?:hours|days|weeks|months|years)\b",
    re.IGNORECASE,
)
_ROUGH_NUMBER = re.compile(
    r"\b(?:dozens?|hundreds|thousands|millions|billions|several|half|doubled?|tripled?|once|twice"
    r"|hourly|daily|weekly|monthly|quarterly|yearly|annually|every|nobody|none|no one)\b",
    re.IGNORECASE,
)
_ROUGH_SHARE = re.compile(
    r"\b(?:half|majority|minority|(?:a|one|two) (?:thirds?|quarter|fifths?|tenth))\b", re.IGNORECASE
)
_GROUP = re.compile(r"\A\W*(?:an?|the|all|some|many|most|several) ([a-z]\w+)", re.IGNORECASE)
_NEAR = 0.3
_WORD = re.compile(r"(?!(?<=\w['’])s\b)\w+")  # "Scale's" is Scale


def is_yes_or_no(question: str) -> bool:
    """Whether yes or no would be a reply."""
    return bool(_YES_OR_NO.match(question))


def kinds_asked(question: str) -> list[Kind]:
    """The kinds that an answer must be of; none where the wording does not tell."""
    kinds = [kind for kind, asking in _ASKING.items() if asking.search(question)]
    if "share" in kinds and any(quantity.unit == "%" for quantity in quantities(question)):
        kinds.remove("share")  # "what comes with its 49% stake" asks for another thing
    elif "share" in kinds and "number" in kinds:
        kinds.remove("number")  # a sum is no stake
    if _HOW_MUCH.search(question) or _WHAT_AMOUNT.search(question):
        kinds.append("money")
    return kinds


def offer(kind: Kind, question: str, sentence: str) -> float:
    """How far a sentence offers what is asked: 1 it does, 0.3 to 0.4 something near it, -1 no.

    What the question itself holds is no offer.
    """
    if kind == "person":
        return _offers_name(question, sentence)
    if kind == "date":
        return 1.0 if _DATE.search(sentence) else _near(_TIME, sentence)
    new = _new_quantities(question, sentence)
    if kind == "share":
        shares = [one for one in new if one.value.unit == "%"]
        return _measured(kind, question, sentence, shares) or _near(_ROUGH_SHARE, sentence)
    if kind == "number":
        return 1.0 if new else _near(_ROUGH_NUMBER, sentence)
    sums = [one for one in new if one.value.unit not in (None, "%")]
    return _measured(kind, question, sentence, sums) or (_NEAR if new else -1.0)


def _measured(kind: Kind, question: str, sentence: str, figures: Sequence[Located]) -> float | None:
    """1 where a figure may measure what is asked, -1 where all measure another thing, None where
    there is none: what a company is valued at is no reply to what was paid."""
    asked = measure_asked(kind, question)
    others = [unlike(kind, asked, measure_of(kind, sentence, f.start, f.end)) for f in figures]
    return (-1.0 if all(others) else 1.0) if others else None


def _near(words: re.Pattern[str], sentence: str) -> float:
    return _NEAR if words.search(sentence) else -1.0


def replies_in_kind(question: str, reply: str, source: str) -> bool:
    """Whether a reply offers anything of a kind that is asked for, or no kind can be told.

    "Wang will join Meta" is none to "Who takes over from Alexandr Wang?". `source` is the text that
    the reply was taken from. A single name that the question does not hold counts as somebody if it
    begins the reply, follows "by", "is" or "was", or ends a name in full in `source`; so does a
    group that begins it, as in "The investors".
    """
    kinds = kinds_asked(question)
    if not kinds or denies(question, reply):
        return True
    full_names = _full_names(source)
    known = _known(question, [*full_names, *_full_names(reply)])
    families = {_WORD.findall(name)[-1] for name in full_names}
    # "Company" begins a sentence, and is a word of the article in small letters, too.
    common = STOP_WORDS.union(_WORD.findall(source))
    doers = {name for name in _DOER.findall(reply) if name.lower() not in common}
    alone = families.union(doers).intersection(_WORD.findall(reply))
    group = _GROUP.match(reply)
    if group and group[1].lower() not in STOP_WORDS:
        alone.add(group[1])
    if "person" in kinds and any(word.lower() not in known for word in alone):
        return True
    offers = [(kind, offer(kind, question, reply)) for kind in kinds]
    return any(offered == 1 or (kind != "person" and offered > 0) for kind, offered in offers)


def _full_names(text: str) -> list[str]:
    """Names of two words and more that may be of a person: "Scale AI CEO Jason Droege" has one."""
    runs = (part.split() for name in _FULL_NAME.findall(text) for part in _TITLE.split(name))
    return [" ".join(run) for run in runs if len(run) > 1 and not run[-1][:2].isupper()]


def _known(question: str, full_names: Iterable[str]) -> frozenset[str]:
    """Words that name nobody new: titles, the words of the question, and those of the full names
    whose family name it holds."""
    asked = {word.lower() for word in _WORD.findall(question)}
    parts = [[word.lower() for word in _WORD.findall(name)] for name in full_names]
    return _TITLES.union(asked, *(name for name in parts if name[-1] in asked))


def _offers_name(question: str, sentence: str) -> float:
    full_names = _full_names(sentence)
    known = _known(question, full_names)

    def is_new(name: str) -> bool:
        return any(word.lower() not in known for word in _WORD.findall(name))

    if any(is_new(name) for name in full_names):
        return 1.0
    return 0.4 if any(is_new(name) for name in _NAME.findall(sentence)) else -1.0


def _new_quantities(question: str, sentence: str) -> list[Located]:
    known = quantities(question)
    found = located_quantities(sentence)
    return [one for one in found if not any(one.value.same(other) for other in known)]
