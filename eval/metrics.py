"""Whether an answer says what was accepted: word for word, in part, or in another form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from rag.reading.quantities import Quantity, Token, normalise, tokens

SHORTEST = 3
"""Characters of an answer that is looked for in passages: "4" stands in almost any of them."""

LONGEST = 12
"""Words of an answer that is looked for: nobody says a longer one again word for word."""

_MONTHS = {
    name: number
    for number, name in enumerate(
        "jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1
    )
}
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[12]\d{3})"
_DATES = tuple(
    re.compile(rf"(?<!\w){form}(?!\w)", re.IGNORECASE)
    for form in (
        rf"{_YEAR}-(?P<month>[01]\d)-(?P<day>[0-3]\d)",
        rf"{_DAY}(?:\s+of)?[\s-]{_MONTH}(?:,?[\s-]{_YEAR})?",
        rf"{_MONTH}\s{_DAY}(?:,?\s{_YEAR})?",
        rf"{_MONTH},?(?:\s+of)?\s{_YEAR}",
    )
)
Day = tuple[int | None, int, int | None]
"""Year, month and day; None where the text does not say."""


def contains_answer(text: str, answers: Collection[str]) -> bool:
    """Whether one of the accepted answers stands in the text, as whole words in a row.

    Numbers count by value: `$14.3 billion` is `14.3bn` is `14,300 million`; `49 per cent` is `49%`
    but not `49`; `twenty` is `20`. Dates count by the day: `13 June 2025` is `June 13th, 2025` is
    `2025-06-13`, and each is in `June 2025`. `text` must come without citation markers, which are
    numbers.
    """
    said = tokens(text)
    days: list[Day] | None = None
    for answer in answers:
        if _stands_in(tokens(answer), said):
            return True
        if wanted := _only_day(answer):
            days = dates(text) if days is None else days
            if any(_within(day, wanted) for day in days):
                return True
    return False


def sayable(answers: Collection[str]) -> tuple[str, ...]:
    """The answers that are short enough to be said word for word."""
    return tuple(answer for answer in answers if len(answer.split()) <= LONGEST)


def searchable(answers: Collection[str]) -> tuple[str, ...]:
    """The answers that are long enough to be looked for in passages, and short enough."""
    return tuple(answer for answer in sayable(answers) if len(answer.strip()) >= SHORTEST)


def exact_match(text: str, answers: Collection[str]) -> float | None:
    """1 if the text is one of the answers after SQuAD's normalisation, else 0; None without any."""
    if not answers:
        return None
    return float(normalise(text) in {normalise(answer) for answer in answers})


def token_f1(text: str, answers: Collection[str]) -> float | None:
    """The best F1, 0 to 1, of the text's words and an answer's, as SQuAD's script counts it.

    Rajpurkar et al. 2016. None without answers.
    """
    if not answers:
        return None
    return max(_f1(normalise(text).split(), normalise(answer).split()) for answer in answers)


def _f1(said: Sequence[str], wanted: Sequence[str]) -> float:
    if not said or not wanted:
        return float(said == wanted)
    shared = sum((Counter(said) & Counter(wanted)).values())
    return 2 * shared / (len(said) + len(wanted))


def dates(text: str) -> list[Day]:
    """The days and months that a text names, in no order; a year alone is a number."""
    text = " ".join(text.split())
    return [_day(match) for form in _DATES for match in form.finditer(text)]


def _only_day(text: str) -> Day | None:
    """The day of a text that is nothing but one."""
    text = " ".join(text.split()).rstrip(".")
    matches = (form.fullmatch(text) for form in _DATES)
    return next((_day(match) for match in matches if match), None)


def _day(match: re.Match[str]) -> Day:
    found = match.groupdict()
    month, day, year = found["month"], found.get("day"), found.get("year")
    number = int(month) if month.isdigit() else _MONTHS[month[:3].lower()]
    return (int(year) if year else None, number, int(day) if day else None)


def _within(said: Day, wanted: Day) -> bool:
    """Whether all that is wanted was said."""
    return all(w is None or s == w for s, w in zip(said, wanted, strict=True))


def _stands_in(answer: Sequence[Token], said: Sequence[Token]) -> bool:
    width = len(answer)
    return width > 0 and any(all(map(_same, answer, window)) for window in _windows(said, width))


def _windows(said: Sequence[Token], width: int) -> Iterator[Sequence[Token]]:
    return (said[start : start + width] for start in range(len(said) - width + 1))


def _same(left: Token, right: Token) -> bool:
    if isinstance(left, Quantity) and isinstance(right, Quantity):
        return left.same(right)
    return left == right
