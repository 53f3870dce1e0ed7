"""`byline mcp` in a process of its own, with a fake embedder and a model that a test scripts."""

from __future__ import annotations

from counter import SAID
from fakes import HashingEmbedder, ScriptedGenerator

from rag import load
from rag.cli import main

load.load_embedder = lambda *_: HashingEmbedder()  # type: ignore[assignment]
load.load_generator = lambda *_: ScriptedGenerator(SAID)  # type: ignore[assignment]
main(["mcp"])
