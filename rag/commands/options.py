"""What the groups of commands share: their options, the settings behind these, and JSON."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corpus.errors import BylineError

if TYPE_CHECKING:
    from rag.settings import Settings

IndexDir = Annotated[
    Path | None, typer.Option("--index", metavar="DIR", help="Where the index lies.")
]
Store = Annotated[
    str | None,
    typer.Option(
        metavar="milvus://HOST:PORT/NAME", help="A Milvus, where the index is searched then."
    ),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="postgresql://USER:PASSWORD@HOST/NAME",
        help="Keys, people and chats in a PostgreSQL; others see a password here: rather set "
        "BYLINE_DATABASE.",
    ),
]
Support = Annotated[
    str | None,
    typer.Option(
        metavar="MODEL",
        help="Beside the rules: trained, judge, a folder or hub id of a cross-encoder; or rules.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def _day(given: str) -> date:
    from rag.reading.times import parse_day

    try:
        return parse_day(given)
    except BylineError as error:
        raise typer.BadParameter(str(error)) from None


AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of",
        metavar="DATE",
        parser=_day,
        help="Answer from what was known on this day, such as 2025-06-13.",
    ),
]


def settings_with(**chosen: object) -> Settings:
    """The settings with what the command line chose on top; None means not chosen."""
    from rag.settings import load_settings

    return load_settings(**chosen)


def print_json(value: Any, indent: int | None = 2) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=indent))
