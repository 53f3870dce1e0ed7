"""A desk that syncs sources into a real index, with the time of day in its hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from fakes import HashingEmbedder
from newsstand import Site, story

from corpus.article import Article
from corpus.fetch import Bounds, Fetcher
from corpus.sources import Source
from index import versions
from index.change import apply
from index.store import Store
from rag.upkeep.sync import SourceReport, SyncReport, sync

DAY = 86_400
QUICK = Bounds(bytes=1_000_000, seconds=60.0, attempts=2, backoff_s=0.001, delay_s=0.0)
WORDS = "The harbour of Vell opened again on Monday after weeks of repairs. " * 6


class Desk:
    """An index with the time of day in its hand."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder = site, folder
        self.embedder = HashingEmbedder()
        self.time = 1_750_000_000.0
        self.batches: list[int] = []

    def change(
        self, articles: Sequence[Article], remove: Collection[str], origins: Mapping[str, str]
    ) -> str:
        self.batches.append(len(articles))
        done = apply(self.folder, self.embedder, articles, remove, origins=origins)
        return done.manifest.version

    def sync(self, *sources: Source, after: float = DAY, **options: Any) -> SyncReport:
        """Look at sources a day after the last time."""
        self.time += after
        return sync(
            sources,
            self.folder,
            options.pop("change", self.change),
            lambda: Fetcher(QUICK),
            now=lambda: self.time,
            **options,
        )

    def one(self, source: Source, **options: Any) -> SourceReport:
        [report] = self.sync(source, **options).sources
        return report

    def articles(self) -> dict[str, Article]:
        """By the path of their address."""
        version = versions.current_version(self.folder)
        if version is None:
            return {}
        folder = versions.version_folder(self.folder, version)
        with closing(Store(folder / versions.STORE)) as store:
            return {a.id.removeprefix(self.site.url): a for a, _ in store.all_articles()}

    def feed(self, *paths: str, path: str = "/feed", updated: str = "", **options: Any) -> Source:
        """A feed of these pages, each with a content of its own."""
        items = "".join(
            f"<item><title>Story {p}</title><link>{self.site.url}{p}</link><description>{WORDS}"
            f"</description><pubDate>2025-06-13T08:00:00Z</pubDate>"
            f"<atom:updated>{updated}</atom:updated></item>"
            for p in paths
        )
        self.site.put(
            path,
            '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>Vell Post'
            f"</title>{items}</channel></rss>",
            "application/rss+xml",
            ETag=f'"{hash(items)}"',
        )
        address = self.site.url + path
        return Source("feed", address, name=address, interval=3600, recheck=DAY, **options)

    def page(self, path: str, title: str = "", **options: str) -> None:
        title = title or f"Story {path}"
        self.site.put(path, story(title), ETag=f'"{hash(title)}"', **options)
