"""Spans by OpenTelemetry, sent over OTLP/HTTP in the background: a collector that is away or slow
delays nothing, and what does not fit into the queue is lost.

OpenTelemetry's own variables say where to (`OTEL_EXPORTER_OTLP_ENDPOINT`), how often, how much of
it, and under what name: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Mapping
from contextvars import Token
from typing import Any

from corpus.errors import BylineError
from rag import tracing
from rag.settings import Settings
from rag.tracing import Attribute, Span

log = logging.getLogger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_STANDARD = {
    "prompt_tokens": "gen_ai.usage.input_tokens",
    "new_tokens": "gen_ai.usage.output_tokens",
    "model": "gen_ai.request.model",
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
}
"""Names by OpenTelemetry's semantic conventions; all others are Byline's own."""
LAST_WORDS_S = 2.0
"""Seconds at the end of a process in which what is left is sent."""


def begin(settings: Settings) -> None:
    """Trace from now on, if the settings and the environment say so. Raises BylineError where it
    is asked for by the setting and cannot be done. A second time it does nothing."""
    if tracing.is_on():
        return
    if settings.trace == "off" or (settings.trace == "auto" and not _wanted()):
        return
    try:
        tracer = Traces(settings.trace_texts)
    except BylineError as error:
        if settings.trace == "on":
            raise
        log.warning("%s", error)  # the variables may be there for other programs
        return
    tracing.use(tracer)
    atexit.register(tracer.close)


def _wanted() -> bool:
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    sends = os.environ.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp"
    return sends and not is_off and any(os.environ.get(name) for name in _ENDPOINTS)


class Traces:
    """Makes spans, and sends them."""

    def __init__(self, texts: bool = False) -> None:
        """With `texts` questions and answers stand in them. Raises BylineError."""
        protocol = next((os.environ[name] for name in _PROTOCOLS if os.environ.get(name)), "")
        if protocol not in ("", "http/protobuf"):
            raise BylineError(
                f"Traces are sent as http/protobuf and not as {protocol[:20]}: correct "
                "OTEL_EXPORTER_OTLP_PROTOCOL, or set trace to off."
            )
        try:
            from opentelemetry import context, trace
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        except ImportError as error:
            raise BylineError(
                "Traces need OpenTelemetry, which is not installed: "
                "pip install -c constraints.txt -e '.[trace]'"
            ) from error
        self.texts = texts
        self.context, self.trace = context, trace
        self._propagator = TraceContextTextMapPropagator()
        named = "service.name" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
        own = {} if named else {"service.name": os.environ.get("OTEL_SERVICE_NAME") or "byline"}
        self._provider = TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)
        self._processor = BatchSpanProcessor(OTLPSpanExporter())
        self._provider.add_span_processor(self._processor)
        self.tracer = self._provider.get_tracer("byline")
        self._ends = threading.Event()
        # Begun now, as none can begin while a process ends.
        self._ending = threading.Thread(target=self._end, name="last spans", daemon=True)
        self._ending.start()

    def span(self, name: str, attributes: Mapping[str, Attribute]) -> Span:
        one = Noted(self, self.tracer.start_span(name))
        one.note(**attributes)
        return one

    def request(self, name: str, headers: Mapping[str, str]) -> Span:
        carrier = {key: headers[key] for key in ("traceparent", "tracestate") if key in headers}
        parent = self._propagator.extract(carrier)
        return Noted(self, self.tracer.start_span(name, parent, self.trace.SpanKind.SERVER))

    def headers(self) -> dict[str, str]:
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier

    def flush(self) -> None:
        """Send what has ended by now, and wait for that."""
        self._processor.force_flush()

    def close(self, seconds: float = LAST_WORDS_S) -> None:
        """Send what is left, for so long at most."""
        self._ends.set()
        self._ending.join(seconds)

    def _end(self) -> None:
        self._ends.wait()
        self._provider.shutdown()


class Noted(Span):
    """A span that is noted."""

    def __init__(self, traces: Traces, span: Any) -> None:
        self._traces, self._span = traces, span
        self._token: Token[Any] | None = None

    def note(self, **attributes: Attribute) -> None:
        for name, value in attributes.items():
            if value is not None:
                self._span.set_attribute(_STANDARD.get(name, f"byline.{name}"), value)

    def happened(self, what: str) -> None:
        self._span.add_event(what)

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    @property
    def trace_id(self) -> str:
        return f"{self._span.get_span_context().trace_id:032x}"

    def __enter__(self) -> Span:
        within = self._traces.trace.set_span_in_context(self._span)
        self._token = self._traces.context.attach(within)
        return self

    def __exit__(self, *error: object) -> None:
        """An error is told by its kind alone: its words may be those of a question."""
        kind = error[0]
        if self._token is not None:
            self._traces.context.detach(self._token)
        if isinstance(kind, type) and issubclass(kind, Exception):
            self.note_error(kind.__name__)
        elif kind is not None:  # whoever asked has left
            self.note(left=True)
        self._span.end()

    def note_error(self, kind: str) -> None:
        self._span.set_attribute("error.type", kind)
        self._span.set_status(self._traces.trace.StatusCode.ERROR)
