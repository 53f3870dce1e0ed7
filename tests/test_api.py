"""The API by HTTP: what it answers, refuses and tells of itself."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from counter import SAID, TOLD, Counter, counter
from deal import QUESTION
from fakes import ScriptedGenerator
from openai import APIError, BadRequestError, NotFoundError, OpenAI

from rag.api.logs import JsonLines
from rag.api.parts import Options
from rag.types import Message

PATIENCE_S = 30.0


class Held(ScriptedGenerator):
    """Says a piece and waits to be let go before the next one."""

    def __init__(self, *pieces: str) -> None:
        super().__init__(*(pieces or (SAID,)))
        self.began, self.go, self.ended = (threading.Event() for _ in range(3))

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        try:
            for piece in super().generate(messages):
                self.began.set()
                yield piece
                assert self.go.wait(PATIENCE_S)
        finally:
            self.ended.set()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    with counter(tmp_path_factory.mktemp("api")) as one:
        yield one


@pytest.fixture(scope="module")
def openai(served: Counter) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{served.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def ask(text: str = QUESTION) -> list[Any]:
    return [{"role": "user", "content": text}]


class TestOpenAI:
    def test_the_one_model_is_listed(self, openai: OpenAI) -> None:
        assert [model.id for model in openai.models.list()] == ["byline"]

    def test_an_answer_with_its_citations(self, openai: OpenAI) -> None:
        reply = openai.chat.completions.create(model="byline", messages=ask(), temperature=0.3)
        message = reply.choices[0].message
        assert message.content == TOLD
        assert reply.choices[0].finish_reason == "stop"
        assert message.annotations is not None
        [annotation] = message.annotations
        cited = annotation.url_citation
        assert message.content[cited.start_index : cited.end_index] == "[1]"
        assert (cited.title, cited.url) == ("Meta buys into Scale AI", "https://news.example/deal")
        assert reply.usage is not None
        assert reply.usage.completion_tokens == 1
        whole = reply.model_extra["byline"]  # type: ignore[index]
        assert whole["sentences"][0]["verdict"] == "supported"
        assert whole["passages"][0]["article_id"] == "deal"

    def test_it_is_the_json_of_the_command_line(self, openai: OpenAI, served: Counter) -> None:
        from rag.answer_json import answer_json

        reply = openai.chat.completions.create(model="byline", messages=ask())
        told = reply.model_extra["byline"]  # type: ignore[index]
        *_, done = served.parts.loading.get().stream(QUESTION, [])
        known = json.loads(json.dumps(answer_json(done.answer)))
        assert {**told, "timings": None} == {**known, "timings": None}

    def test_a_stream_gives_the_same_text(self, openai: OpenAI) -> None:
        chunks = list(
            openai.chat.completions.create(
                model="byline", messages=ask(), stream=True, stream_options={"include_usage": True}
            )
        )
        deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
        assert deltas[0].role == "assistant"
        assert "".join(delta.content or "" for delta in deltas) == TOLD
        last = next(chunk for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason)
        assert last.model_extra["byline"]["answer"] == TOLD  # type: ignore[index]
        annotations = last.choices[0].delta.model_extra["annotations"]  # type: ignore[index]
        assert annotations[0]["url_citation"]["title"] == "Meta buys into Scale AI"
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.total_tokens > 1

    def test_what_happens_before_the_answer_is_told_to_who_asks_for_it(
        self, openai: OpenAI
    ) -> None:
        chunks = openai.chat.completions.create(
            model="byline",
            messages=ask(),
            stream=True,
            extra_body={"byline": {"events": True}},
        )
        told = [c.model_extra["byline"] for c in chunks if "byline" in c.model_extra]  # type: ignore[index,operator]
        assert [row.get("event") for row in told][:1] == ["found"]
        assert {"draft", "checked"} <= {row.get("event") for row in told}

    def test_the_chat_before_it_is_known_to_the_model(
        self, openai: OpenAI, served: Counter
    ) -> None:
        chat = [
            {"role": "system", "content": "You are a pirate."},
            *ask(),
            {"role": "assistant", "content": TOLD},
            *ask("And who leads it now?"),
        ]
        served.generator.asked.clear()
        openai.chat.completions.create(model="byline", messages=chat)  # type: ignore[arg-type]
        told = "\n".join(m.content for chat in served.generator.asked for m in chat)
        assert "Meta bought a stake of 49% in Scale AI" in told
        assert "pirate" not in told
        assert "[1]." not in told.partition("And who leads it now?")[0]

    def test_a_part_of_the_articles_may_be_asked(self, openai: OpenAI) -> None:
        reply = openai.chat.completions.create(
            model="byline", messages=ask(), extra_body={"byline": {"outlets": ["The Herald"]}}
        )
        passages = reply.model_extra["byline"]["passages"]  # type: ignore[index]
        assert {row["outlet"] for row in passages} == {"The Herald"}

    def test_another_model_is_not_there(self, openai: OpenAI) -> None:
        with pytest.raises(NotFoundError, match="ask byline") as refused:
            openai.chat.completions.create(model="gpt-4o", messages=ask())
        assert refused.value.response.headers["content-type"] == "application/problem+json"

    def test_a_question_that_cannot_be_asked_says_why(self, openai: OpenAI) -> None:
        with pytest.raises(BadRequestError, match="1,001 characters and at most 1,000"):
            openai.chat.completions.create(model="byline", messages=ask("x" * 1001))

    def test_a_message_that_is_no_question_is_refused(self, openai: OpenAI) -> None:
        with pytest.raises(BadRequestError, match="no question"):
            openai.chat.completions.create(
                model="byline", messages=[{"role": "system", "content": "Be brief."}]
            )


def test_an_error_in_a_stream_is_told_in_it(tmp_path: Path) -> None:
    class Broken(ScriptedGenerator):
        def generate(self, messages: Sequence[Message]) -> Iterator[str]:
            raise ZeroDivisionError("secret")
            yield ""

    with (
        counter(tmp_path, Broken()) as one,
        OpenAI(base_url=f"{one.url}/v1", api_key="none") as client,
        pytest.raises(APIError, match="Something went wrong: ZeroDivisionError"),
    ):
        list(client.chat.completions.create(model="byline", messages=ask(), stream=True))


def test_a_client_that_leaves_stops_the_model_and_its_place_is_free(tmp_path: Path) -> None:
    with counter(
        tmp_path, held := Held("Meta bought ", "a stake of 49%", " in Scale AI [1].")
    ) as one:
        body = {"model": "byline", "messages": ask()}
        for stream in (True, False):
            held.began.clear()
            held.go.clear()
            held.ended.clear()
            if stream:
                with one.client.stream(
                    "POST", "/v1/chat/completions", json={**body, "stream": True}
                ):
                    assert held.began.wait(PATIENCE_S)
            else:
                with pytest.raises(Exception, match="timed out"):
                    one.client.post("/v1/chat/completions", json=body, timeout=1)
                assert held.began.wait(PATIENCE_S)
            one.parts.line.wait()  # half a second, for the server to hear of it
            held.go.set()
            assert held.ended.wait(PATIENCE_S)
            assert held.closed
            until_empty(one)


def until_empty(one: Counter) -> None:
    for _ in range(60):
        if not one.parts.line.people():
            return
        one.parts.line.wait()
    pytest.fail("somebody is still in the line")


def test_search_finds_passages_without_the_model(served: Counter) -> None:
    served.generator.asked.clear()
    body = {"query": QUESTION, "k": 2, "outlets": ["The Daily"]}
    found = served.client.post("/v1/search", json=body).json()
    assert [row["article_id"] for row in found["passages"]] == ["deal"]
    assert served.generator.asked == []


class TestCheck:
    def check(self, served: Counter, **body: Any) -> list[str]:
        told = served.client.post("/v1/check", json=body)
        assert told.status_code == 200, told.text
        return [row["verdict"] for row in told.json()["sentences"]]

    ANSWER = "Meta paid $14.3 billion for a stake of 49% in Scale AI. Meta paid $99 billion for it."

    def test_against_the_index(self, served: Counter) -> None:
        assert self.check(served, answer=self.ANSWER) == ["supported", "unsupported"]

    def test_against_articles_that_are_given(self, served: Counter) -> None:
        given = [{"title": "A deal", "text": "Meta paid $99 billion for it, sources said."}]
        verdicts = self.check(served, answer="Meta paid $99 billion for it.", articles=given)
        assert verdicts == ["supported"]

    def test_against_articles_that_are_named(self, served: Counter) -> None:
        verdicts = self.check(served, answer=self.ANSWER, article_ids=["chief"])
        assert verdicts == ["unsupported", "unsupported"]

    def test_of_an_article_that_is_not_there(self, served: Counter) -> None:
        body = {"answer": self.ANSWER, "article_ids": ["none"]}
        assert served.client.post("/v1/check", json=body).status_code == 404


class TestState:
    def test_it_is_healthy_and_ready(self, served: Counter) -> None:
        assert served.client.get("/health").json() == {"status": "ok"}
        ready = served.client.get("/ready").json()
        assert (ready["status"], ready["articles"], ready["model"]) == ("ready", 4, "scripted")

    def test_it_is_not_ready_before_the_models_are_loaded(self, tmp_path: Path) -> None:
        with counter(tmp_path, ready=False) as one:
            first = one.client.get("/ready")
            assert first.status_code in (200, 503)  # the first look begins to load
            for _ in range(60):
                if one.client.get("/ready").status_code == 200:
                    return
                one.parts.line.wait()
        pytest.fail("it never became ready")

    def test_metrics_are_counted(self, served: Counter) -> None:
        served.client.post("/v1/search", json={"query": QUESTION})
        text = served.client.get("/metrics").text
        count = 'byline_requests_total{method="POST",route="/v1/search",status="200"}'
        assert count in text
        assert "byline_index_articles 4.0" in text

    def test_a_request_keeps_its_id(self, served: Counter) -> None:
        sent = served.client.get("/health", headers={"X-Request-ID": "mine-1"})
        assert sent.headers["x-request-id"] == "mine-1"
        made = served.client.get("/health", headers={"X-Request-ID": "no id\x09at all"})
        assert len(made.headers["x-request-id"]) == 32

    def test_the_log_holds_no_question(
        self, served: Counter, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO):
            here = {"X-Request-ID": "of-this-test"}  # the line of a request comes after its end
            served.client.post("/v1/search", json={"query": "Zebras of Vell"}, headers=here)
            served.client.post("/v1/search", json={"query": 7}, headers=here)
            served.client.get("/v1/articles/secret-id?q=zebras", headers=here)
            served.client.get("/health")
        lines = [r.getMessage() for r in caplog.records if "of-this-test" in r.getMessage()]
        rows = [json.loads(line) for line in lines]
        rows = [row for row in rows if row["route"].startswith("/v1/")]  # others may come late
        assert [row["status"] for row in rows] == [200, 422, 404]
        assert rows[2]["route"] == "/v1/articles/{article_id:path}"
        ours = "".join(r.getMessage() for r in caplog.records if r.name != "httpx").lower()
        assert not any(word in ours for word in ("zebras", "secret-id"))


def test_a_question_is_logged_for_who_asks_for_that(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.INFO),
        counter(tmp_path, options=Options(log_questions=True)) as one,
    ):
        one.client.post("/v1/chat/completions", json={"model": "byline", "messages": ask()})
        one.client.get("/health")
    rows = [json.loads(r.getMessage()) for r in caplog.records if r.name == "byline.api"]
    assert [row["question"] for row in rows if "question" in row] == [QUESTION]


def test_a_line_of_the_log_is_an_object() -> None:
    record = logging.makeLogRecord({"msg": '{"status": 200}', "name": "byline.api"})
    written = JsonLines().format(record)
    assert {"at", "level", "status"} <= json.loads(written).keys()
    plain = logging.makeLogRecord({"msg": "All %s", "args": ("well",), "levelname": "ERROR"})
    row = json.loads(JsonLines().format(plain))
    assert (row["level"], row["message"]) == ("error", "All well")


class TestProblems:
    def problem(self, response: Any, status: int) -> dict[str, Any]:
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        row: dict[str, Any] = response.json()
        assert row["status"] == status
        assert row["request_id"] == response.headers["x-request-id"]
        assert row["error"]["message"] == row["detail"]
        return row

    def test_a_wrong_body_is_told_without_its_values(self, served: Counter) -> None:
        response = served.client.post("/v1/search", json={"query": "Who?", "k": "private"})
        row = self.problem(response, 422)
        assert row["errors"][0]["place"] == "body.k"
        assert "private" not in response.text

    def test_an_unknown_path_and_method(self, served: Counter) -> None:
        self.problem(served.client.get("/v1/nothing"), 404)
        self.problem(served.client.delete("/v1/models"), 405)
        response = served.client.delete("/v1/articles")
        self.problem(response, 405)
        assert response.headers["allow"] == "GET, POST"

    def test_a_body_that_is_too_large_whether_it_says_so_or_not(self, served: Counter) -> None:
        large = b'{"query": "' + b"x" * 8_000_001
        self.problem(served.client.post("/v1/search", content=large), 413)
        parts = iter([large])
        headers = {"Content-Type": "application/json"}
        response = served.client.post("/v1/search", content=parts, headers=headers)
        self.problem(response, 413)

    def test_an_article_that_is_not_there(self, served: Counter) -> None:
        assert (
            "no article 'none'"
            in self.problem(served.client.get("/v1/articles/none"), 404)["detail"]
        )

    def test_a_site_that_a_browser_is_on_may_not_ask_in_its_name(self, served: Counter) -> None:
        for headers in (
            {"Origin": "https://evil.example"},
            {"Host": "evil.example"},
            {"X-Forwarded-For": "203.0.113.7"},
        ):
            self.problem(served.client.get("/v1/models", headers=headers), 403)

    def test_who_is_too_many_is_told_so(self, tmp_path: Path) -> None:
        with counter(tmp_path) as one:
            tickets = [one.parts.line.join(of_api=True) for _ in range(200)]
            body = {"model": "byline", "messages": ask()}
            row = self.problem(one.client.post("/v1/chat/completions", json=body), 503)
            assert "200 questions are waiting" in row["detail"]
            for ticket in tickets:
                one.parts.line.leave(ticket)


def test_all_else_is_the_page(served: Counter) -> None:
    assert served.client.get("/anything").text == "the page"
