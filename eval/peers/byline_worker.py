"""Byline as it is, in its own process: its default settings over an index of its own. On llama.cpp
beside, as the peers are, and the plain recipe (eval/plain.py) with the same index and weights."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from corpus.article import Article
from eval.peers.protocol import Asked, Clock, Evidence, serve
from eval.plain import PASSAGES, PlainRecipe
from index.types import Hit
from rag.commands.terminal import quiet
from rag.engines.adapter import as_passage, as_question
from rag.load import build_index, load_embedder, load_pipeline
from rag.settings import Settings, load_settings
from rag.types import Done, Found, Generator, Message, Piece, Reading, Usage


class Listening:
    """A generator that keeps every chat it is sent, so that all of its prompts can be counted."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self.heard: list[Sequence[Message]] = []

    @property
    def name(self) -> str:
        return self._generator.name

    @property
    def engine(self) -> str:
        return self._generator.engine

    @property
    def usage(self) -> Usage:
        return self._generator.usage

    @property
    def taught(self) -> bool:
        return self._generator.taught

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        self.heard.append(messages)
        return self._generator.generate(messages)

    def read(
        self, chats: Sequence[Sequence[Message]], word: str, told: str | None = None
    ) -> list[Reading]:
        self.heard += chats
        return self._generator.read(chats, word, told)

    def states_answer(
        self, question: str, passages: Sequence[tuple[str, str]]
    ) -> list[float] | None:
        told = self._generator.states_answer(question, passages)
        if told is not None:
            asked = as_question(question)
            self.heard += [[Message("user", as_passage(*one) + asked)] for one in passages]
        return told


class Byline:
    """The pipeline that the command line and the page use."""

    def load(self, request: dict[str, Any]) -> dict[str, Any]:
        from importlib.metadata import version

        quiet()
        self._folder = tempfile.TemporaryDirectory(prefix="byline-peers-")
        self._is_plain = request["system"] == "plain recipe"
        self._settings: Settings = load_settings(
            index=Path(self._folder.name),
            model=request["model"],
            threads=request["threads"],
            engine=None if request["system"] == "Byline" else "llama.cpp",
        )
        self._embedder = load_embedder(self._settings)
        self._embedder.embed_question("Loads the weights.")
        return {
            "version": f"byline {version('byline')}",
            **(self._plain() if self._is_plain else self._whole()),
        }

    def _whole(self) -> dict[str, Any]:
        chosen = self._settings
        return {
            "source": "rag/settings.py, unchanged",
            "settings": {
                "chunks": "whole sentences",
                "retrieval": f"dense and BM25 fused, {chosen.retrieved} passages, "
                f"{chosen.evidence_characters} characters of evidence",
                "embedder": "MiniLM" if chosen.embedder == "minilm" else chosen.embedder,
                "sampling": f"greedy, at most {chosen.max_new_tokens} tokens",
                "prompt": "its own; every sentence checked",
            },
        }

    def _plain(self) -> dict[str, Any]:
        whole = self._whole()["settings"]
        return {
            "source": "eval/plain.py",
            "settings": {
                **whole,
                "retrieval": f"dense, {PASSAGES} passages, whole",
                "prompt": "one; nothing checked",
            },
        }

    def build(self, request: dict[str, Any]) -> dict[str, Any]:
        articles = [Article(**article["fields"]) for article in request["articles"]]
        start = time.perf_counter()
        manifest = build_index(self._settings, articles, [], self._embedder)
        seconds = time.perf_counter() - start
        self._pipeline = load_pipeline(self._settings)
        engine = f"{self._pipeline.generator.engine} in process"
        return {"passages": manifest.passages, "seconds": seconds, "engine": engine}

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        listening = Listening(self._pipeline.generator)
        self._pipeline.generator = listening
        clock = Clock()
        given: tuple[Hit, ...] = ()
        try:
            asked = PlainRecipe(self._pipeline) if self._is_plain else self._pipeline
            for event in asked.stream(request["question"]):
                if isinstance(event, Found):
                    given = event.hits
                elif isinstance(event, Piece):
                    clock.say(event.text)
                elif isinstance(event, Done):
                    answer = event.answer
        finally:
            self._pipeline.generator = listening._generator
        clock.stop()
        return Asked(
            answer=" ".join(sentence.text for sentence in answer.sentences),
            evidence=[Evidence(h.passage.article.id, h.passage.text) for h in given],
            first_word_s=clock.first_word_s,
            whole_s=clock.whole_s,
            cited=[c.passage.article.id for s in answer.sentences for c in s.citations],
            refused=answer.abstained,
            prompts=[
                [{"role": message.role, "content": message.content} for message in chat]
                for chat in listening.heard
            ],
        ).reply()


if __name__ == "__main__":
    system = Byline()
    serve({"load": system.load, "build": system.build, "ask": system.ask})
