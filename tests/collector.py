"""A collector of OpenTelemetry on this machine: takes spans over OTLP/HTTP, and can be slow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from listening import listening
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Collected:
    """One span as it came, its ids in hexadecimal digits."""

    name: str
    id: str
    parent: str
    trace: str
    attributes: dict[str, Any]
    events: list[str]
    failed: bool
    service: str


@dataclass
class Collector:
    """What came; while `held`, it lets whoever sends wait."""

    url: str
    paths: list[str] = field(default_factory=list)
    spans: list[Collected] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)

    def named(self, name: str) -> Collected:
        [one] = [span for span in self.spans if span.name == name]
        return one

    def texts(self) -> str:
        """All words of all spans."""
        return " ".join(f"{span.name} {span.attributes} {span.events}" for span in self.spans)


def _value(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))


def _collected(request: ExportTraceServiceRequest) -> Iterator[Collected]:
    for group in request.resource_spans:
        resource = {one.key: _value(one.value) for one in group.resource.attributes}
        for scope in group.scope_spans:
            for span in scope.spans:
                yield Collected(
                    span.name,
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.trace_id.hex(),
                    {one.key: _value(one.value) for one in span.attributes},
                    [event.name for event in span.events],
                    span.status.code == 2,
                    resource["service.name"],
                )


class Server(ThreadingHTTPServer):
    daemon_threads = True
    collector: Collector


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        """Tests print nothing."""

    def do_POST(self) -> None:
        one = self.server.collector
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/x-protobuf"
        one.asked.set()
        one.held.wait(30)
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
        one.paths.append(self.path)
        one.spans.extend(_collected(request))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens."""
    server = Server(("127.0.0.1", 0), Handler)
    server.collector = one = Collector("")
    one.held.set()
    with listening(server, one.held.set) as one.url:
        yield one
