"""What the page shows of the articles and does to them, by the same code as the command line."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from corpus.article import Article
from corpus.errors import BylineError
from corpus.fetch import Fetcher
from corpus.read import Reading
from corpus.sources import Kind, Source, forget_source, load_sources, note_source, source_at
from index import history, versions
from index.ahead import embedding_ahead
from index.browse import Row, all_rows, matching
from index.build import build_again
from index.store import store_in_use
from index.story_tables import Stories
from index.timeline import Entry
from index.types import Embedder, Progress
from index.versions import Manifest
from rag.load import upkeep
from rag.settings import Settings
from rag.upkeep import indexing
from rag.upkeep.owners import Owners
from rag.upkeep.sync import SOURCES, SourceReport, sync
from rag.who import Who


@dataclass(frozen=True, slots=True)
class Listing:
    """A part of the list: `rows` from place `start` of the `found` articles that were looked for,
    among `total`."""

    rows: tuple[Row, ...]
    start: int
    found: int
    total: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One article to be read: the file or address that it came from, None where nobody said, and
    how its story went on, the article itself included."""

    article: Article
    origin: str | None
    story: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the index is made of and the versions that are kept of it, with the bytes of all."""

    places: tuple[str, ...]
    sources: tuple[Source, ...]
    kept: tuple[history.Kept, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change came to, in words, and what is to be said of it: (what, place, reason), where
    `what` is "skipped", "noted", "gone" or "still there"."""

    said: str
    remarks: tuple[tuple[str, str, str], ...] = ()


@dataclass(slots=True)
class _Rows:
    """The rows of one version, which never change."""

    version: str | None = None
    rows: list[Row] = field(default_factory=list)


class Library:
    """The index of the settings, whichever version is in use by now; from any thread.

    `embedder` is asked for when it is first needed. Each change publishes one version, or several
    where many pages are fetched; all raise BylineError, and then an earlier version stays in use.
    """

    def __init__(
        self,
        settings: Settings,
        embedder: Callable[[], Embedder],
        fetcher: Callable[[], Fetcher] = Fetcher,
        owners: Owners | None = None,
    ) -> None:
        """Without `owners` nobody owns an article."""
        self._settings, self._load, self._fetcher = settings, embedder, fetcher
        self._loading, self._reading = threading.Lock(), threading.Lock()
        self._loaded: Embedder | None = None
        self._rows = _Rows()
        self._owners = owners

    def check(self, ids: Collection[str], who: Who | None) -> None:
        """Raises NotYours where articles that are held are not theirs to be changed."""
        if self._owners is not None:
            self._owners.check(list(self.titles(ids)), who)

    def owners(self, ids: Collection[str], who: Who | None) -> dict[str, str]:
        """Whose these articles are, as far as somebody may know: their own, an admin all."""
        if self._owners is None or who is None:
            return {}
        owners, all_ = self._owners.of(ids), who.may("admin")
        return {id_: owner for id_, owner in owners.items() if all_ or owner == who.name}

    def _claim(self, who: Who | None) -> indexing.Claim | None:
        owners = self._owners
        return None if owners is None else lambda new, held: owners.claim(new, held, who)

    def version(self) -> str | None:
        """The version in use, None where there is none or none can be told."""
        try:
            return versions.current_version(self._settings.index)
        except BylineError:
            return None

    def browse(self, words: str, start: int, count: int) -> Listing:
        """Up to `count` articles from place `start` of those that `words` are found in: the newest
        first. A place beyond the end is the last part's."""
        rows = self._all_rows()
        found = matching(rows, words)
        start = max(0, min(start, (len(found) - 1) // count * count))
        return Listing(tuple(found[start : start + count]), start, len(found), len(rows))

    def titles(self, ids: Collection[str]) -> dict[str, str]:
        """The titles by id of those of these articles that the index holds, the newest first."""
        return {row.id: row.title for row in self._all_rows() if row.id in ids}

    def article(self, id_: str) -> Shown | None:
        """None where the index does not hold it any more."""
        _, store = store_in_use(self._settings.index)
        with closing(store):
            article = store.article(id_)
            if article is None:
                return None
            [(origin,)] = store.query("SELECT origin FROM articles WHERE id = ?", [id_])
            return Shown(article, origin, tuple(Stories(store).timeline(id_)))

    def holdings(self) -> Holdings:
        directory = self._settings.index
        version = self.version()
        places = versions.sources_of(directory, version) if version else ()
        return Holdings(
            tuple(map(str, indexing.local_sources(places))),
            self._sources(),
            tuple(history.kept_versions(directory)),
            history.bytes_of(directory),
        )

    def hand_in(
        self, files: Sequence[Path], on_progress: Progress, who: Who | None = None
    ) -> Outcome:
        """Put the articles of files into the index that need not stay where they are."""
        on_progress("read", 0, 0)
        try:
            renewal = indexing.hand_in(
                self._settings, files, self._embedder(), on_progress, self._claim(who)
            )
        except BylineError as error:
            raise BylineError(_named(str(error), files)) from error
        remarks = ((w, _named(p, files), _named(r, files)) for w, p, r in _of(renewal.reading))
        return Outcome(_sentence(str(renewal.change)), tuple(remarks))

    def fetch(
        self, kind: Kind, address: str, on_progress: Progress, who: Who | None = None
    ) -> Outcome:
        """Put what is at an address into the index: a page's article, also one that was removed
        before, or those that a feed or sitemap lists, which is then noted as a source."""
        source = source_at(kind, address)
        outcome = self._sync([source], on_progress, kind == "page", self._claim(who))
        if kind != "page" and note_source(self._settings.index / SOURCES, source):
            return Outcome(f"{outcome.said} The {kind} is noted as a source.", outcome.remarks)
        return outcome

    def look_again(self, on_progress: Progress) -> Outcome:
        """Put what is new at all sources that are noted into the index."""
        sources = self._sources()
        if not sources:
            raise BylineError("No feed or sitemap is noted yet: add one by its address first.")
        return self._sync(sources, on_progress)

    def forget(self, key: str) -> bool:
        """Look at a source no more; its articles stay. False where it is not noted."""
        file = self._settings.index / SOURCES
        return file.exists() and forget_source(file, key)

    def update(self, on_progress: Progress) -> Outcome:
        """Make the index hold what its files and folders hold now."""
        on_progress("read", 0, 0)
        renewal = indexing.update(self._settings, (), self._embedder(), on_progress)
        missing = (("gone", place, "it is not there any more") for place in renewal.missing)
        return Outcome(_sentence(str(renewal.change)), (*missing, *_of(renewal.reading)))

    def build_again(self, on_progress: Progress) -> Outcome:
        """Publish the same articles anew, by the embedder of the settings."""
        manifest = build_again(
            self._settings.index,
            self._embedder(),
            on_progress=on_progress,
            upkeep=upkeep(self._settings),
        )
        return Outcome(_in_use(manifest))

    def remove(
        self, ids: Collection[str], on_progress: Progress, who: Who | None = None
    ) -> Outcome:
        """Take articles out, all of them in one version; what has gone before is said."""
        held = self.titles(ids)
        if not held:
            raise BylineError(
                "None of these articles is in the index any more: choose again from the list."
            )
        self.check(held, who)
        removal = indexing.take_out(self._settings, list(held), on_progress)
        if self._owners is not None:
            self._owners.forget(held)
        why = "what it holds comes back when the files are read again"
        files = (("still there", file, why) for file in removal.files)
        gone = (("gone", id_, "it was removed before") for id_ in ids if id_ not in held)
        return Outcome(_sentence(str(removal.change)), (*files, *gone))

    def rollback(self, version: str, on_progress: Progress) -> Outcome:
        """Make another version the one in use."""
        settings = self._settings
        manifest = history.rollback(settings.index, version, on_progress, upkeep(settings))
        remarks: tuple[tuple[str, str, str], ...] = ()
        if manifest.embedder != settings.embedder:
            why = f"built with the embedder {manifest.embedder}: build it again to ask it"
            remarks = (("noted", manifest.version, why),)
        return Outcome(_in_use(manifest), remarks)

    def _sync(
        self,
        sources: Sequence[Source],
        on_progress: Progress,
        again: bool = False,
        claim: indexing.Claim | None = None,
    ) -> Outcome:
        index = self._settings.index
        with embedding_ahead(index, self._embedder) as ahead:
            report = sync(
                sources,
                index,
                indexing.into_index(self._settings, self._embedder, on_progress, claim),
                self._fetcher,
                due_only=False,
                again=again,
                on_progress=on_progress,
                on_arrived=ahead,
            )
        if report.failed:
            reasons = "; ".join(f"{one.source.place}: {one.reason}" for one in report.sources)
            raise BylineError(
                f"Nothing could be read from {reasons}; look at the address, or try again later."
            )
        several = len(report.sources) > 1
        said = [f"{one.source.name}: {one}" if several else str(one) for one in report.sources]
        remarks = (remark for one in report.sources for remark in _said_of(one))
        return Outcome(_sentence("; ".join(said)), tuple(remarks))

    def _sources(self) -> tuple[Source, ...]:
        file = self._settings.index / SOURCES
        return load_sources(file) if file.exists() else ()

    def _embedder(self) -> Embedder:
        with self._loading:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _all_rows(self) -> list[Row]:
        """Read once a version: twenty thousand of them take a while."""
        with self._reading:
            if self._rows.version is None or self._rows.version != self.version():
                manifest, store = store_in_use(self._settings.index)
                with closing(store):
                    self._rows = _Rows(manifest.version, all_rows(store))
            return self._rows.rows


def _of(reading: Reading) -> list[tuple[str, str, str]]:
    return [
        *(("skipped", one.place, one.reason) for one in reading.skipped),
        *(("noted", one.place, one.reason) for one in reading.notes),
    ]


def _said_of(report: SourceReport) -> list[tuple[str, str, str]]:
    kinds = (("skipped", report.skipped), ("gone", report.gone), ("noted", report.notes))
    said = [(what, place, reason) for what, pairs in kinds for place, reason in pairs]
    if report.state == "failed":
        said.append(("skipped", report.source.place, report.reason or "it gave nothing"))
    return said


def _named(text: str, files: Sequence[Path]) -> str:
    """The text with files by their names: where they lie for a moment tells a reader nothing."""
    for file in files:
        text = text.replace(str(file), file.name)
    return text


def _in_use(manifest: Manifest) -> str:
    return (
        f"Version {manifest.version} is in use: {manifest.articles:,} articles, "
        f"{manifest.passages:,} passages."
    )


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
