"""One system in a process of its own: a request a line in, a reply a line out, both JSON.

Only the standard library, since this runs in the peers' environment too. A system answers

    load   {system, embedder, model, address, key}  -> {version, engine, settings, source}
    build  {articles: [{id, text, ...}]}            -> {passages, seconds}
    ask    {question}                               -> the fields of `Asked`

The `engine` may come with the reply to `build` instead.
Every reply has `peak_memory_mb` and `processor_s` (of all threads since it began), or also
`error` where it failed.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

Handler = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Evidence:
    """A stretch of an article that the model was given."""

    article_id: str
    text: str


@dataclass(frozen=True)
class Asked:
    """One answer. Seconds count from the question; `cited` is None where a system never cites.

    `refused` is None where the system does not say, so that its words must be read. `prompts` are
    the chats that were sent to a model in this process, each a list of {role, content}; None where
    the model is the shared server, which counts for itself.
    """

    answer: str
    evidence: list[Evidence]
    first_word_s: float
    whole_s: float
    cited: list[str] | None = None
    refused: bool | None = None
    prompts: list[list[dict[str, str]]] | None = field(default=None)

    def reply(self) -> dict[str, Any]:
        return asdict(self)


class Clock:
    """Seconds since the question came, and when the first word was shown."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self.text = ""
        self.first_word_s = self.whole_s = 0.0
        self._first: float | None = None

    def say(self, piece: str) -> None:
        """Some more of the answer. Blanks are no word yet."""
        self.text += piece
        if self._first is None and self.text.strip():
            self._first = self._seconds()

    def stop(self) -> None:
        """The answer is whole; an answer without words has its first at its end."""
        self.whole_s = self._seconds()
        self.first_word_s = self.whole_s if self._first is None else self._first

    def _seconds(self) -> float:
        return time.perf_counter() - self._start


def serve(handlers: Mapping[str, Handler]) -> None:
    """Answer requests until stdin ends. What libraries print goes to stderr, not to the replies."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as replies:
        os.dup2(2, 1)
        for line in sys.stdin:
            request = json.loads(line)
            try:
                reply = handlers[request.pop("do")](request)
            except Exception as error:  # told to the driver, which decides
                traceback.print_exc()
                reply = {"error": f"{type(error).__name__}: {error}"}
            reply |= {"peak_memory_mb": peak_memory_mb(), "processor_s": time.process_time()}
            replies.write(json.dumps(reply) + "\n")
            replies.flush()


def peak_memory_mb() -> float | None:
    """The most memory that this process has held, in MB; None where the system does not say.

    Linux says it for the program that runs now; `getrusage` counts what ran before an `exec` too.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (peak if sys.platform == "darwin" else peak * 1024) / 1e6
