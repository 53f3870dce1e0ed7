"""What sources state differently, in the terminal and in JSON."""

from __future__ import annotations

import pytest
from fakes import ScriptedPipeline

from corpus.article import Article
from index.types import Hit, Passage
from rag.answer_json import answer_json
from rag.commands.chat import chat_in_terminal
from rag.commands.output import sources_text
from rag.types import (
    Answer,
    Citation,
    Claim,
    Disagreement,
    Done,
    Found,
    Piece,
    Sentence,
    Timings,
)

ONE = Article("one", "A stake", "Meta bought 49%.", outlet="Daily", published_at="2025-06-13")
TWO = Article("two", "A part", "Meta bought 47%.", outlet="Post [1]", published_at="2025-06-12")
HITS = tuple(Hit(Passage(one, 0, len(one.body)), 1.0) for one in (ONE, TWO))
CITED = [Citation(n, h.passage, 0, len(h.passage.text)) for n, h in enumerate(HITS, start=1)]
ANSWER = Answer(
    "What stake?",
    (
        Sentence("Meta bought 49%.", (CITED[0],), "supported", 1.0),
        Sentence("Reports differ: A; B.", tuple(CITED), "supported", 1.0),
    ),
    HITS,
    False,
    "Meta bought 49% [1].",
    Timings(1, 2),
    "scripted",
    "0001",
    (Disagreement("the stake", (Claim("49%", CITED[0]), Claim("47%", CITED[1], "corrected"))),),
)


def test_a_terminal_shows_each_value_with_its_source() -> None:
    assert sources_text(ANSWER).split("\n\n")[0].splitlines() == [
        "Sources disagree: the stake",
        "    49%: Daily, 13 June 2025 [1]",
        "    47% (corrected): Post (1), 12 June 2025 [2]",
    ]


def test_the_quotes_stand_below() -> None:
    assert "[2] A part (Post (1), 2025-06-12)\n    “Meta bought 47%.”" in sources_text(ANSWER)


def test_json_has_each_value_with_its_source() -> None:
    (told,) = answer_json(ANSWER)["disagreements"]
    assert (told["about"], told["kind"]) == ("the stake", "different")
    last = told["claims"][1]
    assert last.pop("citation")["quote"] == "Meta bought 47%."
    assert last == {
        "value": "47%",
        "outlet": "Post [1]",
        "published_at": "2025-06-12",
        "note": "corrected",
    }


def test_a_chat_adds_what_differs_to_the_draft(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = iter(["What stake?", ""])
    monkeypatch.setattr("builtins.input", lambda prompt: next(lines))
    steps = [Found(HITS), Piece("Meta bought 49%. [1]"), Done(ANSWER)]
    chat_in_terminal(ScriptedPipeline({"What stake?": steps}))  # type: ignore[arg-type]
    shown = capsys.readouterr().out
    assert "Meta bought 49%. [1] Reports differ: A; B. [1][2]\n" in shown
    assert "After checking" not in shown
