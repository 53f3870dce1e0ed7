"""The gold runner: what counts as right, refused and cited, and what gets no score."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from corpus import Article, BylineError
from eval.gold import Question, Record, load_questions, render, run, score, write_records
from index.types import Hit, Passage
from rag.types import Answer, Citation, Sentence, Timings


def answer(
    text: str, cites: tuple[str, ...] = (), abstained: bool = False, ms: float = 10
) -> Answer:
    """An answer of one sentence that cites the whole of each named article."""
    passages = [Passage(Article(id=name, title=name, body="Body."), 0, 5) for name in cites]
    citations = tuple(Citation(n, passage, 0, 5) for n, passage in enumerate(passages, start=1))
    return Answer(
        question="",
        sentences=(Sentence(text, citations),),
        hits=tuple(Hit(passage, 1.0) for passage in passages),
        abstained=abstained,
        raw=text,
        timings=Timings(retrieve_ms=1, total_ms=ms),
        model="scripted",
        index_version="1",
    )


class Scripted:
    """Answers each question as written beforehand."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers

    def ask(self, question: str) -> Answer:
        return self.answers[question]


def question(name: str, *answers: str, gold: tuple[str, ...] = ("g",)) -> Question:
    return Question(name, f"{name}?", answers, gold if answers else (), bool(answers))


QUESTIONS = [
    question("stake", "49%"),
    question("chief", "Droege"),
    question("amount", "$14.3 billion"),
    question("year", "2016", gold=()),
    question("paris"),
    question("price"),
]
PIPELINE = Scripted(
    {
        "stake?": answer("It holds 49 per cent.", ("g", "x"), ms=10),
        "chief?": answer("Wang runs it.", ("x",), ms=20),
        "amount?": answer("I cannot tell.", abstained=True, ms=30),
        "year?": answer("In 2016.", ("x",), ms=40),
        "paris?": answer("I cannot tell.", abstained=True, ms=50),
        "price?": answer("It cost $5.", ("x",), ms=90),
    }
)


def test_accuracy_is_over_answerable_questions() -> None:
    # stake and year are right; chief is wrong and amount was refused: 2 of 4
    assert run(PIPELINE, QUESTIONS).accuracy.value == 2 / 4


def test_refusals_are_counted_apart_on_both_kinds_of_question() -> None:
    summary = run(PIPELINE, QUESTIONS)
    # paris of paris and price; amount of the 4 answerable ones
    assert summary.refused_right.value == 1 / 2
    assert summary.refused_wrong.value == 1 / 4


def test_citations_count_only_where_there_is_gold() -> None:
    summary = run(PIPELINE, QUESTIONS)
    # stake cites g and x, chief cites x: 1 of 3; year and price have no gold
    assert summary.citations_right.value == 1 / 3
    # of the right answers only stake has gold, and it cites it: 1 of 1
    assert (summary.right_cited.count, summary.right_cited.total) == (1, 1)


def test_times_are_the_median_and_the_95th_percentile() -> None:
    summary = run(PIPELINE, QUESTIONS)
    # 10 20 30 40 50 90: the middle is (30 + 40) / 2; 95% of 6 is 5.7, so the 6th
    assert (summary.median_ms, summary.p95_ms) == (35, 90)


def test_nothing_to_score_gives_no_score() -> None:
    summary = run(PIPELINE, [])
    shares = (summary.accuracy, summary.refused_right, summary.citations_right)
    assert [share.value for share in shares] == [None, None, None]
    assert (summary.median_ms, summary.p95_ms) == (None, None)


def test_a_citation_marker_is_no_answer() -> None:
    record = score(question("count", "1"), answer("There were some.", ("g",)))
    assert record.answer == "There were some. [1]"
    assert not record.right


def test_a_refusal_that_happens_to_hold_the_answer_is_not_right() -> None:
    refused = answer("Nothing says 49%.", abstained=True)
    assert not score(question("stake", "49%"), refused).right


def test_each_record_is_told_as_it_comes() -> None:
    told: list[tuple[str, int, int]] = []

    def tell(record: Record, done: int, total: int) -> None:
        told.append((record.id, done, total))

    run(PIPELINE, QUESTIONS[:2], on_answer=tell)
    assert told == [("stake", 1, 2), ("chief", 2, 2)]


def test_the_table_has_scores_counts_and_what_went_wrong() -> None:
    table = render(run(PIPELINE, QUESTIONS))
    assert "right answers (accuracy)                      50.0%      2 of 4" in table
    assert "Went wrong (3):" in table
    assert "chief chief? - answered otherwise: Wang runs it. [1]" in table
    assert "amount amount? - refused, though the corpus answers it" in table
    assert "price price? - answered, though the corpus does not: It cost $5. [1]" in table


def test_the_table_says_no_score_where_there_is_none() -> None:
    assert render(run(PIPELINE, [])).count("no score") == 7


def test_records_are_written_as_json_lines(tmp_path: Path) -> None:
    summary = run(PIPELINE, QUESTIONS)
    write_records(summary.records, tmp_path / "reports" / "records.jsonl")
    lines = (tmp_path / "reports" / "records.jsonl").read_text(encoding="utf-8").splitlines()
    first = json.loads(lines[0])
    assert len(lines) == 6
    assert (first["id"], first["right"], first["citation_precision"]) == ("stake", True, 0.5)


def test_records_that_cannot_be_written_are_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BylineError, match="could not be written"):
        write_records((), tmp_path / "file" / "records.jsonl")


# Loading

GOOD = {"id": "a", "question": "b?", "answers": ["c"], "article_ids": ["d"], "answerable": True}


def questions_file(folder: Path, *lines: object) -> Path:
    path = folder / "questions.jsonl"
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    return path


def test_questions_are_loaded_in_order(tmp_path: Path) -> None:
    unanswerable = {**GOOD, "id": "e", "answers": [], "article_ids": [], "answerable": False}
    path = questions_file(tmp_path, {**GOOD, "tags": ["t"], "split": "dev"}, "", unanswerable)
    assert load_questions(path) == (
        Question("a", "b?", ("c",), ("d",), True, ("t",), "dev"),
        Question("e", "b?", (), (), False),
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nonsense", "line 2: Expecting value"),
        ("[]", "line 2: not a JSON object"),
        ({**GOOD, "id": 1}, '"id" must be text'),
        ({**GOOD, "id": "e", "question": " "}, '"question" must be text'),
        ({**GOOD, "id": "e", "answerable": "yes"}, '"answerable" must be true or false'),
        ({**GOOD, "id": "e", "answers": "c"}, '"answers" must be a list of texts'),
        ({**GOOD, "id": "e", "answers": []}, '"answers" must be given exactly when'),
        ({**GOOD, "id": "e", "answerable": False}, '"answers" must be given exactly when'),
        ({**GOOD, "id": "e", "answers": ["the"]}, '"the" has no word to look for'),
        ({**GOOD, "id": "e", "tags": None}, '"tags" must be a list of texts'),
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


def test_the_shipped_questions_load_with_both_kinds() -> None:
    questions = load_questions()
    assert len(questions) >= 40
    assert sum(not question.answerable for question in questions) >= 10
