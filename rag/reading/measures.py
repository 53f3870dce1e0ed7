"""What a figure measures, told by the nearest word that says so: paid, valued at, sales, employees.

So "$14 billion" of what investors put a company at is no other price than the $14.3 billion that
were paid for a part of it.
"""

from __future__ import annotations

import re
from typing import Literal

from rag.reading.words import STOP_WORDS, stem

# What a question asks for.
Kind = Literal["person", "money", "share", "number", "date"]

# The words of one measure, in running text; a star stands for any ending.
_MONEY = {
    "price": "pay* paid price* cost costs fee sum get gets got buy* bought acqui* purchase* "
    "invest* deal takeover transaction stake consideration putting pour* inject* receiv*",
    "value": "value* valuation worth put",
    "sales": "sales revenue* turnover took",
    "profit": "profit* earnings income",
    "loss": "loss* lost losing",
    "funding": "rais* round funding",
    "debt": "debt* owe*",
    "spending": "spen* expenditure* capex budget",
    "fine": "fine fined fines penalt* settle*",
}
_SHARE = {
    "stake": "stake* own* hold* shareholding buy* bought part minority majority acqui* interest",
    "growth": "rose rise rising grew grow* gr?wth increas* jump* climb* up fell fall* drop* "
    "declin* down decreas*",
    "staff": "staff workforce employees jobs workers",
    "vote": "vote* voting votes",
    "market": "market",
}
_NUMBER = {
    "cut": "cut cuts cutting dismiss* lay* laid layoff* fire fired firing sack* redundan* let",
    "hired": "hire* hiring recruit* joined joining",
    "killed": "kill* die died dead death* fatalit*",
    "injured": "injur* wound* hurt",
    "users": "user* use uses using",
    "staff": "employ* work works worked worker* workforce staff headcount had has have with",
    "people": "population inhabitant* resident* lived living attend*",
}
_TABLES: dict[str, dict[str, str]] = {"money": _MONEY, "share": _SHARE, "number": _NUMBER}
_HAS = frozenset("had has have with".split())
"""A number of staff where nothing else says what is counted, and no measure in a question."""
# "The sum that investors put at": a figure is put at anything; and a deal has a value too.
_SAYS_LITTLE = frozenset("put deal takeover transaction".split())
_NEAR, _AT_HAND = 8, 4  # words

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# What is put into a thing is paid; what it is put at is its value.
_PUT_INTO = re.compile(r"\bput(?:s|ting)?(?= (?:\w+ ){0,2}into\b)", re.IGNORECASE)
# The value of a payment is what was paid.
_VALUE_OF = re.compile(
    r"\b(?:value|worth) of (?=(?:\w+['’]?s? ){0,3}(?:invest\w+|purchase|payment|cheque|funding)\b)",
    re.IGNORECASE,
)
_PAID = frozenset({"price", "funding", "spending"})
_UNLIKE: dict[str, list[tuple[frozenset[str], frozenset[str]]]] = {
    "money": [(frozenset({"value"}), _PAID)],
    "share": [(frozenset({"vote"}), frozenset({"stake"}))],
}
_PEOPLE = frozenset(
    stem(word)
    for word in "people person employee worker staff user member resident inhabitant job "
    "household individual passenger visitor customer".split()
)
PEOPLE = "people"


def _compiled(table: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile(
            "|".join(word.replace("*", r"\w*").replace("?", r"\w") for word in words.split()),
            re.IGNORECASE,
        )
        for name, words in table.items()
    }


_PATTERNS = {kind: _compiled(table) for kind, table in _TABLES.items()}


def measure_asked(kind: Kind, question: str) -> str | None:
    """What a question asks the measure of; None where no word of it says.

    Of "how many employees did it lay off" it is what comes after the counted, if that tells.
    """
    words = _WORD.findall(_PUT_INTO.sub("invest", _VALUE_OF.sub("", question)))
    named = [(word, name) for word in words for name in _measures(kind, word) if word not in _HAS]
    telling = [
        name
        for word, name in named
        if word.lower() not in _SAYS_LITTLE and stem(word.lower()) not in _PEOPLE
    ]
    return next(iter([*telling, *(name for _, name in named)]), None)


def measure_of(kind: Kind, sentence: str, start: int, end: int) -> str | None:
    """What the figure at `start` to `end` of a sentence measures, by the nearest word that says.

    One shortly before it says more than one after: "paid $14.3 billion for a stake" is a price.
    """
    before = _named(kind, _WORD.findall(sentence[:start])[::-1])
    after = _named(kind, _WORD.findall(sentence[end:]))
    if before and before[0][0] < _AT_HAND:
        return before[0][1]
    return min(before + after)[1] if before or after else None


def unlike(kind: Kind, asked: str | None, stated: str | None) -> bool:
    """Whether two measures are among those that are taken for each other and differ: what is paid
    and what a thing is valued at, a share of the stock and one of the votes."""
    return any(
        (asked in one and stated in other) or (asked in other and stated in one)
        for one, other in _UNLIKE.get(kind, [])
    )


def speaks_of(kind: Kind, measure: str | None, sentence: str) -> bool:
    """Whether any word of a sentence says that it is about a measure."""
    return any(measure in _measures(kind, word) for word in _WORD.findall(sentence))


def _named(kind: Kind, words: list[str]) -> list[tuple[int, str]]:
    return [
        (distance, name)
        for distance, word in enumerate(words[:_NEAR])
        for name in _measures(kind, word)
    ]


def _measures(kind: Kind, word: str) -> list[str]:
    return [name for name, words in _PATTERNS.get(kind, {}).items() if words.fullmatch(word)]


def counted(sentence: str, start: int, end: int) -> frozenset[str]:
    """The noun that a number counts and what describes it, as stems; `PEOPLE` for all people.

    It stands after the number, or the number is of a workforce or population before it.
    """
    nouns = _nouns(sentence[end:])
    before = _WORD.findall(sentence[:start])[-6:]
    if any(re.fullmatch("workforce|headcount|population|staff", word, re.I) for word in before):
        return nouns or frozenset({PEOPLE})
    return nouns


def counts_asked(question: str) -> frozenset[str]:
    """The nouns that a question asks the number of, as `counted` tells them; empty where none."""
    match = re.search(r"\b(?:how many|number of)\b|\bpopulation\b", question, re.I)
    if match is None:
        return frozenset()
    if match[0].lower() == "population":
        return frozenset({PEOPLE})
    return _nouns(question[match.end() :])


def _nouns(text: str) -> frozenset[str]:
    """Up to three words that follow without a stop word or a mark between, as stems."""
    nouns: list[str] = []
    for word in re.match(r"(?:[\s-]+[^\W\d_]+){0,3}", text)[0].replace("-", " ").split():  # type: ignore[index]
        if word.lower() in STOP_WORDS:
            break
        nouns.append(PEOPLE if stem(word.lower()) in _PEOPLE else stem(word.lower()))
    return frozenset(nouns)
