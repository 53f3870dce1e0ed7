"""Two runs beside each other: what is paired, what is better, and what is said of each question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from test_eval_report import HOSTILE, REFUSED, RIGHT, RUN, Reading, hostile_record, result_of

from corpus.errors import BylineError
from eval.compare import Comparison, compare, main, render_html, render_text, show_difference
from eval.compare import verdict as verdict_of
from eval.records import Record, TimingsRecord, write_result
from eval.statistics import Paired


def records(accuracies: Sequence[float | None], ms: float = 1000) -> list[Record]:
    """One record an accuracy: 1 is right, 0 used but wrong, None without a score."""
    names = {1.0: "right", 0.0: "used_but_wrong", None: "unscored"}
    return [
        replace(
            RIGHT,
            id=f"q{place}",
            outcome=names[one],
            scores={"accuracy": one},
            timings=TimingsRecord(total_ms=ms),
        )
        for place, one in enumerate(accuracies)
    ]


def compared(first: Sequence[float | None], second: Sequence[float | None]) -> Comparison:
    return compare(result_of(records(first)), result_of(records(second)))


def test_the_difference_is_over_what_both_scored() -> None:
    # scored by both: q0 0 -> 1, q1 1 -> 1, q2 0 -> 0; so (1 + 0 + 0) / 3
    one = compared([0.0, 1.0, 0.0, None, 1.0], [1.0, 1.0, 0.0, 1.0, None]).differences[0]
    assert one.name == "accuracy"
    assert one.paired.difference == pytest.approx(1 / 3)
    assert one.paired.n == 3
    # each value is over all that its run scored: 2 of 4, and 3 of 4
    assert (one.first.value, one.second.value) == (0.5, 0.75)


def test_what_changed_for_all_is_better_or_worse() -> None:
    # of eight flips all go one way: exact McNemar gives 2 / 2 ** 8
    up = compared([0.0] * 8, [1.0] * 8).differences[0]
    assert (up.verdict, up.paired.p) == ("better", pytest.approx(2 / 2**8))
    assert compared([1.0] * 8, [0.0] * 8).differences[0].verdict == "worse"


def test_what_may_be_chance_is_neither() -> None:
    assert compared([1.0, 0.0, 1.0], [0.0, 1.0, 1.0]).differences[0].verdict == ""


def test_of_costs_the_lower_is_better() -> None:
    slower = Paired(5.0, 3.0, 7.0, 0.01, 9, "random signs")
    assert verdict_of("total_ms", slower) == "worse"
    assert verdict_of("false_refusals", slower) == "worse"
    assert verdict_of("accuracy", slower) == "better"


def test_times_are_compared_by_question() -> None:
    slow, fast = (result_of(records([1.0] * 6, ms)) for ms in (3000, 1000))
    times = {one.name: one for one in compare(slow, fast).differences}["total_ms"]
    assert show_difference(times) == "-2.00 (-2.00 to -2.00) s"
    assert times.verdict == "better"


def test_questions_that_ended_otherwise_are_listed() -> None:
    changes = compared([1.0, 0.0, 1.0], [0.0, 1.0, 1.0]).changes
    assert [(one.id, one.direction) for one in changes] == [("q0", "worse"), ("q1", "better")]


def test_one_failure_for_another_is_neither() -> None:
    first, second = replace(RIGHT, outcome="not_chosen"), replace(RIGHT, outcome="not_used")
    assert compare(result_of([first]), result_of([second])).changes[0].direction == ""


def test_questions_of_one_run_alone_are_left_out_and_counted() -> None:
    comparison = compare(result_of([RIGHT]), result_of([RIGHT, REFUSED]))
    assert (comparison.shared, comparison.left_out) == (1, 1)


def test_a_question_in_other_words_is_another() -> None:
    other = replace(RIGHT, question="In other words?")
    with pytest.raises(BylineError, match="share no question"):
        compare(result_of([RIGHT]), result_of([other]))


def test_measures_of_a_whole_run_stand_without_a_test() -> None:
    whole = {one.name: one for one in compared([1.0], [1.0]).differences}["total_ms_p50"]
    assert (whole.first.value, whole.paired.n) == (9000, 0)
    assert show_difference(whole) == "not compared by question"


def test_what_was_set_otherwise_is_named() -> None:
    second = replace(result_of([RIGHT]), run=replace(RUN, model="b", settings={"retrieved": 20}))
    assert compare(result_of([RIGHT]), second).settings == [
        ("Model", "scripted-1b", "b"),
        ("Retrieved", "12", "20"),
    ]


def test_the_text_has_values_difference_and_questions() -> None:
    text = render_text(compared([0.0] * 8, [1.0] * 8))
    line = next(line for line in text.splitlines() if line.startswith("accuracy"))
    assert (
        line.split()
        == "accuracy 0.0% 100.0% +100.0 (+100.0 to +100.0) points 0.008 8 better".split()
    )
    assert "q0 Does the stake carry votes? - used_but_wrong -> right" in text


def test_the_page_has_them_too_and_reads_nothing_as_markup() -> None:
    hostile = hostile_record()
    first = result_of([hostile, *records([0.0] * 8)])
    second = result_of([replace(hostile, outcome="not_used"), *records([1.0] * 8)])
    second = replace(second, run=replace(RUN, settings={"x": HOSTILE}))
    page = Reading(render_html(compare(first, second)))
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not {"img", "svg"} & {tag for tag, _ in page.tags}
    assert "+100.0 (+100.0 to +100.0) points" in page.text["table"]
    assert HOSTILE in page.text["summary"]


def test_it_is_rendered_where_it_is_said(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_result(result_of([RIGHT]), tmp_path / f"{name}.json")
    text = main(tmp_path / "a.json", tmp_path / "b.json", tmp_path / "out")
    assert text.endswith(f"Rendered in {tmp_path / 'out' / 'compare-a-b.html'}")
    assert (tmp_path / "out" / "compare-a-b.html").is_file()
