"""The page as the tests serve and open it, over a pipeline that says what a test scripts."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from exchanges import CHIEF, HITS, PAID, answer_of, cite
from fakes import ScriptedPipeline, Step
from playwright.sync_api import Browser, BrowserContext, Page, expect
from test_page_launch import loops_closed

from app import launch
from rag.types import Done, Found, Sentence

QUESTION = "What did Meta pay for its stake?"
LEADER = Sentence("Jason Droege leads it.", (cite(1, CHIEF, CHIEF.body),), "supported", 1.0)
Serve = Callable[..., str]
Open = Callable[..., Page]


@contextmanager
def serving(examples: Sequence[str]) -> Iterator[Serve]:
    """Serves pages, each over a pipeline or a way to load one; gives their addresses."""
    pages = []

    def start(
        pipeline: ScriptedPipeline,
        load: Callable[[], ScriptedPipeline] | None = None,
        **options: Any,
    ) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = options.pop("port", free.getsockname()[1])
        options.setdefault("examples", examples)
        pages.append(launch(load or (lambda: pipeline), port=port, block=False, **options))
        return f"http://127.0.0.1:{port}/"

    with loops_closed():
        yield start
        for page in pages:
            page.close(verbose=False)


@contextmanager
def visiting(browser: Browser) -> Iterator[Open]:
    """Opens addresses, each in a browser session of its own, which may ask only this machine."""
    contexts: list[BrowserContext] = []
    asked: list[str] = []

    def start(
        url: str,
        width: int = 1440,
        scheme: str = "light",
        ready: bool = True,
        beside: Page | None = None,
    ) -> Page:
        """`beside` another page, it is one more tab of the same browser."""
        context = beside.context if beside else _context(browser, width, scheme)
        if beside is None:
            contexts.append(context)
            context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.goto(url)
        if ready:
            expect(page.locator("#about")).to_contain_text("18 articles")
        return page

    yield start
    for context in contexts:
        context.close()
    beyond = [u for u in asked if not u.startswith(("http://127.0.0.1:", "data:", "blob:"))]
    assert beyond == []


def _context(browser: Browser, width: int, scheme: str) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    context.set_default_timeout(15_000)
    return context


def ask(page: Page, question: str = QUESTION) -> None:
    expect(page.locator("#send")).to_be_visible()
    page.locator("#question textarea").fill(question)
    page.locator("#send").click()


def complete(question: str, *sentences: Sentence) -> list[Step]:
    return [Found(HITS), Done(answer_of(question, *sentences, hits=HITS))]


def scripted(script: Mapping[str, Sequence[Step]] | None = None) -> ScriptedPipeline:
    return ScriptedPipeline(script or {QUESTION: complete(QUESTION, PAID)})
