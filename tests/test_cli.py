"""The command line's contract: exit codes, one sentence on stderr, and the keys of its JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commandline import QUESTION, Byline, one_sentence
from fakes import ScriptedGenerator

from corpus.errors import BylineError
from rag import load
from rag.cli import main
from rag.prompt import REFUSAL

ROOT = Path(__file__).parent.parent
PROCESS = [sys.executable, "-c", "from rag.cli import main; main()"]


class TestHelpAndUsage:
    @pytest.mark.parametrize(
        "command",
        ["", "fetch", "index", "index build", "index status", "ask", "search", "chat", "serve"],
    )
    def test_help(self, byline: Byline, command: str) -> None:
        done = byline(*command.split(), "--help")
        assert done.code == 0
        assert "Usage: byline" in done.out

    @pytest.mark.parametrize(
        "wrong",
        [
            ["aks"],
            ["ask"],
            ["ask", "--no-such-option", "x"],
            ["ask", "x", "--batch", "questions.jsonl"],
            ["search"],
            ["search", "x", "-k", "0"],
            ["search", "x", "-k", "many"],
            ["serve", "--port", "99999"],
            ["ask", "x", "--as-of", "soon"],
            ["search", "x", "--as-of", "2025-02-30"],
            ["chat", "--as-of", "03/04/2025"],
            ["index", "destroy"],
        ],
        ids=" ".join,
    )
    def test_wrong_usage_is_2(self, byline: Byline, wrong: list[str]) -> None:
        done = byline(*wrong)
        assert done.code == 2
        assert done.out == ""
        assert "Usage: byline" in done.err

    def test_help_loads_nothing_heavy(self) -> None:
        program = (
            "import sys, atexit; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
            "from rag.cli import main; main(['--help'])"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert done.returncode == 0
        heavy = {"torch", "transformers", "faiss", "gradio", "trafilatura", "numpy", "pydantic"}
        heavy |= {"sqlalchemy", "alembic", "psycopg"}
        assert not heavy.intersection(done.stderr.split())


class TestIndexBuild:
    def test_says_what_was_built(self, byline: Byline, articles: Path, fakes: object) -> None:
        done = byline("index", "build", articles)
        assert done.code == 0
        assert "2 articles" in done.out
        assert "2" in done.err  # read

    def test_several_files(self, byline: Byline, articles: Path, fakes: object) -> None:
        done = byline("index", "build", articles / "deal.txt", articles / "chief.txt", "--json")
        assert done.json["articles"] == 2

    def test_into_another_folder(self, byline: Byline, articles: Path, fakes: object) -> None:
        assert byline("index", "build", articles, "--index", "other").code == 0
        assert byline("index", "status", "--index", "other").code == 0
        assert byline("index", "status").code == 1

    def test_an_empty_folder(self, byline: Byline, elsewhere: Path, fakes: object) -> None:
        (elsewhere / "empty").mkdir()
        done = byline("index", "build", "empty")
        assert "folder is empty" in one_sentence(done)

    def test_a_binary_file_renamed(self, byline: Byline, elsewhere: Path, fakes: object) -> None:
        (elsewhere / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(900))
        done = byline("index", "build", "photo.txt")
        assert done.code == 1
        assert "photo.txt" in done.err
        assert "Traceback" not in done.err

    def test_the_rest_is_still_read(self, byline: Byline, articles: Path, fakes: object) -> None:
        (articles / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(900))
        done = byline("index", "build", articles, "--json")
        assert done.json["articles"] == 2
        assert "photo.txt" in done.err

    def test_a_path_that_is_not_there(self, byline: Byline, fakes: object) -> None:
        done = byline("index", "build", "nowhere")
        assert done.code == 1
        assert "nowhere" in done.err
        assert "Traceback" not in done.err

    def test_a_failed_build_leaves_the_index(self, byline: Byline, indexed: object) -> None:
        before = byline("index", "status", "--json").json
        assert byline("index", "build", "nowhere").code == 1
        assert byline("index", "status", "--json").json == before

    def test_a_file_where_the_index_should_be(
        self, byline: Byline, articles: Path, fakes: object
    ) -> None:
        done = byline("index", "build", articles, "--index", articles / "deal.txt")
        assert done.code == 1
        assert "byline: " in done.err
        assert "Traceback" not in done.err


class TestIndexStatus:
    def test_json(self, byline: Byline, indexed: object, elsewhere: Path, articles: Path) -> None:
        status = byline("index", "status", "--json").json
        assert status["directory"] == str(elsewhere / "built")
        assert (status["articles"], status["passages"]) == (2, 2)
        assert (status["embedder"], status["dim"]) == ("hashing", 512)
        assert status["sources"] == [str(articles)]
        assert status["version"]

    def test_for_people(self, byline: Byline, indexed: object) -> None:
        out = byline("index", "status").out
        assert "articles  2" in out

    def test_without_an_index(self, byline: Byline) -> None:
        assert "byline index build" in one_sentence(byline("index", "status"))


PASSAGE = {"number", "article_id", "title", "outlet", "published_at", "url"} | {
    "start", "end", "text", "score", "updated_at", "correction", "copies",
}  # fmt: skip
CITATION = PASSAGE - {"text", "score", "updated_at", "correction", "copies"} | {"quote"}


class TestSearch:
    def test_json(self, byline: Byline, indexed: object) -> None:
        found = byline("search", QUESTION, "--json").json
        assert set(found) == {"question", "as_of", "passages"}
        assert found["question"] == QUESTION
        assert all(set(passage) == PASSAGE for passage in found["passages"])
        assert found["passages"][0]["title"] == "Meta buys into Scale AI"

    def test_numbers_from_1(self, byline: Byline, indexed: object) -> None:
        passages = byline("search", QUESTION, "--json").json["passages"]
        assert [passage["number"] for passage in passages] == [1, 2]

    def test_as_many_as_asked_for(self, byline: Byline, indexed: object) -> None:
        assert len(byline("search", QUESTION, "-k", "1", "--json").json["passages"]) == 1

    def test_for_people(self, byline: Byline, indexed: object) -> None:
        assert "[1] Meta buys into Scale AI" in byline("search", QUESTION).out

    def test_without_an_index(self, byline: Byline, fakes: object) -> None:
        assert "byline index build" in one_sentence(byline("search", QUESTION))

    def test_without_a_question(self, byline: Byline, indexed: object) -> None:
        assert "empty" in one_sentence(byline("search", " "))

    def test_with_a_very_long_one(self, byline: Byline, indexed: object) -> None:
        assert byline("search", "stake " * 20_000, "--json").code in (0, 1)


class TestAsk:
    def test_json_has_the_promised_keys(self, byline: Byline, indexed: object) -> None:
        answer = byline("ask", QUESTION, "--json").json
        assert set(answer) == {
            "question", "answer", "abstained", "sentences", "disagreements", "passages",
            "timings", "model", "index_version", "understood", "as_of", "note", "preferred",
            "confidence", "quoted",
        }  # fmt: skip
        (sentence,) = answer["sentences"]
        assert set(sentence) == {"text", "verdict", "support", "why", "citations"}
        assert all(set(citation) == CITATION for citation in sentence["citations"])
        assert all(set(passage) == PASSAGE for passage in answer["passages"])
        assert set(answer["timings"]) == {
            "retrieve_ms", "first_token_ms", "total_ms", "prompt_tokens", "new_tokens", "cached",
        }  # fmt: skip

    def test_json_holds_the_answer(self, byline: Byline, indexed: object) -> None:
        answer = byline("ask", QUESTION, "--json").json
        assert answer["question"] == QUESTION
        assert answer["abstained"] is False
        assert answer["sentences"][0]["text"] == "Meta bought a stake of 49% in Scale AI."
        assert answer["disagreements"] == []
        assert answer["model"] == "scripted"

    def test_a_citation_leads_to_its_passage(self, byline: Byline, indexed: object) -> None:
        answer = byline("ask", QUESTION, "--json").json
        (citation,) = answer["sentences"][0]["citations"]
        passage = answer["passages"][citation["number"] - 1]
        begin = citation["start"] - passage["start"]
        assert citation["article_id"] == passage["article_id"]
        assert passage["text"][begin : begin + len(citation["quote"])] == citation["quote"]

    def test_for_people(self, byline: Byline, indexed: object) -> None:
        out = byline("ask", QUESTION).out
        assert "49%" in out
        assert "[1] Meta buys into Scale AI" in out
        assert "“Meta paid $14.3 billion for a stake of 49% in Scale AI.”" in out

    def test_a_refusal(self, byline: Byline, indexed: ScriptedGenerator) -> None:
        indexed.probability = 0.0
        answer = byline("ask", "What is the capital of France?", "--json").json
        assert answer["abstained"] is True
        assert [s["text"] for s in answer["sentences"]] == [REFUSAL]
        assert answer["sentences"][0]["citations"] == []
        assert answer["timings"]["first_token_ms"] is None

    def test_index_model_and_engine_can_be_chosen(
        self, byline: Byline, indexed: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        chosen = []

        def load_generator(settings: Any, _: object) -> ScriptedGenerator:
            chosen.append((settings.engine, settings.model))
            return ScriptedGenerator("Meta bought 49%.")

        monkeypatch.setattr(load, "load_generator", load_generator)
        assert byline("ask", QUESTION, "--engine", "transformers", "--model", "mine").code == 0
        assert chosen == [("transformers", "mine")]

    @pytest.mark.parametrize(
        ("question", "says"),
        [
            ("", "empty"),
            ("why " * 25_000, "shorten"),
            ("Quelle part de Scale AI Meta a-t-elle achetée en juin ?", "French"),
        ],
        ids=["empty", "endless", "French"],
    )
    def test_what_cannot_be_asked(
        self, byline: Byline, indexed: object, question: str, says: str
    ) -> None:
        assert says in one_sentence(byline("ask", question))

    def test_half_a_character(self, byline: Byline, indexed: object) -> None:
        done = byline("ask", "What stake \udcff did Meta buy?")
        assert "Traceback" not in done.err

    def test_without_an_index(self, byline: Byline, fakes: object) -> None:
        assert "byline index build" in one_sentence(byline("ask", QUESTION))

    def test_an_unknown_engine(self, byline: Byline) -> None:
        said = one_sentence(byline("ask", QUESTION, "--engine", "abacus"))
        assert "engine" in said
        assert "llama.cpp" in said


class TestErrors:
    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PROCESS, *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            encoding="utf-8",
        )

    @pytest.mark.parametrize("arguments", [["--debug", "ask", ""], ["ask", "", "--debug"]])
    def test_debug_shows_the_traceback(
        self, indexed: object, byline: Byline, arguments: list[str]
    ) -> None:
        with pytest.raises(BylineError, match="empty"):
            main(arguments)

    def test_a_typo_in_the_settings_file(self, byline: Byline) -> None:
        Path("byline.toml").write_text("retreived = 5")
        assert "retreived" in one_sentence(byline("ask", QUESTION))

    def test_a_process_of_its_own(self, tmp_path: Path) -> None:
        done = self.run("index", "status", "--index", str(tmp_path))
        assert done.returncode == 1
        assert done.stdout == ""
        assert done.stderr.startswith("byline: There is no index in")
        assert done.stderr.count("\n") == 1

    def test_output_is_utf8_whatever_the_locale(
        self, byline: Byline, articles: Path, fakes: object, elsewhere: Path
    ) -> None:
        directory = str(elsewhere / "índice “1”")
        assert byline("index", "build", articles, "--index", directory).code == 0
        done = self.run(
            "index", "status", "--json", "--index", directory,
            PYTHONIOENCODING="ascii", PYTHONUTF8="0",
        )  # fmt: skip
        assert json.loads(done.stdout)["directory"] == directory

    def test_a_reader_that_goes_away(self, indexed: object, elsewhere: Path) -> None:
        """As in `byline ... | head -0`: no complaint, no traceback."""
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [*PROCESS, "index", "status", "--index", elsewhere / "built"],
            cwd=ROOT,
            stdout=write,
            stderr=subprocess.PIPE,
        )
        os.close(write)
        assert done.stderr == b""
