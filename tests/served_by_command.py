"""`byline serve` in a process of its own, with a fake embedder and a model that a test scripts.

Usage: served_by_command.py PORT; all else is in the environment.
"""

from __future__ import annotations

import sys

from counter import SAID
from fakes import HashingEmbedder, ScriptedGenerator

from rag import load
from rag.cli import main

if __name__ == "__main__":
    load.load_embedder = lambda *_: HashingEmbedder()  # type: ignore[assignment]
    load.load_generator = lambda *_: ScriptedGenerator(SAID)  # type: ignore[assignment]
    main(["serve", "--port", sys.argv[1]])
