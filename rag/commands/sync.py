"""`byline sync`: its options, and its report as text and as JSON. No logic of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus.errors import BylineError
from rag.commands.options import AsJson, IndexDir, Store, print_json, settings_with

if TYPE_CHECKING:
    from rag.upkeep.sync import SyncReport


def sync_command(
    sources: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where to look, and how often (default: sources.toml, and the one in the index).",
        ),
    ] = None,
    index: IndexDir = None,
    store: Store = None,
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
    from index.ahead import embedding_ahead
    from rag.commands.terminal import embedder_with_bar, staged
    from rag.upkeep.indexing import into_index
    from rag.upkeep.sync import noted_sources, sync

    settings = settings_with(index=index, store=store)
    listed = load_sources(sources) if sources else noted_sources(settings.index)
    embedder = cache(partial(embedder_with_bar, settings))
    with staged() as on_progress, embedding_ahead(settings.index, embedder) as ahead:
        report = sync(
            listed,
            settings.index,
            into_index(settings, embedder, on_progress),
            due_only=not everything,
            again=again,
            on_progress=on_progress,
            on_arrived=ahead,
        )
    if as_json:
        print_json(report_json(report))
    else:
        for line in report_lines(report):
            typer.echo(line)
    if report.failed:
        file = sources or "sources.toml"
        raise BylineError(f"None of the sources of {file} could be read: see the reasons above.")


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
    from rag.commands.output import by_reason

    for one in report.sources:
        state = str(one) if one.state == "looked at" else one.state
        yield f"{one.source.name}: {state}{f' ({one.reason})' if one.reason else ''}"
        for what, pairs in (("skipped", one.skipped), ("gone", one.gone), ("noted", one.notes)):
            yield from (f"  {what} {places}: {why}" for places, why in by_reason(pairs))
    if report.version:
        yield f"Version {report.version} is in use."


def _pairs(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"place": place, "reason": reason} for place, reason in pairs]
