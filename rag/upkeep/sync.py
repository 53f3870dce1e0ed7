"""`byline sync`: what is new at the sources, fetched side by side and put into the index."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from corpus import gather as looks
from corpus.article import Article
from corpus.errors import BylineError
from corpus.fetch import Fetcher, NotFetched
from corpus.fields import Unreadable
from corpus.memory import Known, Look, Memory
from corpus.recall import Recall
from corpus.sources import Source, load_sources
from index import versions
from index.readings import recalling
from index.store import Store, content_hash
from index.types import Progress

MEMORY, LOCK, SOURCES = "sources.sqlite", "sources.lock", "sources.toml"
_SIDE_BY_SIDE = 8  # sources looked at at a time; a host still gets one request at a time
_log = logging.getLogger(__name__)

Change = Callable[[Sequence[Article], Collection[str], Mapping[str, str]], str]
"""Puts articles into the index, takes out ids, notes where each article is from, by id; returns the
version that is in use since."""


@dataclass(slots=True)
class SourceReport:
    """What came of one source. `state` is "looked at", "not due" or "failed".

    Articles are named by id; `skipped`, `gone` and `notes` hold (place, reason).
    """

    source: Source
    state: str = "looked at"
    reason: str | None = None
    added: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    unchanged: int = 0
    skipped: list[tuple[str, str]] = field(default_factory=list)
    gone: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def __str__(self) -> str:
        numbers = {
            "added": len(self.added),
            "updated": len(self.updated),
            "removed": len(self.removed),
            "unchanged": self.unchanged,
            "skipped": len(self.skipped),
        }
        return ", ".join(f"{n:,} {what}" for what, n in numbers.items() if n) or "nothing new"


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What came of all sources, in their order; `version` is None when nothing was published."""

    sources: tuple[SourceReport, ...]
    version: str | None = None

    @property
    def failed(self) -> bool:
        """Whether every source that was looked at gave nothing."""
        states = [report.state for report in self.sources if report.state != "not due"]
        return bool(states) and all(state == "failed" for state in states)


def sync(
    sources: Sequence[Source],
    directory: Path,
    change: Change,
    fetcher: Callable[[], Fetcher] | None = None,
    *,
    due_only: bool = True,
    again: bool = False,
    on_progress: Progress | None = None,
    on_arrived: Callable[[Article], None] | None = None,
    now: Callable[[], float] = time.time,
    batch: int = 500,
) -> SyncReport:
    """Look at each source that is due, and change the index by what is new, `batch` at a time.

    What was fetched is remembered beside the index in `directory`, once the index holds it: a run
    that is stopped anywhere loses nothing but time. An article that was removed from the index
    stays removed, unless `again`. `on_arrived` hears of each article that is to go into the index.
    Raises BylineError when another sync is running, or the index cannot be changed; a source that
    fails is in the report and never stops the others.
    """
    reports = {source.key: SourceReport(source) for source in sources}
    with _only_one(directory), closing(Memory(directory / MEMORY)) as memory:
        run = _Run(directory, memory, change, reports, again, on_progress, on_arrived, now())
        due = [source for source in sources if not due_only or run.is_due(source)]
        for source in sources:
            if source not in due:
                reports[source.key].state = "not due"
        if due:
            with recalling(directory) as recall:
                run.look_at(due, fetcher or Fetcher, batch, recall)
    return SyncReport(tuple(reports.values()), run.version)


def noted_sources(directory: Path) -> tuple[Source, ...]:
    """The sources of `sources.toml` in the working folder, and of that in the index, where the page
    notes them; one that is in both is as the first says. Raises BylineError as load_sources does.
    """
    files = [Path(SOURCES), directory / SOURCES]
    listed = [load_sources(file) for file in files if file.exists()] or [load_sources(files[0])]
    return tuple({one.key: one for some in reversed(listed) for one in some}.values())


@contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    directory.mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise BylineError(
            f"Another sync is filling the index in {directory}: wait until it ends and run the "
            "command again"
        ) from None
    try:
        yield
    finally:
        lock.release()


@dataclass(frozen=True, slots=True)
class _Failed:
    """Why a source gave nothing, and for how many seconds its host asks to be left alone."""

    reason: str
    wait_s: float | None = None


_Event = tuple[Source, "looks.Outcome | _Failed | None"]
"""A source with something of its look, or with None when its thread is done."""


class _Run:
    """One sync under way: what has arrived and is not yet in the index."""

    def __init__(
        self,
        directory: Path,
        memory: Memory,
        change: Change,
        reports: Mapping[str, SourceReport],
        again: bool,
        on_progress: Progress | None,
        on_arrived: Callable[[Article], None] | None,
        now: float,
    ) -> None:
        self.version: str | None = None
        self._memory, self._change, self._reports = memory, change, reports
        self._again, self._on_progress, self._now = again, on_progress, now
        self._on_arrived = on_arrived
        self._held = _held(directory)
        self._put: dict[str, looks.Arrived] = {}
        self._remove: dict[str, SourceReport] = {}
        self._pages: list[tuple[str, Known]] = []
        self._looks: list[tuple[str, Look]] = []
        self._done = self._total = 0

    def is_due(self, source: Source) -> bool:
        last = self._memory.look(source.key)
        return self._now >= max(last.checked_at + source.interval, last.not_before)

    def look_at(
        self, due: Sequence[Source], fetcher: Callable[[], Fetcher], batch: int, recall: Recall
    ) -> None:
        events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        stop = threading.Event()
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool, fetcher() as web:
            try:
                for source in due:
                    last = self._last(source)
                    pool.submit(_look, source, web, *last, self._now, recall, events, stop)
                running = len(due)
                while running:
                    source, event = events.get()
                    running -= event is None
                    self._take(source, event)
                    if len(self._put) >= batch:
                        self._commit()
                self._commit()
            finally:
                stop.set()

    def _last(self, source: Source) -> tuple[dict[str, Known], set[str], Look]:
        """The pages to compare with, the addresses to leave out, and the look before.

        A page whose article the index holds in another form is asked for anew, as is the list it
        stands in; one whose article was removed from the index is left out.
        """
        pages = self._memory.pages(source.key)
        look = self._memory.look(source.key)
        removed = {url for url, page in pages.items() if page.article_id not in {None, *self._held}}
        other = {
            url
            for url, page in pages.items()
            if page.article_id in self._held and self._held[page.article_id] != page.content_hash
        }
        if self._again:
            other |= removed
            removed = set()
        if other:
            look = replace(look, etag=None, last_modified=None)
        return {url: page for url, page in pages.items() if url not in other}, removed, look

    def _take(self, source: Source, event: looks.Outcome | _Failed | None) -> None:
        report = self._reports[source.key]
        if isinstance(event, looks.Listed):
            self._total += event.count
        elif isinstance(event, looks.Arrived):
            self._arrived(event, report)
        elif isinstance(event, looks.Unchanged):
            report.unchanged += 1
            self._pages.append((source.key, event.page))
        elif isinstance(event, looks.Missing):
            report.skipped.append((event.place, event.reason))
            if event.page is not None:
                self._pages.append((source.key, event.page))
        elif isinstance(event, looks.Gone):
            self._gone(event, report)
        elif isinstance(event, looks.Noted):
            report.notes.append((event.place, event.reason))
        elif isinstance(event, looks.Ended):
            self._looks.append((source.key, event.look))
        elif isinstance(event, _Failed):
            report.state, report.reason = "failed", event.reason
            if event.wait_s is not None:
                last = self._memory.look(source.key)
                not_before = self._now + event.wait_s
                self._looks.append((source.key, replace(last, not_before=not_before)))
        if isinstance(event, looks.Arrived | looks.Unchanged | looks.Missing | looks.Gone):
            self._done += 1
        if self._on_progress and self._total:
            self._on_progress("fetch", min(self._done, self._total), self._total)

    def _arrived(self, event: looks.Arrived, report: SourceReport) -> None:
        article, digest = event.article, content_hash(event.article)
        earlier = self._put.get(article.id)
        if earlier is not None and content_hash(earlier.article) != digest:
            report.skipped.append((event.place, f"the same article as {earlier.place}"))
            return
        if event.page is not None:
            self._pages.append((report.source.key, replace(event.page, content_hash=digest)))
        if event.replaces is not None and event.replaces in self._held:
            self._remove[event.replaces] = report
        if earlier is not None or self._held.get(article.id) == digest:
            report.unchanged += 1
            return
        (report.updated if article.id in self._held else report.added).append(article.id)
        self._put[article.id] = event
        if self._on_arrived:
            self._on_arrived(article)

    def _gone(self, event: looks.Gone, report: SourceReport) -> None:
        page = event.page
        if page.article_id not in self._held:
            self._pages.append((report.source.key, page))
            return
        if report.source.when_gone == "remove":
            self._remove[page.article_id] = report
            page = replace(page, article_id=None, content_hash=None)
            reason = f"{event.reason}: removed from the index"
        else:
            reason = f'{event.reason}: the article stays (when_gone = "keep")'
        self._pages.append((report.source.key, page))
        report.gone.append((event.page.url, reason))

    def _commit(self) -> None:
        """Change the index first and remember the pages after: never the other way about."""
        remove = [id_ for id_ in self._remove if id_ not in self._put]
        if self._put or remove:
            articles = [event.article for event in self._put.values()]
            origins = {event.article.id: event.place for event in self._put.values()}
            self.version = self._change(articles, remove, origins)
            self._held.update((article.id, content_hash(article)) for article in articles)
            for id_ in remove:
                self._held.pop(id_, None)
                self._remove[id_].removed.append(id_)
        self._memory.remember(self._pages, self._looks)
        self._put, self._remove, self._pages, self._looks = {}, {}, [], []


def _held(directory: Path) -> dict[str, str]:
    """The hash of each article's content in the version in use, by id; empty without an index."""
    version = versions.current_version(directory)
    if version is None:
        return {}
    with closing(Store(versions.version_folder(directory, version) / versions.STORE)) as store:
        return {id_: held.content_hash for id_, held in store.held().items()}


def _look(
    source: Source,
    web: Fetcher,
    known: Mapping[str, Known],
    left_out: Collection[str],
    last: Look,
    now: float,
    recall: Recall,
    events: queue.SimpleQueue[_Event],
    stop: threading.Event,
) -> None:
    """One source's look, in a thread of its own; whatever it comes to, None is its last event."""
    try:
        for outcome in looks.gather(source, web, known, left_out, last, now, recall):
            if stop.is_set():
                break
            events.put((source, outcome))
    except NotFetched as error:
        events.put((source, _Failed(error.reason, error.wait_s)))
    except (Unreadable, BylineError) as error:
        events.put((source, _Failed(str(error))))
    except CancelledError:
        events.put((source, _Failed("stopped")))
    except Exception as error:  # one source must not stop the others, whatever it sends
        _log.exception("While looking at %s", source.place)
        events.put((source, _Failed(f"{type(error).__name__}: {error}")))
    finally:
        events.put((source, None))
