"""A server of a test, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import HTTPServer


@contextmanager
def listening(server: HTTPServer, let_go: Callable[[], object] = lambda: None) -> Iterator[str]:
    """The server's address, which answers until the end of the block; `let_go` ends what requests
    wait for."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        let_go()
        server.shutdown()
        server.server_close()
        thread.join(10)
