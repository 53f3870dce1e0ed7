"""The state of a chat, and the running of one answer in it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Literal, Protocol

from index.types import Hit
from rag.line import Line, Ticket
from rag.loading import Loading as LoadingOf
from rag.markers import MARKER
from rag.narrow import Scope
from rag.types import Answer, Checked, Done, Event, Found, Piece, Sentence, Turn
from rag.wording import count, sentence_for

WAITING = "Waiting: {before} before yours{about}…"
LOOKING = "Looking through the articles{about}…"


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

    def foresee(self, typed: str, scope: Scope | None = None) -> None:
        """Search for a question that is still being typed."""
        ...

    def stream(
        self, question: str, history: Sequence[Turn], scope: Scope | None = None
    ) -> Iterator[Event]:
        """The events of one answer within a scope, `Done` last. Closing the iterator stops the
        model."""
        ...


Loading = LoadingOf[Pipeline]


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


def _wait(exchange: Exchange, line: Line, ticket: Ticket) -> Iterator[None]:
    told = 0
    while (ahead := line.ahead(ticket)) and not exchange.stop_asked:
        if ahead != told:
            before, about = count(ahead, "question"), line.about(ahead)
            exchange.notice, told = WAITING.format(before=before, about=about), ahead
        yield  # also where nothing changed: who has left can only be let go between two steps
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
