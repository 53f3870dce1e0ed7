"""Numbers, and what stands before them: "more than 1,500" is not 1,500."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from rag.reading.quantities import Quantity, placed_quantities
from rag.verify.fault import Fault, shown

Bound = Literal["more", "less", "about"]

_BOUND = re.compile(
    r"\b(?P<no>(?:no|not) )?(?:"
    r"(?P<more>more than|greater than|over|at least|exceeding|above|upwards? of|in excess of)"
    r"|(?P<less>(?:less|fewer) than|under|below|up to|at most|nearly|almost|as (?:much|many) as)"
    r"|(?P<about>about|around|roughly|approximately|some|close to|(?:an )?estimated))"
    r"(?: an?| the| its| their)?\s*$",
    re.IGNORECASE,
)
_DURATION = re.compile(r"\s(?:years?|months?|weeks?|days?|decades?)\b", re.IGNORECASE)
_NEAR = Decimal("0.05")
"""Share by which a number that is called about another may differ from it."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as a text states it: a lower bound ("more"), an upper one ("less"), or about."""

    text: str
    quantity: Quantity
    bound: Bound | None
    words: str

    def about(self, other: Amount) -> bool:
        """Whether it is the other's number, rounded in the direction that it says."""
        value, exact = self.quantity.value, other.quantity.value
        one_unit = Quantity(exact, self.quantity.unit).same(other.quantity)
        low = exact if self.bound == "less" else exact * (1 - _NEAR)
        high = exact if self.bound == "more" else exact * (1 + _NEAR)
        rounder = _digits(value) < _digits(exact)
        return self.bound is not None and one_unit and rounder and low <= value <= high


def _digits(value: Decimal) -> int:
    """How many digits a number has without the noughts that end it."""
    return len(value.normalize().as_tuple().digits)


@lru_cache(maxsize=4096)
def amounts(text: str) -> tuple[Amount, ...]:
    """The numbers of a text with their bounds, in order."""
    found = []
    for placed in placed_quantities(text):
        match = _BOUND.search(placed.before)
        if match and match["more"] == "over" and _DURATION.match(placed.after):
            match = None  # "over 20 years" says how long
        words = " ".join(match[0].split()) if match else ""
        found.append(Amount(placed.text, placed.quantity, _bound(match), words))
    return tuple(found)


def _bound(match: re.Match[str] | None) -> Bound | None:
    if match is None or match["about"]:
        return "about" if match else None
    return "more" if bool(match["more"]) != bool(match["no"]) else "less"


def missing_amount(claimed: str, source: str) -> Fault | None:
    """The first number of `claimed` that `source` holds in no equivalent form, not even rounded."""
    held = amounts(source)
    for claim in amounts(claimed):
        if not any(claim.quantity.same(one.quantity) or claim.about(one) for one in held):
            return Fault(f"the passage does not say {shown(claim.text)}")
    return None


def altered_bound(claimed: str, source: str) -> Fault | None:
    """The first number of `claimed` that `source` has with another bound.

    "Less than" for "more than" is wrong; a bound that is dropped, or added to an exact number, is
    what the passage says without its reserve. A bound may be loosened: "about" stands for any.
    """
    held = amounts(source)
    for claim in amounts(claimed):
        same = [one for one in held if claim.quantity.same(one.quantity)]
        bounds = {one.bound for one in same}
        if not same or claim.bound in bounds or (claim.bound == "about"):
            continue
        if claim.bound is None:
            return Fault(f"the passage says {shown(f'{same[0].words} {same[0].text}')}", False)
        stated = f"{same[0].words} {same[0].text}".strip()
        opposed = {"more": "less", "less": "more"}[claim.bound] in bounds
        return Fault(f"the passage says {shown(stated)}, not {claim.words}", opposed)
    return None
