"""How a model is taught to judge: its lessons, their rows, and the training of a tiny one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from corpus.article import Article
from eval.questions import Question
from eval.sets import Case
from eval.teaching.pairs import _TIMES, Asked, Lesson, _as_of_news, held_out, lessons
from eval.teaching.rows import Row, rows_of
from eval.teaching.train import Plan, Teacher, _Frozen
from rag.engines.adapter import as_passage, as_question
from rag.engines.transformers_engine import TransformersGenerator, read_weights

TEXT = (
    "The ferry line opened in March after two years of work on the new pier. "
    "It carries 300 people an hour and takes 25 minutes. "
    "Its boats were built in Norway by a yard that had gone bankrupt once before, in 1998, "
    "and had been bought by its workers. A ticket costs $4, children pay half, "
    "and whoever has a bicycle pays nothing more for it than for himself on any day of the week."
)
ARTICLE = Article("ferry", "Ferry", TEXT)
COST = Question("cost", "What does a ticket for the ferry cost?", ("$4",), answerable=True)
CAPTAIN = Question("captain", "Who is the captain of the ferry line?", answerable=False)

SEED_OF_PLAIN = 2  # with which the questions below are asked as they are


def lessons_of(*cases: Case) -> list[Lesson]:
    return lessons(cases, random.Random(SEED_OF_PLAIN))


def test_a_question_goes_with_what_states_its_answer_and_against_what_does_not() -> None:
    found = [
        (lesson.passage.body, asked)
        for seed in range(8)  # the second is a matter of chance
        for lesson in lessons(
            [Case(COST, (ARTICLE,)), Case(CAPTAIN, (ARTICLE,))], random.Random(seed)
        )
        for asked in lesson.asked
    ]
    of_cost = [(body, asked.stated) for body, asked in found if asked.question == COST.question]
    assert {stated for _, stated in of_cost} == {True, False}
    assert all(("$4" in body) == stated for body, stated in of_cost)
    assert not any(asked.stated for _, asked in found if asked.question == CAPTAIN.question)


def test_a_lesson_is_a_run_of_sentences() -> None:
    (lesson, *_) = lessons_of(Case(COST, (ARTICLE,)), Case(CAPTAIN, (ARTICLE,)))
    assert lesson.passage.body in TEXT
    assert lesson.passage.title == "Ferry"


def test_a_long_answer_is_found_by_the_sentence_of_the_key() -> None:
    keyed = Question("q", "How fast?", ("Rather fast.",), answerable=True, sentences=(TEXT[:75],))
    (lesson, *_) = lessons_of(Case(keyed, (ARTICLE,)), Case(CAPTAIN, (ARTICLE,)))
    assert Asked("How fast?", True) in lesson.asked


def test_questions_that_all_have_an_answer_are_put_to_others_texts_too() -> None:
    bridge = Article("bridge", "Bridge", "The bridge is 90 metres long.")
    length = Question("length", "How long is the bridge?", ("90 metres",), answerable=True)
    made = lessons_of(Case(COST, (ARTICLE,)), Case(length, (bridge,)))
    of_bridge = [
        asked for lesson in made if lesson.passage.title == "Bridge" for asked in lesson.asked
    ]
    assert sorted(of_bridge) == [(length.question, True), (COST.question, False)]


def test_no_title_is_both_learnt_from_and_tested_on() -> None:
    cases = [
        Case(Question(str(n), "Who?", answerable=False), (Article(str(n), str(n % 7), "No one."),))
        for n in range(40)
    ]
    learnt, tested = (
        {case.articles[0].title for case in part} for part in held_out(cases, 0.3, seed=1)
    )
    assert (len(learnt), len(tested)) == (5, 2)
    assert not learnt & tested


@pytest.fixture(scope="module")
def loaded(tiny_decoder: Path) -> tuple[object, object]:
    tokenizer, model = read_weights(tiny_decoder, local_only=True)
    return tokenizer, model


def test_a_token_sees_its_passage_and_its_own_question() -> None:
    row = Row()
    row.add([1, 2], [([3, 4], True), ([5], False)])
    row.add([6], [([7], True)])
    seen = row.mask(torch.float32)[0, 0] == 0
    assert seen.int().tolist() == [
        [1, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0],
        [1, 1, 1, 1, 0, 0, 0],
        [1, 1, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0, 1, 1],
    ]
    assert row.positions == [0, 1, 2, 3, 2, 0, 1]
    assert (row.ends, row.stated) == ([3, 4, 6], [True, False, True])


def test_what_is_learnt_is_what_the_engine_tells(tiny_decoder: Path, tmp_path: Path) -> None:
    """Right after a training that tells apart two passages, saved and read by the engine."""
    tokenizer, model = read_weights(tiny_decoder, local_only=True)
    open_, shut = Article("a", "T", "open open"), Article("b", "T", "shut shut")
    taught = [Lesson(open_, (Asked("Which?", True),)), Lesson(shut, (Asked("Which?", False),))]
    rows = rows_of(taught, tokenizer)
    teacher = Teacher(model, Plan(layers=(0, 1), epochs=60, rate=5e-3, head_rate=5e-2))
    states = [teacher.states(row) for row in rows]
    losses: list[float] = []
    teacher.learn(rows, states, lambda _step, loss: losses.append(loss))
    yes, no = teacher.odds(rows[0], states[0])
    assert losses[-1] < losses[0] / 2
    assert yes > 0 > no

    teacher.save(tmp_path / "tiny.safetensors", {"by": "a test"})
    engine = TransformersGenerator(tiny_decoder, "tiny", adapter=tmp_path / "tiny.safetensors")
    told = engine.states_answer("Which?", [("T", "open open"), ("T", "shut shut")])
    assert told is not None
    assert told[0] > 0.5 > told[1]

    _, model = read_weights(tiny_decoder, local_only=True)
    later = Teacher(model, Plan(layers=(0, 1)))
    later.go_on(tmp_path / "tiny.safetensors")
    assert later.odds(rows[0], states[0]) == pytest.approx([yes, no], abs=0.05)


def test_the_gradient_through_int8_is_that_through_the_layer() -> None:
    torch.manual_seed(1)
    layer = torch.nn.Linear(256, 512)
    exact, rough = (torch.randn(1, 40, 256, requires_grad=True) for _ in range(2))
    rough.data = exact.data
    frozen, wanted = _Frozen(layer), torch.randn(1, 40, 512)
    for rows, through in ((exact, layer), (rough, frozen)):
        (through(rows) * wanted).sum().backward()
    assert exact.grad is not None
    assert rough.grad is not None
    alike = torch.nn.functional.cosine_similarity(exact.grad[0], rough.grad[0], dim=-1)
    assert alike.min() > 0.99
    assert not list(frozen.parameters())


def test_some_questions_are_asked_as_of_news() -> None:
    drawn = random.Random(3)
    told = [_as_of_news("What does a ticket cost?", TEXT, drawn) for _ in range(400)]
    timed = [one for one in told if any(one == f"What does a ticket cost {t}?" for t in _TIMES)]
    led = [one for one in told if one.endswith(" What does a ticket cost?")]
    leading = {one.removesuffix(" What does a ticket cost?") for one in led}
    assert "It carries 300 people an hour and takes 25 minutes." in leading
    assert all(one in TEXT and len(one) <= 140 for one in leading)
    assert 40 < len(timed) < 80
    assert 40 < len(led) < 80
    assert len(timed) + len(led) + told.count("What does a ticket cost?") == 400


def test_a_row_is_made_of_the_engines_words(loaded: tuple[object, object]) -> None:
    tokenizer, _ = loaded
    (row,) = rows_of([Lesson(ARTICLE, (Asked("Who?", False),))], tokenizer)
    told = as_passage("Ferry", TEXT) + as_question("Who?")
    assert tokenizer.decode(row.ids) == told  # type: ignore[attr-defined]
