"""The state of a chat, and the running of one answer in it."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, fields
from statistics import median
from typing import Literal, Protocol

from corpus.errors import BylineError
from index.types import Hit
from rag.narrow import Scope
from rag.types import Answer, Checked, Done, Event, Found, Piece, Sentence, Turn
from rag.upkeep.pace import Wait

log = logging.getLogger(__name__)

WAITING = "Waiting: {before} before yours{about}…"
LOOKING = "Looking through the articles{about}…"
LOADING = "Loading the language model; questions wait for it…"
CROWDED = "Byline is busy: {before} are waiting already. Ask again in a few minutes."
LONGEST_LINE = 30
"""Questions that wait or are at work at once. Each has one of the 40 threads that Gradio serves
all readers with, so some are left for who only reads."""
FAILED = "Something went wrong: {kind}. Ask again, or see the log for what happened."
_MOMENT_S = 0.5
_RECENT = 9  # answers from which it is told how long the next one takes
MARKER = re.compile(r" ?\[(\d{1,3})\]")


class Description(Protocol):
    """What the foot of the page says of a pipeline; `newest` is an ISO 8601 date, `problem`
    why answers come from an earlier version of the index than the one in use, if they do."""

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
    @property
    def problem(self) -> str | None: ...


class Pipeline(Protocol):
    """What the page needs of a pipeline."""

    def describe(self) -> Description: ...

    def outlets(self) -> Sequence[str]:
        """Those whose articles can be asked about."""
        ...

    def stream(
        self, question: str, history: Sequence[Turn], scope: Scope | None = None
    ) -> Iterator[Event]:
        """The events of one answer within a scope, `Done` last. Closing the iterator stops the
        model."""
        ...


@dataclass(slots=True)
class Exchange:
    """One question of a chat and what has become of it so far."""

    number: int
    question: str
    scope: Scope = field(default_factory=Scope)
    hits: tuple[Hit, ...] | None = None
    draft: str = ""
    checked: dict[int, Sentence | None] = field(default_factory=dict)  # None: it is left out
    answer: Answer | None = None
    error: str | None = None
    notice: str | None = "Taking in the question…"
    about: str = ""  # how long such answers take here, to be told with what is going on
    stop_asked: bool = False
    judged: str | None = None  # what the reader said of it: rag/feedback.py
    judging: bool = False  # whether the reader is asked why it is not good
    stage: Literal["asked", "answering", "answered", "settled"] = "asked"

    @property
    def said(self) -> str:
        """The answer without its markers, whose numbers mean nothing in a later question."""
        if self.answer is not None:
            return self.answer.said
        return MARKER.sub("", self.draft).strip()

    def take(self, event: Event) -> None:
        match event:
            case Found(hits, goes_on):
                self.hits = hits
                if not goes_on:  # a draft that came before was thrown away
                    self.draft, self.checked = "", {}
                self.notice = f"Reading {count(len(hits), 'passage')}{self.about}…"
            case Piece(text):
                self.draft += text
                self.notice = None
            case Checked(position, sentence):
                self.checked[position] = sentence
                checked = count(position + 1, "sentence")  # in no time; what follows takes seconds
                self.notice = f"{checked} checked; looking at what other articles say…"
            case Done(answer):
                self.answer, self.hits, self.notice = answer, answer.hits, None


@dataclass(slots=True)
class Chat:
    """The chat that one browser session has open. `id` is None until it is kept, for its `owner`;
    one that somebody shared is `read_only`. `note` is what a reader should know. It is `entered`
    once it is the one of the session's address."""

    exchanges: list[Exchange] = field(default_factory=list)
    owner: str = ""
    id: str | None = None
    title: str = ""
    read_only: bool = False
    note: str = ""
    entered: bool = False

    def become(self, other: Chat) -> None:
        """The same object as another chat: events that began with this one go on with that."""
        for one in fields(self):
            setattr(self, one.name, getattr(other, one.name))

    def at(self, *stages: str) -> Exchange | None:
        """The last exchange, if it is at one of these stages."""
        last = self.exchanges[-1] if self.exchanges else None
        return last if last is not None and last.stage in stages else None

    def turn(self, number: str) -> Exchange | None:
        """The exchange of this number; None where the page shows what this chat does not hold, as
        after a new start of the server."""
        found = [one for one in self.exchanges if str(one.number) == number]
        return found[0] if found else None

    @property
    def history(self) -> list[Turn]:
        """The turns before the question at hand that said anything."""
        return [Turn(e.question, e.said) for e in self.exchanges[:-1] if e.said]


class Loading:
    """Loads the pipeline once, in a thread of its own; after a failure the next one who asks for it
    tries again."""

    def __init__(self, load: Callable[[], Pipeline], usual: float | None = None) -> None:
        """`usual` is how many seconds it took before, None where that is not known."""
        self._load, self._usual = load, usual
        self._lock = threading.Lock()
        self._began = 0.0
        self._loaded: Future[Pipeline] | None = None

    @property
    def ready(self) -> bool:
        return self._loaded is not None and self._loaded.done() and not self._loaded.exception()

    @property
    def told(self) -> str:
        """What somebody who waits for it is told: how long it goes on, and how long it may yet."""
        return f"{LOADING} {Wait(time.monotonic() - self._began, self._usual)}"

    def begin(self) -> Future[Pipeline]:
        """Load in the background, if nobody does and it is not done, so that the first question
        waits for less of it."""
        with self._lock:
            failed = self._loaded is not None and self._loaded.done() and not self.ready
            if self._loaded is None or failed:
                self._loaded, self._began = Future(), time.monotonic()
                threading.Thread(
                    target=self._run, args=(self._loaded,), name="loading", daemon=True
                ).start()
            return self._loaded

    def _run(self, loaded: Future[Pipeline]) -> None:
        try:
            loaded.set_result(self._load())
        except BaseException as error:  # who asks is told
            log.warning("Nothing is loaded yet: %s", error)
            loaded.set_exception(error)

    def get(self) -> Pipeline:
        return self.begin().result()

    def steps(self) -> Iterator[str]:
        """What is told until it is loaded, every moment. Raises what keeps it from being loaded."""
        if self.ready:
            return
        loading = self.begin()
        yield self.told
        while wait([loading], timeout=_MOMENT_S).not_done:
            yield self.told
        loading.result()


class Line:
    """Who waits for an answer, in order: one at a time is at work, as the model has the machine."""

    def __init__(self, longest: int = LONGEST_LINE) -> None:
        self._longest = longest
        self._changed = threading.Condition()
        self._tickets: list[object] = []
        self._seconds: deque[float] = deque(maxlen=_RECENT)

    def took(self, seconds: float) -> None:
        """Remember how long an answer took, for those to come."""
        with self._changed:
            self._seconds.append(seconds)

    def about(self, answers: int) -> str:
        """How long so many answers take, in words; nothing before the first is known."""
        with self._changed:
            if not self._seconds:
                return ""
            return f", about {max(1, round(answers * median(self._seconds)))} s"

    def join(self) -> object:
        """A ticket, with which one must leave at the end. Raises BylineError where the line is as
        long as it may be."""
        ticket = object()
        with self._changed:
            if len(self._tickets) >= self._longest:
                raise BylineError(CROWDED.format(before=count(self._longest, "question")))
            self._tickets.append(ticket)
        return ticket

    def leave(self, ticket: object) -> None:
        with self._changed:
            self._tickets.remove(ticket)
            self._changed.notify_all()

    def ahead(self, ticket: object) -> int:
        """How many are before one."""
        with self._changed:
            return self._tickets.index(ticket)

    def wait(self) -> None:
        """Until somebody has left, or a moment has gone by."""
        with self._changed:
            self._changed.wait(_MOMENT_S)


def sentence_for(error: Exception) -> str:
    """What a reader is told of an error; what nobody foresaw goes to the log with its traceback."""
    if isinstance(error, BylineError):
        return str(error)
    log.error("The page could not go on with a question", exc_info=error)
    return FAILED.format(kind=type(error).__name__)


def run(
    exchange: Exchange, loading: Loading, history: Sequence[Turn], line: Line | None = None
) -> Generator[None, None, None]:
    """Answer one question when its turn in the line has come; yields whenever the exchange has
    changed."""
    exchange.stage = "answering"
    line = line or Line()
    ticket = None
    try:
        ticket = line.join()
        yield from _wait(exchange, line, ticket)
        yield from _load(exchange, loading)
        if not exchange.stop_asked:
            pipeline = loading.get()
            exchange.about = line.about(1)
            exchange.notice = LOOKING.format(about=exchange.about)
            yield
        if not exchange.stop_asked:
            events = pipeline.stream(exchange.question, history, exchange.scope)
            yield from _follow(exchange, events)
        if exchange.answer is not None and not exchange.answer.timings.cached:
            line.took(exchange.answer.timings.total_ms / 1000)
    except Exception as error:  # the page goes on after any error, and says so
        exchange.error = sentence_for(error)
    finally:
        if ticket is not None:
            line.leave(ticket)
    exchange.notice, exchange.stage = None, "answered"
    yield


def _wait(exchange: Exchange, line: Line, ticket: object) -> Iterator[None]:
    told = 0
    while (ahead := line.ahead(ticket)) and not exchange.stop_asked:
        if ahead != told:
            before, about = count(ahead, "question"), line.about(ahead)
            exchange.notice, told = WAITING.format(before=before, about=about), ahead
            yield
        line.wait()


def _load(exchange: Exchange, loading: Loading) -> Iterator[None]:
    """Say that the model is being loaded until it is, or the reader stops."""
    for told in loading.steps() if not exchange.stop_asked else ():
        exchange.notice = told
        yield
        if exchange.stop_asked:
            return


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


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
