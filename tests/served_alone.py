"""The page in a process of its own, which a test may kill.

Usage: served_alone.py PORT INDEX CHATS [hold]. It answers whatever is asked; with `hold`, the first
question only.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from exchanges import HITS, PAID, answer_of
from fakes import HashingEmbedder, ScriptedPipeline, Step

from app import launch
from page.conversations import Conversations
from rag.database.connect import Database
from rag.settings import load_settings
from rag.types import Done, Event, Found, Turn
from rag.upkeep.library import Library


class Answering(ScriptedPipeline):
    def __init__(self, hold: bool) -> None:
        super().__init__({})
        self.hold = hold

    def stream(
        self, question: str, history: Sequence[Turn], within: object = None
    ) -> Iterator[Event]:
        held: list[Step] = [threading.Event()] if self.hold and history else []
        self.script = {question: [Found(HITS), *held, Done(answer_of(question, PAID, hits=HITS))]}
        return super().stream(question, history, within)


if __name__ == "__main__":
    port, index, chats, *hold = sys.argv[1:]
    pipeline = Answering(bool(hold))
    launch(
        lambda: pipeline,
        port=int(port),
        library=Library(load_settings(index=Path(index)), HashingEmbedder),
        conversations=Conversations(Database(Path(chats))),
    )
