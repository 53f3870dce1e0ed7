"""What the groups of commands share: their options, the settings behind these, and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rag.settings import Settings

# Optional[...] and not `| None`: typer evaluates these on every Python from 3.10.
IndexDir = Annotated[
    Path | None, typer.Option("--index", metavar="DIR", help="Where the index lies.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def settings_with(**chosen: object) -> Settings:
    """The settings with what the command line chose on top; None means not chosen."""
    from rag.settings import load_settings

    return load_settings(**chosen)


def print_json(value: Any, indent: int | None = 2) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=indent))
