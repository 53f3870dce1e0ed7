"""A reverse proxy as nginx or Caddy are one: it takes a prefix off and says who asked, and how."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_OWN = {"connection", "keep-alive", "transfer-encoding", "date", "server"}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    target, prefix = 0, ""

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
        behind = http.client.HTTPConnection("127.0.0.1", self.server.target, timeout=60)
        try:
            path = self.path[len(self.server.prefix) :]
            behind.request(self.command, path, body, headers)
            answer = behind.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OWN:
                    self.send_header(name, value)
            self.end_headers()
            while piece := answer.read1(65536):
                self.wfile.write(piece)
                self.wfile.flush()
        finally:
            behind.close()

    do_POST = do_GET


@contextmanager
def frontdoor(target: int, prefix: str) -> Iterator[str]:
    """Serves what is on a port of this machine under a prefix; gives the address."""
    server = Server(("127.0.0.1", 0), Handler)
    server.target, server.prefix = target, prefix
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}{prefix}/"
    server.shutdown()
    server.server_close()
    thread.join(10)
