"""The running of one answer: loading, waiting in line, stopping and failing."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

import pytest
from exchanges import HITS, PAID, answer_of, asked, complete_script, done, played
from fakes import ScriptedPipeline

from corpus.errors import BylineError
from page.chat import LOOKING, WAITING, Chat, Exchange, Loading, run
from page.render import STOPPED, STOPPED_EARLY, render_exchange
from rag.line import CROWDED, Line
from rag.loading import LOADING
from rag.types import Done, Found, Piece, Timings, Turn
from rag.wording import FAILED


def test_loading_is_said_before_the_first_event() -> None:
    shown = played(ScriptedPipeline({"What did it pay?": [Found(HITS)]}), asked())
    assert LOADING in shown[0]


def test_an_error_for_the_reader_is_shown_as_it_stands() -> None:
    pipeline = ScriptedPipeline({"What did it pay?": [BylineError("The index is <gone>.")]})
    assert "role='alert'>The index is &lt;gone&gt;.</p>" in played(pipeline, asked())[-1]


def test_an_unforeseen_error_goes_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    pipeline = ScriptedPipeline({"What did it pay?": [Found(HITS), ZeroDivisionError("secret")]})
    shown = played(pipeline, asked())[-1]
    assert FAILED.format(kind="ZeroDivisionError") in shown
    assert "secret" not in shown
    assert "ZeroDivisionError: secret" in caplog.text


def test_events_that_end_without_an_answer_are_an_error(caplog: pytest.LogCaptureFixture) -> None:
    shown = played(ScriptedPipeline({"What did it pay?": [Found(HITS)]}), asked())[-1]
    assert FAILED.format(kind="RuntimeError") in shown


def test_a_failed_load_is_tried_again() -> None:
    tries = [BylineError("No weights."), None]

    def load() -> ScriptedPipeline:
        if (error := tries.pop(0)) is not None:
            raise error
        return ScriptedPipeline({})

    loading = Loading(load)
    with pytest.raises(BylineError):
        loading.get()
    assert loading.get() is loading.get()


def test_a_load_that_failed_in_the_background_is_tried_again() -> None:
    tries = [BylineError("No weights."), None]

    def load() -> ScriptedPipeline:
        if (error := tries.pop(0)) is not None:
            raise error
        return ScriptedPipeline({})

    loading = Loading(load)
    assert isinstance(loading.begin().exception(20), BylineError)
    assert loading.get() is loading.get()


def test_a_load_that_fails_while_somebody_waits_is_told(caplog: pytest.LogCaptureFixture) -> None:
    go_on = threading.Event()

    def load() -> ScriptedPipeline:
        assert go_on.wait(20)
        raise BylineError("No weights.")

    exchange = asked()
    for _ in run(exchange, Loading(load), []):
        go_on.set()
    assert exchange.error == "No weights."


def test_waiting_for_the_model_can_be_stopped() -> None:
    begun, go_on = threading.Event(), threading.Event()
    pipeline = ScriptedPipeline(complete_script())

    def load() -> ScriptedPipeline:
        begun.set()
        assert go_on.wait(20)
        return pipeline

    loading, exchange = Loading(load, usual=9.0), asked()
    loading.begin()
    assert begun.wait(20)
    steps = run(exchange, loading, [])
    next(steps)
    assert exchange.notice == f"{LOADING} 0 s, about 9 s left"
    next(steps)
    assert re.fullmatch(rf"{LOADING} \d s, about \d s left", exchange.notice)
    exchange.stop_asked = True
    assert list(steps) == [None]
    assert exchange.stage == "answered"
    go_on.set()
    assert pipeline.asked == []


def test_one_question_waits_for_another_and_is_told_so() -> None:
    line, script = Line(), complete_script()
    first, second = asked(), asked()
    one = run(first, Loading(lambda: ScriptedPipeline(script)), [], line)
    two = run(second, Loading(lambda: ScriptedPipeline(script)), [], line)
    next(one)
    next(two)
    assert second.notice == WAITING.format(before="1 question", about="")
    list(one)
    list(two)
    assert second.answer is not None


def test_how_long_it_takes_is_told_from_the_answers_before() -> None:
    line = Line()
    assert line.about(1) == ""
    for seconds in (4.0, 6.4, 90.0):
        line.took(seconds)
    assert line.about(1) == ", about 6 s"  # the median
    assert line.about(2) == ", about 13 s"
    exchange = asked()
    steps = run(exchange, Loading(lambda: ScriptedPipeline(complete_script())), [], line)
    notices = [exchange.notice for _ in steps]
    assert LOOKING.format(about=", about 6 s") in notices
    assert "Reading 2 passages, about 6 s…" in notices
    kept = replace(answer_of("Who?", PAID, hits=HITS), timings=Timings(1.0, 2.0, cached=True))
    for _ in range(9):  # what was kept says nothing of those that are not
        list(
            run(
                Exchange(1, "Who?"),
                Loading(lambda: ScriptedPipeline({"Who?": [Done(kept)]})),
                [],
                line,
            )
        )
    assert line.about(1) == ", about 7 s"


def test_who_stops_or_leaves_while_waiting_is_in_nobodys_way() -> None:
    line, pipeline = Line(), ScriptedPipeline(complete_script())
    runs = [run(one := asked(), Loading(lambda: pipeline), [], line) for _ in range(3)]
    for step in runs:
        next(step)
    one.stop_asked = True
    list(runs[2])
    runs[0].close()
    list(runs[1])
    assert len(pipeline.asked) == 1


def test_a_kept_answer_says_nothing_of_how_long_one_takes() -> None:
    line, done = Line(), answer_of("What did it pay?", PAID, hits=HITS)
    kept = replace(done, timings=replace(done.timings, cached=True))
    for answer, about in ((kept, ""), (done, ", about 8 s")):
        pipeline = ScriptedPipeline({"What did it pay?": [Found(HITS), Done(answer)]})
        list(run(asked(), Loading(lambda p=pipeline: p), [], line))
        assert line.about(1) == about


def test_who_comes_to_a_full_line_is_told_to_come_again() -> None:
    line, loading = Line(longest=2), Loading(lambda: ScriptedPipeline(complete_script()))
    waiting = [run(asked(), loading, [], line) for _ in range(2)]
    for steps in waiting:
        next(steps)
    late = asked()
    list(run(late, loading, [], line))
    assert late.error == CROWDED.format(before="2 questions")
    assert late.stage == "answered"
    for steps in waiting:
        list(steps)
    again = asked()
    list(run(again, loading, [], line))
    assert again.answer is not None


def test_stop_closes_the_stream_and_keeps_the_draft() -> None:
    pipeline = ScriptedPipeline({"What did it pay?": [Found(HITS), Piece("It "), Piece("paid.")]})
    exchange = asked()
    for _ in run(exchange, Loading(lambda: pipeline), []):
        exchange.stop_asked = exchange.draft == "It "
    assert pipeline.closed.is_set()
    assert exchange.draft == "It "
    assert STOPPED in render_exchange(exchange)


def test_stop_before_the_turn_asks_nothing() -> None:
    pipeline, exchange = ScriptedPipeline({}), asked()
    exchange.stop_asked = True
    assert STOPPED_EARLY in played(pipeline, exchange)[-1]
    assert pipeline.asked == []


def test_a_reader_who_leaves_stops_the_model() -> None:
    pipeline = ScriptedPipeline({"What did it pay?": [Found(HITS), Piece("It ")]})
    steps = run(asked(), Loading(lambda: pipeline), [])
    for _ in range(3):
        next(steps)
    steps.close()
    assert pipeline.closed.is_set()


def test_history_leaves_out_failures_and_markers() -> None:
    failed, stopped = Exchange(1, "a?", error="No."), Exchange(2, "b?", draft="It paid. [1]")
    chat = Chat([failed, stopped, done(Exchange(3, "c?"), PAID), Exchange(4, "d?")])
    assert chat.history == [Turn("b?", "It paid."), Turn("c?", "Meta paid $14.3 billion.")]


def test_who_leaves_while_nothing_moves_is_out_of_the_line() -> None:
    """A generator can be closed between two steps only, so there are some also in a line that
    stands still."""
    line = Line()
    line.join()
    steps = run(asked(), Loading(lambda: ScriptedPipeline(complete_script())), [], line)
    for _ in range(3):
        next(steps)
    assert line.people() == 2
    steps.close()
    assert line.people() == 1
