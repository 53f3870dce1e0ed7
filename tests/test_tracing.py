"""Spans of an answer as a collector gets them; what happens without one, and with a bad one."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from collector import Collector, collecting
from counter import counter
from deal import QUESTION, Make, answer_of
from fakes import ScriptedGenerator

from corpus.errors import BylineError
from rag import tracing
from rag.api.logs import JsonLines, about, way_of, write_log
from rag.commands.terminal import say
from rag.engines.openai_client import OpenAIClient
from rag.settings import load_settings
from rag.spans import Traces, begin
from rag.types import Message

PARTS = [
    "understanding", "retrieval", "reranking", "evidence", "judging", "prompt", "drafting",
    "checking", "differences", "answer",
]  # fmt: skip
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SAYS = ("Meta bought a stake of 49%", " in Scale AI [1]. ", "Meta is based on the moon [1].")


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as one:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", one.url)
        yield one


@pytest.fixture
def traces(collector: Collector) -> Iterator[Traces]:
    one = Traces()
    tracing.use(one)
    yield one
    tracing.use(None)
    collector.held.set()
    one.close(30)


def test_an_answer_is_told_part_by_part(collector: Collector, traces: Traces, make: Make) -> None:
    pipeline = make(ScriptedGenerator(*SAYS))
    *_, done = pipeline.stream(QUESTION)
    traces.flush()
    assert collector.paths == ["/v1/traces"]
    assert [span.name for span in collector.spans] == PARTS  # in the order in which they end
    whole = collector.named("answer")
    assert {span.trace for span in collector.spans} == {whole.trace}
    assert whole.parent == ""
    assert {span.parent for span in collector.spans if span.name != "prompt"} == {"", whole.id}
    drafting, checking = collector.named("drafting"), collector.named("checking")
    assert collector.named("prompt").parent == drafting.id
    assert collector.named("prompt").attributes["gen_ai.usage.input_tokens"] > 10
    assert drafting.events == ["first token"]
    assert drafting.attributes["gen_ai.usage.output_tokens"] == 3
    told = {name: checking.attributes[f"byline.{name}"] for name in ("kept", "mended", "dropped")}
    assert told == {"kept": 1, "mended": 0, "dropped": 1}
    answer = answer_of([done])
    assert whole.attributes["byline.total_ms"] == answer.timings.total_ms
    assert whole.attributes["byline.first_token_ms"] == answer.timings.first_token_ms
    assert (whole.attributes["byline.supported"], whole.attributes["byline.dropped"]) == (1, 1)
    assert whole.attributes["byline.index_version"] == answer.index_version
    assert whole.service == "byline"


def test_a_sentence_that_was_cited_anew_is_counted(
    collector: Collector, traces: Traces, make: Make
) -> None:
    make(ScriptedGenerator("Meta bought a stake of 49% in Scale AI.")).ask(QUESTION)
    traces.flush()
    assert collector.named("checking").attributes["byline.mended"] == 1


class TestTexts:
    def test_no_word_of_a_question_or_an_article_is_told(
        self, collector: Collector, traces: Traces, make: Make
    ) -> None:
        make(ScriptedGenerator(*SAYS)).ask(QUESTION)
        traces.flush()
        assert len(collector.spans) == len(PARTS)
        assert not any(word in collector.texts() for word in ("Meta", "stake", "Scale", "moon"))

    def test_unless_the_setting_says_so(self, collector: Collector, make: Make) -> None:
        traces = Traces(texts=True)
        tracing.use(traces)
        try:
            answer = make(ScriptedGenerator(*SAYS)).ask(QUESTION)
        finally:
            tracing.use(None)
            traces.close(30)
        told = collector.named("answer").attributes
        assert (told["byline.question"], told["byline.answer"]) == (QUESTION, answer.text)

    def test_of_an_error_only_its_kind(
        self, collector: Collector, traces: Traces, make: Make
    ) -> None:
        class Broken(ScriptedGenerator):
            def generate(self, messages: Sequence[Message]) -> Iterator[str]:
                raise ValueError(messages[-1].content)
                yield ""

        with pytest.raises(ValueError, match="Meta"):
            make(Broken()).ask(QUESTION)
        traces.flush()
        for name in ("prompt", "drafting", "answer"):
            assert collector.named(name).failed
            assert collector.named(name).attributes["error.type"] == "ValueError"
        assert "Meta" not in collector.texts()


def test_whoever_leaves_is_no_error(collector: Collector, traces: Traces, make: Make) -> None:
    generator = ScriptedGenerator(*SAYS)
    events = make(generator).stream(QUESTION)
    while not generator.asked:
        next(events)
    events.close()  # type: ignore[attr-defined]
    traces.flush()
    whole = collector.named("answer")
    assert not whole.failed
    assert whole.attributes["byline.left"] is True
    assert generator.closed


def test_each_event_may_be_asked_for_by_another_thread(
    collector: Collector, traces: Traces, make: Make
) -> None:
    events = make(ScriptedGenerator(*SAYS)).stream(QUESTION)
    got: list[Any] = []

    def take() -> None:
        got.append(next(events, None))

    while not got or got[-1] is not None:
        thread = threading.Thread(target=take)
        thread.start()
        thread.join(30)
    traces.flush()
    assert [span.name for span in collector.spans] == PARTS
    assert len({span.trace for span in collector.spans}) == 1


class TestABadCollector:
    def test_one_that_is_slow_lets_no_answer_wait(
        self, collector: Collector, traces: Traces, make: Make
    ) -> None:
        collector.held.clear()
        pipeline = make(ScriptedGenerator(*SAYS))
        for _ in range(60):  # 600 spans: more than are sent at once
            answer = pipeline.ask(QUESTION)
        assert collector.asked.wait(30)
        assert pipeline.ask(QUESTION).text == answer.text
        assert not collector.spans  # it has not taken anything yet

    def test_one_that_is_away_breaks_nothing(
        self, monkeypatch: pytest.MonkeyPatch, make: Make, caplog: pytest.LogCaptureFixture
    ) -> None:
        pipeline = make(ScriptedGenerator(*SAYS))
        before = pipeline.ask(QUESTION)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
        traces = Traces()
        tracing.use(traces)
        try:
            assert pipeline.ask(QUESTION).text == before.text
        finally:
            tracing.use(None)
            traces.close(30)


class TestTheApi:
    def ask(self, one: Any, **head: str) -> Any:
        body = {"model": "byline", "messages": [{"role": "user", "content": QUESTION}]}
        return one.client.post("/v1/chat/completions", json=body, headers=head)

    def test_it_goes_on_with_the_trace_of_a_request(
        self,
        collector: Collector,
        traces: Traces,
        tmp_path: Path,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        log = logging.getLogger("byline.api")
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        try:
            with counter(tmp_path) as one:
                assert self.ask(one, traceparent=PARENT, **{"X-Request-ID": "mine"}).is_success
                one.client.get("/health")
        finally:
            log.removeHandler(handler)
        traces.flush()
        request = collector.named("POST /v1/chat/completions")
        assert request.trace == PARENT[3:35]
        assert request.parent == PARENT[36:52]
        assert request.attributes["byline.request_id"] == "mine"
        assert request.attributes["http.response.status_code"] == 200
        assert collector.named("answer").parent == request.id
        assert collector.named("waiting").parent == request.id
        assert not [span for span in collector.spans if "health" in span.name]
        rows = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        asked = next(row for row in rows if row.get("route") == "/v1/chat/completions")
        assert (asked["request_id"], asked["trace_id"]) == ("mine", request.trace)

    @pytest.mark.parametrize("given", ["", "00-00-00-00", PARENT.replace("0af765", "0AF765")])
    def test_a_bad_header_begins_a_new_one(
        self, collector: Collector, traces: Traces, tmp_path: Path, given: str
    ) -> None:
        with counter(tmp_path) as one:
            assert self.ask(one, traceparent=given).is_success
        traces.flush()
        assert collector.named("POST /v1/chat/completions").parent == ""


def test_a_server_that_writes_the_answers_can_go_on_with_it(
    collector: Collector, traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = OpenAIClient("http://127.0.0.1:9/v1", sleep=lambda seconds: None)
    sent: list[dict[str, str]] = []

    def stream(method: str, address: str, json: object, headers: dict[str, str]) -> Any:
        sent.append(headers)
        raise KeyboardInterrupt

    monkeypatch.setattr(client._client, "stream", stream)
    with tracing.span("drafting"), pytest.raises(KeyboardInterrupt):
        client.reply({})
    traces.flush()
    drafting = collector.named("drafting")
    assert sent[0]["traceparent"][:52] == f"00-{drafting.trace}-{drafting.id}"
    client._client.close()


class TestWhenItIsOn:
    @pytest.fixture(autouse=True)
    def _off_again(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
        yield
        if isinstance(tracing._tracer, Traces):
            tracing._tracer.close()
        tracing.use(None)

    @pytest.mark.parametrize(
        ("trace", "environment", "on"),
        [
            ("auto", {}, False),
            ("auto", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, True),
            ("auto", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9/v1/traces"}, True),
            ("off", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, False),
            ("on", {}, True),
        ],
    )
    def test_as_setting_and_environment_say(
        self,
        monkeypatch: pytest.MonkeyPatch,
        trace: str,
        environment: dict[str, str],
        on: bool,
    ) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        begin(load_settings(trace=trace))
        assert tracing.is_on() is on

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("OTEL_SDK_DISABLED", "true"),
            ("OTEL_TRACES_EXPORTER", "none"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ],
    )
    def test_other_standard_variables_turn_it_off(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
        monkeypatch.setenv(name, value)
        begin(load_settings())
        assert not tracing.is_on()

    def test_without_the_library_whoever_wants_it_is_told(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
        with pytest.raises(BylineError, match=r"\[trace\]"):
            begin(load_settings(trace="on"))


def test_without_it_nothing_is_imported() -> None:
    """FastAPI itself imports OpenTelemetry's interface, without what records and sends."""
    program = (
        "import sys, rag.cli, rag.pipeline, rag.load, rag.spans\n"
        "from rag.settings import load_settings\n"
        "rag.spans.begin(load_settings())\n"
        "print(*(name for name in sys.modules if name.startswith('opentelemetry')))\n"
        "import rag.api.serving\n"
        "sends = ('opentelemetry.sdk', 'opentelemetry.exporter')\n"
        "print(*(name for name in sys.modules if name.startswith(sends)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_the_way_of_an_error_has_none_of_its_words() -> None:
    question = " ".join(["a", "secret", "question"])  # not as the lines of this file show it

    def fail() -> None:
        try:
            raise KeyError(question)
        except KeyError as error:
            raise RuntimeError(question) from error

    with pytest.raises(RuntimeError) as caught:
        fail()
    told = way_of(caught.value)
    assert question not in told
    assert told.index("KeyError") < told.index("RuntimeError")
    assert "in fail" in told


class TestTheLog:
    @pytest.fixture
    def written(self) -> Iterator[None]:
        """A server's log in this process, and all as it was afterwards."""
        root, ours = logging.getLogger(), logging.getLogger("byline")
        handlers, level = root.handlers[:], ours.level
        write_log()
        yield
        root.handlers[:] = handlers
        ours.setLevel(level)
        logging.captureWarnings(False)

    @pytest.mark.usefixtures("written")
    def test_every_line_is_an_object(self, capsys: pytest.CaptureFixture[str]) -> None:
        logging.getLogger().handlers[0].stream = sys.stderr  # type: ignore[attr-defined]
        question = " ".join(["a", "secret", "question"])
        logging.getLogger("uvicorn.error").warning("a library's\nword")
        logging.getLogger("uvicorn.access").info("too much")
        say("embedding: 5 of 9")
        with about("mine", PARENT[3:35]):
            logging.getLogger("byline.api").info('{"status": 200}')
            try:
                raise ValueError(question)
            except ValueError:
                logging.getLogger("byline.api").exception("It failed")
        lines = capsys.readouterr().err.splitlines()
        rows = [json.loads(line) for line in lines]
        assert [row.get("message") for row in rows] == [
            "a library's\nword", "embedding: 5 of 9", None, "It failed"
        ]  # fmt: skip
        assert [row.get("request_id") for row in rows] == [None, None, "mine", "mine"]
        assert [row.get("trace_id") for row in rows[2:]] == [PARENT[3:35]] * 2
        assert rows[3]["error"].endswith("ValueError")
        assert question not in "".join(lines)

    def test_words_of_errors_are_told_to_who_asks_for_them(self) -> None:
        try:
            raise ValueError("a question")
        except ValueError:
            record = logging.makeLogRecord({"msg": "It failed", "exc_info": sys.exc_info()})
        assert json.loads(JsonLines(texts=True).format(record))["error"].endswith(
            "ValueError: a question"
        )
