"""`byline check` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes import ScriptedSupport

from rag.cli import main

ARTICLE = """Meta buys into Scale AI

Meta paid $14.3 billion for a stake of 49% in Scale AI. The stake carries no voting power.
"""


@pytest.fixture(autouse=True)
def _by_rules_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLINE_SUPPORT", "rules")


@pytest.fixture
def articles(elsewhere: Path) -> Path:
    folder = elsewhere / "articles"
    folder.mkdir()
    (folder / "deal.txt").write_text(ARTICLE)
    return folder


def run(answer: Path, articles: Path, *options: str) -> int | None:
    with pytest.raises(SystemExit) as ended:
        main(["check", str(answer), "--sources", str(articles), *options])
    code = ended.value.code
    assert code is None or isinstance(code, int)
    return code


def written(folder: Path, text: str) -> Path:
    path = folder / "answer.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_sentence_with_its_verdict_and_quote(
    elsewhere: Path, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = written(elsewhere, "Meta paid $14.3bn for 49% of Scale AI [7].")
    assert run(answer, articles) in (0, None)
    assert capsys.readouterr().out.splitlines() == [
        "Meta paid $14.3bn for 49% of Scale AI.",
        "    supported",
        "    [1] Meta buys into Scale AI",
        "    “Meta paid $14.3 billion for a stake of 49% in Scale AI.”",
        "1 of 1 sentences are supported.",
    ]


def test_why_a_sentence_fails(
    elsewhere: Path, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = written(elsewhere, "Meta paid $14.3 billion for a stake of 51% in Scale AI.")
    assert run(answer, articles) in (0, None)  # it ran: what it found is no error
    assert "    unsupported: the passage does not say 51%\n" in capsys.readouterr().out


def test_json(elsewhere: Path, articles: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(written(elsewhere, "The stake carries voting power."), articles, "--json")
    (sentence,) = json.loads(capsys.readouterr().out)["sentences"]
    assert sentence == {
        "text": "The stake carries voting power.",
        "verdict": "unsupported",
        "support": 0.0,
        "why": "the passage says “no voting power”",
        "citations": [],
    }


def test_what_could_steer_a_terminal_is_taken_out(
    elsewhere: Path, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(written(elsewhere, "The weather \x1b[31mwas fine."), articles)
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "holds no sentence"), (b"\xff\xfe\x00", "not UTF-8"), (b"a " * 600_000, "1000 kB")],
)
def test_an_answer_that_cannot_be_read(
    elsewhere: Path,
    articles: Path,
    content: bytes,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    answer = elsewhere / "answer.txt"
    answer.write_bytes(content)
    assert run(answer, articles) == 1
    assert said in capsys.readouterr().err


def test_an_answer_that_is_not_there(
    elsewhere: Path, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(elsewhere / "none.txt", articles) == 1
    assert capsys.readouterr().err.startswith("byline: The answer in ")


def test_articles_that_are_not_there(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(written(elsewhere, "Hello there."), elsewhere / "none") == 1
    assert "does not exist" in capsys.readouterr().err


def test_the_model_that_is_named_is_asked(
    elsewhere: Path,
    articles: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = ScriptedSupport(0.03)
    monkeypatch.setattr("rag.load.load_support", lambda settings: model)
    run(written(elsewhere, "The stake carries no voting power."), articles, "--json")
    (sentence,) = json.loads(capsys.readouterr().out)["sentences"]
    assert (sentence["verdict"], sentence["support"]) == ("partly", 0.03)
    assert sentence["why"] == "the passages do not seem to say all of this"
