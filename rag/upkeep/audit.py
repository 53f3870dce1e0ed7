"""The audit log: who changed what, a JSON object a line. It is only ever added to."""

from __future__ import annotations

import json
import logging
import threading
from datetime import datetime, timezone
from pathlib import Path

from corpus.errors import BylineError
from rag.upkeep.changes import Change

log = logging.getLogger(__name__)


class Audit:
    """One file, from any thread."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()

    def note(self, who: str, what: str, state: str, **more: object) -> None:
        """Raises BylineError where it cannot be written: then nothing should be changed."""
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        row = {"at": now, "who": who, "what": what, "state": state, **more}
        try:
            with self._lock:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
        except OSError as error:
            raise BylineError(
                f"The audit log {self._path} cannot be written ({error.strerror}): make room or "
                "mend the rights there, or name another file in BYLINE_AUDIT."
            ) from error

    def change(self, change: Change) -> None:
        """A change of the index that begins or has ended. The end of one is only logged where it
        cannot be written: it has happened."""
        state = "begun" if change.running else "failed" if change.error else "done"
        said = change.error or (change.outcome.said if change.outcome else None)
        try:
            self.note(change.owner, change.what, state, job=change.number, said=said)
        except BylineError as error:
            if change.running:
                raise
            log.error("%s", error)
