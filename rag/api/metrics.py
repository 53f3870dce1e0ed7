"""What is counted of requests and answers, in the form that Prometheus reads."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from rag.api.answering import Waiting
from rag.line import Line
from rag.types import Done, Event

_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 20, 60, 120)


class Metrics:
    """The figures of one server."""

    def __init__(self, line: Line) -> None:
        self._registry = one = CollectorRegistry()
        self._requests = Counter(
            "byline_requests", "Requests of the API", ["method", "route", "status"], registry=one
        )
        self._seconds = Histogram(
            "byline_request_seconds",
            "Seconds from a request of the API to the end of its response",
            ["route"],
            buckets=_SECONDS,
            registry=one,
        )
        self._answers = Counter(
            "byline_answers", "Questions asked by the API", ["outcome"], registry=one
        )
        self._tokens = Counter(
            "byline_tokens", "Tokens of the language model", ["kind"], registry=one
        )
        self._articles = Gauge("byline_index_articles", "Articles of the index", registry=one)
        self._passages = Gauge("byline_index_passages", "Passages of the index", registry=one)
        waiting = Gauge("byline_line", "Questions that wait or are at work", registry=one)
        waiting.set_function(line.people)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """`route` is a template, so that its values are few."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def index(self, articles: int, passages: int) -> None:
        self._articles.set(articles)
        self._passages.set(passages)

    async def counted(
        self, told: AsyncGenerator[Waiting | Event, None]
    ) -> AsyncGenerator[Waiting | Event, None]:
        """The same events; what becomes of the answer is counted."""
        outcome = "left"
        try:
            async with aclosing(told):
                async for event in told:
                    if isinstance(event, Done):
                        outcome = "refused" if event.answer.abstained else "answered"
                        self._spent(event)
                    yield event
        except Exception:
            outcome = "failed"
            raise
        finally:
            self._answers.labels(outcome).inc()

    def _spent(self, done: Done) -> None:
        timings = done.answer.timings
        if not timings.cached:
            self._tokens.labels("read").inc(timings.prompt_tokens or 0)
            self._tokens.labels("written").inc(timings.new_tokens or 0)

    def text(self) -> bytes:
        return generate_latest(self._registry)
