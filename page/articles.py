"""The state of the view of the articles, and the running of one change at a time."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from corpus.errors import BylineError
from corpus.sources import Kind
from index.types import Progress
from page.chat import sentence_for
from rag.upkeep.library import Holdings, Listing, Outcome, Shown
from rag.upkeep.pace import Pace

log = logging.getLogger(__name__)

AT_ONCE = 100  # articles on one page of the list
ELSEWHERE = (
    "This page is open to other machines, so that the articles can be read here and not changed: "
    "use byline index and byline sync on the machine that it runs on."
)
_PASSED_ON = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


class Library(Protocol):
    """What the page needs of the articles; whatever changes them raises BylineError."""

    def version(self) -> str | None: ...
    def browse(self, words: str, start: int, count: int) -> Listing: ...
    def article(self, id_: str) -> Shown | None: ...
    def holdings(self) -> Holdings: ...
    def hand_in(self, files: Sequence[Path], on_progress: Progress) -> Outcome: ...
    def fetch(self, kind: Kind, address: str, on_progress: Progress) -> Outcome: ...
    def look_again(self, on_progress: Progress) -> Outcome: ...
    def forget(self, key: str) -> bool: ...
    def update(self, on_progress: Progress) -> Outcome: ...
    def build_again(self, on_progress: Progress) -> Outcome: ...
    def titles(self, ids: Collection[str]) -> Mapping[str, str]: ...
    def remove(self, ids: Collection[str], on_progress: Progress) -> Outcome: ...
    def rollback(self, version: str, on_progress: Progress) -> Outcome: ...


@dataclass(slots=True)
class View:
    """What one browser session looks at; `seen` tells what it was shown last, `dismissed` which
    change it wants to hear no more of, and `may` whether it may change anything. `chosen` are ids
    of the list, over its pages and searches, and `asked_about` those that are to be removed once a
    person has said that they are sure."""

    words: str = ""
    start: int = 0
    article_id: str | None = None
    title: str = ""
    seen: tuple[object, ...] = ()
    dismissed: int = 0
    may: bool = False
    chosen: set[str] = field(default_factory=set)
    asked_about: tuple[str, ...] = ()


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


def closed_to(host: str) -> str | None:
    """Why a page that is served on this address shows the articles only; None on loopback."""
    return None if _is_loopback(host) else ELSEWHERE


def refused(headers: Mapping[str, str]) -> str | None:
    """Why a request may not change anything; None for one that was made on this machine, by the
    page itself. Another site can make a browser ask here, but not in this page's name."""
    names = [headers.get("host", "")]
    if "origin" in headers:
        names.append(urlsplit(headers["origin"]).netloc)
    if any(name in headers for name in _PASSED_ON):
        return ELSEWHERE
    if not all(_is_loopback(urlsplit(f"//{name}").hostname or "") for name in names):
        return ELSEWHERE
    return None


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
