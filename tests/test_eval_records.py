"""The file that a run is kept in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpus import BylineError
from eval.records import (
    CitationRecord,
    Figure,
    PassageRecord,
    PastTurn,
    Record,
    Result,
    Run,
    SentenceRecord,
    Summary,
    TimingsRecord,
    read_result,
    write_result,
)

PASSAGE = PassageRecord("a1", "Deal", 0, 11, "It paid $5.", 0.5)
CITATION = CitationRecord(1, "a1", "Deal", "Wire", "2025-06-13", None, 0, 11, "It paid $5.")
RECORD = Record(
    id="q1",
    question="And what did it pay?",
    outcome="right",
    answer="It paid $5. [1] It was late.",
    abstained=False,
    answerable=True,
    tags=("amount", "follow-up"),
    split="dev",
    history=(PastTurn("Who bought it?", "Meta did."),),
    answers=("$5",),
    gold_articles=("a1",),
    gold_sentences=("It paid $5.",),
    retrieved=(PASSAGE,),
    evidence=(PASSAGE,),
    given=(PASSAGE,),
    sentences=(
        SentenceRecord("It paid $5.", "supported", 1.0, (CITATION,)),
        SentenceRecord("It was late."),
    ),
    timings=TimingsRecord(12.0, 300.5, 900.0, 410, 20),
    scores={"exact_match": 0.0, "recall@5": None},
)
RESULT = Result(
    run=Run(
        suite="gold",
        created_at="2025-06-14T10:00:00+00:00",
        model="m",
        engine="auto",
        embedder="e",
        index_version=None,
        articles=27,
        passages=80,
        seed=0,
        limit=None,
        settings={"retrieved": 12, "threads": None},
        byline="0.1.0",
        python="3.11.2",
        processor="x86_64",
        peak_memory_mb=None,
    ),
    summary=Summary(
        metrics={"exact_match": Figure(0.0, None, None, 1, "share")},
        tags={"amount": {"exact_match": Figure(None, None, None, 0, "share")}},
        outcomes={"right": 1},
    ),
    records=(RECORD,),
)


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "reports" / "gold.json"
    write_result(RESULT, path)
    assert read_result(path) == RESULT


def test_the_file_has_the_three_parts_and_null_for_no_score(tmp_path: Path) -> None:
    write_result(RESULT, tmp_path / "gold.json")
    data = json.loads((tmp_path / "gold.json").read_text(encoding="utf-8"))
    assert list(data) == ["run", "summary", "records"]
    assert list(data["summary"]) == ["metrics", "tags", "outcomes"]
    assert data["records"][0]["scores"]["recall@5"] is None


def test_the_text_has_no_markers_and_the_citations_are_of_all_sentences() -> None:
    assert RECORD.text == "It paid $5. It was late."
    assert RECORD.citations == (CITATION,)


def test_a_file_that_is_no_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"run": {}}')
    with pytest.raises(BylineError, match=r"x\.json is not a run of byline eval \(Field required"):
        read_result(tmp_path / "x.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BylineError, match=r"gone\.json could not be read \(No such file"):
        read_result(tmp_path / "gone.json")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BylineError, match="choose another folder with --out"):
        write_result(RESULT, tmp_path / "file" / "run.json")
