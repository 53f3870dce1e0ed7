"""Dates as news writes them, made comparable: "last Thursday" in a report of 14 June 2025 is
12 June 2025.

A date is the days it may mean, from the first to the last. One that leaves something open ("in
June", "on Friday") means several such stretches: the last before the article's day and the next.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from rag.reading.words import MONTHS, WEEKDAYS

Days = tuple[date, date]
"""The first and the last of the days that are meant."""

_MONTHS = {name[:3].lower(): number for number, name in enumerate(MONTHS, start=1)}
_WEEKDAYS = {name.lower(): number for number, name in enumerate(WEEKDAYS)}
_OPEN_MONTH = 200
"""Days from the article's day within which a month or a day without a year may lie."""

_MONTH = (
    r"(?P<month>January|February|March|April|May|June|July|August|September|October|November"
    r"|December|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?(?![\w%]|[.,]\d|\s(?:per\s?cent|[mb]illion))"
_YEAR = r"(?P<year>1[5-9]\d\d|20\d\d)"
_WEEKDAY = rf"(?P<weekday>{'|'.join(WEEKDAYS)})\b"
_WHICH = r"(?P<which>[Ll]ast|[Nn]ext|[Tt]his)\s+"
_OF_YEAR = rf"(?:,?\s+(?:of\s+)?{_YEAR}\b)?"
_ORDINALS = ("first", "second", "third", "fourth")
_ORDINAL = rf"(?P<ordinal>[Ff]irst|{'|'.join(_ORDINALS)})"
_FORMS = tuple(
    re.compile(rf"(?<![\w$€£¥])(?:{form})")
    for form in (
        rf"{_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)(?:T[\d:.]+(?:Z|[+-][\d:]+)?)?(?!\d)",
        rf"(?:Q(?P<quarter>[1-4])|{_ORDINAL}[\s-](?P<part>quarter|half))\b{_OF_YEAR}",
        rf"(?P<first>{'|'.join(MONTHS)})\s?(?:to|through|until|[–-])\s?{_MONTH}{_OF_YEAR}",
        rf"(?:three|3)\s+months\s+(?P<ended>to|ended|ending|through)\s+(?:the\s+end\s+of\s+)?"
        rf"(?:\d\d?\s+)?{_MONTH}(?:\s\d\d?\b)?{_OF_YEAR}",
        rf"{_DAY}(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR}\b)?",
        rf"{_MONTH}\s+{_DAY}(?:,?\s+{_YEAR}\b)?",
        rf"{_MONTH}(?:\s+of)?,?\s+{_YEAR}\b",
        rf"{_WHICH}(?:{_MONTH}|{_WEEKDAY}|(?P<unit>week|month|year)\b)",
        rf"{_WEEKDAY}",
        r"(?P<near>[Yy]esterday|[Tt]oday|[Tt]omorrow)\b",
        # "May" and "March" are months where something before them says so.
        rf"(?:(?<=\bin )|(?<=\bby )|(?<=\bsince )|(?<=\buntil )|(?<=\bIn )|(?<=\bfrom )|(?<=\bof ))"
        rf"{_MONTH}(?!\w)",
        r"(?P<month>January|February|April|June|July|August|September|October|November|December)"
        r"\b(?!\s+[A-Z])",
        rf"{_YEAR}(?![\w%]|[.,]\d|-\d|\s?(?:%|per\s?cent|percent|thousand|[mb]illion|bn))",
    )
)


@dataclass(frozen=True, slots=True)
class Date:
    """A date as a text states it; what it leaves open is None. `which` is last, this or next, and
    `months` how many there are from `month` on, as in a quarter."""

    text: str
    start: int
    end: int
    year: int | None = None
    month: int | None = None
    months: int = 1
    day: int | None = None
    weekday: int | None = None
    which: str | None = None
    unit: str | None = None

    @property
    def is_year(self) -> bool:
        """A year alone, which may as well be a number."""
        return self.year is not None and self.month is None

    def says(self, other: Date) -> bool:
        """Whether it states in the same way all that `other` states."""
        fields = ("year", "month", "day", "weekday", "which", "unit")
        stated = {name: value for name in fields if (value := getattr(other, name)) is not None}
        same = all(getattr(self, name) == value for name, value in stated.items())
        return same and (other.month is None or self.months == other.months)


@lru_cache(maxsize=4096)
def dates(text: str) -> tuple[Date, ...]:
    """The dates in a text, in order."""
    found: list[Date] = []
    for form in _FORMS:  # the longer forms come first
        for match in form.finditer(text):
            if all(match.end() <= one.start or match.start() >= one.end for one in found):
                found += _read(match)
    return tuple(sorted(found, key=lambda one: one.start))


def _read(match: re.Match[str]) -> Iterator[Date]:
    parts = {name: value for name, value in match.groupdict().items() if value}
    month, months = _months(parts)
    ends_later = months > 1 and (month or 0) + months > 13  # "November to January 2025"
    read = Date(
        match[0],
        *match.span(),
        year=int(parts["year"]) - ends_later if "year" in parts else None,
        month=month,
        months=months,
        day=int(parts["day"]) if "day" in parts else None,
        weekday=_WEEKDAYS.get(parts.get("weekday", "").lower()),
        which=parts.get("which", "").lower() or None,
        unit=parts.get("unit") or parts.get("near", "").lower() or None,
    )
    # A 30 February, or a month 13, is no date.
    if read.day is None or _on(read.year or 2000, read.month or 0, read.day):
        yield read


def _months(parts: Mapping[str, str]) -> tuple[int | None, int]:
    """The first month, and how many there are."""
    if "quarter" in parts or "ordinal" in parts:
        count = 6 if parts.get("part") == "half" else 3
        number = parts.get("quarter") or _ORDINALS.index(parts["ordinal"].lower()) + 1
        first = count * (int(number) - 1) + 1
        return (first, count) if first <= 12 else (None, 1)  # there is no third half
    stated = parts.get("month", "")
    month = int(stated) if stated.isdigit() else _MONTHS.get(stated[:3].lower())
    if month and "first" in parts:
        first = _MONTHS[parts["first"][:3].lower()]
        return first, (month - first) % 12 + 1
    if month and "ended" in parts:
        return (month - 3) % 12 + 1, 3
    return month, 1


def without_dates(text: str, keep_years: bool = False) -> str:
    """The text with its dates cut out; with `keep_years`, years alone stay."""
    last, kept = 0, ""
    for one in dates(text):
        if not (keep_years and one.is_year):
            kept += text[last : one.start]
            last = one.end
    return kept + text[last:]


def missing_dates(claimed: str, source: str, published: date | None) -> list[Date]:
    """The dates of `claimed` that `source`, an article of the day `published`, does not state.

    "June 2025" is stated by "13 June 2025", not the other way round, and a quarter by that quarter
    alone. "Today" is left out: it is said of what goes on more often than of a day.
    """
    held = dates(source)
    return [
        one for one in dates(claimed) if one.unit != "today" and not _stated(one, held, published)
    ]


def _stated(claim: Date, held: Sequence[Date], published: date | None) -> bool:
    if any(one.says(claim) for one in held):
        return True
    meant = days(claim, published)
    return any(
        first <= start and end <= last
        for one in held
        if one.months == claim.months  # what is said of a quarter is not said of its year
        for start, end in days(one, published)
        for first, last in meant
    )


def days(one: Date, published: date | None) -> list[Days]:
    """The stretches that a date may mean, read on the day `published`; none without that day
    where it takes one to tell."""
    if one.year is not None:
        return _stretch(one.year, one.month, one.day, one.months)
    if published is None:
        return []
    if one.month is not None:
        return _of_some_year(one, published)
    if one.weekday is not None:
        back = (published.weekday() - one.weekday) % 7
        before = published - timedelta(back or (7 if one.which == "last" else 0))
        after = published + timedelta(7 - back)
        both = {"last": [before], "next": [after]}.get(one.which or "", [before, after])
        return [(day, day) for day in both]
    return _of_unit(one, published)


def _of_some_year(one: Date, published: date) -> list[Days]:
    found = [
        stretch
        for year in (published.year - 1, published.year, published.year + 1)
        for stretch in _stretch(year, one.month, one.day, one.months)
    ]
    if one.which == "last":
        return [max(days for days in found if days[1] < published)]
    if one.which == "next":
        return [min(days for days in found if days[0] > published)]
    return [s for s in found if min(abs((day - published).days) for day in s) <= _OPEN_MONTH]


def _of_unit(one: Date, published: date) -> list[Days]:
    near = {"yesterday": -1, "today": 0, "tomorrow": 1}
    if one.unit in near:
        day = published + timedelta(near[one.unit])
        return [(day, day)]
    step = {"last": -1, "this": 0, "next": 1}[one.which or "this"]
    if one.unit == "week":
        monday = published + timedelta(7 * step - published.weekday())
        return [(monday, monday + timedelta(6))]
    if one.unit == "month":
        year, month = divmod(12 * published.year + published.month - 1 + step, 12)
        return _stretch(year, month + 1, None)
    return _stretch(published.year + step, None, None)


def _stretch(year: int, month: int | None, day: int | None, months: int = 1) -> list[Days]:
    if month is None:
        return [(date(year, 1, 1), date(year, 12, 31))]
    if day is None:
        years, last = divmod(month + months - 2, 12)
        end = calendar.monthrange(year + years, last + 1)[1]
        return [(date(year, month, 1), date(year + years, last + 1, end))]
    exact = _on(year, month, day)
    return [(exact, exact)] if exact else []


def _on(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:  # such as 29 February of most years
        return None


def day_of(published_at: str | None) -> date | None:
    """The day of an ISO 8601 time, None where there is none."""
    try:
        return date.fromisoformat((published_at or "")[:10])
    except ValueError:
        return None
