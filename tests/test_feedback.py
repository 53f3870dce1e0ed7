"""What readers say of answers: kept, read back, and turned into questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commandline import Byline
from exchanges import HITS, PAID, answer_of

from corpus.errors import BylineError
from eval.from_feedback import question_from
from eval.questions import load_questions
from rag.feedback import GOOD, REASONS, Feedback, Judgement, judgement_of, read_feedback
from rag.types import Sentence

PAID_WELL = answer_of("What did it pay?", PAID, hits=HITS)
REFUSED = answer_of("Who owns it?", Sentence("No."), hits=HITS, abstained=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "feedback.jsonl"


def test_the_last_word_on_an_answer_counts(file: Path) -> None:
    feedback = Feedback(file)
    for id_, judged in (("a", "wrong"), ("b", GOOD), ("a", GOOD), ("c", "wrong"), ("c", None)):
        feedback.add(judgement_of(id_, judged, PAID_WELL, ["Before?"]))
    assert [(one.id, one.judged) for one in read_feedback(file)] == [("a", GOOD), ("b", GOOD)]


def test_a_judgement_has_what_was_cited(file: Path) -> None:
    Feedback(file).add(judgement_of("a", "wrong", PAID_WELL, ["Before?"]))
    [one] = read_feedback(file)
    assert one == Judgement(
        "a",
        "wrong",
        "What did it pay?",
        "Meta paid $14.3 billion.",
        False,
        ("stake",),
        ("It paid $14.3 billion for 49%.",),
        ("Before?",),
        None,
        "scripted-1b",
        "0001",
    )


def test_without_a_file_there_is_no_feedback(file: Path) -> None:
    assert read_feedback(file) == []


def test_a_line_that_is_none_is_named(file: Path) -> None:
    Feedback(file).add(judgement_of("a", GOOD, PAID_WELL))
    file.write_text(file.read_text() + '{"id": 1}\n')
    with pytest.raises(BylineError, match="line 2 is no judgement"):
        read_feedback(file)


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("a file where a folder should be")
    with pytest.raises(BylineError, match="could not be kept"):
        Feedback(tmp_path / "new" / "feedback.jsonl").add(judgement_of("a", GOOD, PAID_WELL))


def test_a_good_answer_counts_as_right() -> None:
    question = question_from(judgement_of("a", GOOD, PAID_WELL, ["Before?"]))
    assert question.answers == ("Meta paid $14.3 billion.",)
    assert question.sentences == ("It paid $14.3 billion for 49%.",)
    assert question.history == ("Before?",)
    assert question.answerable


@pytest.mark.parametrize(
    ("judged", "answer", "answerable", "answers"),
    [
        (GOOD, REFUSED, False, 0),
        ("should-have-refused", PAID_WELL, False, 0),
        ("should-have-answered", REFUSED, True, 0),
        ("wrong", PAID_WELL, True, 0),
        ("wrong-citation", PAID_WELL, True, 1),
    ],
)
def test_a_reason_says_what_the_question_is(
    judged: str, answer: object, answerable: bool, answers: int
) -> None:
    question = question_from(judgement_of("a", judged, answer))  # type: ignore[arg-type]
    assert (question.answerable, len(question.answers)) == (answerable, answers)
    assert question.article_ids == ()
    assert judged == GOOD or judged in REASONS


def test_the_command_writes_questions_that_can_be_asked(
    byline: Byline, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BYLINE_FEEDBACK", str(file))
    out = tmp_path / "mine.jsonl"
    none = byline("eval", "draft", "--from-feedback")
    assert (none.code, "no feedback" in none.err) == (1, True)
    Feedback(file).add(judgement_of("a", GOOD, PAID_WELL))
    Feedback(file).add(judgement_of("b", "should-have-refused", PAID_WELL))
    assert byline("eval", "draft", "--from-feedback", "--out", out).code == 0
    assert [question.id for question in load_questions(out)] == ["feedback-a", "feedback-b"]
    assert byline("eval", "draft", "--from-feedback", "--out", out).code == 1
    Feedback(file).add(judgement_of("c", "wrong", PAID_WELL))
    done = byline("eval", "draft", "--from-feedback")
    assert json.loads(done.out.splitlines()[2])["answers"] == []
    assert "1 of them need" in done.err
