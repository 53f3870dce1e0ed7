"""What is counted of requests, answers and the index, in the form that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timezone
from typing import Any, Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from rag.api.parts import Parts
from rag.describe import Description
from rag.types import Answer, Checked, Done, Event
from rag.upkeep.changes import Change

_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 20, 60, 120)
_ANSWER_SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 60, 120, 300)


class _Stream(Iterator[Event], Protocol):
    def close(self) -> None: ...


class Metrics:
    """The figures of one server, of its page and its API; from any thread."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = self._counter(
            "requests", "Requests of the API", "method", "route", "status"
        )
        self._seconds = self._histogram(
            "request_seconds",
            "Seconds from a request of the API to the end of its response",
            _SECONDS,
            "route",
        )
        self._request_errors = self._counter(
            "request_errors", "Requests of the API that ended in an error, by its kind", "kind"
        )
        self._answers = self._counter("answers", "Questions, by what became of them", "outcome")
        self._kept = self._counter("kept_answers", "Answers that were kept from before")
        self._answer_errors = self._counter(
            "answer_errors", "Answers that ended in an error, by its kind", "kind"
        )
        self._first_word = self._histogram(
            "first_word_seconds", "Seconds of work to the draft's first word", _ANSWER_SECONDS
        )
        self._whole = self._histogram(
            "answer_seconds", "Seconds of work to the whole answer", _ANSWER_SECONDS
        )
        self._sentences = self._counter(
            "sentences", "Sentences of drafts and quotations, by their verdict", "verdict"
        )
        self._tokens = self._counter("tokens", "Tokens of the language model", "kind")
        self._jobs = self._counter("jobs", "Changes of the index, by their outcome", "outcome")
        self._job_running = self._gauge("job_running", "Whether the index is being changed")
        self._line = self._gauge("line", "Questions that wait or are at work")
        self._ready = self._gauge("ready", "Whether the models are loaded")
        self._articles = self._gauge("index_articles", "Articles of the index")
        self._passages = self._gauge("index_passages", "Passages of the index")
        self._bytes = self._gauge("index_bytes", "Bytes of all versions of the index on disk")
        self._newest = self._gauge(
            "index_newest_timestamp_seconds", "Day of the newest article, in seconds since 1970"
        )
        self._problem = self._gauge(
            "index_problem", "Whether the index in use cannot be read, or an earlier one answers"
        )
        self._info = self._gauge(
            "index_info",
            "1, by version of the index, model and engine",
            "version",
            "model",
            "engine",
        )

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"byline_{name}", told, labels, registry=self._registry)

    def _gauge(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(f"byline_{name}", told, labels, registry=self._registry)

    def _histogram(
        self, name: str, told: str, buckets: tuple[float, ...], *labels: str
    ) -> Histogram:
        return Histogram(f"byline_{name}", told, labels, registry=self._registry, buckets=buckets)

    def watch(self, parts: Parts) -> None:
        """Tell of these parts as they are whenever somebody looks."""
        self._line.set_function(parts.line.people)
        self._ready.set_function(lambda: parts.loading.ready)
        self._job_running.set_function(
            lambda: (now := parts.changes.now()) is not None and now.running
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """`route` is a template, so that its values are few."""
        self._requests.labels(method, route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def request_error(self, error: Exception) -> None:
        self._request_errors.labels(type(error).__name__).inc()

    def job(self, change: Change) -> None:
        """A change of the index that begins or has ended."""
        if not change.running:
            self._jobs.labels("failed" if change.error else "done").inc()

    def index(self, told: Description, bytes_: int) -> None:
        """The index as it is now."""
        self._articles.set(told.articles)
        self._passages.set(told.passages)
        self._bytes.set(bytes_)
        self._problem.set(told.problem is not None)
        if told.newest:
            day = datetime.fromisoformat(told.newest).replace(tzinfo=timezone.utc)
            self._newest.set(day.timestamp())
        self._info.clear()
        self._info.labels(told.index_version, told.model, told.engine).set(1)

    def index_unreadable(self) -> None:
        self._problem.set(1)

    def counted(self, events: _Stream | Any) -> Iterator[Event]:
        """The same events; what becomes of the answer is counted."""
        outcome = "left"
        try:
            with closing(events):
                for event in events:
                    if isinstance(event, Checked):
                        verdict = event.sentence.verdict if event.sentence else "dropped"
                        self._sentences.labels(verdict or "unchecked").inc()
                    elif isinstance(event, Done):
                        outcome = "refused" if event.answer.abstained else "answered"
                        self._answered(event.answer)
                    yield event
        except Exception as error:
            outcome = "failed"
            self._answer_errors.labels(type(error).__name__).inc()
            raise
        finally:
            self._answers.labels(outcome).inc()

    def _answered(self, answer: Answer) -> None:
        timings = answer.timings
        if timings.cached:
            self._kept.inc()
            return
        if timings.first_token_ms is not None:
            self._first_word.observe(timings.first_token_ms / 1000)
        self._whole.observe(timings.total_ms / 1000)
        self._tokens.labels("read").inc(timings.prompt_tokens or 0)
        self._tokens.labels("written").inc(timings.new_tokens or 0)

    def text(self) -> bytes:
        return generate_latest(self._registry)
