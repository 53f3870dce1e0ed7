"""The sentence of a passage that a claim comes from, and what stands there in the place of what
the claim says.

That a number stands anywhere in a passage says little. Where the nearest sentence of the passage
has another one, which the claim lacks, that is the right one.
"""

from __future__ import annotations

from datetime import date

from rag.reading.quantities import Quantity
from rag.verify.amounts import amounts
from rag.verify.dates import Date, missing_dates, without_dates
from rag.verify.fault import Fault, shown
from rag.verify.quotations import altered_quotation, quotations


def displaced(claim: str, carrier: str, published: date | None) -> Fault | None:
    """A number, date or quotation that `carrier` has another of, which the claim does not hold."""
    return (
        _displaced_number(without_dates(claim, True), without_dates(carrier, True))
        or _displaced_date(claim, carrier, published)
        or _displaced_quotation(claim, carrier)
    )


def _displaced_number(claim: str, carrier: str) -> Fault | None:
    claimed, held = amounts(claim), amounts(carrier)
    new = [a for a in claimed if not any(a.quantity.same(b.quantity) or a.about(b) for b in held)]
    old = [b for b in held if not any(a.quantity.same(b.quantity) or a.about(b) for a in claimed)]
    for one in new:
        for other in old:
            if _kind(one.quantity) == _kind(other.quantity):
                return Fault(f"the passage says {shown(other.text)}, not {shown(one.text)}")
    return None


def _kind(quantity: Quantity) -> str:
    """What a number counts, as far as its form tells."""
    year = quantity.unit is None and 1500 <= quantity.value < 2100
    return "year" if year else quantity.unit or "count"


def _displaced_date(claim: str, carrier: str, published: date | None) -> Fault | None:
    new = missing_dates(claim, carrier, published)
    old = missing_dates(carrier, claim, published)
    for one in new:
        for other in old:
            if _shape(one) & _shape(other):
                return Fault(f"the passage says {shown(other.text)}, not {shown(one.text)}")
    return None


def _shape(one: Date) -> set[str]:
    """How exact a date is: two that are not alike may both hold of one thing."""
    if one.day is not None or one.weekday is not None:
        return {"day"}
    if one.month is not None or one.unit == "month":
        return {"month"}
    return {"year"} if one.is_year or one.unit == "year" else {one.unit or ""}


def _displaced_quotation(claim: str, carrier: str) -> Fault | None:
    new = [one for one in quotations(claim) if altered_quotation(f'"{one}"', carrier)]
    old = [one for one in quotations(carrier) if altered_quotation(f'"{one}"', claim)]
    if new and old:
        return Fault(f"the passage says “{shown(old[0])}”, not “{shown(new[0])}”")
    return None
