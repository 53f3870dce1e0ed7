"""The figures on disagreements, by hand-made examples."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import HashingEmbedder, TaughtGenerator

from corpus.article import Article
from eval.disagreement import Example, figures, gold_examples, of_one_voice, own_examples, reader_of
from eval.questions import Question
from eval.sets import Case
from eval.statistics import wilson
from index.build import build
from index.search import Index
from index.types import Hit
from rag.differences.voices import Reader
from rag.limits import Limits

ONE = Article("one", "Vell", "Vellcorp has 14 mines.", outlet="Post", published_at="2025-06-13")
OTHER = Article("two", "Vell", "Vellcorp has 17 mines.", outlet="Wire", published_at="2025-06-12")
QUESTION = Question(
    "q1",
    "How many mines has Vellcorp?",
    ("14",),
    ("one",),
    True,
    ("disagreement",),
    "dev",
    (ONE.body,),
    wrong_answers=("17",),
)


def test_wilson_by_hand() -> None:
    # 8 of 10, z = 1.96: centre (0.8 + 3.8416 / 20) / (1 + 3.8416 / 10) = 0.7167,
    # half-width 1.96 / 1.38416 * sqrt(0.8 * 0.2 / 10 + 3.8416 / 400) = 0.2266.
    figure = wilson(8, 10)
    assert figure.value == 0.8
    assert (figure.low, figure.high) == (
        pytest.approx(0.4902, abs=0.001),
        pytest.approx(0.9433, abs=0.001),
    )


def test_wilson_of_nothing_has_no_value() -> None:
    assert wilson(0, 0).value is None


def test_a_gold_question_whose_articles_disagree_is_found(tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    build([ONE, OTHER], embedder, tmp_path)
    with closing(Index.open(tmp_path, embedder)) as index:
        (example,) = gold_examples([QUESTION], index, 12)
    assert (example.source, example.disagrees, example.kind) == ("gold dev", True, "different")
    assert example.values == ("14", "17")
    assert example.known == 2


def test_a_set_with_documents_of_its_own() -> None:
    cases = [Case(QUESTION, (ONE, OTHER)), Case(QUESTION, (ONE,))]
    first, second = own_examples(cases, "own")
    assert (first.source, first.kind) == ("own", "different")
    assert (second.source, second.kind) == ("own", None)


def test_of_one_voice_are_the_right_documents_where_there_are_several() -> None:
    same = replace(ONE, id="three")
    right = replace(QUESTION, article_ids=("one", "three"))
    two_answers = replace(right, answers=("14", "17"))
    cases = [
        Case(QUESTION, (ONE, OTHER)),
        Case(right, (ONE, OTHER, same)),
        Case(two_answers, (ONE, same)),
    ]
    (kept,) = of_one_voice(cases)
    assert [article.id for article in kept.articles] == ["one", "three"]
    (example,) = own_examples([kept], "own")
    assert (example.disagrees, example.kind) == (False, None)


def test_what_the_model_reads_is_asked_for_where_the_rules_find_nothing() -> None:
    one = replace(ONE, body="Vellcorp has its seat in Norway.")
    other = replace(OTHER, body="Vellcorp has its seat in Sweden.")
    question = replace(
        QUESTION, question="Where is Vellcorp?", answers=("Norway",), wrong_answers=("Sweden",)
    )
    read = reader_of(HashingEmbedder(), TaughtGenerator("Norway", "Sweden"), Limits())
    (example,) = own_examples([Case(question, (one, other))], "own", read)
    assert (example.kind, example.values) == ("different", ("Norway", "Sweden"))
    (numbers,) = own_examples([Case(QUESTION, (ONE, OTHER))], "own", forbidden)
    assert numbers.kind == "different"


def forbidden(query: str, hits: Sequence[Hit]) -> Reader:
    raise AssertionError(f"the rules know the answers to {query}")


def test_the_figures() -> None:
    def example(disagrees: bool, kind: str | None, comparable: bool = True) -> Example:
        return Example(
            "s", "?", disagrees, comparable, kind, ("1", "2") if kind else (), 2 if kind else 0
        )

    told = figures(
        [
            example(True, "different"),
            example(True, None, comparable=False),
            example(False, "compatible"),
            example(False, None),
            example(False, None),
            example(False, None),
        ]
    )["s"]
    assert told["found"].startswith("1 of 2: 0.50")
    assert told["found of what is compared"].startswith("1 of 1: 1.00")
    assert told["invented"].startswith("1 of 4: 0.25")
