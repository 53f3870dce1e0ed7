"""The page as it is built, styled and served, without a browser."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fakes import ScriptedPipeline

from app import HERE, build_page, launch
from corpus.errors import BylineError
from page.network import no_proxy

PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@contextmanager
def loops_closed() -> Iterator[None]:
    """Close the event loops that Gradio makes for its locks and leaves open."""
    made: list[asyncio.AbstractEventLoop] = []

    def make() -> asyncio.AbstractEventLoop:
        made.append(asyncio.events.new_event_loop())
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", make)
        yield
    asyncio.set_event_loop(None)
    for loop in made:
        loop.close()


@pytest.fixture
def _loops_closed() -> Iterator[None]:
    with loops_closed():
        yield


def luminance(colour: str) -> float:
    """WCAG 2.2's relative luminance of `#rrggbb`."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(scheme: str, one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours of the page."""
    css = (HERE / "page.css").read_text(encoding="utf-8")
    block = css[css.index(f"{scheme} {{") : css.index("}", css.index(f"{scheme} {{"))]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", block))
    dim, bright = sorted((luminance(colours[one]), luminance(colours[other])))
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("scheme", [":root", ".dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("ink", "soft", "accent") for ground in ("paper", "sheet")),
        ("paper", "accent"),
        ("on-mark", "mark"),
    ],
)
def test_text_has_the_contrast_of_level_aa(scheme: str, text: str, ground: str) -> None:
    assert contrast(scheme, text, ground) >= 4.5


@pytest.mark.parametrize("scheme", [":root", ".dark"])
@pytest.mark.parametrize("mark", ["good", "fair", "accent"])
def test_a_verdict_mark_has_the_contrast_of_level_aa(scheme: str, mark: str) -> None:
    assert contrast(scheme, mark, "paper") >= 3  # a graphic, not text: criterion 1.4.11


@pytest.mark.usefixtures("_loops_closed")
def test_the_parts_have_their_ids() -> None:
    page = build_page(lambda: ScriptedPipeline({}), ["Who?"], "18 articles").blocks
    ids = {block.elem_id for block in page.blocks.values()}
    expected = {"question", "send", "stop", "chat", "evidence", "conversations", "narrow"}
    expected |= {"new-chat", "examples", "status"}
    assert expected <= ids


@pytest.mark.usefixtures("_loops_closed")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_taken_port_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BylineError, match=f"127.0.0.1:{port}"):
            launch(lambda: ScriptedPipeline({}), port=port, block=False)
    gc.collect()  # Gradio leaves the socket it tried open; its warning belongs to this test


@pytest.mark.usefixtures("_loops_closed")
def test_loading_begins_before_anybody_opens_the_page() -> None:
    begun = threading.Event()

    def load() -> ScriptedPipeline:
        begun.set()
        return ScriptedPipeline({})

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page = launch(load, port=port, block=False)
    page.close(verbose=False)
    assert begun.wait(20)


@pytest.mark.usefixtures("_loops_closed")
def test_a_page_that_nobody_uses_takes_little_of_the_processor() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page = launch(lambda: ScriptedPipeline({}), port=port, block=False)
    time.sleep(0.5)  # what the start leaves behind
    woken: list[float] = []
    sleep = asyncio.sleep

    async def counted(seconds: float, result: object = None) -> object:
        woken.append(seconds)
        return await sleep(seconds, result)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "sleep", counted)
        time.sleep(1.0)
    page.close(verbose=False)
    assert 0 < len(woken) < 200


@pytest.mark.usefixtures("_loops_closed")
@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9"])
def test_a_proxy_does_not_stand_between_the_page_and_itself(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    for name in PROXIES:
        monkeypatch.setenv(name, proxy)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page = launch(lambda: ScriptedPipeline({}), port=port, block=False)
    page.close(verbose=False)
    assert page.local_url == f"http://127.0.0.1:{port}/"


@pytest.mark.parametrize("before", [None, "news.example"])
def test_the_proxies_stand_again_after_the_start(
    monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    if before is not None:
        monkeypatch.setenv("no_proxy", before)
    with no_proxy():
        assert os.environ["no_proxy"] == "*"
    assert os.environ.get("no_proxy") == before


def test_gradio_is_imported_behind_a_socks_proxy_and_reports_to_nobody() -> None:
    code = (
        "import app, gradio.analytics as a, huggingface_hub.constants as h\n"
        "print(a.analytics_enabled(), h.HF_HUB_DISABLE_TELEMETRY)"
    )
    clean = {k: v for k, v in os.environ.items() if k.lower() not in (*PROXIES, "no_proxy")}
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, "ALL_PROXY": "socks5://127.0.0.1:9"},
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == "False True\n", run.stderr


def test_an_address_of_ipv6_is_refused_in_one_sentence() -> None:
    with pytest.raises(BylineError, match="::1"):
        launch(lambda: ScriptedPipeline({}), host="::1", block=False)


def test_the_page_without_gradio_is_light() -> None:
    code = "import sys, page.render; print({'gradio', 'torch', 'faiss'} & set(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "set()\n"
