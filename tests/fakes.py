"""Stand-ins behind the project's protocols, small enough to be computed in the head."""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.types import Event, Message, Reading, Turn, Usage


class HashingEmbedder:
    """A bag of words: each word counts one in the slot that its CRC-32 gives, then unit length.

    So the inner product of two texts is their shared words over the root of (words of the one times
    words of the other), when no word repeats: "meta buys scale" and "scale grows" give 1 / root 6.
    A text without words lies in slot 0.
    """

    def __init__(self, dim: int = 512, name: str = "hashing", weights_hash: str = "none") -> None:
        self.name, self.dim, self.weights_hash = name, dim, weights_hash
        self.embedded: list[str] = []  # every passage text it was asked for, in order

    def embed_passages(
        self, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        self.embedded += texts
        if on_progress:
            on_progress(len(texts), len(texts))
        rows = [self.embed_question(text) for text in texts]
        return np.stack(rows) if rows else np.zeros((0, self.dim), dtype=np.float32)

    def embed_question(self, text: str) -> np.ndarray:
        vector = np.zeros(self.dim, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            vector[zlib.crc32(word.encode()) % self.dim] += 1
        if not vector.any():
            vector[0] = 1
        return vector / np.float32(np.linalg.norm(vector))


class ScriptedGenerator:
    """Says the same pieces to every chat and keeps the messages that it was given."""

    engine = "script"
    taught = False

    def __init__(self, *pieces: str, name: str = "scripted", probability: float = 1.0) -> None:
        self.name, self.pieces, self.usage = name, pieces, Usage()
        self.probability = probability  # of every next token that is asked about
        self.asked: list[tuple[Message, ...]] = []
        self.closed = False  # whether the last reply was stopped before its end

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        self.asked.append(tuple(messages))
        self.closed = False
        self.usage = Usage(prompt_tokens=sum(len(m.content.split()) for m in messages))
        try:
            for spoken, piece in enumerate(self.pieces, start=1):
                self.usage.new_tokens = spoken
                yield piece
        except GeneratorExit:
            self.closed = True
            raise

    def read(
        self, chats: Sequence[Sequence[Message]], word: str, told: str | None = None
    ) -> list[Reading]:
        return [Reading(self.sure_of("\n".join(m.content for m in chat))) for chat in chats]

    def states_answer(
        self, question: str, passages: Sequence[tuple[str, str]]
    ) -> list[float] | None:
        return None  # it was taught nothing

    def sure_of(self, told: str) -> float:
        """How likely a reply to a chat, all of it told as one text, is the word asked about."""
        return self.probability


class TaughtGenerator(ScriptedGenerator):
    """Replies to each passage with the first of the given values that stands in it; how likely a
    passage states the answer is told by a word of it."""

    taught = True

    def __init__(self, *replies: str, doubts: Mapping[str, float] | None = None) -> None:
        super().__init__()
        self.replies, self.doubts = replies, doubts or {}

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        self.asked.append(tuple(messages))
        told = messages[-1].content
        self.usage = Usage(prompt_tokens=sum(len(m.content.split()) for m in messages))
        yield next((reply for reply in self.replies if reply in told), "nothing of the kind") + "."

    def states_answer(
        self, question: str, passages: Sequence[tuple[str, str]]
    ) -> list[float] | None:
        return [
            next((sure for word, sure in self.doubts.items() if word in text), 0.9)
            for _, text in passages
        ]


class ScriptedSupport:
    """Tells the same of every claim, and keeps what it was asked."""

    name, least = "scripted", 0.5

    def __init__(self, probability: float) -> None:
        self.probability = probability
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def supports(self, claim: str, texts: Sequence[str]) -> list[float]:
        self.asked.append((claim, tuple(texts)))
        return [self.probability] * len(texts)


@dataclass(frozen=True)
class ScriptedDescription:
    """What a scripted pipeline says of itself."""

    model: str = "scripted-1b"
    engine: str = "script"
    index_version: str = "0001"
    articles: int = 18
    passages: int = 74
    newest: str | None = "2025-06-13"
    problem: str | None = None


Step = Event | threading.Event | Exception


class ScriptedPipeline:
    """Plays the steps written for each question: an event is sent on, an exception is raised, and
    a `threading.Event` is waited for, so that a test says when the answer goes on."""

    def __init__(self, script: Mapping[str, Sequence[Step]]) -> None:
        self.script = script
        self.asked: list[tuple[str, tuple[Turn, ...]]] = []
        self.within: list[object] = []
        self.foreseen: list[str] = []
        self.closed = threading.Event()  # set when an answer was stopped before its end

    def describe(self) -> ScriptedDescription:
        return ScriptedDescription()

    def outlets(self) -> list[str]:
        return ["The Ledger", "Wire"]

    def foresee(self, typed: str, scope: object = None) -> None:
        self.foreseen.append(typed)

    def stream(
        self, question: str, history: Sequence[Turn], within: object = None
    ) -> Iterator[Event]:
        """`within` is a day or a scope, whichever the asker knows."""
        self.asked.append((question, tuple(history)))
        self.within.append(within)
        try:
            for step in self.script[question]:
                if isinstance(step, threading.Event):
                    assert step.wait(20), f"nobody let {question!r} go on"
                elif isinstance(step, Exception):
                    raise step
                else:
                    yield step
        except GeneratorExit:
            self.closed.set()
            raise
