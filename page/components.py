"""The parts of the page and what happens when a person uses them; they decide nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from html import escape
from typing import Any

from corpus.article import Article
from page.articles import Library
from page.chat import LOADING, Chat, Exchange, Loading, Pipeline, run, sentence_for
from page.evidence import NO_EVIDENCE, render_article, render_earlier, render_evidence
from page.network import no_proxy
from page.render import MASTHEAD, WELCOME, render_about, render_exchange, render_status

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # both are read while Gradio is imported
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
with no_proxy():
    import gradio as gr

    from page.articles_components import ArticlesView
    from page.parts import chooser, static_html

SERIF = ("Charter", "Iowan Old Style", "Palatino Linotype", "Georgia", "Liberation Serif", "serif")
THEME = gr.themes.Base(font=SERIF, font_mono=("ui-monospace", "monospace")).set(
    body_background_fill="#fbfaf7", body_background_fill_dark="#161718"
)
EMPTY = "Write a question first."
TO_READING = """() => {
  const mark = document.querySelector("#evidence-reading mark");
  mark?.scrollIntoView({ block: "center" });
  const title = document.getElementById("evidence-reading-title");
  (title ?? document.querySelector("#evidence [data-lit]"))?.focus({ preventScroll: true });
}"""
SHEET_TOP = "<button type='button' data-sheet-to='close'>Close the evidence</button>"
SHEET_TAB = (
    "<button type='button' data-sheet-to='open' aria-controls='evidence' aria-expanded='false'>"
    "Evidence</button>"
)
BUSY = "Byline is still answering: wait for it, or stop it first."


class Components:
    """The components of the page and what happens when a person uses them."""

    def __init__(
        self,
        load: Callable[[], Pipeline],
        examples: Sequence[str],
        status: str,
        library: Library | None = None,
        closed: str | None = None,
    ) -> None:
        """Without a `library` there is no view of the articles; `closed` says why it is only to be
        read."""
        self.loading, self.library = Loading(load), library
        with gr.Blocks(title="Byline", analytics_enabled=False, fill_width=True) as self.blocks:
            self.chat = gr.State(Chat())
            with gr.Column(elem_id="page"):
                with gr.Row(elem_id="masthead"):
                    static_html(MASTHEAD)
                    if library is not None:
                        for label, view in (("Articles", "articles"), ("Chat", "chat")):
                            button = gr.Button(label, elem_id=f"to-{view}", size="sm", scale=0)
                            button.click(None, js=f"() => {{ location.hash = 'view={view}'; }}")
                    self.new_chat = gr.Button("New chat", elem_id="new-chat", size="sm", scale=0)
                with gr.Column(elem_id="chat"):
                    self.past, self.now = static_html(""), static_html(WELCOME)
                    with gr.Column(elem_id="examples", visible=bool(examples)) as self.examples:
                        static_html("<h3>For example</h3>")
                        asked = [(q, gr.Button(q, elem_classes="example")) for q in examples]
                with gr.Column(elem_id="evidence"):
                    static_html(SHEET_TOP, elem_id="sheet-top")
                    self.reading = chooser("evidence-reading")
                    self.evidence = chooser("evidence-now", NO_EVIDENCE)
                    self.earlier = chooser("evidence-earlier")
                with gr.Column(elem_id="composer"):
                    self._compose()
                articles = None if library is None else ArticlesView(library, closed)
                static_html("", elem_id="card")
                self.about = static_html(f"<footer>{escape(status)}</footer>", elem_id="about")
            self.has_examples = bool(examples)
            self._connect(asked)
            if articles is not None:
                articles.connect(self.blocks, self.about, self._about)

    def _compose(self) -> None:
        static_html(SHEET_TAB, elem_id="sheet-tab")
        with gr.Row(elem_id="ask"):
            self.question = gr.Textbox(
                label="Question",
                placeholder="Ask the news…",
                show_label=False,
                container=False,
                max_lines=6,
                autofocus=True,
                elem_id="question",
            )
            self.send = gr.Button("Send", elem_id="send", variant="primary", scale=0)
            self.stop = gr.Button("Stop", elem_id="stop", variant="stop", scale=0, visible="hidden")
        self.status = static_html("", elem_id="status")

    def _connect(self, examples: Sequence[tuple[str, gr.Button]]) -> None:
        everything = [
            *(self.question, self.chat, self.past, self.now),
            *(self.reading, self.evidence, self.earlier),
            *(self.examples, self.send, self.stop, self.status, self.about),
        ]
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        at_once = {**quiet, "queue": False}
        one_by_one = {**quiet, "concurrency_limit": 1, "concurrency_id": "answer"}
        typed = gr.on(
            [self.send.click, self.question.submit],
            *(self.ask, [self.question, self.chat], everything),
            **at_once,
        )
        picked = [
            button.click(partial(self.ask, text), self.chat, everything, **at_once)
            for text, button in examples
        ]
        answers = []
        for asked in [typed, *picked]:
            answer = asked.then(self.answer, self.chat, everything, **one_by_one)
            answer.then(self.settle, [self.question, self.chat], everything, **at_once)
            answers.append(answer)
        for list_ in (self.reading, self.evidence, self.earlier):
            list_.select(self.read, self.chat, self.reading, **at_once).then(None, js=TO_READING)
        self.stop.click(self.halt, self.chat, everything, **at_once)
        self.new_chat.click(self.clear, self.chat, everything, cancels=answers, **at_once)
        self.blocks.load(self.open, None, everything, concurrency_limit=None, **quiet)

    def open(self) -> Iterator[dict[Any, Any]]:
        """Load the models while the page is already there."""
        if not self.loading.ready:
            yield {self.status: render_status(LOADING)}
        try:
            yield {self.status: "", self.about: render_about(self.loading.get().describe())}
        except Exception as error:  # a question tries again
            yield {self.status: render_status(sentence_for(error), "error")}

    def _about(self) -> str | None:
        """The foot of the page as it is now; None until the pipeline is loaded."""
        return render_about(self.loading.get().describe()) if self.loading.ready else None

    def ask(self, question: str, chat: Chat) -> dict[Any, Any]:
        """Take a question in: it stands in the chat at once, also when others are before it."""
        if not question.strip():
            return {self.status: render_status(EMPTY)}
        if chat.at("asked", "answering", "answered"):
            return {self.status: render_status(BUSY)}
        exchange = Exchange(len(chat.exchanges) + 1, question.strip())
        earlier = list(chat.exchanges)
        chat.exchanges.append(exchange)
        return {
            self.question: "",
            self.past: "".join(map(render_exchange, earlier)),
            self.now: render_exchange(exchange),
            self.reading: "",
            self.evidence: render_evidence(exchange),
            self.earlier: render_earlier(earlier),
            self.examples: gr.update(visible=False),
            self.send: gr.update(visible="hidden"),
            self.stop: gr.update(visible=True, value="Stop", interactive=True),
            self.status: "",
        }

    def answer(self, chat: Chat) -> Iterator[dict[Any, Any]]:
        """Answer the question that was taken in; nothing if it was not."""
        exchange = chat.at("asked")
        if exchange is None:
            yield {self.status: gr.skip()}
            return
        shown = ""
        with closing(run(exchange, self.loading, chat.history)) as steps:
            for _ in steps:
                change: dict[Any, Any] = {self.now: render_exchange(exchange)}
                evidence = render_evidence(exchange)
                if evidence != shown:
                    change[self.evidence] = shown = evidence
                yield change
        if exchange.answer is not None:  # the index may have moved on since the page was opened
            yield {self.about: render_about(self.loading.get().describe())}

    def settle(self, question: str, chat: Chat) -> dict[Any, Any]:
        """Make ready for the next question; one that failed goes back into an empty box."""
        exchange = chat.at("answered")
        if exchange is None:
            return {self.status: gr.skip()}
        exchange.stage = "settled"
        change: dict[Any, Any] = {
            self.send: gr.update(visible=True),
            self.stop: gr.update(visible="hidden"),
        }
        if exchange.error is not None and not question.strip():
            change[self.question] = exchange.question
        return change

    def read(self, chat: Chat, event: gr.EventData) -> str:
        """The article of a passage to be read beside the chat, or nothing to go back from it."""
        *back, turn, number = str(event.value).split(":")
        exchange = chat.exchanges[int(turn) - 1]
        if back or exchange.hits is None:
            return ""
        try:
            held: Article | None = exchange.hits[int(number) - 1].passage.article
            if self.library is not None and held is not None:
                shown = self.library.article(held.id)
                held = None if shown is None else shown.article
            return render_article(exchange, int(number), held)
        except Exception as error:  # the page goes on after any error, and says so
            return render_status(sentence_for(error), "error")

    def halt(self, chat: Chat) -> dict[Any, Any]:
        """Ask the model to stop; it does so before its next piece."""
        exchange = chat.at("asked", "answering")
        if exchange is None:
            return {self.status: gr.skip()}
        exchange.stop_asked = True
        return {self.stop: gr.update(value="Stopping…", interactive=False)}

    def clear(self, chat: Chat) -> dict[Any, Any]:
        """Start a new chat."""
        self.halt(chat)
        return {
            self.chat: Chat(),
            self.past: "",
            self.now: WELCOME,
            self.reading: "",
            self.evidence: NO_EVIDENCE,
            self.earlier: "",
            self.examples: gr.update(visible=self.has_examples),
            self.send: gr.update(visible=True),
            self.stop: gr.update(visible="hidden"),
            self.status: "",
        }
