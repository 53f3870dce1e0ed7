"""The page: turns the events of a pipeline into what a person sees. It decides nothing itself.

Questions, articles and the model's words are data: `html.escape` is the only way they reach the
page, so none of them is ever read as HTML or Markdown.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported

import gradio as gr

from corpus.article import Article
from corpus.errors import BylineError
from index.types import Hit, Passage
from rag.types import (
    Answer,
    Checked,
    Citation,
    Disagreement,
    Done,
    Event,
    Found,
    Piece,
    Sentence,
    Turn,
)

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
SERIF = ("Charter", "Iowan Old Style", "Palatino Linotype", "Georgia", "Liberation Serif", "serif")
ICON = (
    "<link rel='icon' href='data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 "
    "viewBox=%220 0 16 16%22%3E%3Crect width=%2216%22 height=%2216%22 fill=%22%239a2617%22/%3E"
    "%3Ctext x=%228%22 y=%2212.5%22 text-anchor=%22middle%22 font-family=%22Georgia,serif%22 "
    "font-weight=%22bold%22 font-size=%2213%22 fill=%22white%22%3EB%3C/text%3E%3C/svg%3E'>"
)
MASTHEAD = (
    "<header><h1>Byline</h1><p>Ask the news. Every sentence of the answer says where it comes "
    "from.</p></header>"
)
WELCOME = (
    "<section class='welcome'><h2>What would you like to know?</h2><p>Byline reads the articles "
    "on this machine and answers with a language model that runs on it, too.</p></section>"
)
NO_EVIDENCE = (
    "<section aria-label='Evidence' class='passages'><h2>Evidence</h2><p class='note'>The passages "
    "that an answer rests on appear here.</p></section>"
)
LOADING = "Loading the language model…"
EMPTY = "Write a question first."
BUSY = "Byline is still answering: wait for it, or stop it first."
STOPPED = "You stopped this answer. What is written above was not checked."
STOPPED_EARLY = "You stopped this answer before its first word."
FAILED = "Something went wrong: {kind}. Ask again, or see the log for what happened."

VERDICTS = {
    "supported": "The cited passages say this",
    "partly": "The cited passages say only a part of this",
    "unsupported": "The cited passages do not say this",
}
MARKER = re.compile(r" ?\[(\d{1,3})\]")


class Description(Protocol):
    """What the foot of the page says of a pipeline; `newest` is an ISO 8601 date."""

    @property
    def model(self) -> str: ...
    @property
    def index_version(self) -> str: ...
    @property
    def articles(self) -> int: ...
    @property
    def passages(self) -> int: ...
    @property
    def newest(self) -> str | None: ...


class Pipeline(Protocol):
    """What the page needs of a pipeline."""

    def describe(self) -> Description: ...

    def stream(self, question: str, history: Sequence[Turn]) -> Iterator[Event]:
        """The events of one answer, `Done` last. Closing the iterator stops the model."""
        ...


@dataclass(slots=True)
class Exchange:
    """One question of a chat and what has become of it so far."""

    number: int
    question: str
    hits: tuple[Hit, ...] | None = None
    draft: str = ""
    answer: Answer | None = None
    error: str | None = None
    notice: str | None = "Waiting for its turn…"
    stop_asked: bool = False
    stage: Literal["asked", "answering", "answered", "settled"] = "asked"

    @property
    def said(self) -> str:
        """The answer without its markers, whose numbers mean nothing in a later question."""
        if self.answer is not None:
            return " ".join(sentence.text for sentence in self.answer.sentences)
        return MARKER.sub("", self.draft).strip()

    def take(self, event: Event) -> None:
        match event:
            case Found(hits):
                self.hits = hits
                self.notice = f"Reading {_count(len(hits), 'passage')}…"
            case Piece(text):
                self.draft += text
                self.notice = None
            case Checked(position, _):
                self.notice = f"Checking the answer: {_count(position + 1, 'sentence')} done…"
            case Done(answer):
                self.answer, self.hits, self.notice = answer, answer.hits, None


@dataclass(slots=True)
class Chat:
    """The chat of one browser session."""

    exchanges: list[Exchange] = field(default_factory=list)

    def at(self, *stages: str) -> Exchange | None:
        """The last exchange, if it is at one of these stages."""
        last = self.exchanges[-1] if self.exchanges else None
        return last if last is not None and last.stage in stages else None

    @property
    def history(self) -> list[Turn]:
        """The turns before the question at hand that said anything."""
        return [Turn(e.question, e.said) for e in self.exchanges[:-1] if e.said]


class _Loading:
    """Loads the pipeline once, for whoever asks first; after a failure the next one tries again."""

    def __init__(self, load: Callable[[], Pipeline]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._pipeline: Pipeline | None = None

    @property
    def ready(self) -> bool:
        return self._pipeline is not None

    def get(self) -> Pipeline:
        with self._lock:
            if self._pipeline is None:
                self._pipeline = self._load()
            return self._pipeline


def sentence_for(error: Exception) -> str:
    """What a reader is told of an error; what nobody foresaw goes to the log with its traceback."""
    if isinstance(error, BylineError):
        return str(error)
    log.error("The page could not go on with a question", exc_info=error)
    return FAILED.format(kind=type(error).__name__)


def run(
    exchange: Exchange, loading: _Loading, history: Sequence[Turn]
) -> Generator[None, None, None]:
    """Answer one question; yields whenever the exchange has changed."""
    exchange.stage = "answering"
    try:
        if not loading.ready:
            exchange.notice = LOADING
            yield
        pipeline = loading.get()
        exchange.notice = "Looking through the articles…"
        yield
        if not exchange.stop_asked:
            yield from _follow(exchange, pipeline.stream(exchange.question, history))
    except Exception as error:  # the page goes on after any error, and says so
        exchange.error = sentence_for(error)
    exchange.notice, exchange.stage = None, "answered"
    yield


def _follow(exchange: Exchange, events: Iterator[Event]) -> Iterator[None]:
    try:
        for event in events:
            exchange.take(event)
            yield
            if exchange.stop_asked:
                return
    finally:
        if close := getattr(events, "close", None):
            close()  # stops the model, also when the reader has left
    if exchange.answer is None:
        raise RuntimeError("the events ended without an answer")


# What a reader sees: functions from data to HTML.


def render_exchange(exchange: Exchange) -> str:
    """One question with its answer, draft or error, as HTML."""
    body = ""
    if exchange.answer is not None:
        body = _answer(exchange.number, exchange.answer)
    elif exchange.draft:
        body = f"<p class='answer draft' dir='auto'>{_draft(exchange)}</p>"
    busy = exchange.stage in ("asked", "answering")
    if exchange.error is not None:
        body += f"<p class='error' role='alert'>{escape(exchange.error)}</p>"
    elif exchange.notice is not None:
        body += f"<p class='notice'>{escape(exchange.notice)}</p>"
    elif not busy and exchange.answer is None:
        body += f"<p class='note'>{STOPPED if exchange.draft else STOPPED_EARLY}</p>"
    return (
        f"<article class='turn' data-turn='{exchange.number}' aria-busy='{str(busy).lower()}'>"
        f"<h2 class='asked' dir='auto'>{escape(exchange.question)}</h2>{body}</article>"
    )


def _draft(exchange: Exchange) -> str:
    """The draft with its markers as links. Text between markers is escaped, whatever it holds."""
    known = len(exchange.hits or ())
    html, at = [], 0
    for marker in MARKER.finditer(exchange.draft):
        if 1 <= int(marker[1]) <= known:
            html.append(escape(exchange.draft[at : marker.start()]))
            html.append(_marker(exchange.number, int(marker[1])))
            at = marker.end()
    return "".join(html) + escape(exchange.draft[at:])


def _marker(turn: int, number: int, citation: Citation | None = None, anchor: bool = False) -> str:
    about = f"Passage {number}"
    if citation is not None:
        about += f": {_source(citation.passage.article)}: “{citation.quote}”"
    name = f" id='cite-{turn}-{number}'" if anchor else ""
    return (
        f"<sup class='cite'><a{name} href='#evidence-{turn}-{number}' title='{escape(about)}' "
        f"aria-label='{escape(about)}'>{number}</a></sup>"
    )


def _answer(turn: int, answer: Answer) -> str:
    anchored: set[int] = set()
    sentences = [_sentence(turn, sentence, anchored) for sentence in answer.sentences]
    kind = "answer refusal" if answer.abstained else "answer"
    cards = "".join(_disagreement(turn, d) for d in answer.disagreements)
    took = f"{answer.timings.total_ms / 1000:.1f} s"
    read = _count(len(answer.hits), "passage")
    return (
        f"<p class='{kind}' dir='auto'>{' '.join(sentences)}</p>{cards}"
        f"<p class='took'>Answered in {took} from {read}</p>"
    )


def _sentence(turn: int, sentence: Sentence, anchored: set[int]) -> str:
    markers = []
    for number, citation in {c.number: c for c in sentence.citations}.items():
        markers.append(_marker(turn, number, citation, anchor=number not in anchored))
        anchored.add(number)
    text = escape(sentence.text)
    if sentence.verdict is None:
        return f"<span class='sentence'>{text}</span>{''.join(markers)}"
    why = VERDICTS[sentence.verdict]
    if sentence.support is not None:
        why += f" ({sentence.support:.0%} of it)"
    return (
        f"<span class='sentence {sentence.verdict}' title='{why}'>{text}</span>{''.join(markers)}"
        f"<span class='verdict {sentence.verdict}' role='img' title='{why}' aria-label='{why}'>"
        "</span>"
    )


def _disagreement(turn: int, disagreement: Disagreement) -> str:
    rows = "".join(
        f"<li><b>{escape(claim.value)}</b>{_marker(turn, claim.citation.number, claim.citation)} "
        f"<span class='source'>{_source_html(claim.citation.passage.article)}</span>"
        f"<q dir='auto'>{escape(claim.citation.quote)}</q></li>"
        for claim in disagreement.claims
    )
    return (
        "<aside class='disagreement' aria-label='Sources disagree'><h3>Sources disagree: "
        f"<bdi>{escape(disagreement.about)}</bdi></h3><ul>{rows}</ul></aside>"
    )


def render_evidence(exchange: Exchange) -> str:
    """The passages of one exchange as HTML: the cited ones first and marked, the rest folded."""
    if exchange.hits is None:
        return NO_EVIDENCE
    heading = "Evidence"
    if exchange.answer is None:
        heading = "Passages found"
    elif exchange.answer.abstained:
        heading = "Closest passages"
    return (
        f"<section aria-label='Evidence' class='passages'><h2>{heading}</h2>"
        f"{_cards(exchange, exchange.hits)}</section>"
    )


def render_earlier(exchanges: Sequence[Exchange]) -> str:
    """The evidence of earlier questions, newest first, each folded under its question."""
    return "".join(
        f"<details class='earlier'><summary>Evidence for <q>{escape(e.question)}</q></summary>"
        f"{_cards(e, e.hits)}</details>"
        for e in reversed(exchanges)
        if e.hits
    )


def _cards(exchange: Exchange, hits: Sequence[Hit]) -> str:
    numbered = list(enumerate(hits, start=1))
    quotes: dict[int, list[tuple[int, int]]] = {}
    for citation in _citations(exchange.answer):
        quotes.setdefault(citation.number, []).append((citation.quote_start, citation.quote_end))
    cited = [_card(exchange.number, n, hit, quotes[n]) for n, hit in numbered if n in quotes]
    others = [_card(exchange.number, n, hit, []) for n, hit in numbered if n not in quotes]
    if not (cited and others):
        return "".join(cited or others) or "<p class='note'>No passage was found.</p>"
    return (
        f"{''.join(cited)}<details class='uncited'><summary>{_count(len(others), 'passage')} "
        f"read but not cited</summary>{''.join(others)}</details>"
    )


def _citations(answer: Answer | None) -> list[Citation]:
    if answer is None:
        return []
    stated = [c for sentence in answer.sentences for c in sentence.citations]
    return stated + [claim.citation for d in answer.disagreements for claim in d.claims]


def _card(turn: int, number: int, hit: Hit, quotes: Sequence[tuple[int, int]]) -> str:
    article, name = hit.passage.article, f"evidence-{turn}-{number}"
    title = f"<bdi>{escape(article.title)}</bdi>"
    if (url := _web_address(article.url)) is not None:
        title = (
            f"<a href='{escape(url)}' target='_blank' rel='noopener noreferrer' "
            f"referrerpolicy='no-referrer'>{title}</a>"
        )
    badge = f"<span class='number'>{number}</span>"
    if quotes:
        badge = (
            f"<a class='number' href='#cite-{turn}-{number}' "
            f"aria-label='Passage {number}: back to the answer'>{number}</a>"
        )
    return (
        f"<article class='passage{' cited' if quotes else ''}' id='{name}' tabindex='-1' "
        f"aria-labelledby='{name}-title'>{badge}<h3 id='{name}-title'>{title}</h3>"
        f"<p class='source'>{_source_html(article)}</p>"
        f"<blockquote dir='auto'>{_marked(hit.passage, quotes)}</blockquote></article>"
    )


def _marked(passage: Passage, quotes: Sequence[tuple[int, int]]) -> str:
    """The passage with its quotes, offsets into the body of the article, in `<mark>`."""
    body, at = passage.article.body, passage.start
    html = ["… "] if passage.start > 0 else []
    for quote_start, quote_end in sorted(quotes):
        start, end = max(quote_start, at), min(quote_end, passage.end)
        if start < end:
            html += [escape(body[at:start]), f"<mark>{escape(body[start:end])}</mark>"]
            at = end
    html.append(escape(body[at : passage.end]))
    if passage.end < len(body):
        html.append(" …")
    return "".join(html)


def _web_address(url: str | None) -> str | None:
    """The address if a browser may follow it from here: http or https, nothing else."""
    try:
        parts = urlsplit((url or "").strip())
    except ValueError:  # such as an unclosed bracket of an IPv6 address
        return None
    return parts.geturl() if parts.scheme in ("http", "https") and parts.netloc else None


def _source(article: Article) -> str:
    known = (article.outlet, _day(article.published_at), article.title)
    return ", ".join(part for part in known if part)


def _source_html(article: Article) -> str:
    outlet = f"<bdi>{escape(article.outlet)}</bdi>" if article.outlet else ""
    day = f"<time>{escape(_day(article.published_at))}</time>" if article.published_at else ""
    return " · ".join(part for part in (outlet, day) if part) or "Source not stated"


def _day(published_at: str | None) -> str:
    """`2025-06-13T09:30:00+02:00` as `13 June 2025`; another form as it stands."""
    try:
        day = date.fromisoformat((published_at or "")[:10])
    except ValueError:
        return published_at or ""
    return f"{day.day} {day:%B %Y}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def render_about(about: Description) -> str:
    """The foot of the page: which model and which articles stand behind the answers."""
    facts = [
        f"Model <b>{escape(about.model)}</b>",
        f"Index <b>{escape(about.index_version)}</b>",
        f"<b>{_count(about.articles, 'article')}</b>",
        f"<b>{_count(about.passages, 'passage')}</b>",
    ]
    if about.newest is not None:
        facts.append(f"Newest <b>{escape(_day(about.newest))}</b>")
    return f"<footer>{''.join(f'<span>{fact}</span>' for fact in facts)}</footer>"


class _Page:
    """The components of the page and what happens when a person uses them."""

    def __init__(self, load: Callable[[], Pipeline], examples: Sequence[str], status: str) -> None:
        self.loading = _Loading(load)
        with gr.Blocks(title="Byline", analytics_enabled=False, fill_width=True) as self.blocks:
            self.chat = gr.State(Chat())
            with gr.Column(elem_id="page"):
                with gr.Row(elem_id="masthead"):
                    _html(MASTHEAD)
                    self.new_chat = gr.Button("New chat", elem_id="new-chat", size="sm", scale=0)
                with gr.Column(elem_id="chat"):
                    self.past, self.now = _html(""), _html(WELCOME)
                    with gr.Column(elem_id="examples", visible=bool(examples)) as self.examples:
                        _html("<h3>For example</h3>")
                        asked = [(q, gr.Button(q, elem_classes="example")) for q in examples]
                with gr.Column(elem_id="evidence"):
                    self.evidence, self.earlier = _html(NO_EVIDENCE), _html("")
                with gr.Column(elem_id="composer"):
                    self._compose()
                self.about = _html(f"<footer>{escape(status)}</footer>", elem_id="about")
            self.has_examples = bool(examples)
            self._connect(asked)

    def _compose(self) -> None:
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
        self.status = _html("", elem_id="status")

    def _connect(self, examples: Sequence[tuple[str, gr.Button]]) -> None:
        everything = [
            *(self.question, self.chat, self.past, self.now, self.evidence, self.earlier),
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
        self.stop.click(self.halt, self.chat, everything, **at_once)
        self.new_chat.click(self.clear, self.chat, everything, cancels=answers, **at_once)
        self.blocks.load(self.open, None, everything, concurrency_limit=None, **quiet)

    def open(self) -> Iterator[dict[Any, Any]]:
        """Load the models while the page is already there."""
        if not self.loading.ready:
            yield {self.status: _says(LOADING)}
        try:
            yield {self.status: "", self.about: render_about(self.loading.get().describe())}
        except Exception as error:  # a question tries again
            yield {self.status: _says(sentence_for(error), "error")}

    def ask(self, question: str, chat: Chat) -> dict[Any, Any]:
        """Take a question in: it stands in the chat at once, also when others are before it."""
        if not question.strip():
            return {self.status: _says(EMPTY)}
        if chat.at("asked", "answering", "answered"):
            return {self.status: _says(BUSY)}
        exchange = Exchange(len(chat.exchanges) + 1, question.strip())
        earlier = list(chat.exchanges)
        chat.exchanges.append(exchange)
        return {
            self.question: "",
            self.past: "".join(map(render_exchange, earlier)),
            self.now: render_exchange(exchange),
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
            self.evidence: NO_EVIDENCE,
            self.earlier: "",
            self.examples: gr.update(visible=self.has_examples),
            self.send: gr.update(visible=True),
            self.stop: gr.update(visible="hidden"),
            self.status: "",
        }


def _html(value: str, elem_id: str | None = None) -> gr.HTML:
    return gr.HTML(value, elem_id=elem_id, js_on_load=None, apply_default_css=False)


def _says(text: str, kind: str = "notice") -> str:
    return f"<p role='status' class='{kind}'>{escape(text)}</p>"


def build_page(load: Callable[[], Pipeline], examples: Sequence[str], status: str) -> gr.Blocks:
    """The page. `load` runs when it is first opened; `status` is its foot until then."""
    return _Page(load, examples, status).blocks


def launch(
    load: Callable[[], Pipeline],
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    examples: Sequence[str] = (),
    status: str = "",
    open_browser: bool = False,
    block: bool = True,
) -> gr.Blocks:
    """Serve the page until interrupted, or return at once if not `block`.

    Raises:
        BylineError: the port is taken or the address is not this machine's.
    """
    page = build_page(load, examples, status)
    theme = gr.themes.Base(font=SERIF, font_mono=("ui-monospace", "monospace")).set(
        body_background_fill="#fbfaf7", body_background_fill_dark="#161718"
    )
    try:
        page.queue(api_open=False).launch(
            server_name=host,
            server_port=port,
            inbrowser=open_browser,
            prevent_thread_lock=True,
            quiet=True,
            share=False,
            ssr_mode=False,
            pwa=False,
            mcp_server=False,
            enable_monitoring=False,
            run_history=False,
            footer_links=[],
            theme=theme,
            css_paths=[HERE / "app.css"],
            js=(HERE / "app.js").read_text(encoding="utf-8"),
            head=ICON,
        )
    except OSError as error:
        raise BylineError(
            f"The page cannot be served on {host}:{port}, which is taken or not this machine's; "
            "stop the other program or choose another port with --port."
        ) from error
    if block:
        page.block_thread()
    return page
