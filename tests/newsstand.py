"""A news site on loopback that can misbehave in every way that sites do."""

from __future__ import annotations

import gzip
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from listening import listening

Answer = Callable[["Handler"], None]


@dataclass
class Site:
    """Pages by path; `asked` lists every path asked for, with the headers of the question."""

    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    url: str = ""

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked if path != "/robots.txt"]

    def put(
        self, path: str, body: str | bytes, kind: str = "text/html; charset=utf-8", **headers: str
    ) -> None:
        """A page that says 304 to a question with its ETag or Last-Modified."""
        data = body.encode() if isinstance(body, str) else body
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        def answer(handler: Handler) -> None:
            for question, header in (
                ("If-None-Match", "ETag"),
                ("If-Modified-Since", "Last-Modified"),
            ):
                if header in named and handler.headers.get(question) == named[header]:
                    handler.reply(304, b"", named)
                    return
            handler.reply(200, data, {"Content-Type": kind, **named})

        self.pages[path] = answer

    def status(self, path: str, *statuses: int, **headers: str) -> None:
        """Each question gets the next status; after the last, whatever was there before."""
        left, before = list(statuses), self.pages.get(path)
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        def answer(handler: Handler) -> None:
            if left:
                handler.reply(left.pop(0), b"busy", named)
            elif before is not None:
                before(handler)
            else:
                handler.reply(statuses[-1], b"", named)

        self.pages[path] = answer

    def redirect(self, path: str, target: str) -> None:
        self.pages[path] = lambda handler: handler.reply(302, b"", {"Location": target})

    def endless(self, path: str, piece: bytes, pause: float = 0.0, **headers: str) -> None:
        """A page that goes on for as long as it is read; `pause` seconds between its pieces."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}

        def answer(handler: Handler) -> None:
            handler.send_response(200)
            for name, value in {"Content-Type": "text/html", **named}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.close_connection = True
            while not handler.closing.wait(pause):
                try:
                    handler.wfile.write(piece)
                except OSError:
                    return  # nobody reads any more, which is what a test waits for

        self.pages[path] = answer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the delayed ACK
    site: Site
    closing: threading.Event

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""

    def do_GET(self) -> None:
        self.site.asked.append((self.path, dict(self.headers)))
        answer = self.site.pages.get(self.path)
        if answer is None:
            self.reply(404, b"")
        else:
            answer(self)

    def reply(self, status: int, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 304 and "Content-Length" not in (headers or {}):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that goes away in the middle is what many tests are about."""


@contextmanager
def newsstand() -> Iterator[Site]:
    site, closing = Site(), threading.Event()
    handler = type("BoundHandler", (Handler,), {"site": site, "closing": closing})
    server = Server(("127.0.0.1", 0), handler)
    with listening(server, closing.set) as address:
        site.url = address
        yield site


def gzip_bomb(megabytes: int) -> bytes:
    return gzip.compress(bytes(megabytes * 1_000_000), 9)


def deflated(data: bytes) -> bytes:
    return zlib.compress(data)


def story(title: str, words: str = "", head: str = "", lang: str = "en") -> str:
    """A page as outlets make them, with eight paragraphs."""
    paragraphs = "".join(
        f"<p>{words or title} Ship number {n} came into the harbour of Vell at noon with grain, "
        "and its crew went ashore for the first time in four weeks.</p>"
        for n in range(8)
    )
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><title>{title}</title>{head}</head><body>'
        f'<nav><a href="/">Home</a></nav><article><h1>{title}</h1>{paragraphs}</article>'
        "<footer>Imprint</footer></body></html>"
    )
