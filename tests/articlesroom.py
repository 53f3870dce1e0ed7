"""A page over a real index that a real library changes, for tests in Chromium."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from desk import QUICK
from fakes import HashingEmbedder, ScriptedGenerator
from playwright.sync_api import Browser, Page, expect
from test_page_launch import loops_closed

from app import launch
from corpus.fetch import Fetcher
from index.live import LiveIndex
from rag import load
from rag.api.access import SignedIn
from rag.api.parts import Options
from rag.narrow import Narrowing
from rag.pipeline import Pipeline
from rag.settings import Settings, load_settings
from rag.upkeep import indexing
from rag.upkeep.library import Library
from rag.upkeep.owners import Owners

DEAL = "Meta buys into Scale AI\n\nMeta paid $14.3 billion for a stake of 49%.\n"
CHIEF = "A new chief for Scale AI\n\nJason Droege became chief executive in June.\n"
POWER = "A reactor for Meta\n\nMeta buys the power of the Clinton reactor.\n"


class PatientEmbedder(HashingEmbedder):
    """Waits with its passages until a test lets it go on."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()
        self.go_on.set()

    def embed_passages(
        self, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        if on_progress:
            on_progress(0, len(texts))
        assert self.go_on.wait(60)
        return super().embed_passages(texts, on_progress)


@dataclass
class Room:
    """A page that is served over an index of the folder `news`."""

    settings: Settings
    news: Path
    embedder: PatientEmbedder
    url: str = ""
    visit: Callable[..., Page] = field(default=lambda: pytest.fail("not served yet"))


@contextmanager
def served(room: Room, access: SignedIn | None = None) -> Iterator[None]:
    """The page over the index of a room, with a model that says one thing."""

    def pipeline() -> Narrowing:
        index = LiveIndex(room.settings.index, room.embedder)
        return Narrowing(Pipeline(index, room.embedder, ScriptedGenerator("Meta paid [1].")))

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    owners = Owners(access.people.database) if access else None
    library = Library(room.settings, lambda: room.embedder, lambda: Fetcher(QUICK), owners)
    with loops_closed():
        options: dict[str, Any] = {"api": Options(asks_who=access is not None), "access": access}
        page = launch(pipeline, port=port, library=library, block=False, **options)
        room.url = f"http://127.0.0.1:{port}/"
        yield
        page.close(verbose=False)


@contextmanager
def a_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Browser) -> Iterator[Room]:
    """An index of two articles, and a browser that asks only this machine. Not served yet."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    news = tmp_path / "news"
    news.mkdir()
    (news / "deal.txt").write_text(DEAL)
    (news / "chief.txt").write_text(CHIEF)
    room = Room(load_settings(index=tmp_path / "built", lock_wait=0), news, PatientEmbedder())
    monkeypatch.setattr(load, "load_embedder", lambda *_: room.embedder)
    indexing.add(room.settings, [news], room.embedder)
    contexts, asked = [], list[str]()

    def visit(
        view: str = "#view=articles",
        width: int = 1440,
        scheme: str = "light",
        enter: Callable[[Page], None] = lambda page: None,
    ) -> Page:
        """`enter` does what is to be done before the page is there."""
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        contexts.append(context)
        context.set_default_timeout(30_000)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.goto(room.url + view)
        enter(page)
        expect(page.locator("#about")).to_contain_text("passage", timeout=90_000)
        if view:
            expect(page.locator("#article-rows [role=status]")).to_be_visible()
        return page

    room.visit = visit
    yield room
    room.embedder.go_on.set()
    for context in contexts:
        context.close()
    beyond = [u for u in asked if not u.startswith(("http://127.0.0.1:", "data:", "blob:"))]
    assert beyond == []


def titles(page: Page) -> list[str]:
    return page.locator("#article-rows tbody th").all_inner_texts()


def send(page: Page, *files: Path) -> None:
    page.locator("#upload input[type=file]").set_input_files(files)


def file(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def ended(page: Page, said: str) -> None:
    """Wait until the last change has come to an end that says so."""
    expect(page.locator("#change :is(.done, .error)")).to_contain_text(said)
