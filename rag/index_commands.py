"""`byline index`: building the index, changing it and looking at it. No logic of its own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rag.options import AsJson, IndexDir, print_json, settings_with

index_app = typer.Typer(help="Build the index and look at it.", no_args_is_help=True)


@index_app.command("build")
def index_build(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH ...]", help="Files and folders.")
    ] = None,
    index: IndexDir = None,
    as_json: AsJson = False,
) -> None:
    """Publish a new version of the index from scratch (default: the sample articles)."""
    from rag.settings import SAMPLE_ARTICLES
    from rag.terminal import build_with_bar

    manifest = build_with_bar(settings_with(index=index), paths or [SAMPLE_ARTICLES])
    if as_json:
        print_json(asdict(manifest))
    else:
        typer.echo(
            f"Version {manifest.version}: {manifest.passages} passages of "
            f"{manifest.articles} articles."
        )


@index_app.command("status")
def index_status(index: IndexDir = None, as_json: AsJson = False) -> None:
    """Which version is in use and what it holds."""
    from index.versions import read_manifest

    directory = settings_with(index=index).index
    fields = {"directory": str(directory), **asdict(read_manifest(directory))}
    if as_json:
        print_json(fields)
    else:
        for key, value in fields.items():
            typer.echo(f"{key:>14}  {value}")
