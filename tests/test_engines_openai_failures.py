"""A server that fails as servers do: what is tried again, and what a person is told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from chatserver import (
    CHAT,
    KEY,
    PIECES,
    WHOLE,
    ChatServer,
    a_generator,
    chatserver,
    collected,
    dies_after,
    event,
    hangs,
    hangs_up,
    says,
    streams,
)

from corpus.errors import BylineError
from rag.engines.openai_compatible import OpenAIGenerator


@pytest.fixture
def site() -> Iterator[ChatServer]:
    with chatserver() as site:
        yield site


@pytest.fixture
def waits() -> list[float]:
    """The pauses that were asked for, none of which is made."""
    return []


@pytest.fixture
def generator(site: ChatServer, waits: list[float]) -> OpenAIGenerator:
    return a_generator(site, waits)


def said(generator: OpenAIGenerator) -> str:
    return "".join(generator.generate(CHAT))


class TestTriedAgain:
    @pytest.mark.parametrize(
        ("first", "pause"),
        [
            (says(503, {"error": {"message": "Loading model"}}), 0.5),
            (says(429, {"error": "slow down"}, Retry_After="7"), 7.0),
            (says(503, b"<html>busy</html>", Content_Type="text/html"), 0.5),
            (says(500, {}), 0.5),
            (hangs_up, 0.5),
            (dies_after(), 0.5),
            (streams(b'data: {"choices": [{"delta": {"role": "assistant"}}]}\n\n'), 0.5),
        ],
        ids=["loading", "too many", "a proxy", "failed", "no status", "died", "only a role"],
    )
    def test_before_the_first_word(
        self,
        site: ChatServer,
        generator: OpenAIGenerator,
        waits: list[float],
        first: Any,
        pause: float,
    ) -> None:
        site.script = [first]
        site.usual = streams(WHOLE)
        assert said(generator) == "".join(PIECES)
        assert waits == [pause]

    def test_not_for_ever(
        self, site: ChatServer, generator: OpenAIGenerator, waits: list[float]
    ) -> None:
        site.usual = says(503, {"error": {"message": "Loading\nmodel", "code": 503}})
        assert collected(generator) == (
            "",
            f"The server {site.url} gave no answer, asked 3 times (status 503: Loading model): "
            "start it or wait until it is ready, or correct base_url.",
        )
        assert waits == [0.5, 1.0]

    def test_not_where_the_wait_is_long(
        self, site: ChatServer, generator: OpenAIGenerator, waits: list[float]
    ) -> None:
        site.usual = says(429, {}, Retry_After="3600")
        assert "asked once (status 429; it asks to come back in 3,600 s)" in collected(generator)[1]
        assert waits == []

    @pytest.mark.parametrize("how", ["killed", "ended"])
    def test_never_after_the_first_word(
        self, site: ChatServer, generator: OpenAIGenerator, waits: list[float], how: str
    ) -> None:
        """What came before is kept, and nothing is said twice."""
        begun = event("Jason Droege ") + event("leads")
        site.usual = dies_after(begun) if how == "killed" else streams(begun)
        spoken, error = collected(generator)
        assert spoken == "Jason Droege leads"
        assert "broke off in the middle of its answer" in error
        assert "ask again" in error
        assert (len(site.asked), waits) == (1, [])

    def test_a_death_after_the_end_takes_nothing(
        self, site: ChatServer, generator: OpenAIGenerator
    ) -> None:
        site.usual = dies_after(event("All."), event(finish="stop"))
        assert said(generator) == "All."

    def test_a_server_that_is_not_there(self, waits: list[float]) -> None:
        with chatserver() as site:
            pass
        with pytest.raises(BylineError, match=r"gave no answer, asked 3 times.*start it"):
            a_generator(site, waits)
        assert waits == [0.5, 1.0]


class TestNonsense:
    @pytest.mark.parametrize(
        ("answer", "what"),
        [
            (streams(b"data: {not json\n\n"), "no JSON"),
            (streams(b"data: " + b"[" * 100_000 + b"\n\n"), "no JSON"),
            (streams(b"data: [1]\n\n"), "no object"),
            (streams(b'data: {"choices": 5}\n\n'), "another shape"),
            (streams(b'data: {"choices": {"a": 1}}\n\n'), "another shape"),
            (streams(b'data: {"choices": [{"delta": {"content": 5}}]}\n\n'), "another shape"),
            (streams(b"<html>", kind="text/html"), "text/html in place of text/event-stream"),
            (says(200, {"choices": []}), "application/json in place of text/event-stream"),
            (hangs(piece=b"x" * 50_000, pause=0.0), "a line of more than 1,000,000 bytes"),
        ],
        ids=["json", "deep", "list", "number", "map", "content", "page", "no stream", "endless"],
    )
    def test_is_named(
        self,
        site: ChatServer,
        generator: OpenAIGenerator,
        waits: list[float],
        answer: Any,
        what: str,
    ) -> None:
        site.usual = answer
        error = collected(generator)[1]
        assert what in error
        assert "base_url must name an OpenAI-compatible API" in error
        assert (len(site.asked), waits) == (1, [])

    def test_after_some_words(self, site: ChatServer, generator: OpenAIGenerator) -> None:
        site.usual = streams(event("Jason"), b"data: oops\n\n")
        spoken, error = collected(generator)
        assert spoken == "Jason"
        assert "no JSON" in error

    def test_an_error_within_the_stream(self, site: ChatServer, generator: OpenAIGenerator) -> None:
        told = {"error": {"message": f"out of memory, key {KEY}\nrow 2" + "!" * 900}}
        site.usual = streams(event("Jason"), b"data: " + json.dumps(told).encode() + b"\n\n")
        spoken, error = collected(generator)
        assert spoken == "Jason"
        assert "could not answer: out of memory, key *** row 2!!!" in error
        assert len(error) < 500

    def test_a_reply_that_is_none(self, site: ChatServer, generator: OpenAIGenerator) -> None:
        site.usual = says(200, b"<p>", Content_Type="text/html")
        with pytest.raises(BylineError, match="text/html in place of application/json"):
            generator.read([CHAT], "yes")

    def test_an_endless_reply(self, site: ChatServer, generator: OpenAIGenerator) -> None:
        site.usual = says(200, b" " * 5_000_000)
        with pytest.raises(BylineError, match="more than 4,000,000 bytes"):
            generator.read([CHAT], "yes")


class TestTime:
    @pytest.mark.parametrize(
        "answer",
        [hangs(), hangs(piece=b": ping\n\n"), hangs(piece=b"x")],
        ids=["silent", "pings", "drops"],
    )
    def test_a_server_that_says_nothing(
        self, site: ChatServer, waits: list[float], answer: Any
    ) -> None:
        generator = a_generator(site, waits, silent_s=0.3)
        site.usual = answer
        began = time.monotonic()
        spoken, error = collected(generator)
        assert time.monotonic() - began < 5
        assert "was silent for 0.3 s" in error
        assert "server_wait" in error
        assert (spoken, len(site.asked)) == ("", 1)

    def test_a_server_that_falls_silent(self, site: ChatServer, waits: list[float]) -> None:
        generator = a_generator(site, waits, silent_s=0.3)
        site.usual = hangs(event("Jason "))
        spoken, error = collected(generator)
        assert spoken == "Jason "
        assert "silent" in error

    def test_a_slow_server_may_take_its_time(self, site: ChatServer, waits: list[float]) -> None:
        generator = a_generator(site, waits, silent_s=0.5)
        site.usual = streams(*(event(p) for p in "abcdef"), event(finish="stop"), pause=0.15)
        assert said(generator) == "abcdef"
