"""No proxy between the page and itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_proxy() -> Iterator[None]:
    """Let this process ask nobody through a proxy for as long as this lasts.

    Gradio asks its own address while it starts, which no proxy can reach, and makes a client when
    it is imported, which fails for a SOCKS proxy without one more library. Afterwards the
    environment is as it was, for whatever fetches from the network and for the reader's browser.
    """
    before = os.environ.get("no_proxy")
    os.environ["no_proxy"] = "*"
    try:
        yield
    finally:
        if before is None:
            del os.environ["no_proxy"]
        else:
            os.environ["no_proxy"] = before
