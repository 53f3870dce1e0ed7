"""A story in the terminal, in JSON and on the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import HashingEmbedder
from wires import article, report

from index.build import build
from index.types import Copy, Hit, Passage
from page.chat import Exchange
from page.evidence import render_evidence
from rag.answer_json import hits_json
from rag.cli import main
from rag.commands.output import also_in, hits_text
from rag.evidence import choose_evidence


def hit(*outlets: str | None, correction: str | None = None) -> Hit:
    told = article("a", "Meta paid 14.3 billion dollars.", outlet="Own")
    if correction:
        told = article("a", told.body, outlet="Own", correction=correction)
    copies = tuple(Copy(f"c{i}", f"Title {i}", outlet) for i, outlet in enumerate(outlets))
    return Hit(Passage(told, 0, len(told.body)), 1.0, copies=copies)


@pytest.mark.parametrize(
    ("outlets", "expected"),
    [
        ((), None),
        (("B", "A", "B"), "B, A"),
        (("Own",), None),
        ((None,), "Title 0"),
        (tuple("BCDEFGH"), "B, C, D, E, F and 2 more"),
    ],
)
def test_also_in(outlets: tuple[str | None, ...], expected: str | None) -> None:
    assert also_in(hit(*outlets)) == expected


def test_a_terminal_names_the_other_outlets_and_the_correction() -> None:
    text = hits_text([hit("B", "C", correction="Correction:\nit was 15.")])
    assert text.splitlines()[2:] == ["    Also in: B, C", "    Note: Correction: it was 15."]


def test_json_has_the_copies() -> None:
    (row,) = hits_json([hit("B")])
    assert row["copies"] == [
        {"article_id": "c0", "title": "Title 0", "outlet": "B", "published_at": None, "url": None}
    ]


def test_the_page_names_the_other_outlets_as_text() -> None:
    found = hit("<b>B</b>", correction="<script>alert(1)</script>")
    html = render_evidence(Exchange(1, "Who?", hits=(found,)))
    assert "Also in: <bdi>&lt;b&gt;B&lt;/b&gt;</bdi>" in html
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>" not in html


def test_the_page_says_nothing_where_there_is_nothing() -> None:
    html = render_evidence(Exchange(1, "Who?", hits=(hit(),)))
    assert "Also in" not in html
    assert "correction" not in html


def test_evidence_keeps_the_copies() -> None:
    (chosen,) = choose_evidence("What did Meta pay?", [hit("B")], HashingEmbedder())
    assert chosen.copies == hit("B").copies


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    body = report(1)
    notice = "Correction: the mayor is Ms Lu."
    build(
        [
            article("w1", body, "2025-06-13", outlet="Wire", url="https://wire/1"),
            article("h1", "CITY — " + body, "2025-06-14", outlet="Herald"),
            article("w2", body + "\nIt rained.", "2025-06-15", outlet="Wire", correction=notice),
        ],
        HashingEmbedder(),
        tmp_path,
    )
    return tmp_path


def test_story_as_json(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["story", "https://wire/1", "--json", "--index", str(directory)])
    assert end.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["story"], told["outlets"]) == ("w1", ["Wire", "Herald"])
    assert [(s["id"], s["kind"]) for s in told["timeline"]] == [
        ("w1", "first"),
        ("h1", "copy"),
        ("w2", "correction"),
    ]


def test_story_as_text(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["story", "h1", "--index", str(directory)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Story w1: 3 articles (Wire, Herald)"
    assert "    correction: Correction: the mayor is Ms Lu." in lines


def test_story_with_its_texts(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["story", "w2", "--text", "--index", str(directory)])
    assert "    | It rained." in capsys.readouterr().out.splitlines()


def test_an_unknown_story_is_one_sentence(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["story", "nothing", "--index", str(directory)])
    assert end.value.code == 1
    assert "has the id or address 'nothing'" in capsys.readouterr().err
