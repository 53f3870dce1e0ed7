"""What an answer does, and how long each part of it takes, as spans of a trace: nothing at all, and
nothing is imported, before `begin` (rag/spans.py) was called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextvars import Context, copy_context
from typing import Protocol

from rag.types import Answer, Checked, Done, Event

Attribute = str | bool | int | float | None
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


class Span:
    """One part of an answer, from `with` to its end; this one is not noted anywhere."""

    def note(self, **attributes: Attribute) -> None:
        """What is known of it by now; None is left out."""

    def happened(self, what: str) -> None:
        """Something at this moment."""

    def rename(self, name: str) -> None:
        """Once it is known what it is."""

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits; empty where nothing is traced."""
        return ""

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *error: object) -> None:
        """Its end."""


class Tracer(Protocol):
    """Makes spans that are noted."""

    @property
    def texts(self) -> bool:
        """Whether questions and answers may stand in them."""
        ...

    def span(self, name: str, attributes: Mapping[str, Attribute]) -> Span: ...
    def request(self, name: str, headers: Mapping[str, str]) -> Span: ...
    def headers(self) -> dict[str, str]: ...


_NOTHING = Span()
_tracer: Tracer | None = None


def use(tracer: Tracer | None) -> None:
    """Note all spans with it from now on; None: none."""
    global _tracer
    _tracer = tracer


def is_on() -> bool:
    return _tracer is not None


def span(name: str, **attributes: Attribute) -> Span:
    """A part of what goes on; spans within it are its children."""
    return _NOTHING if _tracer is None else _tracer.span(name, attributes)


def request(name: str, headers: Mapping[str, str]) -> Span:
    """A request with these headers, whose `traceparent` (W3C) it goes on with."""
    return _NOTHING if _tracer is None else _tracer.request(name, headers)


def headers() -> dict[str, str]:
    """What lets another server go on with the span that is under way."""
    return {} if _tracer is None else _tracer.headers()


def trace_id_of(traceparent: str) -> str:
    """The trace that whoever asks has begun; empty where that is none."""
    found = _TRACEPARENT.fullmatch(traceparent)
    return found[1] if found else ""


def traced(events: Iterator[Event], question: str) -> Iterator[Event]:
    """The events of an answer, with a span around them all."""
    if _tracer is None:
        return events
    return in_one_context(_spanned(events, question if _tracer.texts else None, _tracer.texts))


def in_one_context(events: Iterator[Event]) -> Iterator[Event]:
    """The same events, made within one context, so that the span that is under way is the same
    whatever thread asks for the next one."""
    context: Context = copy_context()
    try:
        while True:
            try:
                event = context.run(next, events)
            except StopIteration:
                return
            yield event
    finally:
        if close := getattr(events, "close", None):
            context.run(close)


def _spanned(events: Iterator[Event], question: str | None, texts: bool) -> Iterator[Event]:
    verdicts: dict[int, str] = {}
    with span("answer", question=question) as whole:
        for event in events:
            if isinstance(event, Checked):
                verdicts[event.position] = "dropped"
                if event.sentence is not None:
                    verdicts[event.position] = event.sentence.verdict or "unchecked"
            elif isinstance(event, Done):
                said = list(verdicts.values())
                whole.note(**{name: said.count(name) for name in dict.fromkeys(said)})
                whole.note(**_of(event.answer), answer=event.answer.text if texts else None)
            yield event


def _of(answer: Answer) -> dict[str, Attribute]:
    """What a span says of an answer: none of its words."""
    timings = answer.timings
    return {
        "abstained": answer.abstained,
        "quoted": answer.quoted,
        "confidence": answer.confidence,
        "sentences": len(answer.sentences),
        "passages": len(answer.hits),
        "differences": len(answer.disagreements),
        "index_version": answer.index_version,
        "model": answer.model,
        "cached": timings.cached,
        "retrieve_ms": timings.retrieve_ms,
        "first_token_ms": timings.first_token_ms,
        "total_ms": timings.total_ms,
        "prompt_tokens": timings.prompt_tokens,
        "new_tokens": timings.new_tokens,
    }
