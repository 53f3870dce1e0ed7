"""Articles that are chosen in the list, to be asked about or removed together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gradio as gr

from page.articles import AT_ONCE, Library, View
from page.articles_render import render_asking
from page.parts import AWAY, TO_SEARCH, button, focus_on, seen, static_html
from page.render import render_status
from rag.wording import count

NONE = f"""() => {{
  document.querySelectorAll('#article-rows input').forEach((box) => (box.checked = false));
  ({TO_SEARCH})();
}}"""

Shown = dict[Any, Any]


class Chosen:
    """The bar of what is chosen, and the question whether to remove it. The choice stays over the
    pages and searches of the list, and loses what has gone from the index."""

    def __init__(self, library: Library, safely: Callable[[Callable[[], Shown]], Shown]) -> None:
        """`safely` shows in the place of an error what there is to say of it."""
        self.library, self._safely = library, safely
        with gr.Row(elem_id="chosen", elem_classes=AWAY) as self.bar:
            self.told = static_html("", "chosen-told")
            self.only = button("Ask only these", "ask-only-chosen")
            self.ask_remove = button("Remove these…", "ask-remove-chosen")
            self.none = button("Choose none", "choose-none")
        with gr.Row(elem_id="sure-chosen", elem_classes=[*AWAY, "sure"]) as self.sure:
            self.asked = static_html("", "asked-chosen")
            self.remove = gr.Button(
                "Remove", elem_id="remove-chosen", elem_classes="remove", variant="stop", size="sm"
            )
            self.keep = button("Keep them", "keep-chosen")
        self.parts = [self.bar, self.told, self.sure, self.asked]

    def connect(
        self, on: Callable[..., Any], rows: gr.HTML, remove: Callable[[View, gr.Request], Shown]
    ) -> None:
        """`on` gives an event what it does, `rows` is the list, and `remove` removes what was
        asked about. What is focused goes away with each step, so the focus is moved on."""
        on(rows.input, self.pick)
        on(self.none.click, self.pick_none).then(None, js=NONE)
        on(self.ask_remove.click, self.ask).then(None, js=focus_on("remove-chosen"))
        on(self.keep.click, self.keep_all).then(None, js=focus_on("ask-remove-chosen"))
        on(self.remove.click, remove).then(None, js=TO_SEARCH)

    def pick(self, view: View, event: gr.EventData) -> Shown:
        """Choose articles of the list, or no more: as the boxes in the browser are now."""
        ids = {str(id_) for id_ in event.ids[:AT_ONCE]}
        view.chosen = view.chosen | ids if event.on else view.chosen - ids
        return self._safely(lambda: self.shown(view))

    def pick_none(self, view: View) -> Shown:
        view.chosen = set()
        return self._safely(lambda: self.shown(view))

    def keep_all(self, view: View) -> Shown:
        return self._safely(lambda: self.shown(view))

    def shown(self, view: View) -> Shown:
        """How many are chosen; what was asked about them is no question any more."""
        view.chosen &= self.library.titles(view.chosen).keys()
        view.asked_about = ()
        told = f"{count(len(view.chosen), 'article')} chosen"
        return {
            self.bar: seen(bool(view.chosen)),
            self.told: render_status(told, "note"),
            self.sure: seen(False, "sure"),
        }

    def ask(self, view: View) -> Shown:
        """Ask whether to remove all that is chosen; `asked_about` is what a person is shown."""
        return self._safely(lambda: self._asking(view))

    def _asking(self, view: View) -> Shown:
        titles = self.library.titles(view.chosen)
        view.asked_about = tuple(titles)
        return {
            self.sure: seen(bool(titles), "sure"),
            self.asked: render_asking(list(titles.values())) if titles else "",
        }
