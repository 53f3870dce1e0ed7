"""Which time a value is of: the year or month that its sentence names beside it, and the period."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from rag.reading.words import MONTHS

_MONTH = "|".join(MONTHS)
_TIME = re.compile(
    rf"\b(?:(?P<month>{_MONTH})(?:\s+\d{{1,2}},?)?(?:\s+(?:of\s+)?(?P<of>(?:1[5-9]|20)\d\d))?"
    r"|(?:fiscal |financial )?(?P<year>(?:1[5-9]|20)\d\d)"
    r"|(?P<last>last|previous|the past) (?:fiscal |financial )?year"
    r"|(?P<this>this|the current) (?:fiscal |financial )?year"
    r"|(?P<next>next) (?:fiscal |financial )?year)\b"
)
_PERIOD = re.compile(
    rf"\b(?:(?P<part>first|second|third|fourth|last|1st|2nd|3rd|4th)[ -](?P<of>quarter|half)"
    r"|(?P<q>Q[1-4])"
    rf"|from (?P<from>{_MONTH}) to (?P<to>{_MONTH})"
    r"|(?P<count>three|six|nine|3|6|9) months"
    r"|(?:a|per|every|each|average) (?P<every>day|week|month|share|person|hour)"
    r"|(?P<adverb>daily|weekly|monthly|quarterly))\b",
    re.IGNORECASE,
)
_COUNTS = {"three": 3, "six": 6, "nine": 9}
_NEAR = 45  # characters between a value and the period that it is of
_BEYOND = 10_000  # what another value between a value and a time adds to their distance
_SPAN = 400  # days between two reports that name no time, beyond which they tell of two times


@dataclass(frozen=True, slots=True)
class When:
    """A year and, if it is told, a month; `period` is a part of a year or a rate, "month" or so.

    `told` is False where the text names no time, so that its own date stands in.
    """

    year: int | None = None
    month: int | None = None
    period: str | None = None
    told: bool = False

    def fits(self, other: When) -> bool:
        """Whether two values may be of one time. What is not known fits."""
        parts = [one.period for one in (self, other) if one.period and one.period[-1].isdigit()]
        if (parts or (self.period and other.period)) and self.period != other.period:
            return False
        if self.year is None or other.year is None:
            return True
        if not (self.told or other.told):
            months = [12 * one.year + (one.month or 6) for one in (self, other) if one.year]
            return abs(months[0] - months[1]) * 30 <= _SPAN
        if self.year != other.year:
            return False
        both_told = self.told and other.told
        return not both_told or None in (self.month, other.month) or self.month == other.month


def when(text: str, place: int, published_at: str | None, figures: Iterable[int] = ()) -> When:
    """The time of what stands at `place` of a sentence: the nearest that is named, else its date.

    `figures` are the places of the other values: a time beyond one of them is that one's.
    """
    published = _day(published_at)
    others = list(figures)

    def distance(match: re.Match[str]) -> int:
        first, last = sorted((match.start(), place))
        between = text[first:last]
        crossed = sum(first < other < last for other in others)
        return len(between) + 15 * len(re.findall(r"[,;]| and ", between)) + _BEYOND * crossed

    times = [match for match in _TIME.finditer(text) if distance(match) < _BEYOND]
    year, month = _resolved(min(times, key=distance), published) if times else (None, None)
    periods = [match for match in _PERIOD.finditer(text) if distance(match) <= _NEAR]
    period = min(periods, key=distance, default=None)
    told = year is not None
    if not told and published is not None:
        year, month = published.year, published.month
    return When(year, month, _period(period) if period else None, told)


def _resolved(match: re.Match[str], published: date | None) -> tuple[int | None, int | None]:
    if match["year"] or match["of"]:
        month = MONTHS.index(match["month"].capitalize()) + 1 if match["month"] else None
        return int(match["year"] or match["of"]), month
    if published is None:
        return None, None
    if match["month"]:
        month = MONTHS.index(match["month"].capitalize()) + 1
        return published.year - (month > published.month), month
    shift = -1 if match["last"] else 1 if match["next"] else 0
    return published.year + shift, None


def _period(match: re.Match[str]) -> str:
    """One name for one period: "in the first quarter" is "from January to March"."""
    if match["from"]:
        begin, end = (MONTHS.index(match[name].capitalize()) for name in ("from", "to"))
        return f"quarter {begin // 3 + 1}" if end - begin == 2 else f"months {begin}-{end}"
    if match["q"]:
        return f"quarter {match['q'][1]}"
    if match["part"]:
        order = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3}
        number = order.get(match["part"].lower(), 4)
        return f"{match['of'].lower()} {number}"
    if match["count"]:
        return f"months {_COUNTS.get(match['count'].lower(), match['count'])}"
    every = match["every"] or match["adverb"]
    return {"daily": "day", "weekly": "week", "monthly": "month"}.get(every.lower(), every.lower())


def _day(published_at: str | None) -> date | None:
    try:
        return date.fromisoformat((published_at or "")[:10])
    except ValueError:
        return None
