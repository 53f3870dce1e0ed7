"""A server with OpenAI's API on loopback, that says what a test scripts and fails as servers do."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from listening import listening
from newsstand import Server

from corpus.errors import BylineError
from rag.engines.openai_client import OpenAIClient, Patience
from rag.engines.openai_compatible import OpenAIGenerator
from rag.types import Message

KEY = "a-key-that-nobody-may-read"
Answer = Callable[["Chat", dict[str, Any]], None]


@dataclass
class ChatServer:
    """Answers each request for a completion with the next of `script`, and then with `usual`."""

    url: str = ""
    models: object = field(default_factory=lambda: {"data": [{"id": "scripted"}]})
    usual: Answer | None = None
    script: list[Answer] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)  # somebody closed a connection


class Chat(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    site: ChatServer
    closing: threading.Event

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""

    def do_GET(self) -> None:
        self.site.keys.append(self.headers.get("Authorization"))
        known = self.path == "/v1/models" and self.site.models is not None
        self.reply(200 if known else 404, self.site.models if known else {"error": "no such path"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.site.asked.append(body)
        self.site.keys.append(self.headers.get("Authorization"))
        answer = self.site.script.pop(0) if self.site.script else self.site.usual
        assert answer is not None, "asked more often than was scripted"
        answer(self, body)

    def reply(self, status: int, value: object, headers: Mapping[str, str] | None = None) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin(self, kind: str = "text/event-stream") -> None:
        """A stream of no known length: it ends with the connection."""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.close_connection = True


def event(piece: str | None = None, finish: str | None = None, **more: object) -> bytes:
    delta = {} if piece is None else {"content": piece}
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + json.dumps({"choices": choices, **more}).encode() + b"\n\n"


def usage(prompt: int, new: int) -> bytes:
    counted = {"prompt_tokens": prompt, "completion_tokens": new}
    return b"data: " + json.dumps({"choices": [], "usage": counted}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def whole(pieces: Sequence[str], prompt: int = 7) -> bytes:
    """All bytes of an answer, as OpenAI streams it: the role first, the count of tokens last."""
    role = b'data: {"choices": [{"delta": {"role": "assistant", "content": null}}]}\n\n'
    body = b"".join(event(piece) for piece in pieces)
    return role + body + event(finish="stop") + usage(prompt, len(pieces)) + DONE


def streams(*chunks: bytes, kind: str = "text/event-stream", pause: float = 0.0) -> Answer:
    """These bytes, each chunk as a write of its own; then the connection ends."""

    def answer(chat: Chat, body: dict[str, Any]) -> None:
        chat.begin(kind)
        for chunk in chunks:
            chat.wfile.write(chunk)
            time.sleep(pause)

    return answer


def dies_after(*chunks: bytes) -> Answer:
    """More bytes were promised than come: the process was killed."""

    def answer(chat: Chat, body: dict[str, Any]) -> None:
        chat.send_response(200)
        chat.send_header("Content-Type", "text/event-stream")
        chat.send_header("Content-Length", "1000000")
        chat.end_headers()
        chat.wfile.write(b"".join(chunks))
        chat.close_connection = True

    return answer


def says(status: int, value: object, **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return lambda chat, body: chat.reply(status, value, named)


def hangs(*chunks: bytes, piece: bytes = b"", pause: float = 0.02) -> Answer:
    """After these chunks `piece` again and again, until somebody leaves or the test ends."""

    def answer(chat: Chat, body: dict[str, Any]) -> None:
        chat.begin()
        chat.wfile.write(b"".join(chunks))
        while not chat.closing.wait(pause):
            try:
                chat.wfile.write(piece)
                if not piece and not chat.connection.recv(1):
                    raise OSError("closed")
            except OSError:
                chat.site.left.set()
                return

    return answer


def hangs_up(chat: Chat, body: dict[str, Any]) -> None:
    """Not even a status."""
    chat.close_connection = True


def speaks(*pieces: str, probabilities: Mapping[str, float] | None = None) -> Answer:
    """A model that says the same to every chat, and has these probabilities for the first token."""

    def answer(chat: Chat, body: dict[str, Any]) -> None:
        prompt = sum(len(message["content"].split()) for message in body["messages"])
        if body.get("stream"):
            streams(whole(pieces, prompt))(chat, body)
            return
        text = "".join(pieces[: body["max_tokens"]])
        choice: dict[str, Any] = {
            "message": {"role": "assistant", "content": text},
            "logprobs": None,
        }
        if probabilities is not None and body.get("logprobs"):
            choice["logprobs"] = {"content": [{"top_logprobs": _top(probabilities)}]}
        chat.reply(200, {"choices": [choice | {"finish_reason": "length"}]})

    return answer


def _top(probabilities: Mapping[str, float]) -> list[dict[str, Any]]:
    return [{"token": t, "logprob": math.log(p)} for t, p in probabilities.items()]


@contextmanager
def chatserver(usual: Answer | None = None) -> Iterator[ChatServer]:
    site, closing = ChatServer(usual=usual), threading.Event()
    handler = type("BoundChat", (Chat,), {"site": site, "closing": closing})
    server = Server(("127.0.0.1", 0), handler)
    with listening(server, closing.set) as address:
        site.url = f"{address}/v1"
        yield site


CHAT = [Message("system", "Answer."), Message("user", "Who leads it?")]
PIECES = ("Jason ", "Droege — ", "“he”.")
WHOLE = whole(PIECES)


def a_generator(site: ChatServer, waits: list[float], **patience: float) -> OpenAIGenerator:
    """One that notes the pauses it would make in `waits`."""
    client = OpenAIClient(site.url, KEY, Patience(**patience), waits.append)  # type: ignore[arg-type]
    return OpenAIGenerator(client, max_new_tokens=20)


def collected(generator: OpenAIGenerator) -> tuple[str, str]:
    """What was said, and the one sentence of the error after it."""
    pieces: list[str] = []
    with pytest.raises(BylineError) as error:
        pieces.extend(generator.generate(CHAT))
    told = str(error.value)
    assert KEY not in told
    assert "\n" not in told
    return "".join(pieces), told
