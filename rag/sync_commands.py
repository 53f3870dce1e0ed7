"""`byline sync`: its options, and its report as text and as JSON. No logic of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus.errors import BylineError
from rag.options import AsJson, IndexDir, print_json, settings_with

if TYPE_CHECKING:
    from corpus.article import Article
    from rag.settings import Settings
    from rag.sync import Change, SourceReport, SyncReport

_NAMED = 5  # places that the text names of each reason


def sync_command(
    sources: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to look, and how often.")
    ] = Path("sources.toml"),
    index: IndexDir = None,
    everything: Annotated[
        bool, typer.Option("--now", help="Look at every source, whether it is due or not.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Bring back articles that were removed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch what is new at the sources that are due, and put it into the index."""
    from corpus.sources import load_sources
    from rag.sync import sync
    from rag.terminal import staged

    settings = settings_with(index=index)
    listed = load_sources(sources)
    with staged() as on_progress:
        report = sync(
            listed,
            settings.index,
            _change(settings, on_progress),
            due_only=not everything,
            again=again,
            on_progress=on_progress,
        )
    if as_json:
        print_json(report_json(report))
    else:
        for line in report_lines(report):
            typer.echo(line)
    if report.failed:
        raise BylineError(f"None of the sources of {sources} could be read: see the reasons above.")


def _change(settings: Settings, on_progress: Any) -> Change:
    """Changes the index with the embedder of the settings, which is loaded when first needed."""

    def change(
        articles: Sequence[Article], remove: Collection[str], origins: Mapping[str, str]
    ) -> str:
        from index.change import apply
        from rag import load
        from rag.fetch import fetch_with_bar
        from rag.terminal import quiet

        quiet()
        embedder = load.load_embedder(settings, fetch_with_bar)
        done = apply(
            settings.index,
            embedder,
            articles,
            remove,
            on_progress=on_progress,
            origins=origins,
            upkeep=load.upkeep(settings),
        )
        return done.manifest.version

    return change


def report_json(report: SyncReport) -> dict[str, Any]:
    """The report as scripts read it; the version is null when nothing was published."""
    return {
        "version": report.version,
        "sources": [
            {
                "name": one.source.name,
                "kind": one.source.kind,
                "place": one.source.place,
                "state": one.state,
                "reason": one.reason,
                "added": one.added,
                "updated": one.updated,
                "removed": one.removed,
                "unchanged": one.unchanged,
                "skipped": _pairs(one.skipped),
                "gone": _pairs(one.gone),
                "notes": _pairs(one.notes),
            }
            for one in report.sources
        ],
    }


def report_lines(report: SyncReport) -> Iterator[str]:
    """A line for each source, and below it what was skipped, gone or noted, by reason."""
    for one in report.sources:
        counts = _counts(one) if one.state == "looked at" else one.state
        yield f"{one.source.name}: {counts}{f' ({one.reason})' if one.reason else ''}"
        for what, pairs in (("skipped", one.skipped), ("gone", one.gone), ("noted", one.notes)):
            yield from (f"  {what} {line}" for line in _by_reason(pairs))
    if report.version:
        yield f"Version {report.version} is in use."


def _counts(one: SourceReport) -> str:
    counts = {
        "added": len(one.added),
        "updated": len(one.updated),
        "removed": len(one.removed),
        "unchanged": one.unchanged,
        "skipped": len(one.skipped),
    }
    return ", ".join(f"{n:,} {what}" for what, n in counts.items() if n) or "nothing new"


def _by_reason(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    places: dict[str, list[str]] = {}
    for place, reason in pairs:
        places.setdefault(reason, []).append(place)
    for reason, found in places.items():
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        yield _one_line(f"{', '.join(found[:_NAMED])}{more}: {reason}")


def _one_line(text: str) -> str:
    """What came from the web, without what could steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"place": place, "reason": reason} for place, reason in pairs]
