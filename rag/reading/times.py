"""Date words of English news, such as "last week" or "in June", as first and last day.

They mean something only on a day: of a question that on which it is asked, of an article that on
which it was published. Weeks begin on Monday.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from corpus.dates import to_iso
from corpus.errors import BylineError
from rag.reading.words import MONTHS, WEEKDAYS

_DAY = timedelta(days=1)
_MONTHS = [name.lower() for name in MONTHS]
_WEEKDAYS = [name.lower() for name in WEEKDAYS]
_COUNTS = "zero one two three four five six seven eight nine ten eleven twelve".split()
_ORDINALS = ("first", "second", "third", "fourth")
_SEASONS = {"winter": 12, "spring": 3, "summer": 6, "autumn": 9, "fall": 9}  # their first month
_SHORT = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
# Months keep their capital: "may" and "march" are verbs too.
_MONTH = rf"(?P<month>(?-i:{'|'.join(name.title() for name in _MONTHS)}|(?:{_SHORT})\b\.?))"
_NUMBER = rf"(?P<count>\d{{1,3}}|an?|{'|'.join(_COUNTS[1:])})"
_YEAR = r"(?P<year>(?:19|20)\d\d)(?![\d%]|[.,]\d)"
_D = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\b(?!:)"
_UNIT = r"(?P<unit>day|week|month|quarter|year|decade)"
_WHICH = r"(?P<which>last|past|this|current|next|coming)"
_SEASON = rf"(?P<season>{'|'.join(_SEASONS)})"


@dataclass(frozen=True, slots=True)
class Span:
    """From the first day to the last, both in it."""

    first: date
    last: date

    def overlaps(self, other: Span) -> bool:
        return self.first <= other.last and other.first <= self.last


def parse_day(text: str) -> date:
    """A day as somebody gives it: `2025-06-13`, or in words. Raises BylineError."""
    found = to_iso(text.strip())
    if found is None:
        raise BylineError(f"{text!r} is no day that can be told: write one such as 2025-06-13.")
    return date.fromisoformat(found[:10])


def times_named(text: str, on: date) -> list[Span]:
    """The times that a text of the day `on` names, in the order of the text.

    "Since" and "before" reach to `on` and from the first day there is. What is no date, such as 30
    February, is left out.
    """
    found: list[tuple[int, Span]] = []
    for form, resolve in _FORMS:
        for match in list(form.finditer(text)):
            try:
                span = resolve(match, on)
            except (ValueError, OverflowError):  # a day that no calendar has
                continue
            start = match.start()
            if reach := _REACH.search(text[:start]):
                span = _reaching(reach[1].lower(), span, on)
            found.append((start, span))
            # What was read is not read again as a part of itself: "2025" in "June 2025".
            text = f"{text[:start]}{'·' * len(match[0])}{text[match.end() :]}"
    return [span for _, span in sorted(found, key=lambda pair: pair[0])]


def months(year: int, month: int, count: int = 1) -> Span:
    """`count` months from one on; `month` may lie outside 1 to 12."""
    return Span(_first_of(year, month), _first_of(year, month + count) - _DAY)


def _first_of(year: int, month: int) -> date:
    years, months = divmod(month - 1, 12)
    return date(year + years, months + 1, 1)


_REACH = re.compile(r"\b(since|before|until|till|after|by)\s+(?:the\s+|early\s+|late\s+)?$", re.I)


def _reaching(word: str, span: Span, on: date) -> Span:
    if word == "since":
        return Span(span.first, max(on, span.last))
    if word == "before":
        return Span(date.min, span.first - _DAY)
    if word == "after":
        return Span(span.last + _DAY, date.max)
    return Span(date.min, span.last)


def _full_date(match: re.Match[str], on: date) -> Span:
    day = date(int(match["year"]), _month(match), int(match["day"]))
    return Span(day, day)


def _iso_date(match: re.Match[str], on: date) -> Span:
    day = date.fromisoformat(match[0])
    return Span(day, day)


def _day_of_month(match: re.Match[str], on: date) -> Span:
    """Without a year the last one there was, or the next where only that is near."""
    month, number = _month(match), int(match["day"])
    days = [date(year, month, number) for year in (on.year, on.year - 1, on.year + 1)]
    day = min(days, key=lambda day: abs(day - on) if day <= on else 2 * (day - on))
    return Span(day, day)


def _years(match: re.Match[str], on: date) -> Span:
    return Span(date(int(match["from"]), 1, 1), date(int(match["to"]), 12, 31))


def _month_of_year(match: re.Match[str], on: date) -> Span:
    return months(int(match["year"]), _month(match))


def _year(match: re.Match[str], on: date) -> Span:
    return months(int(match["year"]), 1, 12)


def _decade(match: re.Match[str], on: date) -> Span:
    return months(int(match["year"]), 1, 120)


def _quarter(match: re.Match[str], on: date) -> Span:
    number = match["number"] or str(_ORDINALS.index(match["ordinal"].lower()) + 1)
    return months(int(match["year"] or on.year), 3 * int(number) - 2, 3)


def _season(match: re.Match[str], on: date) -> Span:
    month = _SEASONS[match["season"].lower()]
    parts = match.groupdict()
    if "year" in parts:
        year = int(parts["year"])
        return months(year - 1 if month == 12 else year, month, 3)
    seasons = [months(year, month, 3) for year in range(on.year - 2, on.year + 2)]
    begun = [season for season in seasons if season.first <= on]
    which = parts["which"].lower()
    if which in ("next", "coming"):
        return seasons[len(begun)]
    over = [season for season in begun if season.last < on]
    return over[-1] if which in ("last", "past") else begun[-1]


def _alone(match: re.Match[str], on: date) -> Span:
    word = match[0].lower()
    day = on - _DAY if word in ("yesterday", "last night") else on
    day = on + _DAY if word == "tomorrow" else day
    return Span(day, day)


def _unit(match: re.Match[str], on: date) -> Span:
    """ "Last week" is the one before this, "the past week" the seven days that end today."""
    which, unit = match["which"].lower(), match["unit"].lower()
    if which == "past":
        return Span(_ago(on, 1, unit), on)
    shift = {"last": -1, "next": 1, "coming": 1}.get(which, 0)
    return _before(on, -shift, unit)


def _counted(match: re.Match[str], on: date) -> Span:
    """The last so many days, weeks, months or years."""
    unit = match["unit"].lower()
    return Span(_ago(on, _count(match), unit), on)


def _counted_ago(match: re.Match[str], on: date) -> Span:
    """ "Two years ago" is that year, "three weeks ago" that week."""
    return _before(on, _count(match), match["unit"].lower())


def _before(on: date, count: int, unit: str) -> Span:
    """The day, week, month or year that lies `count` before the one with `on`."""
    if unit == "day":
        return Span(on - count * _DAY, on - count * _DAY)
    if unit == "week":
        monday = on - (on.weekday() + 7 * count) * _DAY
        return Span(monday, monday + 6 * _DAY)
    if unit == "month":
        return months(on.year, on.month - count)
    if unit == "quarter":
        return months(on.year, on.month - (on.month - 1) % 3 - 3 * count, 3)
    if unit == "year":
        return months(on.year - count, 1, 12)
    return months(on.year - on.year % 10 - 10 * count, 1, 120)


def _ago(on: date, count: int, unit: str) -> date:
    if unit in ("day", "week"):
        return on - count * (7 if unit == "week" else 1) * _DAY
    length = {"month": 1, "quarter": 3, "year": 12, "decade": 120}[unit]
    month = months(on.year, on.month - count * length)
    return min(month.last, month.first + (on.day - 1) * _DAY)


def _weekday(match: re.Match[str], on: date) -> Span:
    """Of the week before `on`, as the news writes "on Friday"; `on` itself but for "last"."""
    wanted = _WEEKDAYS.index(match["weekday"].lower())
    which = (match["which"] or "").lower()
    back = (on.weekday() - wanted) % 7
    day = on - back * _DAY
    if which in ("next", "coming") or (which == "this" and wanted > on.weekday()):
        day += 7 * _DAY
    elif which in ("last", "past") and back == 0:
        day -= 7 * _DAY
    return Span(day, day)


def _month_alone(match: re.Match[str], on: date) -> Span:
    """The last one that has begun; with "next" the one to come."""
    number = _month(match)
    which = (match["which"] or "").lower()
    year = on.year if number <= on.month else on.year - 1
    if which in ("next", "coming"):
        year += 1
    elif which in ("last", "past") and number == on.month:
        year -= 1
    return months(year, number)


def _month(match: re.Match[str]) -> int:
    name = match["month"].lower()[:3]
    return next(n for n, month in enumerate(_MONTHS, start=1) if month.startswith(name))


def _count(match: re.Match[str]) -> int:
    text = match["count"].lower()
    if text in ("a", "an"):
        return 1
    return _COUNTS.index(text) if text in _COUNTS else int(text)


def _forms() -> Iterator[tuple[str, Callable[[re.Match[str], date], Span]]]:
    """What is read, the longer forms before those that are a part of them."""
    yield r"\b\d{4}-\d\d-\d\d\b", _iso_date
    yield rf"\b{_MONTH}\s+{_D},?\s+{_YEAR}", _full_date
    yield rf"\b{_D}\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}", _full_date
    yield rf"\b{_SEASON}\s+(?:of\s+)?{_YEAR}", _season
    yield (
        rf"\b(?:Q(?P<number>[1-4])|(?P<ordinal>{'|'.join(_ORDINALS)})[ -]quarter)"
        rf"(?:\s+(?:of\s+)?{_YEAR})?",
        _quarter,
    )
    yield (
        r"\b(?:between|from)\s+(?P<from>(?:19|20)\d\d)\s+(?:and|to|until)\s+(?P<to>(?:19|20)\d\d)\b",
        _years,
    )
    yield rf"\b{_MONTH}(?:\s+of)?,?\s+{_YEAR}", _month_of_year
    yield rf"\b{_MONTH}\s+{_D}", _day_of_month
    yield rf"\b{_D}\s+(?:of\s+)?{_MONTH}", _day_of_month
    yield r"\b(?P<year>(?:19|20)\d0)s\b", _decade
    yield rf"\b{_NUMBER}\s+{_UNIT}s?\s+ago\b", _counted_ago
    yield rf"\b(?:last|past)\s+{_NUMBER}\s+{_UNIT}s?\b", _counted
    yield (
        r"\b(?:today|tonight|yesterday|tomorrow|last night|now|currently|at present"
        r"|this (?:morning|afternoon|evening))\b",
        _alone,
    )
    yield rf"\b{_WHICH}\s+{_UNIT}\b", _unit
    yield rf"\b{_WHICH}\s+{_SEASON}\b", _season
    yield rf"\b(?:{_WHICH}\s+)?(?P<weekday>{'|'.join(_WEEKDAYS)})\b", _weekday
    yield (
        r"(?:(?<=\bsince )|(?<=\bby )|(?<=\buntil )|(?<=\bbefore )|(?<=\bafter )"
        rf"|\b(?:{_WHICH}|in|during|of|for|early|late|mid-)\s*\b){_MONTH}(?!\w)",
        _month_alone,
    )
    yield rf"(?<![$£€\d.,])\b{_YEAR}\b", _year


_FORMS = [(re.compile(form, re.IGNORECASE), resolve) for form, resolve in _forms()]
