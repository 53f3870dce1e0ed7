"""Dates as the news writes them, turned into ISO 8601."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january",
            "feb february",
            "mar march",
            "apr april",
            "may",
            "jun june",
            "jul july",
            "aug august",
            "sep sept september",
            "oct october",
            "nov november",
            "dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?"
_YEAR = r"(?P<year>\d{4})"
_DATES = tuple(
    re.compile(rf"(?<!\d){form}(?!\d)", re.IGNORECASE)
    for form in (
        rf"{_YEAR}(?P<sep>[-/.])(?P<month>\d{{1,2}})(?P=sep)(?P<day>\d{{1,2}})",
        rf"{_YEAR}(?P<month>\d{{2}})(?P<day>\d{{2}})",
        rf"{_DAY}(?:\s+of)?[\s-]+{_MONTH}[\s,-]+{_YEAR}",
        rf"\b{_MONTH}[\s-]+{_DAY}(?:\s*,\s*|\s+|-){_YEAR}",
        rf"(?P<first>\d{{1,2}})(?P<sep>[-/.])(?P<second>\d{{1,2}})(?P=sep){_YEAR}",
    )
)
_TIMES = (
    re.compile(  # 9:30, 15:01:01.79, 9.30 a.m.
        r"(?<![\d:])(?P<hour>\d{1,2})(?P<sep>[:.])(?P<minute>\d{2})(?:(?P=sep)(?P<second>\d{2}))?"
        r"(?:[.,]\d+)?(?!\d)\s*(?:(?P<half>[ap])\.?m\b\.?)?",
        re.IGNORECASE,
    ),
    re.compile(r"(?<=\bT)(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?!\d)"),
    re.compile(r"(?<![\d:])(?P<hour>\d{1,2})\s*(?P<half>[ap])\.?m\b\.?", re.IGNORECASE),
)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?$")
# Hours from UTC. Abbreviations that name several zones (IST, AST) are left out.
_ZONES = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2,
    "EET": 2, "EEST": 3, "MSK": 3, "SGT": 8, "HKT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
# What American papers write all year round, summer time or not.
_PLACES = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
}
# Named, because dateparser spends five seconds on loading all it knows when none of them fits.
_LANGUAGES = [
    "fr", "de", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu", "ro",
    "ru", "uk", "tr", "el", "ar", "he", "hi", "id", "vi", "zh", "ja", "ko",
]  # fmt: skip
_FILLER = re.compile(
    r"\b(?:published|posted|on|at|uhr|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6})\b\.?|[,;|()·]|:(?!\d)",
    re.IGNORECASE,
)


def to_iso(text: str) -> str | None:
    """`2025-06-13`, or `2025-06-13T09:30:00-04:00` where the text has a time.

    The zone is kept where the text names one; a time whose zone is not known is left out, since it
    could be hours off. Seconds are whole. None: no full date was understood, the text is relative
    ("yesterday"), or it can be read in two ways (03/04/2025).
    """
    if _ISO.fullmatch(text):  # by far the most common form, and this is ten times as fast
        try:
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            return None
        return text if len(text) == 10 else moment.isoformat()
    # Wire feeds put routing codes behind a control character, after the date.
    head = re.split(r"[\x00-\x08\x0e-\x1f]", text.strip(), maxsplit=1)[0]
    compact = " ".join(head.split())
    for form in _DATES:
        if match := form.search(compact):
            day = _day(match)
            rest = f"{compact[: match.start()]} {compact[match.end() :]}"
            stamp = _with_time(day, rest) if day else None
            return stamp or _other_language(compact)
    return _other_language(compact)


def _day(match: re.Match[str]) -> date | None:
    parts = match.groupdict()
    if "first" in parts:
        first, second = int(parts["first"]), int(parts["second"])
        if first <= 12 and second <= 12 and first != second:
            return None
        day, month = (first, second) if second <= 12 else (second, first)
    else:
        day = int(parts["day"])
        month = _MONTHS.get(parts["month"].lower()) or int(parts["month"])
    try:
        return date(int(parts["year"]), month, day)
    except ValueError:
        return None


def _with_time(day: date, rest: str) -> str | None:
    """ISO 8601 for a day and what stood around it; None when that is more than a time and zone."""
    clock: time | None = None
    for form in _TIMES:
        if match := form.search(rest):
            clock = _clock(match)
            if clock is None:
                return None
            before = rest[: match.start()].removesuffix("T")  # the T of 2025-06-13T09:30
            rest = f"{before} {rest[match.end() :]}"
            break
    zone = " ".join(_FILLER.sub(" ", rest).split())
    if clock is None:
        return None if zone else day.isoformat()
    moment = datetime.combine(day, clock)
    if not zone:
        return moment.isoformat(timespec="seconds")
    known = _zone(zone)
    if known is not None:
        return moment.replace(tzinfo=known).isoformat(timespec="seconds")
    return day.isoformat() if re.fullmatch(r"[A-Z]{2,5}", zone) else None


def _clock(match: re.Match[str]) -> time | None:
    parts = match.groupdict()
    hour = int(parts["hour"])
    if half := parts.get("half"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    try:
        return time(hour, int(parts.get("minute") or 0), int(parts.get("second") or 0))
    except ValueError:
        return None


def _zone(name: str) -> tzinfo | None:
    name = re.sub(r"(?<=\d)\s+[A-Z]{2,5}$", "", name.upper())  # RFC 2822: "+0100 CET"
    if name in _ZONES:
        return timezone(timedelta(hours=_ZONES[name]))
    if match := _OFFSET.fullmatch(name):
        offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
        if offset < timedelta(hours=24):
            return timezone(-offset if match["sign"] == "-" else offset)
    if name in _PLACES:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            return ZoneInfo(_PLACES[name])
        except ZoneInfoNotFoundError:  # a machine without the zone database
            return None
    return None


@lru_cache(maxsize=1024)
def _other_language(text: str) -> str | None:
    """Month names of other languages, by dateparser, which takes a third of a second to load."""
    has_word = re.search(r"[^\W\d_]{3}|[^\x00-\x7f]", text)
    has_year = re.search(r"(?<!\d)\d{4}(?!\d)", text)
    has_day = re.search(r"(?<!\d)\d{1,2}(?!\d)", text)
    numeric = re.search(r"\d{1,2}([-/.])\d{1,2}\1\d{4}", text)
    if len(text) > 60 or numeric or not (has_word and has_year and has_day) or _english(text):
        return None
    import dateparser

    found: datetime | None = dateparser.parse(
        text,
        languages=_LANGUAGES,
        settings={"PARSERS": ["absolute-time"], "REQUIRE_PARTS": ["day", "month", "year"]},
    )
    if found is None:
        return None
    if re.search(r"\d\s*[:hH]\s*\d{2}", text):
        return found.isoformat(timespec="seconds")
    return found.date().isoformat()


def _english(text: str) -> bool:
    """Whether a month's English name stands in the text: then the forms above have had their say.

    Short names do not count, because other languages share them ("14 mar 2025", "3 mars 2025").
    """
    words = re.findall(r"[^\W\d_]+", text.lower())
    return any(word in _MONTHS and len(word) > 3 for word in words)
