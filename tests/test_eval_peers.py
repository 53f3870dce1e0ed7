"""The peers' table: what is asked, how answers are scored, and how systems are spoken to."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fakes import HashingEmbedder

from corpus import Article, BylineError
from eval.peers import byline_worker, environment
from eval.peers.byline_worker import Byline, Listening
from eval.peers.client import WORKERS, SystemFailed, Worker, read_counters
from eval.peers.protocol import Clock
from eval.peers.run import render_file, turns, write
from eval.peers.scoring import PeerRecord, failed, says_it_does_not_know, score
from eval.peers.table import System, as_json, markdown, render
from eval.peers.task import Task, as_request, as_text, own_task
from eval.questions import Question
from eval.scores import SHORT_ANSWER
from rag.settings import ROOT, load_settings

PEERS = ROOT / "eval" / "peers"
STAKE = Question("stake", "What stake?", ("49%",), ("a",), True)
PRICE = Question("price", "What price?", answerable=False)
COUNTS: dict[str, int | None] = {"evidence": 100, "prompt": 150, "answer": 8}


def reply(answer: str, **fields: Any) -> dict[str, Any]:
    """A system's reply whose evidence holds 49%."""
    return {
        "answer": answer,
        "evidence": [{"article_id": "a", "text": "Meta took 49 per cent."}],
        "first_word_s": 2.0,
        "whole_s": 4.0,
        "cited": None,
        "refused": None,
        "prompts": None,
        **fields,
    }


def scored(name: str, question: Question, answer: str, **fields: Any) -> PeerRecord:
    return score(name, question, reply(answer, **fields), COUNTS, 6.0)


@pytest.mark.parametrize(
    "text",
    [
        "The provided context does not contain information about the price.",
        "I don't know.",
        "I don\N{RIGHT SINGLE QUOTATION MARK}t have that information, I'm sorry.",
        "The price is not mentioned in the documents.",
        "There is no information about that.",
        "I cannot answer this question.",
        "It is not possible to determine the date.",
        "The context does not include any details on this.",
    ],
)
def test_an_answer_that_says_it_does_not_know_is_a_refusal(text: str) -> None:
    assert says_it_does_not_know(text)


@pytest.mark.parametrize(
    "text",
    [
        "Meta holds 49% of Scale AI.",
        "Meta does not hold a majority.",
        "The deal does not give Meta voting power.",
        "Wang knows the field and was not the chief executive then.",
        "The reactor has not restarted yet.",
    ],
)
def test_a_denial_is_no_refusal(text: str) -> None:
    assert not says_it_does_not_know(text)


def test_an_accepted_answer_in_other_words_is_right() -> None:
    assert scored("x", STAKE, "It holds 49 per cent.").right is True


def test_another_answer_is_wrong() -> None:
    assert scored("x", STAKE, "It holds 51%.").right is False


def test_an_answer_that_was_ruled_out_is_wrong_beside_the_right_one() -> None:
    question = Question("q", "q?", ("49%",), answerable=True, wrong_answers=("51%",))
    assert scored("x", question, "It is 49%, or 51%.").right is False


def test_all_of_the_answers_may_be_required() -> None:
    question = Question("q", "q?", ("Meta", "Google"), answerable=True, all_required=True)
    assert scored("x", question, "Meta.").right is False


def test_an_answer_too_short_to_look_for_gives_no_score() -> None:
    short = Question("q", "How many?", ("4",), tags=(SHORT_ANSWER,))
    assert scored("x", short, "It is 4.").right is None


def test_the_evidence_is_searched_for_the_answer() -> None:
    assert scored("x", STAKE, "Unknown.").evidence_holds is True


def test_a_hedge_around_the_right_answer_is_no_refusal() -> None:
    assert not scored("x", STAKE, "The price is not mentioned, the stake is 49%.").refused


def test_a_system_that_says_that_it_refused_is_believed() -> None:
    record = scored("x", STAKE, "The articles nearest to this speak of 49%.", refused=True)
    assert (record.refused, record.right) == (True, False)


def test_citations_count_by_article() -> None:
    # Three citations, of which two name the gold article: 2 / 3.
    record = scored("x", STAKE, "49%.", cited=["a", "b", "a"])
    assert record.citation_precision == pytest.approx(2 / 3)


def test_a_system_that_never_cites_has_no_precision() -> None:
    assert scored("x", STAKE, "49%.").citation_precision is None


def test_a_question_that_failed_is_wrong_but_no_refusal() -> None:
    record = failed("x", STAKE, "it ended")
    assert (record.right, record.refused, record.whole_s) == (False, False, None)


def test_each_system_begins_in_turn() -> None:
    assert [turns(["a", "b", "c"], done)[0] for done in range(4)] == ["a", "b", "c", "a"]


def test_the_others_keep_their_order() -> None:
    assert turns(["a", "b", "c"], 1) == ["b", "c", "a"]


def system(name: str, server: float | None = None) -> System:
    return System(
        name=name,
        version=f"{name} 1",
        engine="llama.cpp",
        source="its page",
        settings={"chunks": "150 words"},
        articles=10,
        passages=40,
        index_s=2.0,
        peak_memory_mb=1000.0,
        server_memory_mb=server,
    )


def rows(table: str) -> dict[str, list[str]]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {line[0]: line[1:] for line in cells if len(line) > 1}


@pytest.fixture
def table() -> dict[str, list[str]]:
    records = [
        scored("Byline", STAKE, "49%.", cited=["a"], refused=False),
        scored("Byline", PRICE, "I cannot tell.", cited=[], refused=True),
        scored("Other", STAKE, "51%.", whole_s=8.0),
        scored("Other", PRICE, "It cost $5.", whole_s=2.0),
    ]
    return rows(render([system("Byline"), system("Other", server=500.0)], records))


def test_the_table_has_a_column_for_each_system(table: dict[str, list[str]]) -> None:
    assert table[""] == ["Byline", "Other"]


def test_shares_come_with_their_interval_and_count(table: dict[str, list[str]]) -> None:
    # One of one: the exact interval is 2.5% to 100%.
    assert table["right answers"] == ["100% (3 to 100) of 1", "0% (0 to 98) of 1"]


def test_refusals_count_on_unanswerable_questions_only(table: dict[str, list[str]]) -> None:
    assert table["unanswerable, refused"][0] == "100% (3 to 100) of 1"


def test_no_citations_are_named_so(table: dict[str, list[str]]) -> None:
    assert table["citations of a gold article"][1] == "none given"


def test_ratios_are_of_the_same_question(table: dict[str, list[str]]) -> None:
    # 8 / 4 and 2 / 4: the median of 2 and 0.5 is 1.25.
    assert table["whole answer, times Byline's"] == ["1.00", "1.25"]


def test_a_question_that_a_system_has_not_answered_has_no_ratio() -> None:
    systems = [system("Byline"), system("Other")]
    records = [scored("Byline", STAKE, "49%."), failed("Other", STAKE, "it ended")]
    first_only = render(systems, records[:1])
    assert rows(first_only)["first word, times Byline's"] == ["1.00", "no score"]
    assert rows(render(systems, records))["first word, times Byline's"] == ["1.00", "no score"]


def test_indexing_speed_is_passages_over_seconds(table: dict[str, list[str]]) -> None:
    assert table["indexing, passages"][0] == "20.0/s"


def test_the_shared_servers_memory_is_added(table: dict[str, list[str]]) -> None:
    assert table["peak memory"] == ["1,000 MB", "1,500 MB (1,000 + server 500)"]


def test_the_settings_stand_below_with_their_source(table: dict[str, list[str]]) -> None:
    assert (table["chunks"], table["as in"]) == (["150 words"] * 2, ["its page"] * 2)


def test_nothing_scored_is_no_score() -> None:
    record = scored("Byline", PRICE, "No.", refused=True)
    assert rows(render([system("Byline")], [record]))["right answers"] == ["no score"]


def test_the_summary_has_no_score_as_null() -> None:
    summary = as_json([system("Byline")], [scored("Byline", PRICE, "No.", refused=True)])
    assert summary["Byline"]["right"]["value"] is None


def test_a_table_keeps_its_columns_in_line() -> None:
    assert markdown(["", "a"], [["row", "b"]]) == "|     | a |\n|-----|---|\n| row | b |"


def test_a_peer_reads_title_outlet_day_and_body() -> None:
    article = Article("1", "Meta buys", "It paid.", outlet="AP", published_at="2025-06-13T09:00")
    assert as_text(article) == "Meta buys\n\nAP, 2025-06-13\n\nIt paid."


def test_what_an_article_lacks_leaves_no_gap() -> None:
    assert as_text(Article("1", "Meta buys", "It paid.")) == "Meta buys\n\nIt paid."


def test_byline_gets_the_article_whole() -> None:
    article = Article("1", "Meta buys", "It paid.", outlet="AP")
    [request] = as_request([article])
    assert Article(**request["fields"]) == article


def test_follow_ups_are_left_out_and_counted() -> None:
    task = own_task(None, None, None, 0, None)
    assert task.left_out > 0
    assert not any(question.history for question in task.questions)


def test_a_small_sample_holds_unanswerable_questions_too() -> None:
    task = own_task(None, None, 4, 0, None)
    assert sorted(question.answerable is True for question in task.questions) == [
        False,
        False,
        True,
        True,
    ]


def test_own_questions_need_their_articles(tmp_path: Path) -> None:
    with pytest.raises(BylineError, match="--articles"):
        own_task(tmp_path / "mine.jsonl", None, None, 0, None)


def test_counters_without_labels_are_read() -> None:
    text = '# HELP a\n# TYPE a counter\na_total 31\nb{slot="1"} 2 9\nc 0.5\n'
    assert read_counters(text) == {"a_total": 31.0, "c": 0.5}


def test_blanks_are_no_first_word() -> None:
    clock = Clock()
    clock.say(" \n")
    assert clock._first is None
    clock.say("Meta")
    clock.stop()
    assert 0 < clock.first_word_s <= clock.whole_s


def test_an_answer_without_words_has_its_first_at_the_end() -> None:
    clock = Clock()
    clock.stop()
    assert clock.first_word_s == clock.whole_s


class Judging:
    """A generator that was taught to judge."""

    def states_answer(self, question: str, passages: Sequence[tuple[str, str]]) -> list[float]:
        return [0.5] * len(passages)


def test_passages_that_are_judged_count_as_prompts() -> None:
    listening = Listening(Judging())  # type: ignore[arg-type]
    assert listening.states_answer("Who?", [("AP", "One."), ("BBC", "Two.")]) == [0.5, 0.5]
    heard = [message.content for (message,) in listening.heard]
    assert [("One." in text, "Two." in text, "Who?" in text) for text in heard] == [
        (True, False, True),
        (False, True, True),
    ]


def test_byline_goes_in_by_both_engines_and_beside_the_plain_recipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(byline_worker, "load_embedder", lambda _: HashingEmbedder())
    request = {"model": "qwen2.5-coder-1.5b", "threads": None}
    told = {}
    for name in (name for name, module in WORKERS.items() if module == "byline_worker"):
        system = Byline()
        told[name] = system.load({"system": name, **request}), system._settings.engine
        system._folder.cleanup()
    assert {name: engine for name, (_, engine) in told.items()} == {
        "Byline": "auto",
        "Byline on llama.cpp": "llama.cpp",
        "plain recipe": "llama.cpp",
    }
    assert told["plain recipe"][0]["source"] == "eval/plain.py"
    assert told["Byline"][0] == told["Byline on llama.cpp"][0]


ECHO = """
from eval.peers.protocol import serve

def ask(request):
    print("a library's chatter")
    return {"answer": request["question"].upper()}

def fail(request):
    raise ValueError("out of ink")

serve({"ask": ask, "fail": fail, "die": lambda request: exit(3)})
"""


@pytest.fixture
def echo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A system of three lines in a real process."""
    started = subprocess.Popen

    def start(command: list[str], **options: Any) -> Any:
        return started([sys.executable, "-c", ECHO], **options)

    monkeypatch.setattr(subprocess, "Popen", start)
    with Worker("Echo", "byline_worker", tmp_path / "log.txt") as worker:
        yield worker


def test_a_reply_is_what_the_system_answered_not_what_it_printed(echo: Worker) -> None:
    assert echo.call("ask", question="caf\N{LATIN SMALL LETTER E WITH ACUTE}") == {
        "answer": "CAF\N{LATIN CAPITAL LETTER E WITH ACUTE}"
    }


def test_a_system_tells_its_peak_memory(echo: Worker) -> None:
    echo.call("ask", question="a")
    assert echo.peak_memory_mb is None or 1 < echo.peak_memory_mb < 1000


def test_a_system_tells_its_processor_time(echo: Worker) -> None:
    echo.call("ask", question="a")
    assert echo.processor_s > 0


def test_a_failure_is_told_with_its_reason_and_its_log(echo: Worker) -> None:
    with pytest.raises(SystemFailed, match=r"Echo could not fail .*out of ink.*log\.txt"):
        echo.call("fail")


def test_a_system_goes_on_after_a_failure(echo: Worker) -> None:
    with pytest.raises(SystemFailed):
        echo.call("fail")
    assert echo.call("ask", question="a")["answer"] == "A"


def test_a_system_that_ended_is_named(echo: Worker) -> None:
    with pytest.raises(SystemFailed, match="Echo ended"):
        echo.call("die")


def test_missing_peers_name_the_command_that_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "FOLDER", tmp_path)
    with pytest.raises(BylineError, match=r"python -m eval\.peers setup"):
        environment.interpreter()


def test_the_peers_telemetry_and_the_hub_are_off() -> None:
    quiet = environment.process_environment()
    assert quiet["HAYSTACK_TELEMETRY_ENABLED"] == "False"
    assert quiet["HF_HUB_OFFLINE"] == "1"


def test_a_run_is_written_with_all_its_records(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    task = Task("gold", (STAKE,), (), 3)
    write(path, task, load_settings(), [system("Byline")], [scored("Byline", STAKE, "49%.")])
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written["records"][0]["answer"] == "49%."
    assert written["run"]["follow_ups_left_out"] == 3


def test_the_table_comes_again_from_the_file(tmp_path: Path) -> None:
    path, systems = tmp_path / "run.json", [system("Byline"), system("Other")]
    records = [scored("Byline", STAKE, "49%.", cited=["a"]), scored("Other", STAKE, "51%.")]
    write(path, Task("gold", (STAKE,), (), 0), load_settings(), systems, records)
    assert render_file(path) == render(systems, records)


def test_a_file_that_is_no_run_is_named(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text("{}")
    with pytest.raises(BylineError, match=r"other\.json is no run"):
        render_file(path)


def imports(path: Path) -> set[str]:
    """The modules that a file imports anywhere, by their full names."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    direct = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return direct | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


PROJECT = {"corpus", "index", "rag", "page", "eval", "app"}


@pytest.mark.parametrize("name", ["haystack_worker", "llamaindex_worker", "txtai_worker"])
def test_a_peers_process_takes_nothing_of_the_project_but_the_protocol(name: str) -> None:
    own = {m for m in imports(PEERS / f"{name}.py") if m.split(".")[0] in PROJECT}
    assert own == {"eval.peers.protocol"}


def test_the_protocol_needs_the_standard_library_only() -> None:
    names = {module.split(".")[0] for module in imports(PEERS / "protocol.py")}
    assert names <= sys.stdlib_module_names


def test_the_project_never_imports_the_peers() -> None:
    files = [ROOT / "app.py"]
    for floor in ("corpus", "index", "rag", "page", "eval"):
        files += [path for path in (ROOT / floor).rglob("*.py") if PEERS not in path.parents]
    assert not [path for path in files if any(m.startswith("eval.peers") for m in imports(path))]
