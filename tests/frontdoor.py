"""A reverse proxy as nginx or Caddy are one: it takes a prefix off and says who asked, and how.

Before several servers it gives each request to the next one in turn, but what a browser asks to the
one that it came to first, which it remembers by a cookie, as balancers do for pages that stay open.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from listening import listening

_OWN = {"connection", "keep-alive", "transfer-encoding", "date", "server"}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    targets: tuple[int, ...] = ()
    prefix, turn = "", 0

    def next_target(self, cookies: str) -> int:
        """Its place among the targets."""
        if remembered := re.search(r"\bdoor=(\d)", cookies):
            return int(remembered[1])
        self.turn += 1
        return self.turn % len(self.targets)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever left is no news."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        """Tests print nothing."""

    def do_GET(self) -> None:
        if not self.path.startswith(f"{self.server.prefix}/"):
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        host = self.headers["Host"]
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OWN}
        headers |= {"X-Forwarded-Host": host, "X-Forwarded-For": self.client_address[0]}
        headers["X-Forwarded-Proto"] = "http"
        place = self.server.next_target(self.headers.get("Cookie", ""))
        port = self.server.targets[place]
        behind = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            path = self.path[len(self.server.prefix) :]
            behind.request(self.command, path, body, headers)
            answer = behind.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OWN:
                    self.send_header(name, value)
            self.send_header("X-Door", str(place))
            if len(self.server.targets) > 1:
                self.send_header("Set-Cookie", f"door={place}; Path=/")
            self.end_headers()
            while piece := answer.read1(65536):
                self.wfile.write(piece)
                self.wfile.flush()
        finally:
            behind.close()

    do_POST = do_DELETE = do_PUT = do_GET


@contextmanager
def frontdoor(prefix: str, *targets: int) -> Iterator[str]:
    """Serves what is on ports of this machine under a prefix; gives the address."""
    server = Server(("127.0.0.1", 0), Handler)
    server.targets, server.prefix = targets, prefix
    with listening(server) as address:
        yield f"{address}{prefix}/"
