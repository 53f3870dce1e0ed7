"""The web server under the page and the API."""

from __future__ import annotations

import socket

import httpx
from starlette.responses import PlainTextResponse

from page.server import Server


def test_small_pieces_are_sent_at_once() -> None:
    """Else each answer waits some 40 ms for the other end to say that it has its head."""
    server = Server(PlainTextResponse("here"), "127.0.0.1", 0)
    try:
        port = server._socket.getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            assert client.get("/").text == "here"
            [connection] = server._server.server_state.connections
            taken = connection.transport.get_extra_info("socket")
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    finally:
        server.close()
