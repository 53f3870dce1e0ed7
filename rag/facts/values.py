"""The values that a sentence states, of the kind a question asks for, and how two of them compare.

"$14.3 billion" is "14.3bn"; "more than $10 billion" and "about $14 billion" leave room for it; and
"the exact figure was not revealed" is less exact than any figure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from rag.reading.quantities import Located, located_quantities

Relation = Literal["same", "compatible", "different"]
"""Compatible: both may be true, as one of them is less exact."""

_HALF, _TENTH, _ROUNDING = Decimal("0.5"), Decimal("0.1"), Decimal("0.005")
_MORE = (
    r"more than|over|above|at least|in excess of|upwards of|no (?:less|fewer) than"
    r"|(?:exceed(?:s|ed|ing)?|top(?:s|ped|ping)?|surpass(?:es|ed|ing)?)"
)
_LESS = r"less than|fewer than|under|below|up to|as (?:much|many) as|at most|no more than"
_NEARLY = r"nearly|almost|close to|just under|not quite"
_ABOUT = r"about|around|roughly|approximately|some|(?:an )?estimated|circa|or so"
_QUALIFIER = re.compile(
    rf"\b(?:(?P<more>{_MORE})|(?P<less>{_LESS})|(?P<nearly>{_NEARLY})|(?P<about>{_ABOUT}))"
    r"\s+(?:(?:an?|the|its|their|his|her)\s+)?$",
    re.IGNORECASE,
)
_TO = re.compile(r"\s?(?:to|and|-|–|—)\s?")
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_DATE = re.compile(
    rf"(?<![\w.,-])(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH}),?\s+"
    rf"|(?P<month2>{_MONTH})(?:\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?)?,?\s+(?:of\s+)?)?"
    r"(?P<year>1[0-9]\d\d|20\d\d)\b(?![,.]\d|%)"
)
_HIDDEN = re.compile(
    r"\b(?:not|n['’]t|never)\s+(?:yet\s+)?(?:been\s+|be\s+)?(?:immediately\s+)?"
    r"(?:revealed?|disclosed?|published|named|specif(?:y|ied)|made public|divulged?|known)\b"
    r"|\bundisclosed\b"
    r"|\b(?:declined|refused) to (?:say|reveal|disclose|name|specify)\b"
    r"|\bwithout (?:revealing|disclosing|naming|saying|specifying)\b"
    r"|\bneither\b[^.]*\b(?:named|gave|disclosed|revealed)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Value:
    """One value as a sentence states it, from `start` to `end` of the sentence.

    A figure is its bounds `low` and `high`, equal where it is exact. A name, a date or yes and no
    is its `words`. What is not revealed has neither.
    """

    text: str
    start: int
    end: int
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str | None = None
    words: tuple[str, ...] = ()
    qualified: bool = False

    @property
    def is_hidden(self) -> bool:
        return self.low is None and not self.words

    @property
    def is_date(self) -> bool:
        return any(" " in word for word in self.words)

    @property
    def middle(self) -> Decimal | None:
        """Of a figure, halfway between its bounds."""
        return None if self.low is None or self.high is None else (self.low + self.high) / 2

    @property
    def is_exact(self) -> bool:
        return self.low == self.high and not self.qualified


def figures(sentence: str) -> list[Value]:
    """The figures of a sentence in order, with what bounds them: "more than", "about", "to"."""
    found = located_quantities(sentence)
    values: list[Value] = []
    position = 0
    while position < len(found):
        one = found[position]
        other = found[position + 1] if position + 1 < len(found) else None
        if other is not None and _is_range(sentence, one, other):
            values.append(_range(sentence, one, other))
            position += 2
        else:
            values.append(_figure(sentence, one))
            position += 1
    return values


def hidden(sentence: str) -> Value | None:
    """That a sentence says something is not revealed; None where it does not."""
    match = _HIDDEN.search(sentence)
    return Value("not revealed", match.start(), match.end()) if match else None


def dates(sentence: str) -> list[Value]:
    """The dates of a sentence that have a year, in order."""
    return [_date(match) for match in _DATE.finditer(sentence)]


def _date(match: re.Match[str]) -> Value:
    month = match["month"] or match["month2"]
    words = [f"year {match['year']}"]
    if month:
        words.append(f"month {month[:3].lower()}")
    if day := match["day"] or match["day2"]:
        words.append(f"day {int(day)}")
    return Value(match[0], match.start(), match.end(), words=tuple(words))


def relate(one: Value, other: Value) -> Relation | None:
    """How two values of one kind compare; None where their units do not."""
    if one.is_hidden or other.is_hidden:
        return "same" if one.is_hidden and other.is_hidden else "compatible"
    if bool(one.words) != bool(other.words):
        return None
    if one.words:
        return _relate_words(one.words, other.words)
    if one.unit != other.unit:
        return None
    if one.low == other.low and one.high == other.high:
        return "same"
    return _relate_bounds(one, other)


def _is_range(sentence: str, one: Located, other: Located) -> bool:
    """Whether two figures are the ends of one: "$64 billion to $72 billion", "60-65%"."""
    link = _TO.fullmatch(sentence[one.end : other.start])
    if link is None or one.value.value >= other.value.value:
        return False
    if "and" in link[0] and not re.search(r"\bbetween\s+$", sentence[: one.start], re.IGNORECASE):
        return False
    return one.value.unit in (None, other.value.unit) or other.value.unit is None


def _range(sentence: str, one: Located, other: Located) -> Value:
    unit = other.value.unit or one.value.unit
    between = re.search(r"\bbetween\s+$", sentence[: one.start], re.IGNORECASE)
    start = between.start() if between else one.start
    text = sentence[start : other.end]
    return Value(text, start, other.end, one.value.value, other.value.value, unit)


def _figure(sentence: str, one: Located) -> Value:
    qualifier = _QUALIFIER.search(sentence[: one.start])
    start = qualifier.start() if qualifier else one.start
    low = high = one.value.value
    if qualifier and qualifier["more"]:
        high = 2 * low
    elif qualifier and qualifier["less"]:
        low = _HALF * high
    elif qualifier and qualifier["nearly"]:
        low = (1 - _TENTH) * high
    elif qualifier:
        low, high = (1 - _TENTH) * low, (1 + _TENTH) * high
    text = sentence[start : one.end]
    if qualifier and re.match("exceed|top|surpass", text, re.IGNORECASE):
        text = f"more than {sentence[one.start : one.end]}"
    return Value(text, start, one.end, low, high, one.value.unit, qualified=bool(qualifier))


def _relate_words(one: tuple[str, ...], other: tuple[str, ...]) -> Relation | None:
    """A name or date that holds all words of the other is the same, told more exactly.

    Dates compare by what both tell: "year 2027" and "month 6" do not compare.
    """
    parts = [dict(word.split() for word in words if " " in word) for words in (one, other)]
    if any(parts):
        shared = parts[0].keys() & parts[1].keys()
        if not shared:
            return None
        return "same" if all(parts[0][key] == parts[1][key] for key in shared) else "different"
    return "same" if set(one) <= set(other) or set(other) <= set(one) else "different"


def _relate_bounds(one: Value, other: Value) -> Relation | None:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return None
    if one.is_exact and other.is_exact:
        return _relate_exact(one.low, other.low)
    if max(one.low, other.low) > min(one.high, other.high):
        return "different"
    # "About 50" and "more than 50" add nothing to 50, "almost 50" does.
    exact, room = (one, other) if one.is_exact else (other, one)
    return "same" if exact.is_exact and exact.low in (room.middle, room.low) else "compatible"


def _relate_exact(one: Decimal, other: Decimal) -> Relation:
    """Exact figures are the same within half a percent, and compatible where one is the other
    rounded: $14 billion and $13.8 billion, but not 14 people and 15."""
    larger = max(abs(one), abs(other))
    if abs(one - other) <= _ROUNDING * larger and larger >= 100:
        return "same"
    if larger >= 100 and (_rounds_to(one, other) or _rounds_to(other, one)):
        return "compatible"
    return "different"


def _rounds_to(exact: Decimal, rounded: Decimal) -> bool:
    digits = len(rounded.normalize().as_tuple().digits)
    power = Decimal(1).scaleb(rounded.adjusted() - digits + 1)
    return (exact / power).quantize(Decimal(1)) * power == rounded
