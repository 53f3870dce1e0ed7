"""The command line with a server that answers."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chatserver import KEY, ChatServer, chatserver, dies_after, event, speaks
from commandline import QUESTION, Byline, one_sentence
from fakes import HashingEmbedder

from corpus.errors import BylineError
from rag import load
from rag.settings import load_settings


@pytest.fixture
def site() -> Iterator[ChatServer]:
    with chatserver() as site:
        yield site


class TestTheCommand:
    def test_asks_a_server(
        self, site: ChatServer, byline: Byline, articles: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(load, "load_embedder", lambda *_: HashingEmbedder())
        monkeypatch.setenv("BYLINE_API_KEY", KEY)
        pieces = ("Meta bought a stake ", "of 49% in Scale AI [1].")
        site.usual = speaks(*pieces, probabilities={"yes": 0.99})
        assert byline("index", "build", articles).code == 0
        done = byline("ask", QUESTION, "--base-url", site.url, "--json")
        assert done.code == 0
        (sentence,) = done.json["sentences"]
        assert sentence["text"] == "Meta bought a stake of 49% in Scale AI."
        assert done.json["model"] == "scripted"
        assert set(site.keys) == {f"Bearer {KEY}"}

    def test_a_draft_that_breaks_off_stays_on_the_terminal(
        self, site: ChatServer, byline: Byline, articles: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def answer(chat: Any, body: dict[str, Any]) -> None:
            begun = dies_after(event("Meta bought a stake "))
            (begun if body.get("stream") else speaks("Yes", probabilities={"yes": 0.99}))(
                chat, body
            )

        monkeypatch.setattr(load, "load_embedder", lambda *_: HashingEmbedder())
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{QUESTION}\n"))
        site.usual = answer
        assert byline("index", "build", articles).code == 0
        done = byline("chat", "--engine", "openai", "--base-url", site.url)
        assert "Meta bought a stake" in done.out
        assert done.err.startswith("\nbyline: The server ")
        assert "broke off" in done.err

    def test_no_address(self, byline: Byline) -> None:
        with pytest.raises(BylineError, match="--base-url"):
            load.load_generator(load_settings(engine="openai"))

    def test_no_weights_are_fetched(self, byline: Byline, monkeypatch: pytest.MonkeyPatch) -> None:
        fetched = []

        def fetch(name: str, folder: Path) -> Path:
            fetched.append(name)
            return folder

        monkeypatch.setattr("rag.fetching.fetch.fetch_with_bar", fetch)
        monkeypatch.setenv("BYLINE_BASE_URL", "http://127.0.0.1:9/v1")
        assert byline("fetch").code == 0
        assert fetched == ["minilm"]

    def test_a_key_in_the_settings_file_is_refused(self, elsewhere: Path) -> None:
        (elsewhere / "byline.toml").write_text(f'api_key = "{KEY}"\n')
        with pytest.raises(BylineError, match="BYLINE_API_KEY") as error:
            load_settings()
        assert KEY not in str(error.value)

    def test_a_server_that_is_down_is_one_sentence(
        self, byline: Byline, articles: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(load, "load_embedder", lambda *_: HashingEmbedder())
        assert byline("index", "build", articles).code == 0
        with chatserver() as site:
            pass
        done = byline("ask", QUESTION, "--base-url", site.url)
        assert "gave no answer" in one_sentence(done)
