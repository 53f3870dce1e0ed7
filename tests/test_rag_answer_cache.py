"""Answers kept from when a question was asked before, and what makes another answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from commandline import Byline
from deal import CHIEF, DEAL, QUESTION, REACTOR, answer_of
from fakes import HashingEmbedder, ScriptedGenerator

from index.build import build
from index.change import apply
from index.live import LiveIndex
from page.chat import Exchange
from page.render import render_exchange
from rag.answer_cache import AnswerCache, Asked
from rag.answer_json import answer_json
from rag.narrow import Narrowing, Scope
from rag.pipeline import Pipeline
from rag.types import Done, Found, Turn

TODAY = date(2026, 1, 1)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveIndex]:
    build([DEAL, CHIEF, REACTOR], HashingEmbedder(), tmp_path)
    with closing(LiveIndex(tmp_path, HashingEmbedder())) as live:
        yield live


@pytest.fixture
def generator() -> ScriptedGenerator:
    return ScriptedGenerator("Meta bought a stake of 49%.")


@pytest.fixture
def pipeline(live: LiveIndex, generator: ScriptedGenerator) -> Pipeline:
    return Pipeline(live, HashingEmbedder(), generator, answers=AnswerCache(8))


class TestAskedBefore:
    def test_the_same_answer_without_the_model(
        self, pipeline: Pipeline, generator: ScriptedGenerator
    ) -> None:
        first = pipeline.ask(QUESTION)
        calls = len(generator.asked)
        second = pipeline.ask(QUESTION)
        assert len(generator.asked) == calls > 0
        assert (first.timings.cached, second.timings.cached) == (False, True)
        assert replace(second, timings=first.timings) == first

    def test_its_passages_come_before_it(self, pipeline: Pipeline) -> None:
        answer = pipeline.ask(QUESTION)
        found, done = pipeline.stream(QUESTION)
        assert isinstance(found, Found)
        assert isinstance(done, Done)
        assert found.hits == done.answer.hits == answer.hits

    def test_after_another_chat(self, pipeline: Pipeline) -> None:
        """A question that stands alone means the same after any questions."""
        pipeline.ask(QUESTION)
        assert pipeline.ask(QUESTION, [Turn("Who?", "Nobody.")]).timings.cached

    def test_misspelled_it_is_the_same_question(self, pipeline: Pipeline) -> None:
        pipeline.ask(QUESTION)
        slip = QUESTION.replace("stake", "stkae")
        answer = pipeline.ask(slip)
        assert answer.timings.cached
        assert (answer.question, answer.understood) == (slip, QUESTION)

    def test_json_tells(self, pipeline: Pipeline) -> None:
        told = [answer_json(pipeline.ask(QUESTION))["timings"]["cached"] for _ in range(2)]
        assert told == [False, True]

    def test_the_page_tells(self, pipeline: Pipeline) -> None:
        for told in (False, True):
            exchange = Exchange(1, QUESTION, answer=pipeline.ask(QUESTION), stage="settled")
            assert ("Kept from when it was asked before" in render_exchange(exchange)) == told


class TestAnotherAnswer:
    @pytest.fixture(autouse=True)
    def _before(self, pipeline: Pipeline) -> None:
        pipeline.ask(QUESTION)

    def test_of_another_version(self, pipeline: Pipeline, tmp_path: Path) -> None:
        apply(tmp_path, HashingEmbedder(), (), ["chief"])
        assert not pipeline.ask(QUESTION).timings.cached

    def test_as_of_a_day(self, pipeline: Pipeline) -> None:
        assert not pipeline.ask(QUESTION, as_of=date(2025, 6, 20)).timings.cached
        assert pipeline.ask(QUESTION, as_of=date(2025, 6, 20)).timings.cached

    def test_on_another_day(self, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
        """It may say how old it is."""

        class Tomorrow(date):
            @classmethod
            def today(cls) -> date:
                return date(2999, 1, 1)

        monkeypatch.setattr("rag.answer_cache.date", Tomorrow)
        assert not pipeline.ask(QUESTION).timings.cached

    def test_within_a_scope(self, pipeline: Pipeline) -> None:
        narrowing, scope = Narrowing(pipeline), Scope(outlets=("The Daily",))
        told = [
            answer_of(list(narrowing.stream(QUESTION, [], one))).timings.cached
            for one in (scope, scope, Scope(literal=True))
        ]
        assert told == [False, True, False]

    def test_of_another_question(self, pipeline: Pipeline) -> None:
        assert not pipeline.ask("Who leads Scale AI?").timings.cached


def test_one_that_was_stopped_is_not_kept(pipeline: Pipeline) -> None:
    events = pipeline.stream(QUESTION)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert not pipeline.ask(QUESTION).timings.cached


def test_without_a_cache_none_is_kept(live: LiveIndex, generator: ScriptedGenerator) -> None:
    pipeline = Pipeline(live, HashingEmbedder(), generator)
    assert [pipeline.ask(QUESTION).timings.cached for _ in range(2)] == [False, False]


class TestAnswerCache:
    def asked(self, question: str, version: str = "1") -> Asked:
        return Asked(version, None, question, None, TODAY)

    def test_the_one_not_asked_for_longest_goes(self, pipeline: Pipeline) -> None:
        answer, cache = pipeline.ask(QUESTION), AnswerCache(2)
        for question in ("a", "b"):
            cache.put(self.asked(question), answer)
        assert cache.get(self.asked("a")) is answer
        cache.put(self.asked("c"), answer)
        assert [cache.get(self.asked(q)) is not None for q in "abc"] == [True, False, True]

    def test_what_another_version_said_goes(self, pipeline: Pipeline) -> None:
        answer, cache = pipeline.ask(QUESTION), AnswerCache(5)
        cache.put(self.asked("a"), answer)
        cache.put(self.asked("b", version="2"), answer)
        assert cache.get(self.asked("a")) is None
        assert len(cache) == 1

    def test_of_size_none(self, pipeline: Pipeline) -> None:
        answer, cache = pipeline.ask(QUESTION), AnswerCache(0)
        cache.put(self.asked("a"), answer)
        assert cache.get(self.asked("a")) is None

    def test_threads(self, pipeline: Pipeline) -> None:
        answer, cache = pipeline.ask(QUESTION), AnswerCache(10)

        def use(seed: int) -> None:
            for number in range(300):
                cache.put(self.asked(f"{(number * seed) % 30}"), answer)
                cache.get(self.asked(f"{number % 30}"))

        threads = [threading.Thread(target=use, args=(seed,)) for seed in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(cache) == 10


@pytest.mark.usefixtures("indexed")
def test_a_batch_that_asks_twice(byline: Byline, tmp_path: Path) -> None:
    file = tmp_path / "batch.jsonl"
    file.write_text("\n".join([json.dumps({"id": str(n), "question": QUESTION}) for n in (1, 2)]))
    rows = [json.loads(line) for line in byline("ask", "--batch", file, "--json").out.splitlines()]
    assert [row["timings"]["cached"] for row in rows] == [False, True]
    assert rows[0]["answer"] == rows[1]["answer"]
