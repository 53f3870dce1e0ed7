"""The command line in tests: two articles, a question on them, and what a run leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

DEAL = """Meta buys into Scale AI

Meta paid $14.3 billion for a stake of 49% in Scale AI. The stake carries no voting power.
"""
CHIEF = """A new chief for Scale AI

Jason Droege became chief executive of Scale AI in June. He led Uber Eats before.
"""
QUESTION = "What stake did Meta buy in Scale AI?"


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Byline = Callable[..., Done]


def one_sentence(done: Done) -> str:
    """What stderr says, which is one line, after checking that it is an error as promised."""
    assert done.code == 1
    assert done.err.startswith("byline: ")
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err
    return done.err
