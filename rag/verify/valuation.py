"""What somebody pays and what a thing is valued at: the two sums that reports of deals set side by
side, and that a small model takes for each other."""

from __future__ import annotations

from collections.abc import Sequence

from rag.reading.measures import measure_of
from rag.reading.quantities import Located, located_quantities
from rag.verify.fault import Fault, shown

_VALUE = "value"
_PAID = frozenset({"price", "funding", "spending", "debt", "sales", "profit"})


def mistaken_value(claimed: str, sentences: Sequence[str]) -> Fault | None:
    """The first sum that a claim calls a value where the sentences that hold it call it a payment,
    or the other way round.

    A sum of which either side does not say what it measures, or says both, is no fault.
    """
    for claim in _sums(claimed):
        said = measure_of("money", claimed, claim.start, claim.end)
        stated = {
            measure_of("money", sentence, one.start, one.end)
            for sentence in sentences
            for one in _sums(sentence)
            if one.value.same(claim.value)
        }
        if said == _VALUE and stated and stated <= _PAID:
            return Fault(f"the passage does not call {_text(claimed, claim)} a value")
        if said in _PAID and stated == {_VALUE}:
            return Fault(f"the passage calls {_text(claimed, claim)} a value")
    return None


def _sums(text: str) -> list[Located]:
    return [one for one in located_quantities(text) if one.value.unit not in (None, "%")]


def _text(text: str, located: Located) -> str:
    return shown(text[located.start : located.end])
