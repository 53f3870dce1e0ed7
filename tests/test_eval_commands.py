"""The commands below `byline eval`: names, exit codes, and what goes to stdout."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval import suites
from eval.measure import Options, make_result
from eval.questions import load_questions
from eval.records import Result, read_result
from eval.runner import make_record
from eval.scores import score, summarise
from eval.table import render
from rag.cli import main
from rag.settings import load_settings

QUESTIONS = load_questions()[:3]


def run(name: str, options: Options) -> Result:
    """A run in which every question was refused."""
    records = [score(make_record(q, [], [], [], None), q) for q in QUESTIONS]
    summary = summarise(records)
    return make_result(name, load_settings(), options, records, summary)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, elsewhere: Path) -> list[tuple[str, Options]]:
    """Suites that are noted and answer nothing."""
    noted = []

    def note(name: str, options: Options) -> Result:
        noted.append((name, options))
        return run(name, options)

    monkeypatch.setattr(suites, "run_suite", note)
    return noted


def byline(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["eval", *arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_without_a_name_the_gold_set_is_asked(asked: list[Any]) -> None:
    byline("--limit", "5", "--out", "reports")
    assert asked == [("gold", Options(limit=5))]


def test_a_suite_takes_what_was_chosen(asked: list[Any]) -> None:
    byline(*"abstain --limit 4 --seed 2 --engine llama.cpp --model m --out reports".split())
    assert asked == [("abstain", Options(limit=4, seed=2, engine="llama.cpp", model="m"))]


@pytest.mark.usefixtures("asked")
def test_a_run_is_kept_and_its_table_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert byline("gold", "--out", "reports") == 0
    (path,) = Path("reports").glob("gold-*.json")
    out = capsys.readouterr().out
    assert len(read_result(path).records) == 3
    assert "false_refusals" in out
    assert str(path) in out


@pytest.mark.usefixtures("asked")
def test_json_is_the_summary_alone(capsys: pytest.CaptureFixture[str]) -> None:
    byline("gold", "--json", "--out", "reports")
    summary = json.loads(capsys.readouterr().out)
    assert summary["suite"] == "gold"
    assert summary["metrics"]["false_refusals"]["n"] == 3
    assert summary["metrics"]["refusal_recall"]["value"] is None
    assert Path(summary["file"]).is_file()


def test_a_suite_without_its_set_is_skipped_and_not_passed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert byline("news", "--data", str(tmp_path), "--json") == 3
    captured = capsys.readouterr()
    assert captured.err.startswith("news: skipped: there is no realtimeqa-questions.jsonl")
    assert json.loads(captured.out)["suite"] == "news"


def test_where_the_sets_lie_can_be_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BYLINE_EVAL_DATA", str(tmp_path))
    assert byline("attribution") == 3
    assert str(tmp_path) in capsys.readouterr().err


def test_an_unknown_suite_is_a_mistake_of_usage() -> None:
    assert byline("questions.jsonl") == 2


def test_the_table_says_what_went_wrong_and_what_has_no_score() -> None:
    table = render(run("gold", Options()))
    assert "No score, as nothing gives one:" in table
    assert "refusal_recall" in table
    assert f"{QUESTIONS[0].id} {QUESTIONS[0].question} - not retrieved" in table


def test_a_long_list_of_what_went_wrong_says_how_long_it_is() -> None:
    one = run("gold", Options())
    many = Result(one.run, one.summary, one.records * 8)
    assert "  ... and 4 more in the file of the run" in render(many)


def test_a_table_of_nothing_wrong_names_no_question() -> None:
    assert "Went wrong" not in render(Result(run("gold", Options()).run, summarise([]), ()))


def test_what_was_answered_otherwise_is_shown() -> None:
    made = make_record(QUESTIONS[0], [], [], [], None)
    said = replace(made, abstained=False, answer="It paid $6. [1]", error=None)
    base = run("gold", Options())
    table = render(Result(base.run, base.summary, (score(said, QUESTIONS[0]),)))
    assert table.endswith("not retrieved: It paid $6. [1]")
