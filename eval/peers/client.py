"""The driver's end: a system in its process, and the model server with its counters."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from corpus.errors import BylineError
from eval.peers.environment import interpreter, process_environment
from rag.settings import ROOT

WORKERS = {
    "Byline": "byline_worker",
    "Byline on llama.cpp": "byline_worker",
    "plain recipe": "byline_worker",
    "Haystack": "haystack_worker",
    "LlamaIndex": "llamaindex_worker",
    "txtai": "txtai_worker",
}
"""The module of each system; those of one module know themselves by their names."""
_IN_THE_PROJECT = ("byline_worker", "server_worker")
_GOODBYE_S = 20.0


class SystemFailed(BylineError):
    """A system could not do what it was asked."""


class Worker:
    """One system in a process of its own. Leaving the `with` ends it."""

    def __init__(self, name: str, module: str, log: Path) -> None:
        """Start it; what it and its libraries print goes to the file `log`."""
        self.name = name
        self.log = log
        self.peak_memory_mb: float | None = None
        self.processor_s = 0.0  # so far, of all its threads
        python = sys.executable if module in _IN_THE_PROJECT else str(interpreter())
        self._stderr = log.open("w", encoding="utf-8")
        self._process = subprocess.Popen(
            [python, "-m", f"eval.peers.{module}"],
            cwd=ROOT,
            env=process_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._stderr.close()

    def call(self, what: str, **fields: Any) -> dict[str, Any]:
        """One request and its reply. Raises SystemFailed where the system fails or has ended."""
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(json.dumps({"do": what, **fields}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise SystemFailed(f"{self.name} ended while it should {what}: see {self.log}.")
        reply: dict[str, Any] = json.loads(line)
        self.peak_memory_mb = reply.pop("peak_memory_mb") or self.peak_memory_mb
        self.processor_s = reply.pop("processor_s")
        if error := reply.get("error"):
            raise SystemFailed(f"{self.name} could not {what} ({error}): see {self.log}.")
        return reply


class ModelServer:
    """The one HTTP server that the peers share. It also counts tokens, for every system alike."""

    def __init__(self, model: Path, log: Path, threads: int | None = None) -> None:
        self.key = secrets.token_hex(16)
        self._worker = Worker("the model server", "server_worker", log)
        try:
            started = self._worker.call("start", model=str(model), key=self.key, threads=threads)
        except BaseException:
            self._worker.__exit__()
            raise
        self.address: str = started["address"]
        headers = {"Authorization": f"Bearer {self.key}"}
        self._http = httpx.Client(
            base_url=self.address, headers=headers, timeout=60, trust_env=False
        )

    def __enter__(self) -> ModelServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._worker.__exit__()

    def tokens(self, text: str) -> int:
        """The text's tokens in the model's own vocabulary."""
        return len(self._post("/tokenize", {"content": text})["tokens"])

    def chat_tokens(self, messages: Sequence[dict[str, str]]) -> int:
        """Tokens of a chat in the model's own template."""
        return self.tokens(str(self._post("/apply-template", {"messages": messages})["prompt"]))

    def prompt_tokens(self) -> int:
        """Of all prompts so far, with those that were reused from the prompt before."""
        counters = read_counters(self._http.get("/metrics").raise_for_status().text)
        return int(
            counters["llamacpp:prompt_tokens_total"]
            + counters["llamacpp:prompt_tokens_cached_total"]
        )

    def peak_memory_mb(self) -> float | None:
        self._worker.call("usage")
        return self._worker.peak_memory_mb

    def processor_s(self) -> float:
        """Seconds of all its threads so far."""
        self._worker.call("usage")
        return self._worker.processor_s

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        reply: dict[str, Any] = self._http.post(path, json=body).raise_for_status().json()
        return reply


def read_counters(text: str) -> dict[str, float]:
    """Metrics in the text format of Prometheus, those without labels, by name.

    Source: https://prometheus.io/docs/instrumenting/exposition_formats.
    """
    lines = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {parts[0]: float(parts[1]) for parts in lines if len(parts) == 2}
