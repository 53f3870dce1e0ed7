"""Changes of the index that go on in the background, one at a time, for the page and the API."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from corpus.errors import BylineError
from index.types import Progress
from rag.upkeep.library import Outcome
from rag.upkeep.pace import Pace
from rag.wording import sentence_for


@dataclass(frozen=True, slots=True)
class Change:
    """One change, as it is now: under way until it has an outcome or an error."""

    number: int
    what: str
    stage: str = ""
    pace: Pace = field(default_factory=lambda: Pace(0, 0, 0.0))
    outcome: Outcome | None = None
    error: str | None = None

    @property
    def running(self) -> bool:
        return self.outcome is None and self.error is None


class Changes:
    """Runs one change at a time, in a thread of its own, so that it goes on to its end whoever
    leaves; everybody sees the same `now`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: Change | None = None
        self._began = 0.0

    def now(self) -> Change | None:
        """The change under way or the last one; None before the first."""
        with self._lock:
            return self._now

    def start(self, what: str, work: Callable[[Progress], Outcome]) -> None:
        """Begin a change, and return at once. Raises BylineError while another is under way."""
        with self._lock:
            before = self._now
            if before is not None and before.running:
                raise BylineError(f"Byline is still busy ({before.what}): wait until that is done.")
            self._now = Change(before.number + 1 if before else 1, what)
        threading.Thread(target=self._run, args=[work], name="change", daemon=True).start()

    def _run(self, work: Callable[[Progress], Outcome]) -> None:
        try:
            outcome = work(self._on_progress)
        except Exception as error:  # whoever looks is told; the next change can begin
            self._become(error=sentence_for(error))
        else:
            self._become(outcome=outcome)

    def _on_progress(self, stage: str, done: int, total: int) -> None:
        now = self._now
        if now is None or now.stage != stage:
            self._began = time.monotonic()
        self._become(stage=stage, pace=Pace(done, total, time.monotonic() - self._began))

    def _become(
        self,
        stage: str | None = None,
        pace: Pace | None = None,
        outcome: Outcome | None = None,
        error: str | None = None,
    ) -> None:
        with self._lock:
            assert self._now is not None
            now = self._now
            self._now = Change(
                now.number, now.what, stage or now.stage, pace or now.pace, outcome, error
            )


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
