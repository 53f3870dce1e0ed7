"""The page, built and served. What it shows and does is in `page/`."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Container, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import BylineError
from corpus.files import LARGEST_FILE
from page.articles import Library
from page.chat import Pipeline
from page.components import Components
from page.conversations import Conversations
from page.network import no_proxy
from page.server import Server
from page.theme import THEME
from rag.api.access import SignedIn
from rag.api.metrics import Metrics
from rag.api.parts import Options, Parts
from rag.api.serving import beside
from rag.feedback import Feedback
from rag.loopback import is_loopback
from rag.upkeep.audit import Audit
from rag.upkeep.changes import Change, Changes

if TYPE_CHECKING:
    import gradio as gr

__all__ = ["build_page", "launch"]

HERE = Path(__file__).parent / "page"
SCRIPTS = ("page.js", "cite.js", "keys.js", "focus.js")
STYLES = ("page.css", "history.css", "evidence.css", "articles.css")
_LOOK_EVERY_S = 0.02
ICON = (
    "<link rel='icon' href='data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 "
    "viewBox=%220 0 16 16%22%3E%3Crect width=%2216%22 height=%2216%22 fill=%22%239a2617%22/%3E"
    "%3Ctext x=%228%22 y=%2212.5%22 text-anchor=%22middle%22 font-family=%22Georgia,serif%22 "
    "font-weight=%22bold%22 font-size=%2213%22 fill=%22white%22%3EB%3C/text%3E%3C/svg%3E'>"
)


def build_page(
    load: Callable[[], Pipeline],
    examples: Sequence[str],
    status: str,
    library: Library | None = None,
    changes: Changes | None = None,
    conversations: Conversations | None = None,
    feedback: Feedback | None = None,
    usual_load: float | None = None,
) -> Components:
    """The page. `load` runs when it is first opened; until it is done, `status` is its foot. It
    took `usual_load` seconds before, None where that is not known.

    With a `library` it has a view of the articles, whose `changes` others may share.
    Without `conversations`, chats last as long as the page, and without `feedback` no reader's word
    is kept.
    """
    return Components(load, examples, status, library, changes, conversations, feedback, usual_load)


def launch(
    load: Callable[[], Pipeline],
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    library: Library | None = None,
    conversations: Conversations | None = None,
    feedback: Feedback | None = None,
    examples: Sequence[str] = (),
    status: str = "",
    usual_load: float | None = None,
    open_browser: bool = False,
    block: bool = True,
    api: Options | None = None,
    access: SignedIn | None = None,
    audit: Audit | None = None,
    root_path: str = "",
    trusted: Container[str] = (),
    metrics: Metrics | None = None,
) -> gr.Blocks:
    """Serve the page until interrupted, or return at once if not `block`; `load` begins with it,
    which took `usual_load` seconds before, if known.

    With a `library` it shows the articles and changes them; with the options of an `api`, that is
    served beside it. Who may ask, `access` says; without it only this machine may. Changes are
    noted in an `audit` log. A proxy at an address `trusted` may serve all under a `root_path`.
    `metrics` are those that answers are counted by.

    Raises:
        BylineError: the port is taken, the address is not this machine's or not of IPv4, or others
            could reach it and nobody is asked who they are.
    """
    if access is None and not is_loopback(host):
        raise BylineError(f"On {host} others could ask Byline: say who may, or use 127.0.0.1.")
    if ":" in host:
        raise BylineError(
            f"The page cannot be served on {host}: Gradio knows no IPv6; choose an IPv4 address "
            "with --host."
        )
    if access is not None and (api is None or library is None):
        raise ValueError("who asks is asked at the door, which stands before an API with a library")
    metrics = metrics or Metrics()
    changes = Changes(partial(_changed, audit, metrics))
    parts = build_page(
        load, examples, status, library, changes, conversations, feedback, usual_load
    )
    page = parts.blocks
    with no_proxy():
        app = _application(page, host, port, LARGEST_FILE if library is not None else 0, root_path)
        if api is not None and library is not None:
            shared = Parts(parts.loading, parts.line, library, changes, api)
            app = beside(app, shared, access, trusted, metrics)
        page.server = server = Server(app, host, port, root_path=root_path, proxy_headers=False)
    page.local_url = server.local_url
    parts.loading.begin()
    if open_browser:
        webbrowser.open(page.local_url)
    if block:
        server.wait()
        page.close(verbose=False)
    return page


def _changed(audit: Audit | None, metrics: Metrics, change: Change) -> None:
    """Where the audit log cannot be written, nothing is changed."""
    if audit is not None:
        audit.change(change)
    metrics.job(change)


def _application(page: gr.Blocks, host: str, port: int, largest_file: int, root_path: str) -> Any:
    """The page as an ASGI application."""
    import gradio as gr
    from fastapi import FastAPI

    page.queue(api_open=False)
    # Gradio looks for questions a thousand times a second, which takes some of a core all day.
    page._queue.sleep_when_free = _LOOK_EVERY_S
    page._queue.progress_update_sleep_when_free = _LOOK_EVERY_S
    return gr.mount_gradio_app(
        FastAPI(openapi_url=None),
        page,
        "/",
        host,
        port,
        footer_links=[],
        run_history=False,
        show_error=False,
        root_path=root_path or None,
        max_file_size=largest_file,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=THEME,
        css_paths=[HERE / name for name in STYLES],
        js="\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS),
        head=ICON,
    )
