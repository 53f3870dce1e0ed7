"""The parts of the page and what happens when a person uses them; they decide nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

from corpus.article import Article
from corpus.errors import BylineError
from page.articles import Library
from page.chat import Chat, Exchange, Loading, Pipeline, run
from page.conversations import Conversations
from page.evidence import NO_EVIDENCE, render_article, render_earlier, render_evidence
from page.help import TOUR, render_shortcuts
from page.network import no_proxy
from page.offers import instead
from page.render import (
    MASTHEAD,
    WELCOME,
    render_about,
    render_exchange,
    render_person,
    render_status,
)
from rag.feedback import Feedback, judgement_of
from rag.line import Line
from rag.narrow import Scope
from rag.upkeep.changes import Changes
from rag.who import signed_in
from rag.wording import sentence_for

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # both are read while Gradio is imported
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
with no_proxy():
    import gradio as gr

    from page.articles_components import ArticlesView
    from page.history_view import HistoryView
    from page.narrow_view import FROM_ADDRESS, NarrowView
    from page.parts import chooser, seen, static_html

EMPTY = "Write a question first."
# What is in the box once nobody has typed for a moment. Of what is typed meanwhile Gradio keeps the
# last (`always_last`), so that one search at a time is under way.
TYPED = """async (...inputs) => {
  await new Promise((resolve) => setTimeout(resolve, 300));
  const box = document.querySelector("#question textarea");
  return [box?.value ?? "", ...inputs.slice(1)];
}"""
TO_READING = """() => {
  if (document.activeElement?.matches(".only")) return window.bylineToQuestion();
  const mark = document.querySelector("#evidence-reading mark");
  mark?.scrollIntoView({ block: "center" });
  const title = document.getElementById("evidence-reading-title");
  (title ?? document.querySelector("#evidence [data-lit]"))?.focus({ preventScroll: true });
}"""
DRAWER = (
    "<button type='button' data-drawer aria-controls='conversations' aria-expanded='false'>Chats"
    "</button>"
)
# The inputs of an event that may be the first of a session: of the address what names the chat and,
# where a part of `NarrowView` says nothing, the scope.
ARRIVAL = f"""(...inputs) => {{
  const address = new URLSearchParams(location.hash.slice(1));{FROM_ADDRESS}
  const chosen = inputs.splice(-scope.length).map((one, at) => (one?.length ? one : scope[at]));
  return [...inputs.slice(0, -2), address.get("chat") ?? "", address.get("share") ?? "", ...chosen];
}}"""
SHEET_TOP = "<button type='button' data-sheet-to='close'>Close the evidence</button>"
SHEET_TAB = (
    "<button type='button' data-sheet-to='open' aria-controls='evidence' aria-expanded='false'>"
    "Evidence</button>"
)
AGAIN = "The server was started again: load this page again to go on."
BUSY = "Byline is still answering: wait for it, or stop it first."


class Components:
    """The components of the page and what happens when a person uses them."""

    def __init__(
        self,
        load: Callable[[], Pipeline],
        examples: Sequence[str],
        status: str,
        library: Library | None = None,
        changes: Changes | None = None,
        conversations: Conversations | None = None,
        feedback: Feedback | None = None,
        usual_load: float | None = None,
    ) -> None:
        """Without a `library` there is no view of the articles, whose `changes` others may share.
        Without `conversations`, chats last as long as the page, and without `feedback` no reader's
        word is kept. `usual_load` is how many seconds `load` took before, if known."""
        self.loading, self.library = Loading(load, usual_load), library
        changes = changes or Changes()
        self.feedback, self.line = feedback or Feedback(), Line()
        self.history = HistoryView(conversations or Conversations(), self.shown)
        with gr.Blocks(title="Byline", analytics_enabled=False, fill_width=True) as self.blocks:
            self.chat = gr.State(Chat())
            # Encrypted under a secret that everybody knows, or a new start would lose the owner.
            self.owner = gr.BrowserState("", storage_key="byline-owner", secret="byline")
            with gr.Column(elem_id="page"):
                with gr.Row(elem_id="masthead"):
                    static_html(DRAWER, elem_id="drawer")
                    static_html(MASTHEAD)
                    if library is not None:
                        for label, view in (("Articles", "articles"), ("Chat", "chat")):
                            button = gr.Button(label, elem_id=f"to-{view}", size="sm", scale=0)
                            button.click(None, js=f"() => window.bylineView('{view}')")
                    self.new_chat = gr.Button("New chat", elem_id="new-chat", size="sm", scale=0)
                    self.person = static_html("", elem_id="person")
                self.history.build(self.chat)
                with gr.Column(elem_id="chat"):
                    self.told = static_html("", elem_id="chat-note")
                    self.past, self.now = chooser("past"), chooser("now", WELCOME)
                    static_html(TOUR, elem_id="tour")
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
                self.articles = None if library is None else ArticlesView(library, changes)
                static_html("", elem_id="card")
                static_html(render_shortcuts())
                static_html("<p id='told' aria-live='polite'></p>", elem_id="live")
                self.about = static_html(f"<footer>{escape(status)}</footer>", elem_id="about")
            self.has_examples = bool(examples)
            self._connect(asked)
            if self.articles is not None:
                self.articles.connect(self.blocks, self.about, self._about, self.narrow)

    def _compose(self) -> None:
        static_html(SHEET_TAB, elem_id="sheet-tab")
        self.narrow = NarrowView(self.library)
        with gr.Row(elem_id="ask") as self.asking:
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
            *(self.question, self.chat, self.owner, self.told, self.past, self.now),
            *(self.reading, self.evidence, self.earlier),
            *(self.examples, self.asking, self.send, self.stop, self.status, self.about),
        ]
        with_history = [*everything, *self.history.parts]
        session = [
            *(self.chat, self.owner, self.history.place, self.history.token, *self.narrow.parts)
        ]
        quiet = {"show_progress": "hidden", "api_visibility": "private"}
        at_once = {**quiet, "queue": False}
        arriving = {**at_once, "js": ARRIVAL}
        in_line = {**quiet, "concurrency_limit": None}  # the line is the page's own, to be told
        typed = gr.on(
            [self.send.click, self.question.submit],
            *(self.ask, [self.question, *session], everything),
            **arriving,
        )
        picked = [
            button.click(partial(self.ask, text), session, everything, **arriving)
            for text, button in examples
        ]
        chosen = [
            list_.select(self.choose, self.chat, with_history, **at_once)
            for list_ in (self.past, self.now)
        ]
        answers = []
        for asked in [typed, *picked, *chosen]:
            answer = asked.then(self.answer, self.chat, everything, **in_line)
            settled = answer.then(self.settle, [self.question, self.chat], with_history, **at_once)
            self.history.to_address(settled)
            answers.append(answer)
        read = [self.reading, self.narrow.articles, self.narrow.fold]
        for list_ in (self.reading, self.evidence, self.earlier):
            list_.select(self.read, self.chat, read, **at_once).then(None, js=TO_READING)
        self.question.input(
            *(self.foresee, [self.question, self.chat, *self.narrow.parts], None),
            **{**at_once, "js": TYPED, "trigger_mode": "always_last"},
        )
        self.stop.click(self.halt, self.chat, everything, **at_once)
        self.history.connect(everything, answers)
        fresh = self.new_chat.click(self.clear, self.chat, with_history, cancels=answers, **at_once)
        self.history.to_address(fresh)
        found = [*with_history, self.person, *self.narrow.parts, self.narrow.fold]
        self.blocks.load(self.enter, session, found, **arriving).then(
            None, js="() => window.bylineDraft()"
        )
        self.narrow.connect()
        ready = [self.status, self.about, self.narrow.outlets]
        self.blocks.load(self.open, None, ready, concurrency_limit=None, **quiet)

    def open(self) -> Iterator[dict[Any, Any]]:
        """Load the models while the page is already there; read aloud is only that it goes on."""
        try:
            for place, told in enumerate(self.loading.steps()):
                yield {self.status: render_status(told, aloud=place == 0)}
            pipeline = self.loading.get()
            about = render_about(pipeline.describe())
            yield {self.status: "", self.about: about, **self.narrow.choices(pipeline.outlets())}
        except Exception as error:  # a question tries again
            yield {self.status: render_status(sentence_for(error), "error")}

    def _about(self) -> str | None:
        """The foot of the page as it is now; None until the pipeline is loaded."""
        return render_about(self.loading.get().describe()) if self.loading.ready else None

    def foresee(self, typed: str, chat: Chat, *narrowed: Any) -> None:
        """Search for what is being typed. Not while others are answered, whom it would keep
        waiting, and not within a chat, where a question may mean something else."""
        if not (self.loading.ready and typed.strip()) or chat.exchanges or self.line.people():
            return
        try:
            self.loading.get().foresee(typed, self.narrow.scope(*narrowed))
        except BylineError:
            return  # whoever asks it is told

    def ask(
        self, question: str, chat: Chat, owner: str, chat_id: str, token: str, *narrowed: Any
    ) -> dict[Any, Any]:
        """Take a question in: it stands in the chat at once, also when others are before it."""
        if not question.strip():
            return {self.status: render_status(EMPTY)}
        self.history.enter(chat, owner, chat_id, token)
        if chat.read_only:
            return {self.status: render_status(chat.note)}
        if chat.at("asked", "answering", "answered"):
            return {self.status: render_status(BUSY)}
        try:
            scope = self.narrow.scope(*narrowed)
        except BylineError as error:
            return {self.status: render_status(str(error), "error")}
        return {self.owner: chat.owner, **self._take(question.strip(), chat, scope)}

    def _take(self, question: str, chat: Chat, scope: Scope) -> dict[Any, Any]:
        exchange = Exchange(len(chat.exchanges) + 1, question, scope)
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
        shown: dict[Any, str] = {}
        with closing(run(exchange, self.loading, chat.history, self.line)) as steps:
            for _ in steps:
                evidence = render_evidence(exchange)
                now = {self.now: render_exchange(exchange), self.evidence: evidence}
                change = {part: html for part, html in now.items() if shown.get(part) != html}
                shown = now
                yield change or {self.status: gr.skip()}
        if exchange.answer is not None:  # the index may have moved on since the page was opened
            yield {self.about: render_about(self.loading.get().describe())}

    def settle(self, question: str, chat: Chat) -> dict[Any, Any]:
        """Make ready for the next question; one that failed goes back into an empty box."""
        exchange = chat.at("answered")
        if exchange is None:
            return {self.status: gr.skip()}
        exchange.stage = "settled"
        change: dict[Any, Any] = {
            self.now: render_exchange(exchange),
            self.send: gr.update(visible=True),
            self.stop: gr.update(visible="hidden"),
        }
        if exchange.error is None and chat.owner:
            change |= self.history.keep(chat, exchange)
        if exchange.error is not None and not question.strip():
            change[self.question] = exchange.question
        return change

    def choose(self, chat: Chat, event: gr.EventData) -> dict[Any, Any]:
        """What was pressed under an answer: a question to ask, or what the reader thinks of it."""
        what, turn, *more = str(event.value).split(":")
        if (exchange := chat.turn(turn)) is None:
            return {self.status: render_status(AGAIN, "error")}
        if chat.read_only or exchange.answer is None:
            return {self.status: gr.skip()}
        if what in ("ask", "literal"):
            if chat.at("asked", "answering", "answered"):
                return {self.status: render_status(BUSY)}
            if what == "ask":
                return self._take(instead(exchange)[int(more[0])], chat, exchange.scope)
            return self._take(exchange.question, chat, replace(exchange.scope, literal=True))
        try:
            return self._judge(chat, exchange, more[0] if more else None)
        except Exception as error:  # the page goes on after any error, and says so
            return {self.status: render_status(sentence_for(error), "error")}

    def _judge(self, chat: Chat, exchange: Exchange, judged: str | None) -> dict[Any, Any]:
        """Keep what a reader thinks; the same once more takes it back. None asks why it is not
        good."""
        assert exchange.answer is not None
        exchange.judging = judged is None and not exchange.judging
        if judged is not None or exchange.judged is not None:
            exchange.judged = None if judged == exchange.judged else judged
            history = [one.question for one in chat.exchanges[: exchange.number - 1]]
            id_ = f"{chat.id}-{exchange.number}"
            self.feedback.add(judgement_of(id_, exchange.judged, exchange.answer, history))
        shown = {
            self.past: "".join(map(render_exchange, chat.exchanges[:-1])),
            self.now: render_exchange(chat.exchanges[-1]),
        }
        return {**shown, **self.history.keep(chat, exchange)}

    def read(self, chat: Chat, event: gr.EventData) -> dict[Any, Any]:
        """The article of a passage to be read beside the chat, or nothing to go back from it; or
        what narrows the next question down to it."""
        *what, turn, number = str(event.value).split(":")
        exchange = chat.turn(turn)
        if what == ["back"] or exchange is None or exchange.hits is None:
            return {self.reading: "" if exchange else render_status(AGAIN, "error")}
        try:
            article = exchange.hits[int(number) - 1].passage.article
            if what == ["only"]:
                return self.narrow.only({article.id: article.title})
            held: Article | None = article
            if self.library is not None:
                shown = self.library.article(article.id)
                held = None if shown is None else shown.article
            return {self.reading: render_article(exchange, int(number), held)}
        except Exception as error:  # the page goes on after any error, and says so
            return {self.reading: render_status(sentence_for(error), "error")}

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
        new = Chat(owner=chat.owner, entered=True)
        return {self.chat: new, **self.shown(new), **self.history.shown(new)}

    def enter(
        self, chat: Chat, owner: str, chat_id: str, token: str, *scope: Any
    ) -> dict[Any, Any]:
        """The page as a session finds it: a new chat or the one of its address, in its scope."""
        try:
            opened = self.history.enter(chat, owner, chat_id, token)
            return {
                self.owner: chat.owner,
                self.person: render_person(signed_in.get()),
                **self.narrow.entered(scope),
                **(self.shown(chat) if opened else {}),
                **self.history.shown(chat),
            }
        except Exception as error:  # chats that cannot be read are said, and asking goes on
            return {self.history.note: render_status(sentence_for(error), "error")}

    def shown(self, chat: Chat) -> dict[Any, Any]:
        """A chat as it is when nothing is under way in it."""
        earlier, last = chat.exchanges[:-1], chat.exchanges[-1] if chat.exchanges else None
        return {
            self.past: "".join(render_exchange(one, own=not chat.read_only) for one in earlier),
            self.now: render_exchange(last, own=not chat.read_only) if last else WELCOME,
            self.reading: "",
            self.evidence: render_evidence(last) if last else NO_EVIDENCE,
            self.earlier: render_earlier(earlier),
            self.examples: gr.update(visible=self.has_examples and last is None),
            self.asking: seen(not chat.read_only),
            self.send: gr.update(visible=True),
            self.stop: gr.update(visible="hidden"),
            self.told: render_status(chat.note, "note") if chat.note else "",
            self.status: "",
        }
