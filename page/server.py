"""The web server: one port for the page and for what stands beside it."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

from corpus.errors import BylineError

_PATIENCE_S = 2  # for streams that go on when the server ends
_START_S = 30.0


class Server:
    """Serves an ASGI application in a thread, from the beginning of this object until `close`."""

    def __init__(self, app: Callable[..., Any], host: str, port: int, **options: Any) -> None:
        """`options` are uvicorn's. Raises BylineError where the port is taken, or the address not
        this machine's."""
        import uvicorn

        self.local_url = f"http://{'localhost' if host == '0.0.0.0' else host}:{port}/"
        self._socket = _bound(host, port)
        config = uvicorn.Config(
            app,
            log_level="warning",
            log_config=None,  # as all else is logged
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_PATIENCE_S,
            **options,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
            if not self._thread.is_alive():
                self._socket.close()
                raise BylineError(
                    f"The page cannot be served on {host}:{port}: see the log for what happened."
                )

    def _run(self) -> None:
        self._server.run([self._socket])

    def wait(self) -> None:
        """Until the server is closed or the process interrupted."""
        with contextlib.suppress(KeyboardInterrupt):
            while self._thread.is_alive():
                self._thread.join(0.5)

    def close(self, verbose: bool = False) -> None:
        self._server.should_exit = True
        self._thread.join(_PATIENCE_S + 5)
        self._socket.close()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By its number, as asyncio sends small pieces at once (TCP_NODELAY) on such sockets only.
    one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((host, port))
    except OSError as error:
        one.close()
        raise BylineError(
            f"The page cannot be served on {host}:{port}, which is taken or not this machine's; "
            "stop the other program or choose another port with --port."
        ) from error
    return one
