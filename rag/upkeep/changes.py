"""Changes of the index that go on in the background, one at a time, for the page and the API."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from corpus.errors import BylineError
from index.types import Progress
from rag.upkeep.library import Outcome
from rag.upkeep.pace import Pace
from rag.wording import sentence_for

KEPT = 100
"""Changes that are remembered."""


class Busy(BylineError):
    """Another change is under way."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change, as it is now: under way until it has an outcome or an error. `owner` is who began
    it, empty where nobody is asked who they are."""

    number: int
    what: str
    stage: str = ""
    pace: Pace = field(default_factory=lambda: Pace(0, 0, 0.0))
    outcome: Outcome | None = None
    error: str | None = None
    owner: str = ""

    @property
    def running(self) -> bool:
        return self.outcome is None and self.error is None


class Changes:
    """Runs one change at a time, in a thread of its own, so that it goes on to its end whoever
    leaves; everybody sees the same `now`."""

    def __init__(self, on_change: Callable[[Change], None] | None = None) -> None:
        """`on_change` hears of each one before it begins, where it may raise BylineError so that it
        does not, and when it has ended."""
        self._lock = threading.Lock()
        self._changes: dict[int, Change] = {}  # the last ones by number, the oldest first
        self._began = 0.0
        self._on_change = on_change or (lambda change: None)

    def now(self) -> Change | None:
        """The change under way or the last one; None before the first."""
        with self._lock:
            return self._last()

    def recent(self) -> list[Change]:
        """Those that are remembered, the newest first."""
        with self._lock:
            return list(reversed(self._changes.values()))

    def _last(self) -> Change | None:
        return next(reversed(self._changes.values()), None)

    def start(self, what: str, work: Callable[[Progress], Outcome], owner: str = "") -> Change:
        """Begin a change, and return at once. Raises Busy while another is under way."""
        with self._lock:
            before = self._last()
            if before is not None and before.running:
                raise Busy(f"Byline is still busy ({before.what}): wait until that is done.")
            begun = Change(before.number + 1 if before else 1, what, owner=owner)
            self._on_change(begun)
            self._changes[begun.number] = begun
            for number in list(self._changes)[:-KEPT]:
                del self._changes[number]
        threading.Thread(target=self._run, args=[work], name="change", daemon=True).start()
        return begun

    def _run(self, work: Callable[[Progress], Outcome]) -> None:
        try:
            outcome = work(self._on_progress)
        except Exception as error:  # whoever looks is told; the next change can begin
            ended = self._become(error=sentence_for(error))
        else:
            ended = self._become(outcome=outcome)
        self._on_change(ended)

    def _on_progress(self, stage: str, done: int, total: int) -> None:
        now = self.now()
        if now is None or now.stage != stage:
            self._began = time.monotonic()
        self._become(stage=stage, pace=Pace(done, total, time.monotonic() - self._began))

    def _become(
        self,
        stage: str | None = None,
        pace: Pace | None = None,
        outcome: Outcome | None = None,
        error: str | None = None,
    ) -> Change:
        with self._lock:
            now = self._last()
            assert now is not None
            self._changes[now.number] = new = replace(
                now,
                stage=stage or now.stage,
                pace=pace or now.pace,
                outcome=outcome,
                error=error,
            )
            return new


class Uploads:
    """Files that a browser sent, in a folder of their own until they are read."""

    def __init__(self, sent: Sequence[str]) -> None:
        """Takes the files from where they arrived: nobody else reads or deletes them then.

        Raises BylineError for one that is not there any more.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="byline-"))
        self.files: list[Path] = []
        for number, path in enumerate(map(Path, sent)):
            place = self._folder / str(number) / path.name
            place.parent.mkdir()
            try:
                shutil.move(path, place)
            except OSError as error:
                self.discard()
                raise BylineError(f"{path.name} did not arrive whole: send it again.") from error
            self.files.append(place)

    def discard(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
