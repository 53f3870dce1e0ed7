"""What /metrics tells of requests, answers, the index and its changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from counter import Counter, counter
from deal import QUESTION, Make, answer_of
from fakes import ScriptedGenerator
from prometheus_client.parser import text_string_to_metric_families

from rag.api.metrics import Metrics
from rag.line import LONGEST_OF_API
from rag.types import Done, Message, Timings

SAYS = ("Meta bought a stake of 49% in Scale AI [1]. ", "Meta is based on the moon [1].")


def ask(one: Counter, question: str = QUESTION, **more: object) -> int:
    body = {"model": "byline", "messages": [{"role": "user", "content": question}], **more}
    return one.client.post("/v1/chat/completions", json=body).status_code


def figures(one: Counter) -> dict[tuple[str, ...], float]:
    """Each figure by its name and the values of its labels, in the labels' order."""
    text = one.client.get("/metrics").text
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_an_answer_is_counted(tmp_path: Path) -> None:
    with counter(tmp_path, ScriptedGenerator(*SAYS)) as one:
        assert ask(one) == ask(one, stream=True) == 200
        told = figures(one)
    assert told["byline_answers_total", "answered"] == 2
    assert told["byline_kept_answers_total",] == 0
    assert told["byline_answer_seconds_count",] == 2
    assert told["byline_first_word_seconds_count",] == 2
    assert told["byline_sentences_total", "supported"] == 2
    assert told["byline_sentences_total", "dropped"] == 2
    assert told["byline_tokens_total", "written"] == 4
    assert told["byline_tokens_total", "read"] > 10
    assert told["byline_ready",] == 1
    assert told["byline_line",] == 0
    assert told["process_resident_memory_bytes",] > 1e7


def test_an_answer_that_was_kept_took_no_time(make: Make) -> None:
    *_, done = make(ScriptedGenerator(*SAYS)).stream(QUESTION)
    answer = replace(answer_of([done]), timings=Timings(0.1, 0.2, cached=True))
    metrics = Metrics()
    assert list(metrics.counted(event for event in [Done(answer)])) == [Done(answer)]
    told = metrics.text().decode()
    assert "byline_kept_answers_total 1.0" in told
    assert "byline_answer_seconds_count 0.0" in told


def test_who_leaves_is_counted(make: Make) -> None:
    metrics = Metrics()
    events = metrics.counted(make(ScriptedGenerator(*SAYS)).stream(QUESTION))
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert 'byline_answers_total{outcome="left"} 1.0' in metrics.text().decode()


def test_a_refusal_and_an_error_are_counted(tmp_path: Path) -> None:
    class Broken(ScriptedGenerator):
        def generate(self, messages: Sequence[Message]) -> Iterator[str]:
            raise ZeroDivisionError
            yield ""

    with counter(tmp_path, Broken()) as one:
        assert ask(one, "Who won the chess match of Vell?") == 200
        assert ask(one) == 500
        told = figures(one)
    assert told["byline_answers_total", "refused"] == 1
    assert told["byline_answers_total", "failed"] == 1
    assert told["byline_answer_errors_total", "ZeroDivisionError"] == 1
    assert told["byline_request_errors_total", "ZeroDivisionError"] == 1
    assert told["byline_requests_total", "POST", "/v1/chat/completions", "500"] == 1


def test_who_finds_the_line_too_long_is_counted(tmp_path: Path) -> None:
    with counter(tmp_path) as one:
        tickets = [one.parts.line.join(of_api=True) for _ in range(LONGEST_OF_API)]
        assert ask(one) == 503
        told = figures(one)
        for ticket in tickets:
            one.parts.line.leave(ticket)
    assert told["byline_request_errors_total", "Crowded"] == 1
    assert told["byline_line",] == LONGEST_OF_API


def test_the_index_and_its_changes_are_told(tmp_path: Path) -> None:
    with counter(tmp_path) as one:
        before, first = figures(one), one.client.get("/ready").json()["index_version"]
        job = one.client.post("/v1/index/update")
        assert one.ended(job)["state"] in ("done", "failed")
        job = one.client.post("/v1/index/rollback", json={"version": "9999"})
        assert one.ended(job)["state"] == "failed"
        after = figures(one)
    assert before["byline_index_articles",] == 4
    assert before["byline_index_passages",] >= 4
    assert before["byline_index_bytes",] > 10_000
    assert before["byline_index_newest_timestamp_seconds",] == 1_749_859_200  # 2025-06-14
    assert before["byline_index_problem",] == 0
    [(_, engine, model, version)] = [key for key in before if key[0] == "byline_index_info"]
    assert (engine, model) == ("script", "scripted")
    assert version == first
    assert after["byline_jobs_total", "failed"] >= 1
    assert after["byline_job_running",] == 0


def test_an_index_that_cannot_be_read_hides_no_other_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from corpus.errors import BylineError

    def gone() -> None:
        raise BylineError("The index is gone: build it again.")

    with counter(tmp_path) as one:
        ask(one)
        monkeypatch.setattr(one.parts.library, "holdings", gone)
        told = figures(one)
    assert told["byline_index_problem",] == 1
    assert told["byline_answers_total", "answered"] == 1
