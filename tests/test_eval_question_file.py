"""A file of questions: what is accepted, what is refused, and how a sample is drawn."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpus import BylineError
from eval.questions import Question, as_line, load_questions, sample

GOOD = {"id": "a", "question": "b?", "answers": ["c"], "article_ids": ["d"], "answerable": True}
FULL = {
    **GOOD,
    "tags": ["t"],
    "split": "dev",
    "sentences": ["It is c."],
    "history": ["And before?"],
    "as_of": "2025-06-13",
    "wrong_answers": ["e"],
    "all_required": True,
}


def questions_file(folder: Path, *lines: object) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    return path


def test_questions_are_loaded_in_order(tmp_path: Path) -> None:
    unanswerable = {**GOOD, "id": "e", "answers": [], "article_ids": [], "answerable": False}
    path = questions_file(tmp_path, FULL, "", unanswerable)
    assert load_questions(path) == (
        Question(
            id="a",
            question="b?",
            answers=("c",),
            article_ids=("d",),
            answerable=True,
            tags=("t",),
            split="dev",
            sentences=("It is c.",),
            history=("And before?",),
            as_of="2025-06-13",
            wrong_answers=("e",),
            all_required=True,
        ),
        Question("e", "b?", (), (), False),
    )


def test_a_user_need_only_give_a_question_and_its_answers(tmp_path: Path) -> None:
    path = questions_file(
        tmp_path,
        {"id": "a", "question": "b?", "answers": ["c"]},
        {"id": "d", "question": "e?", "answers": []},
    )
    assert [question.answerable for question in load_questions(path)] == [True, False]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "line 2: Expecting value"),
        ("[]", "line 2: not a JSON object"),
        ({**GOOD, "id": 1}, '"id" must be text'),
        ({**GOOD, "id": "e", "question": " "}, '"question" must be text'),
        ({**GOOD, "id": "e", "answerable": "yes"}, "must be true or false"),
        ({**GOOD, "id": "e", "all_required": 1}, "must be true or false"),
        ({**GOOD, "id": "e", "answers": "c"}, '"answers" must be a list of texts'),
        ({"id": "e", "question": "b?"}, '"answers" must be a list of texts'),
        ({**GOOD, "id": "e", "answers": []}, '"answers" must be given exactly when'),
        ({**GOOD, "id": "e", "answerable": False}, '"answers" must be given exactly when'),
        ({**GOOD, "id": "e", "answers": ["the"]}, '"the" has no word to look for'),
        ({**GOOD, "id": "e", "wrong_answers": ["a"]}, '"a" has no word to look for'),
        ({**GOOD, "id": "e", "tags": None}, '"tags" must be a list of texts'),
        ({**GOOD, "id": "e", "history": "b?"}, '"history" must be a list of texts'),
        ({**GOOD, "id": "e", "sentences": [""]}, '"sentences" must be a list of texts'),
        ({**GOOD, "id": "e", "as_of": "yesterday"}, '"as_of" must be a day'),
        ({**GOOD, "id": "e", "as_of": 20250613}, '"as_of" must be a day'),
        ({**GOOD, "id": "e", "split": 1}, '"split" must be text'),
        ({**GOOD, "id": "e", "sentence": []}, 'there is no field "sentence"'),
        (GOOD, 'the id "a" is taken'),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: object, message: str) -> None:
    path = questions_file(tmp_path, GOOD, line)
    with pytest.raises(BylineError, match=message) as caught:
        load_questions(path)
    assert str(caught.value).startswith(f"{path} line 2: ")


def test_a_file_without_questions_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BylineError, match="holds no questions"):
        load_questions(questions_file(tmp_path, ""))


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BylineError, match="could not be read: No such file"):
        load_questions(tmp_path / "gone.jsonl")


def test_a_line_is_read_as_it_was_written(tmp_path: Path) -> None:
    questions = load_questions(questions_file(tmp_path, FULL))
    path = questions_file(tmp_path, *map(as_line, questions))
    assert load_questions(path) == questions


def test_what_is_not_known_is_not_written() -> None:
    line = json.loads(as_line(Question("a", "b?", ("c",), ("d",), True)))
    assert line == GOOD


# Sampling


def test_a_sample_keeps_the_order_of_the_set() -> None:
    drawn = sample(range(100), 10, seed=1)
    assert len(drawn) == 10
    assert drawn == sorted(drawn)


def test_a_sample_is_that_of_its_seed() -> None:
    assert sample(range(100), 10, seed=1) == sample(range(100), 10, seed=1)
    assert sample(range(100), 10, seed=1) != sample(range(100), 10, seed=2)


def test_a_smaller_sample_is_part_of_a_larger_one() -> None:
    small, large = (sample(range(100), n, seed=1, stratum=lambda x: x % 3) for n in (7, 20))
    assert set(small) < set(large)


def test_each_stratum_has_its_share_however_large_it_is() -> None:
    # 90 below 90 and 10 above: 3 of each
    drawn = sample(range(100), 6, seed=0, stratum=lambda x: x < 90)
    assert sum(x < 90 for x in drawn) == 3


def test_no_limit_is_everything() -> None:
    assert sample(range(5), None, seed=0) == [0, 1, 2, 3, 4]
    assert sample(range(5), 9, seed=0) == [0, 1, 2, 3, 4]
