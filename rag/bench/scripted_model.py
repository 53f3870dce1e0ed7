"""A server with OpenAI's API that stands in for a language model while a server is measured.

It is known to the bench alone and holds no model: it says yes with a probability of 0.95, and
answers with the first sentence of the first passage, at a pace of so many tokens a second.
"""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NAME = "scripted"
READS_FASTER = 20.0
"""So many tokens are read in the time that one is written in."""
_SURE = 0.95
_PASSAGE = re.compile(r"^\[1\] .*\n(.+?[.!?])(?=\s|$)", re.MULTILINE)


@dataclass
class ScriptedModel:
    """What it was asked so far; from any thread."""

    url: str
    written: int = 0
    left: int = 0  # answers that nobody waited for to the end


@contextmanager
def scripted_model(tokens_per_second: float) -> Iterator[ScriptedModel]:
    """Serves it on a free port of this machine."""
    server = _Server(("127.0.0.1", 0), _Chat)
    server.model = ScriptedModel(f"http://127.0.0.1:{server.server_address[1]}/v1")
    server.token_s = 1 / tokens_per_second
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    model: ScriptedModel
    token_s: float

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has left; the bench tells what failed."""


class _Chat(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """The terminal is the bench's."""

    def do_GET(self) -> None:
        self._reply({"data": [{"id": NAME}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        told = [message["content"] for message in body["messages"]]
        prompt = sum(len(text.split()) for text in told)
        time.sleep(prompt * self.server.token_s / READS_FASTER)
        if body.get("stream"):
            self._write(answer_from(told[-1]), prompt)
        else:
            self._reply(_yes())

    def _reply(self, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _write(self, answer: str, prompt: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        words = re.findall(r"\S+\s*", answer)
        try:
            for word in words:
                time.sleep(self.server.token_s)
                self._event({"delta": {"content": word}, "finish_reason": None})
            self._event({"delta": {}, "finish_reason": "stop"})
            used = {"prompt_tokens": prompt, "completion_tokens": len(words)}
            self.wfile.write(b"data: " + json.dumps({"choices": [], "usage": used}).encode())
            self.wfile.write(b"\n\ndata: [DONE]\n\n")
            self.server.model.written += 1
        except OSError:
            self.server.model.left += 1

    def _event(self, choice: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n")


def answer_from(prompt: str) -> str:
    """The first sentence of the first passage, with its number, so that it stands when checked."""
    found = _PASSAGE.search(prompt)
    return f"{found[1]} [1]" if found else "The passages do not answer the question."


def _yes() -> dict[str, Any]:
    top = [{"token": "yes", "logprob": math.log(_SURE)}]
    top.append({"token": "no", "logprob": math.log(1 - _SURE)})
    return {
        "choices": [
            {
                "message": {"role": "assistant", "content": "yes"},
                "logprobs": {"content": [{"top_logprobs": top}]},
                "finish_reason": "length",
            }
        ]
    }
