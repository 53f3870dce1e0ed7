"""What runs elsewhere is killed and brought back while clients ask: they are told, nothing is lost,
and it goes on by itself."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections import Counter as Counts
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from counter import Counter, counter
from deal import QUESTION
from milvusserver import milvus_server

from corpus.errors import Away
from index.milvus import Milvus
from rag.engines.openai_client import PART, OpenAIClient, Patience
from rag.engines.openai_compatible import OpenAIGenerator
from rag.loading import Loading

PATIENCE_S = 120.0
CLIENTS = 4
QUICK = Patience(silent_s=60.0, connect_s=2.0, attempts=2, backoff_s=0.05)


def search(client: httpx.Client) -> httpx.Response:
    return client.post("/v1/search", json={"query": QUESTION, "k": 3})


def ask(client: httpx.Client, stream: bool = False) -> httpx.Response:
    messages = [{"role": "user", "content": QUESTION}]
    body = {"model": "byline", "messages": messages, "stream": stream}
    return client.post("/v1/chat/completions", json=body)


def away(answer: httpx.Response, part: str) -> str:
    """The one sentence of a problem that says which part is away and when to come back."""
    assert answer.status_code == 503, answer.text
    row = answer.json()
    assert row["part"] == part
    assert answer.headers["retry-after"] == "10"
    assert row["retry_after"] == 10
    return str(row["detail"])


def until_ready(one: Counter) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while one.client.get("/ready").status_code != 200:
        assert time.monotonic() < deadline, one.client.get("/ready").text
        time.sleep(0.1)


@contextmanager
def asked_meanwhile(
    one: Counter, request: Callable[[httpx.Client], httpx.Response]
) -> Iterator[Counts[int]]:
    """Clients ask one thing again and again; how they were answered is counted by status."""
    seen, over = Counts[int](), threading.Event()

    def visit() -> None:
        with httpx.Client(base_url=one.url, timeout=PATIENCE_S, trust_env=False) as client:
            while not over.wait(0.05):
                seen[request(client).status_code] += 1

    threads = [threading.Thread(target=visit) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join(PATIENCE_S)
    assert set(seen) <= {200, 503}, seen


def test_milvus_dies_and_comes_back(tmp_path: Path) -> None:
    (tmp_path / "milvus").mkdir()
    with milvus_server(tmp_path / "milvus") as server:
        milvus = Milvus(server.address, timeout_s=5)
        with counter(tmp_path, milvus=milvus) as one:
            until_ready(one)
            before = search(one.client).json()
            assert before["passages"]
            with asked_meanwhile(one, search) as seen:
                server.kill()
                for answer in (search(one.client), ask(one.client), one.client.get("/ready")):
                    assert "see whether Milvus runs there" in away(answer, "Milvus")
                assert one.client.get("/health").status_code == 200
                told = ask(one.client, stream=True).text
                assert '"status": 503' in told
                assert '"part": "Milvus"' in told
                server.start()
                until_ready(one)
            assert seen[503]
            assert search(one.client).json() == before
            assert ask(one.client).status_code == 200


class Llama:
    """llama.cpp's server, on the same port when it is started again."""

    def __init__(self, model: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._model, self.url = model, f"http://127.0.0.1:{self._port}/v1"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it is ready."""
        script = Path(__file__).parent / "llama_alone.py"
        command = [sys.executable, str(script), str(self._model), str(self._port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        client, deadline = OpenAIClient(self.url), time.monotonic() + PATIENCE_S
        while True:
            try:
                client.check()
                return
            except Away:
                assert self.process.poll() is None
                assert time.monotonic() < deadline, "it does not become ready"
                time.sleep(0.1)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def llama(smollm_file: Path) -> Iterator[Llama]:
    server = Llama(smollm_file)
    server.start()
    yield server
    server.kill()


def of_server(llama: Llama) -> OpenAIGenerator:
    return OpenAIGenerator(OpenAIClient(llama.url, patience=QUICK), max_new_tokens=16)


@pytest.mark.model
def test_the_models_server_dies_and_comes_back(tmp_path: Path, llama: Llama) -> None:
    with counter(tmp_path, of_server(llama)) as one:
        until_ready(one)
        assert ask(one.client).status_code == 200
        with asked_meanwhile(one, ask) as seen:
            llama.kill()
            for answer in (ask(one.client), one.client.get("/ready")):
                assert llama.url in away(answer, PART)
            assert search(one.client).status_code == 200  # which needs no language model
            assert one.client.get("/health").status_code == 200
            llama.start()
            until_ready(one)
            assert ask(one.client).status_code == 200
        assert seen[503]
        deadline = time.monotonic() + PATIENCE_S
        while one.parts.line.people():  # who was answered leaves the line a moment later
            assert time.monotonic() < deadline
            one.parts.line.wait()


def test_one_that_is_away_when_byline_starts_is_named_until_it_comes(tmp_path: Path) -> None:
    there: list[Any] = []

    def load() -> Any:
        if not there:
            raise Away(PART, "The server http://127.0.0.1:9/v1 gave no answer: start it.")
        return there[0]

    with counter(tmp_path) as one:
        pipeline = one.parts.loading.get()
        object.__setattr__(one.parts, "loading", Loading(load))
        assert one.client.get("/ready").status_code == 503
        for _ in range(3):
            for answer in (one.client.get("/ready"), search(one.client)):
                assert "start it" in away(answer, PART)
        there.append(pipeline)
        until_ready(one)
        assert search(one.client).status_code == 200
