"""Articles that are added in the page: files that are sent to it, or an address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from corpus.errors import BylineError
from corpus.files import LARGEST_FILE
from corpus.forms import WANTED
from corpus.hosts import is_inside
from corpus.sources import Kind
from index.types import Progress
from page.articles import Library, View
from page.articles_chosen import Shown
from page.parts import AWAY, button, static_html
from page.render import render_status
from rag.upkeep.changes import Uploads
from rag.upkeep.library import Outcome
from rag.who import signed_in
from rag.wording import count

EMPTY = "Write an address first."
INSIDE = "This is no address on the web, so it is not fetched."
SHOWN = 200  # characters of a title or an address in the name of a change

Begin = Callable[[str, Callable[[Progress], Outcome], gr.Request], tuple[bool, Shown]]
"""Starts a change by its name and its work: whether it has begun, and what to show."""


class Adding:
    """Where files and addresses are taken in. `note` is where is said what is wrong with them."""

    def __init__(self, library: Library, note: gr.HTML, begin: Begin) -> None:
        self.library, self.note, self._begin = library, note, begin
        with gr.Column(elem_id="add", elem_classes=AWAY) as self.panel:
            static_html("<h2>Add articles</h2>")
            self.files = gr.File(
                label="Files to add",
                file_count="multiple",
                interactive=True,
                height=130,
                elem_id="upload",
            )
            static_html(f"<p class='note'>{WANTED}, up to {LARGEST_FILE // 1_000_000} MB each.</p>")
            with gr.Row(elem_id="by-address"):
                self.address = gr.Textbox(
                    label="Address to add",
                    placeholder="https://…",
                    show_label=False,
                    container=False,
                    max_lines=1,
                    elem_id="address",
                )
                self.fetch = button("Add", "add-address")
            self.kind = gr.Radio(
                [("Page", "page"), ("Feed", "feed"), ("Sitemap", "sitemap")],
                value="page",
                label="What is at the address",
                show_label=False,
                container=False,
                elem_id="address-kind",
            )
        self.parts = [self.panel, self.files, self.address]

    def connect(self, on: Callable[..., Any]) -> None:
        """`on` gives an event what it does."""
        on(self.files.upload, self.do_hand_in, self.files)
        for event in (self.fetch.click, self.address.submit):
            on(event, self.do_fetch, self.address, self.kind)

    def do_hand_in(self, _view: View, sent: Sequence[str] | None, request: gr.Request) -> Shown:
        if not sent:
            return {self.note: gr.skip()}
        try:
            uploads = Uploads(sent)
        except BylineError as error:
            return {self.files: None, self.note: render_status(str(error), "error")}
        who = signed_in.get()
        what = uploads.files[0].name if len(sent) == 1 else count(len(sent), "file")

        def work(on_progress: Progress) -> Outcome:
            try:
                return self.library.hand_in(uploads.files, on_progress, who)
            finally:
                uploads.discard()

        begun, shown = self._begin(f"Adding {what}", work, request)
        if not begun:
            uploads.discard()
        return {**shown, self.files: None}

    def do_fetch(self, _view: View, address: str, kind: Kind, request: gr.Request) -> Shown:
        if not address.strip():
            return {self.note: render_status(EMPTY, "error")}
        if signed_in.get() is not None and asyncio.run(is_inside(address.strip())):
            return {self.note: render_status(INSIDE, "error")}
        who = signed_in.get()
        begun, shown = self._begin(
            f"Adding {address.strip()[:SHOWN]}",
            lambda on_progress: self.library.fetch(kind, address, on_progress, who),
            request,
        )
        return {**shown, self.address: ""} if begun else shown
