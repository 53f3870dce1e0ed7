"""Asking on the command line as of a day, in batches and in a chat."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commandline import CHIEF, DEAL, QUESTION, Byline, Done, one_sentence
from fakes import ScriptedGenerator

from rag import load
from rag.prompt import REFUSAL


class TestAsOf:
    """The two articles are of 13 and 20 June 2025, and the model says what the first states."""

    @pytest.fixture
    def dated(self, byline: Byline, articles: Path, fakes: ScriptedGenerator) -> ScriptedGenerator:
        rows = [
            {"id": "deal", "title": "Deal", "text": DEAL, "published_at": "2025-06-13"},
            {"id": "chief", "title": "Chief", "text": CHIEF, "published_at": "2025-06-20"},
        ]
        file = articles / "dated.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert byline("index", "build", file).code == 0
        return fakes

    def found(self, done: Done) -> set[str]:
        return {passage["article_id"] for passage in done.json["passages"]}

    def test_search(self, byline: Byline, dated: object) -> None:
        assert self.found(byline("search", QUESTION, "--json")) == {"deal", "chief"}
        asked = byline("search", QUESTION, "--json", "--as-of", "2025-06-19")
        assert self.found(asked) == {"deal"}
        assert asked.json["as_of"] == "2025-06-19"

    def test_ask(self, byline: Byline, dated: object) -> None:
        done = byline("ask", QUESTION, "--json", "--as-of", "14 June 2025")
        assert self.found(done) == {"deal"}
        assert done.json["as_of"] == "2025-06-14"

    def test_ask_before_anything_was_known(self, byline: Byline, dated: object) -> None:
        answer = byline("ask", QUESTION, "--json", "--as-of", "2025-06-12").json
        assert (answer["abstained"], answer["passages"]) == (True, [])

    def test_without_a_day_all_is_seen(self, byline: Byline, dated: object) -> None:
        assert byline("ask", QUESTION, "--json").json["as_of"] is None

    def test_the_days_of_a_batch(self, byline: Byline, dated: object) -> None:
        days = ["2025-06-12", "2025-06-13T08:00:00Z", None]
        rows = [{"id": n, "question": QUESTION, "date": day} for n, day in enumerate(days)]
        Path("q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        out = byline("ask", "--batch", "q.jsonl", "--json", "--as-of", "2025-06-12").out
        answers = [json.loads(line) for line in out.splitlines()]
        assert [a["as_of"] for a in answers] == ["2025-06-12", "2025-06-13", "2025-06-12"]
        assert [a["abstained"] for a in answers] == [True, False, True]

    def test_a_day_of_a_batch_that_is_none(self, byline: Byline, dated: object) -> None:
        Path("q.jsonl").write_text(json.dumps({"question": QUESTION, "date": "soon"}))
        assert "q.jsonl line 1" in one_sentence(byline("ask", "--batch", "q.jsonl", "--json"))

    def test_chat(self, byline: Byline, dated: object, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(QUESTION + "\n"))
        out = byline("chat", "--as-of", "2025-06-12").out
        assert "as known on 12 June 2025" in out
        assert REFUSAL in out

    def test_a_wrong_day_says_what_to_write(self, byline: Byline) -> None:
        done = byline("ask", QUESTION, "--as-of", "soon")
        assert "write one such as 2025-06-13" in " ".join(done.err.split())

    def test_an_old_answer_about_now_says_so(self, byline: Byline, dated: object) -> None:
        question = "What stake does Meta hold in Scale AI?"
        told = "The newest article on this is from 13 June 2025."
        assert byline("ask", question, "--json", "--as-of", "2026-01-01").json["note"] == told
        assert told in byline("ask", question, "--as-of", "2026-01-01").out
        assert byline("ask", question, "--json", "--as-of", "2025-07-01").json["note"] is None


class TestBatch:
    def write(self, *rows: object) -> str:
        Path("questions.jsonl").write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
        )
        return "questions.jsonl"

    def test_one_answer_a_line_with_its_id(self, byline: Byline, indexed: object) -> None:
        file = self.write({"id": "a", "question": QUESTION}, {"id": "b", "question": "What stake?"})
        lines = byline("ask", "--batch", file, "--json").out.splitlines()
        answers = [json.loads(line) for line in lines]
        assert [(a["id"], a["question"]) for a in answers] == [
            ("a", QUESTION),
            ("b", "What stake?"),
        ]
        assert set(answers[0]) > {"sentences", "passages", "timings"}

    def test_a_date_is_taken(self, byline: Byline, indexed: object) -> None:
        file = self.write({"id": "a", "question": QUESTION, "date": "2025-06-14"})
        assert byline("ask", "--batch", file, "--json").code == 0

    def test_an_id_comes_back_as_it_was(self, byline: Byline, indexed: object) -> None:
        file = self.write({"id": 7, "question": QUESTION})
        assert byline("ask", "--batch", file, "--json").json["id"] == 7

    def test_a_line_ends_where_json_lines_do(self, byline: Byline, indexed: object) -> None:
        file = self.write({"id": "a", "question": "What stake\u2028did Meta buy?"})
        assert byline("ask", "--batch", file, "--json").json["id"] == "a"

    def test_a_file_with_a_byte_order_mark(self, byline: Byline, indexed: object) -> None:
        line = json.dumps({"id": "a", "question": QUESTION})
        Path("questions.jsonl").write_text(line, encoding="utf-8-sig")
        assert byline("ask", "--batch", "questions.jsonl", "--json").json["id"] == "a"

    def test_the_model_is_loaded_once(
        self, byline: Byline, indexed: ScriptedGenerator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        loads: list[object] = []
        monkeypatch.setattr(load, "load_generator", lambda *_: loads.append(1) or indexed)
        file = self.write(*({"id": n, "question": QUESTION} for n in range(3)))
        byline("ask", "--batch", file, "--json")
        assert len(loads) == 1

    def test_one_bad_question_does_not_stop_the_others(
        self, byline: Byline, indexed: object
    ) -> None:
        file = self.write({"id": "a", "question": " "}, {"id": "b", "question": QUESTION})
        done = byline("ask", "--batch", file, "--json")
        first, second = map(json.loads, done.out.splitlines())
        assert set(first) == {"id", "question", "error"}
        assert second["sentences"]
        assert "1 of 2" in one_sentence(done)

    @pytest.mark.parametrize("line", ["{", '{"id": "a"}', "[]", '{"question": 3}'])
    def test_a_malformed_line_is_named(self, byline: Byline, indexed: object, line: str) -> None:
        Path("bad.jsonl").write_text(f'{{"id": "a", "question": "Who?"}}\n{line}\n')
        done = byline("ask", "--batch", "bad.jsonl", "--json")
        assert "bad.jsonl line 2" in one_sentence(done)
        assert done.out == ""

    @pytest.mark.parametrize("name", ["nowhere.jsonl", "empty.jsonl", "binary.jsonl", "."])
    def test_a_file_of_no_use(self, byline: Byline, indexed: object, name: str) -> None:
        Path("empty.jsonl").touch()
        Path("binary.jsonl").write_bytes(b"\x80\x81\x00")
        assert name in one_sentence(byline("ask", "--batch", name, "--json"))


class TestChat:
    @pytest.fixture
    def say(self, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        def say(*lines: str) -> None:
            monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

        return say

    def test_the_answer_and_its_sources(
        self, byline: Byline, indexed: object, say: Callable[..., None]
    ) -> None:
        say(QUESTION)
        done = byline("chat")
        assert done.code == 0
        assert "Meta bought a stake of 49% in Scale AI [1]." in done.out
        assert "“Meta paid $14.3 billion" in done.out

    def test_a_question_that_cannot_be_asked_does_not_end_it(
        self, byline: Byline, indexed: object, say: Callable[..., None]
    ) -> None:
        say("Quelle part de Scale AI Meta a-t-elle achetée ?", QUESTION)
        done = byline("chat")
        assert "French" in done.err
        assert "49%" in done.out

    def test_it_remembers_the_question_before(
        self, byline: Byline, indexed: ScriptedGenerator, say: Callable[..., None]
    ) -> None:
        say(QUESTION, "And why?")
        byline("chat")
        assert any(QUESTION in message.content for message in indexed.asked[-1])

    def test_an_empty_line_ends_it(
        self, byline: Byline, indexed: ScriptedGenerator, say: Callable[..., None]
    ) -> None:
        say("", QUESTION)
        assert byline("chat").code == 0
        assert indexed.asked == []
