"""The part of the page where a question is narrowed down to some outlets, articles and days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import gradio as gr

from corpus.errors import BylineError
from page.articles import Library
from rag.narrow import Named, Scope

# What an address says of a scope, in the order of `NarrowView.parts`; what is no day is left out.
FROM_ADDRESS = """
  const day = (name) => address.get(name)?.match(/^\\d{4}-\\d\\d-\\d\\d$/)?.[0] ?? null;
  const named = [address.getAll("outlet"), address.getAll("article")];
  const scope = [...named, day("from"), day("to"), day("as-of")];"""
TO_ADDRESS = """(outlets, articles, from, to, asOf) => window.bylineScope(
  { outlet: outlets, article: articles, from: from, to: to, "as-of": asOf })"""
MOST = 500  # outlets to choose from; others can be typed
NEWEST = 200  # articles to choose from; others are chosen where they are read
_LABEL = 80  # characters of a title


class NarrowView:
    """The components, from which `scope` makes what a question may rest on."""

    def __init__(self, library: Library | None) -> None:
        """Without a `library` no single article can be chosen."""
        self.library = library
        self.fold = gr.Accordion("Narrow it down", open=False, elem_id="narrow")
        with self.fold, gr.Row(elem_id="narrow-row"):
            self.outlets = _several("Outlets", "outlets")
            self.articles = _several("Articles", "only-articles", visible=library is not None)
            self.first = _day("From", "from-day")
            self.last = _day("To", "to-day")
            self.as_of = _day("As known on", "as-of-day")
        self.parts = [self.outlets, self.articles, self.first, self.last, self.as_of]

    def connect(self) -> None:
        for part in self.parts:
            part.change(None, self.parts, js=TO_ADDRESS)

    def choices(self, outlets: Sequence[str]) -> dict[Any, Any]:
        return {self.outlets: gr.update(choices=list(outlets[:MOST]))}

    def entered(self, values: Sequence[Any]) -> dict[Any, Any]:
        """The parts with what an address says of them."""
        shown = dict(zip(self.parts, values, strict=True))
        articles = shown[self.articles] or []
        shown[self.articles] = self._chosen(self._titles(articles), articles)
        return {**shown, self.fold: gr.update(open=True)} if any(values) else shown

    def only(self, titles: Mapping[str, str]) -> dict[Any, Any]:
        """These articles chosen, by their ids, and no other."""
        shown = self._chosen(titles, list(titles))
        return {self.articles: shown, self.fold: gr.update(open=True)}

    def scope(
        self, outlets: Sequence[str] | None, articles: Sequence[str] | None, *days: str | None
    ) -> Scope:
        """As `scope_of`."""
        return scope_of(self._titles(articles or ()), outlets, articles, *days)

    def _titles(self, ids: Sequence[str]) -> dict[str, str]:
        return dict(self.library.titles(ids)) if ids and self.library is not None else {}

    def _chosen(self, titles: Mapping[str, str], ids: list[str]) -> Any:
        rows = self.library.browse("", 0, NEWEST).rows if self.library is not None else ()
        named = {**{row.id: row.title for row in rows}, **titles}
        choices = [(_label(title), id_) for id_, title in named.items()]
        return gr.update(choices=choices, value=ids)


def scope_of(
    titles: Mapping[str, str],
    outlets: Sequence[str] | None,
    articles: Sequence[str] | None,
    *days: str | None,
) -> Scope:
    """`titles` are those of the articles that are there, by id.

    Raises BylineError for what is no day, days in the wrong order, and an article without title.
    """
    try:
        first, last, as_of = (date.fromisoformat(day.strip()) if day else None for day in days)
    except ValueError:
        raise BylineError(
            "A day is written as 2025-06-13: mend it under “Narrow it down”."
        ) from None
    if not titles.keys() >= set(articles or ()):
        raise BylineError(
            "An article that was chosen is not in the index any more: take it out under “Narrow it "
            "down”."
        )
    named = tuple(Named(id_, titles[id_]) for id_ in articles or ())
    return Scope(tuple(outlets or ()), first, last, as_of, articles=named)


def _label(title: str) -> str:
    words = " ".join(title.split()) or "Untitled"
    return words if len(words) <= _LABEL else f"{words[: _LABEL - 1].rstrip()}…"


def _several(label: str, elem_id: str, visible: bool = True) -> gr.Dropdown:
    return gr.Dropdown(
        [],
        value=[],
        multiselect=True,
        allow_custom_value=True,
        label=label,
        elem_id=elem_id,
        min_width=220,
        visible=visible,
    )


def _day(label: str, elem_id: str) -> gr.DateTime:
    return gr.DateTime(
        include_time=False, type="string", label=label, elem_id=elem_id, min_width=130
    )
