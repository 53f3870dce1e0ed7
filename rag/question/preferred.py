"""Times and outlets that a question names: what the search looks at first, shutting nothing out.

"What happened last week?" is mostly told by articles of that week, but an article of May tells how
many users there were in January; so a time only raises what was published near it (Li and Croft,
"Time-Based Language Models", CIKM 2003).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from index.browse import day
from index.types import Hit, Preference
from rag.reading.times import Span, months, times_named
from rag.types import Searches

NEWNESS = 0.1
"""What an article of the question's own day gains in the search where the question names no time:
little, as it was measured on quizzes about the news of a week (docs/LOG.md)."""

PREFERRED = 0.3
"""What an article gains that was published in the days that a question names, or in the outlet."""

DISTANT = 0.1
"""What it gains where the question names a year, or anything longer than `_SHORT` days: that is
mostly what a figure is of, and not when it was told."""

_SHORT = 31
_MUCH_LATER = timedelta(days=400)
_TELLS = r"(?:say|report|write|describe|call|claim|put|tell|quote|give|cover|think)"


@dataclass(frozen=True, slots=True)
class Named:
    """The time, from its first day to its last, and the outlets that a question names. The time is
    `relative` where it is told from the day of the question on, as "last week" is."""

    time: Span | None = None
    outlets: tuple[str, ...] = ()
    relative: bool = False

    def __str__(self) -> str:
        """As a reader is told of it: `dates: 2 to 8 June 2025; outlet: Reuters`. Empty for none."""
        told = []
        if self.time is not None:
            told.append(f"{'date' if self.time.first == self.time.last else 'dates'}: {self._days}")
        if self.outlets:
            word = "outlet" if len(self.outlets) == 1 else "outlets"
            told.append(f"{word}: {', '.join(self.outlets)}")
        return "; ".join(told)

    @property
    def happening(self) -> Span | None:
        """The time, if what is asked about happened in it: "this week" asks for what is new, "in
        May 2025" may ask for what was so since long before."""
        return self.time if self.time and self.relative and _is_short(self.time) else None

    @property
    def _days(self) -> str:
        assert self.time is not None
        first, last = self.time.first, self.time.last
        end = day(last.isoformat())
        if self.time in (months(first.year, 1, 12), months(first.year, first.month)):
            return str(first.year) if last.month > first.month else f"{first:%B %Y}"
        if first == last:
            return end
        if (first.year, first.month) == (last.year, last.month):
            return f"{first.day} to {end}"
        if first.year == last.year:
            return f"{first.day} {first:%B} to {end}"
        return f"{day(first.isoformat())} to {end}"


def named_in(question: str, on: date, outlets: Sequence[str]) -> Named:
    """What a question of the day `on` names: times, as one from the first day to the last, and
    those of `outlets` that it asks for the reports of."""
    spans = times_named(question, on)
    time = Span(min(s.first for s in spans), max(s.last for s in spans)) if spans else None
    if time is not None and not _tells_when(time, spans, on):
        time = None
    asked = (outlet for outlet in outlets if _asks_for(question, outlet))
    relative = time is not None and spans != times_named(question, on + _MUCH_LATER)
    return Named(time, tuple(dict.fromkeys(asked)), relative)


def _tells_when(time: Span, spans: Sequence[Span], on: date) -> bool:
    """Whether articles of a time, in which all that are named lie, are to be looked at first.

    Not for one that has no end ("before 2020"), that is wholly to come, or that is only the day of
    the question ("who leads it now"). Nor where a short one is named beside a long one: "the 2025
    forecast given in January" may mean the January of any year.
    """
    if date.min == time.first or time.last == date.max or time.first > on or time == Span(on, on):
        return False
    return len({_is_short(span) for span in spans}) == 1


def _is_short(time: Span) -> bool:
    return (time.last - time.first).days < _SHORT


def _asks_for(question: str, outlet: str) -> bool:
    """Whether a question asks what an outlet tells, and does not only have its name in it."""
    plain = outlet.removeprefix("The ").strip()
    if not plain or plain not in question:
        return False
    name = rf"(?:[Tt]he )?{re.escape(plain)}"
    return any(
        re.search(form, question)
        for form in (
            rf"\b(?:[Aa]ccording to|[Rr]eport(?:ed|s|ing)? (?:by|in|from|of)|(?:say|said|told) in)"
            rf" {name}\b",
            rf"\b(?:does|did|has|do|is|was) {name} (?:\w+ly )?{_TELLS}(?:s|n|ing|ed)?\b",
            rf"\b{name}(?:['’]s?)? (?:says|said|reports?|reported|writes|wrote|articles?|story"
            r"|coverage)\b",
        )
    )


def named_to(index: Searches, question: str, as_of: date | None) -> Named:
    """What a question names to an index; nothing where it is to be read as it is written."""
    if index.literal:
        return Named()
    return named_in(question, as_of or date.today(), index.outlets())


def preference(named: Named, as_of: date | None) -> Preference:
    """What the search raises: the time and the outlets that are named or, where no time is, what is
    new on the question's own day, if that is told; else nothing."""
    first, last, by_day = as_of, as_of, NEWNESS if as_of else 0.0
    if named.time is not None:
        first, last = named.time.first, named.time.last
        by_day = PREFERRED if _is_short(named.time) else DISTANT
    return Preference(
        days=(first, last) if first and last else None,
        by_day=by_day,
        outlets=named.outlets,
        by_outlet=PREFERRED if named.outlets else 0.0,
    )


def search(index: Searches, question: str, k: int, as_of: date | None) -> list[Hit]:
    """The `k` best passages for a question, with what it names looked at first."""
    prefer = preference(named_to(index, question, as_of), as_of)
    return index.search(question, k, as_of=as_of, prefer=prefer)
