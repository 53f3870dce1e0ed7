"""`byline bench answer`: whole answers by several ways, turn about, and what is told of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from commandline import Byline
from deal import QUESTION, Make
from fakes import ScriptedGenerator

from corpus.errors import BylineError
from eval.side_by_side import Timed, Watched, as_text, bench_answer, some_questions, ways_of
from index.versions import read_manifest
from rag import load
from rag.settings import Settings
from rag.types import Message

SAID = "Meta bought a stake of 49% in Scale AI [1]."


class Noting(ScriptedGenerator):
    """Notes which of several wrote."""

    def __init__(self, name: str, order: list[str]) -> None:
        super().__init__(*SAID.split(" "), name=name)
        self.order = order

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        self.order.append(self.name)
        return super().generate(messages)


class TestTurns:
    def test_each_question_goes_to_all_and_another_begins(self, make: Make) -> None:
        order: list[str] = []
        ways = ways_of({"a": make(Noting("a", order)), "b": make(Noting("b", order))})
        assert [way.name for way in ways] == ["a", "plain recipe, a", "b"]
        bench_answer(ways, [QUESTION] * 3)
        # a, its plain recipe and b; then the plain recipe first; then b first
        assert "".join(order) == "aabababaa"

    def test_an_engine_that_was_chosen_by_itself_is_named(self, make: Make) -> None:
        ways = ways_of({"auto": make(ScriptedGenerator(SAID))})
        assert [way.name for way in ways] == ["script", "plain recipe, script"]

    def test_the_first_question_warms_up(self, make: Make) -> None:
        heard: list[tuple[int, int]] = []
        ways = ways_of({"a": make(ScriptedGenerator(SAID))})
        told = bench_answer(ways, [QUESTION] * 4, lambda *so_far: heard.append(so_far))
        assert [one.answers for one in told] == [3, 3]
        assert heard == [(n, 8) for n in range(1, 9)]

    def test_what_came_when(self, make: Make) -> None:
        [own, plain] = bench_answer(ways_of({"a": make(ScriptedGenerator(SAID))}), [QUESTION] * 4)
        for one in (own, plain):
            assert 0 < one.evidence_p50 <= one.first_word_p50 <= one.whole_p50 <= one.whole_p90
            assert one.prompt_tokens
        assert (own.ratio, own.low) == (1, None)
        assert plain.low is not None
        assert plain.high is not None
        assert plain.low <= plain.ratio <= plain.high
        assert own.judging_p50 > plain.judging_p50 == 0


class TestWatched:
    def test_tokens_are_counted_over_all_calls(self) -> None:
        watched = Watched(ScriptedGenerator("a ", "b ", "c"))
        for _ in range(2):
            assert "".join(watched.generate([Message("user", "one two")])) == "a b c"
        # two words read each time; of three pieces the first comes with the reading
        assert (watched.read_tokens, watched.new_tokens) == (4, 4)
        watched.begin()
        assert (watched.read_tokens, watched.read_s) == (0, 0.0)

    def test_closing_it_stops_the_model(self) -> None:
        generator = ScriptedGenerator("a ", "b ", "c")
        pieces = Watched(generator).generate([Message("user", "one")])
        next(pieces)
        pieces.close()  # type: ignore[attr-defined]
        assert generator.closed

    def test_it_is_else_the_generator(self) -> None:
        watched = Watched(ScriptedGenerator("a", name="some"))
        assert (watched.name, watched.engine, watched.taught) == ("some", "script", False)


class TestQuestions:
    def test_over_other_articles_they_are_on_titles(
        self, indexed: ScriptedGenerator, elsewhere: Path
    ) -> None:
        index = elsewhere / "built"
        with pytest.raises(BylineError, match="There are 2 questions"):
            some_questions(read_manifest(index), index, 9, None, 0)

    def test_of_a_file(self, indexed: ScriptedGenerator, elsewhere: Path) -> None:
        file, index = elsewhere / "mine.jsonl", elsewhere / "built"
        rows = [{"id": str(n), "question": f"Q{n}?", "answers": ["Meta"]} for n in range(9)]
        file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        drawn = some_questions(read_manifest(index), index, 4, file, 0)
        assert len(set(drawn)) == 4
        assert drawn == some_questions(read_manifest(index), index, 4, file, 0)


class TestCommand:
    def test_json_and_a_table(
        self,
        byline: Byline,
        indexed: ScriptedGenerator,
        elsewhere: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        made: list[str] = []

        def generator(settings: Settings, *_: object) -> ScriptedGenerator:
            made.append(settings.engine)
            return ScriptedGenerator(SAID)

        monkeypatch.setattr(load, "load_generator", generator)
        file = elsewhere / "mine.jsonl"
        rows = [{"id": str(n), "question": QUESTION, "answers": ["49"]} for n in range(4)]
        file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        engines = ("--engine", "transformers", "--engine", "llama.cpp")
        asked = ("bench", "answer", *engines, "--set", file, "--questions", 3)
        rows = byline(*asked, "--json").json
        assert made == ["transformers", "llama.cpp"]
        names = ["transformers", "plain recipe, transformers", "llama.cpp"]
        assert [row["name"] for row in rows] == names
        assert {row["answers"] for row in rows} == {3}
        table = byline(*asked).out
        assert all(name in table for name in names)


def test_the_table_holds_the_figures() -> None:
    one = Timed("a", "m", 5, 0, 0.1, 0.2, 1.5, 2.25, 0.5, 300.0, 1000.4, 25.0, 1.0, None, None)
    other = Timed("b", "m", 5, 2, 0.1, 0.2, 3.0, 4.0, 0.0, None, None, None, 2.0, 1.5, 2.6)
    assert [" ".join(line.split()) for line in as_text([one, other]).splitlines()] == [
        "5 answers each, turn about; seconds; tokens; times the first way",
        "evidence first word whole p50 p90 judging prompt tok/s new ratio",
        "a 0.10 0.20 1.50 2.25 0.50 300 1000 25 1.00",
        "b 0.10 0.20 3.00 4.00 0.00 none none none 2.00 (1.50 to 2.60); 2 refused",
    ]
