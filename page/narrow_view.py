"""The part of the page where a question is narrowed down to some outlets and days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import gradio as gr

from corpus.errors import BylineError
from rag.narrow import Scope

# What an address says of a scope, in the order of `NarrowView.parts`; what is no day is left out.
FROM_ADDRESS = """
  const day = (name) => address.get(name)?.match(/^\\d{4}-\\d\\d-\\d\\d$/)?.[0] ?? null;
  const scope = [address.getAll("outlet"), day("from"), day("to"), day("as-of")];"""
TO_ADDRESS = """(outlets, from, to, asOf) =>
  window.bylinePlace({ outlet: outlets, from: from, to: to, "as-of": asOf })"""
MOST = 500  # outlets to choose from; others can be typed


class NarrowView:
    """The components, from which `scope` makes what a question may rest on."""

    def __init__(self) -> None:
        self.fold = gr.Accordion("Narrow it down", open=False, elem_id="narrow")
        with self.fold, gr.Row(elem_id="narrow-row"):
            self.outlets = gr.Dropdown(
                [],
                value=[],
                multiselect=True,
                allow_custom_value=True,
                label="Outlets",
                elem_id="outlets",
                min_width=220,
            )
            self.first = _day("From", "from-day")
            self.last = _day("To", "to-day")
            self.as_of = _day("As known on", "as-of-day")
        self.parts = [self.outlets, self.first, self.last, self.as_of]

    def connect(self) -> None:
        for part in self.parts:
            part.change(None, self.parts, js=TO_ADDRESS)

    def choices(self, outlets: Sequence[str]) -> dict[Any, Any]:
        return {self.outlets: gr.update(choices=list(outlets[:MOST]))}

    def entered(self, values: Sequence[Any]) -> dict[Any, Any]:
        """The parts with what an address says of them."""
        said = any(values)
        shown = dict(zip(self.parts, values, strict=True))
        return {**shown, self.fold: gr.update(open=True)} if said else {}


def _day(label: str, elem_id: str) -> gr.DateTime:
    return gr.DateTime(
        include_time=False, type="string", label=label, elem_id=elem_id, min_width=130
    )


def scope_of(outlets: Sequence[str] | None, *days: str | None) -> Scope:
    """Raises BylineError for what is no day, and for days in the wrong order."""
    try:
        first, last, as_of = (date.fromisoformat(day.strip()) if day else None for day in days)
    except ValueError:
        raise BylineError(
            "A day is written as 2025-06-13: mend it under “Narrow it down”."
        ) from None
    return Scope(tuple(outlets or ()), first, last, as_of)
