"""The parts of the view of the articles and what happens when a person uses them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import gradio as gr

from corpus.errors import BylineError
from index.types import Progress
from page.articles import AT_ONCE, Library, View, refused
from page.articles_adding import SHOWN, Adding
from page.articles_chosen import Chosen, Shown
from page.articles_render import (
    render_change,
    render_listing,
    render_reading,
    render_sources,
    render_versions,
)
from page.narrow_view import NarrowView
from page.parts import (
    AWAY,
    TO_QUESTION,
    TO_SEARCH,
    button,
    chooser,
    focus_on,
    pressable,
    seen,
    static_html,
)
from page.render import render_status
from rag.upkeep.changes import Change, Changes
from rag.upkeep.library import Outcome
from rag.who import Right, signed_in
from rag.wording import count, sentence_for

SURE = "Remove it? No answer can cite it from then on."
_QUIET = {"show_progress": "hidden", "api_visibility": "private", "queue": False}
_LOOK_EVERY_S = 1.0


class ArticlesView:
    """The components and what they do. Made in the layout; `connect` gives them their events."""

    def __init__(self, library: Library, changes: Changes) -> None:
        """`changes` are those that the API begins, too."""
        self.library, self.changes = library, changes
        self.view = gr.State(View())
        self.last_beat = gr.Textbox(visible="hidden", elem_id="beat")  # seen by the browser alone
        with gr.Column(elem_id="articles"):
            with gr.Column(elem_id="doing"):
                self.note, self.change = static_html("", "articles-note"), chooser("change")
            with gr.Column(elem_id="article-list"):
                self._list()
                self._reading()
            with gr.Column(elem_id="article-tools"):
                self.adding = Adding(library, self.note, self._begin)
                static_html("<h2>Sources</h2>")
                self.sources = chooser("sources")
                with gr.Row(elem_id="renew", elem_classes=AWAY) as self.renew:
                    self.look_again = button("Fetch what is new", "look-again")
                    self.update = button("Read the files again", "update")
                static_html("<h2>Versions</h2>")
                self.versions = chooser("versions")
                with gr.Row(elem_id="rebuild", elem_classes=AWAY) as self.rebuild:
                    self.build_again = button("Build it again", "build-again")

    def _list(self) -> None:
        with gr.Column(elem_id="listing") as self.listing:
            static_html("<h2>Articles</h2>")
            self.words = gr.Textbox(
                label="Search the articles",
                placeholder="Search by title, outlet or date…",
                show_label=False,
                container=False,
                max_lines=1,
                elem_id="article-search",
            )
            self.chosen = Chosen(self.library, self._safely)
            self.rows = chooser("article-rows")
            with gr.Row(elem_id="pager", elem_classes=AWAY) as self.pager:
                self.newer, self.older = button("Newer", "newer"), button("Older", "older")

    def _reading(self) -> None:
        with gr.Column(elem_id="reading", elem_classes=AWAY) as self.reading_part:
            with gr.Row(elem_id="reading-tools"):
                self.back = button("Back to the list", "back")
                self.only = button("Ask only this article", "ask-only")
                self.ask_remove = button("Remove…", "ask-remove")
            with gr.Row(elem_id="sure", elem_classes=[*AWAY, "sure"]) as self.sure:
                static_html(f"<p role='alert'>{SURE}</p>")
                self.remove = gr.Button(
                    "Remove", elem_id="remove", elem_classes="remove", variant="stop", size="sm"
                )
                self.keep = button("Keep it", "keep")
            self.reading = chooser("article-reading")

    def connect(
        self,
        blocks: gr.Blocks,
        about: gr.HTML,
        describe: Callable[[], str | None],
        narrow: NarrowView,
    ) -> None:
        """`about` is the foot of the page, and `describe` what it says, None before it can;
        `narrow` is where the next question is narrowed down to articles."""
        self.about, self.describe, self.narrow = about, describe, narrow
        self.parts = [
            *(self.listing, self.rows, self.pager, self.newer, self.older),
            *(self.reading_part, self.reading, self.sure, self.ask_remove),
            *(self.note, self.change, self.renew, self.rebuild),
            *(self.sources, self.versions, self.about),
            *(*self.adding.parts, *self.chosen.parts, narrow.articles, narrow.fold),
        ]
        self._on(blocks.load, self.enter)
        # The beat alone is asked for each time: what is shown is touched only where it has changed.
        gr.Timer(_LOOK_EVERY_S).tick(self.beat, None, self.last_beat, **_QUIET)
        self._on(self.last_beat.change, self.look)
        self._on(self.words.change, self.search, self.words, trigger_mode="always_last")
        self.chosen.connect(self._on, self.rows, self.do_remove_chosen)
        for press, ask in ((self.only, self.ask_only), (self.chosen.only, self.ask_only_chosen)):
            self._on(press.click, ask).then(None, js=TO_QUESTION)
        to_top = "() => document.getElementById('article-search').scrollIntoView()"
        for turn, step in ((self.newer, -AT_ONCE), (self.older, AT_ONCE)):
            self._on(turn.click, lambda view, _step=step: self.turn(view, _step)).then(
                None, js=to_top
            )
        to_title = "() => document.getElementById('reading-title')?.focus()"
        for list_ in (self.rows, self.reading):
            self._on(list_.select, self.open).then(None, js=to_title)
        self._on(self.change.select, self.dismiss).then(None, js=TO_SEARCH)
        self._on(self.back.click, self.leave).then(None, js=TO_SEARCH)
        self._on(self.ask_remove.click, lambda view: self.ask(view, True)).then(
            None, js=focus_on("remove")
        )
        self._on(self.keep.click, lambda view: self.ask(view, False)).then(
            None, js=focus_on("ask-remove")
        )
        self._on(self.remove.click, self.do_remove).then(None, js=TO_SEARCH)
        self.adding.connect(self._on)
        self._on(self.look_again.click, self.do_look_again)
        self._on(self.update.click, self.do_update)
        self._on(self.build_again.click, self.do_build_again)
        self._on(self.versions.select, self.do_rollback)
        self._on(self.sources.select, self.do_forget)

    def _on(self, event: Any, act: Callable[..., Shown], *inputs: Any, **options: Any) -> Any:
        return event(act, [self.view, *inputs], self.parts, **_QUIET, **options)

    # What is looked at.

    def enter(self, view: View, request: gr.Request) -> Shown:
        """The view as a session finds it: what it may do, and all that there is."""
        reason = self._refusal(request)
        parts = (self.adding.panel, self.renew, self.rebuild)
        return {
            **{part: seen(reason is None) for part in parts},
            self.ask_remove: pressable(reason is None),
            self.note: render_status(reason, "note") if reason else "",
            **self._all(view, request),
        }

    def beat(self) -> str:
        """What differs when there is something new to see."""
        now = repr((self.library.version(), self.changes.now()))
        return sha256(now.encode(errors="surrogatepass")).hexdigest()[:16]

    def look(self, view: View, request: gr.Request) -> Shown:
        """What has changed since the session looked last, whoever did it."""
        key = (self.library.version(), self.changes.now())
        if key == view.seen:
            return {self.change: gr.skip()}
        version, change = key
        if change is not None and change.running and view.seen[:1] == (version,):
            view.seen = key
            return {self.change: self._told(view, change)}
        return self._all(view, request)

    def _all(self, view: View, request: gr.Request) -> Shown:
        change = self.changes.now()
        view.seen = (self.library.version(), change)
        view.may = self._refusal(request) is None
        try:
            holdings = self.library.holdings()
            shown = {
                **(self._list_shown(view) if view.article_id is None else self._read(view)),
                self.sources: render_sources(holdings, view.may),
                self.versions: render_versions(holdings, view.may),
            }
            if (about := self.describe()) is not None:
                shown[self.about] = about
        except Exception as error:  # an index that cannot be read is said, and looked at again
            shown = {self.note: render_status(sentence_for(error), "error")}
        return {self.change: self._told(view, change), **shown}

    def _told(self, view: View, change: Change | None) -> str:
        """The change under way, or the last one until this session has had enough of it."""
        return "" if change and change.number == view.dismissed else render_change(change)

    def dismiss(self, view: View, event: gr.EventData) -> Shown:
        view.dismissed = int(event.value)
        return {self.change: "", self.note: ""}

    def _list_shown(self, view: View) -> Shown:
        listing = self.library.browse(view.words, view.start, AT_ONCE)
        view.start = listing.start
        return {
            **self.chosen.shown(view),
            self.rows: render_listing(listing, view.chosen if view.may else None),
            self.pager: seen(listing.found > AT_ONCE),
            self.newer: gr.update(interactive=listing.start > 0),
            self.older: gr.update(interactive=listing.start + AT_ONCE < listing.found),
        }

    def _read(self, view: View) -> Shown:
        shown = self.library.article(view.article_id or "")
        view.title = shown.article.title if shown else ""
        change: Shown = {self.reading: render_reading(shown)}
        if shown is None:
            change |= {self.ask_remove: pressable(False), self.sure: seen(False, "sure")}
        return change

    def search(self, view: View, words: str) -> Shown:
        view.words, view.start = words, 0
        return self._safely(lambda: self._list_shown(view))

    def turn(self, view: View, step: int) -> Shown:
        view.start += step
        return self._safely(lambda: self._list_shown(view))

    def open(self, view: View, event: gr.EventData, request: gr.Request) -> Shown:
        """Show one article in the place of the list."""
        view.article_id = str(event.value)
        return self._safely(
            lambda: {
                self.listing: seen(False),
                self.reading_part: seen(True),
                self.sure: seen(False, "sure"),
                self.ask_remove: pressable(self._refusal(request) is None),
                **self._read(view),
            }
        )

    def leave(self, view: View) -> Shown:
        """Go back to the list."""
        view.article_id = None
        return self._safely(
            lambda: {
                self.reading_part: seen(False),
                self.listing: seen(True),
                **self._list_shown(view),
            }
        )

    def ask_only(self, view: View) -> Shown:
        """Narrow the next question down to the article that is read."""
        return self._safely(lambda: self.narrow.only(self.library.titles([view.article_id or ""])))

    def ask_only_chosen(self, view: View) -> Shown:
        return self._safely(lambda: self.narrow.only(self.library.titles(view.chosen)))

    def ask(self, view: View, sure: bool) -> Shown:
        return {self.sure: seen(sure, "sure"), self.ask_remove: pressable(not sure)}

    # What changes something.

    def do_look_again(self, view: View, request: gr.Request) -> Shown:
        return self._begin("Fetching what is new", self.library.look_again, request)[1]

    def do_update(self, view: View, request: gr.Request) -> Shown:
        return self._begin("Reading the files again", self.library.update, request)[1]

    def do_build_again(self, view: View, request: gr.Request) -> Shown:
        return self._begin("Building the index again", self.library.build_again, request, "admin")[
            1
        ]

    def do_remove(self, view: View, request: gr.Request) -> Shown:
        id_ = view.article_id or ""
        begun, shown = self._removing((view.title or id_)[:SHOWN], [id_], request)
        return {**shown, **self.leave(view)} if begun else shown

    def do_remove_chosen(self, view: View, request: gr.Request) -> Shown:
        """The choice stays until they are gone: a change that fails can be tried again."""
        ids = view.asked_about
        begun, shown = self._removing(count(len(ids), "article"), ids, request)
        return {**shown, **self.chosen.shown(view)} if begun else shown

    def _removing(self, what: str, ids: Sequence[str], request: gr.Request) -> tuple[bool, Shown]:
        who = signed_in.get()
        try:
            self.library.check(ids, who)
        except BylineError as error:
            return False, {self.note: render_status(str(error), "error")}
        return self._begin(
            f"Removing {what}",
            lambda on_progress: self.library.remove(ids, on_progress, who),
            request,
        )

    def do_rollback(self, view: View, event: gr.EventData, request: gr.Request) -> Shown:
        version = str(event.value)
        return self._begin(
            f"Going to version {version[:SHOWN]}",
            lambda on_progress: self.library.rollback(version, on_progress),
            request,
            "admin",
        )[1]

    def do_forget(self, view: View, event: gr.EventData, request: gr.Request) -> Shown:
        if reason := self._refusal(request):
            return {self.note: render_status(reason, "error")}

        def forget() -> Shown:
            self.library.forget(str(event.value))
            return {self.note: "", self.sources: render_sources(self.library.holdings(), True)}

        return self._safely(forget)

    def _begin(
        self,
        what: str,
        work: Callable[[Progress], Outcome],
        request: gr.Request,
        right: Right = "write",
    ) -> tuple[bool, Shown]:
        """Start a change; whether it has begun, and what to show."""
        reason, who = self._refusal(request, right), signed_in.get()
        if reason is None:
            try:
                self.changes.start(what, work, who.name if who else "")
            except BylineError as error:
                reason = str(error)
        if reason is not None:
            return False, {self.note: render_status(reason, "error")}
        return True, {self.note: "", self.change: render_change(self.changes.now())}

    def _safely(self, show: Callable[[], Shown]) -> Shown:
        try:
            return show()
        except Exception as error:  # the page goes on after any error, and says so
            return {self.note: render_status(sentence_for(error), "error")}

    def _refusal(self, request: gr.Request, right: Right = "write") -> str | None:
        return refused(request.headers, signed_in.get(), right)
