"""`byline story`: how a story went on. No logic of its own."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.commands.options import AsJson, IndexDir, print_json, settings_with

if TYPE_CHECKING:
    from index.timeline import Entry

_KINDS = {
    "first": "first report",
    "copy": "carried",
    "update": "update",
    "correction": "correction",
    "retraction": "retraction",
}


def story(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="Of a story or an article, or an address.")
    ],
    text: Annotated[bool, typer.Option("--text", help="Show the text of each state too.")] = False,
    index: IndexDir = None,
    as_json: AsJson = False,
) -> None:
    """Show a story's timeline: who carried it when, its updates, corrections and retractions."""
    from index.story_tables import read_timeline

    story_id, entries = read_timeline(settings_with(index=index).index, name)
    if as_json:
        states = [_entry_json(entry) for entry in entries]
        print_json({"story": story_id, "outlets": _outlets(entries), "timeline": states})
    else:
        articles = len({entry.article.id for entry in entries})
        outlets = ", ".join(_outlets(entries)) or "no outlet stated"
        noun = "article" if articles == 1 else "articles"
        typer.echo(f"Story {story_id}: {articles} {noun} ({outlets})")
        for entry in entries:
            typer.echo(_entry_text(entry, text))


def _outlets(entries: list[Entry]) -> list[str]:
    return list(dict.fromkeys(e.article.outlet for e in entries if e.article.outlet))


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry.article), "kind": entry.kind, "replaced": entry.replaced,
            "change": entry.change}  # fmt: skip


def _entry_text(entry: Entry, with_text: bool) -> str:
    article = entry.article
    when = article.updated_at or article.published_at or "no date"
    kind = _KINDS[entry.kind] + (", replaced since" if entry.replaced else "")
    who = " · ".join(part for part in (when, article.outlet, article.title) if part)
    lines = [f"{who}\n    {kind}" + (f": {entry.change}" if entry.change else "")]
    lines.append(f"    id {article.id}")
    if article.url and article.url != article.id:
        lines.append(f"    {article.url}")
    if with_text:
        lines.append("\n".join(f"    | {line}" for line in article.body.splitlines()))
    return "\n".join(lines)
