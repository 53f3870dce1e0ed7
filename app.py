"""The page, built and served. What it shows and does is in `page/`."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import BylineError
from corpus.files import LARGEST_FILE
from page.articles import Library, closed_to
from page.chat import Pipeline
from page.components import Components
from page.conversations import Conversations
from page.network import no_proxy
from page.theme import THEME
from rag.feedback import Feedback

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
    closed: str | None = None,
    conversations: Conversations | None = None,
    feedback: Feedback | None = None,
    usual_load: float | None = None,
) -> Components:
    """The page. `load` runs when it is first opened; until it is done, `status` is its foot. It
    took `usual_load` seconds before, None where that is not known.

    With a `library` it has a view of the articles; `closed` says why that is only to be read.
    Without `conversations`, chats last as long as the page, and without `feedback` no reader's word
    is kept.
    """
    return Components(load, examples, status, library, closed, conversations, feedback, usual_load)


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
) -> gr.Blocks:
    """Serve the page until interrupted, or return at once if not `block`; `load` begins with it,
    which took `usual_load` seconds before, if known.

    With a `library` it shows the articles, and changes them where `host` is loopback.

    Raises:
        BylineError: the port is taken, or the address is not this machine's or not of IPv4.
    """
    if ":" in host:
        raise BylineError(
            f"The page cannot be served on {host}: Gradio knows no IPv6; choose an IPv4 address "
            "with --host."
        )
    closed = closed_to(host)
    parts = build_page(load, examples, status, library, closed, conversations, feedback, usual_load)
    page = parts.blocks
    takes_files = library is not None and closed is None
    try:
        page.queue(api_open=False)
        # Gradio looks for questions a thousand times a second, which takes some of a core all day.
        page._queue.sleep_when_free = _LOOK_EVERY_S
        page._queue.progress_update_sleep_when_free = _LOOK_EVERY_S
        with no_proxy():
            page.launch(
                server_name=host,
                server_port=port,
                prevent_thread_lock=True,
                quiet=True,
                share=False,
                ssr_mode=False,
                pwa=False,
                mcp_server=False,
                enable_monitoring=False,
                run_history=False,
                footer_links=[],
                theme=THEME,
                css_paths=[HERE / name for name in STYLES],
                max_file_size=LARGEST_FILE if takes_files else 0,
                js="\n".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS),
                head=ICON,
            )
    except OSError as error:
        raise BylineError(
            f"The page cannot be served on {host}:{port}, which is taken or not this machine's; "
            "stop the other program or choose another port with --port."
        ) from error
    parts.loading.begin()
    if open_browser:
        webbrowser.open(page.local_url)
    if block:
        page.block_thread()
    return page
