"""`byline bench`: how fast this machine is, against a plain way to do the same."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rag.bench import IndexSpeed, Way

bench_app = typer.Typer(help="Measure this machine against plain libraries.", no_args_is_help=True)


@bench_app.callback()
def _bench() -> None:
    """Measure this machine against plain libraries."""


@bench_app.command("index")
def bench_index_command(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH ...]", help="Files and folders.")
    ] = None,
    passages: Annotated[
        int, typer.Option(min=2, help="About how many, of articles drawn at random.")
    ] = 256,
    rounds: Annotated[int, typer.Option(min=2, help="How often each way has its turn.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Embed articles as Byline does and as plain sentence-transformers does, turn about."""
    from corpus.read import read_articles
    from rag.bench import bench_index, plain_encode, some_articles
    from rag.fetch import fetch_with_bar
    from rag.load import load_embedder
    from rag.settings import SAMPLE_ARTICLES, load_settings
    from rag.terminal import counting, quiet

    quiet()
    settings = load_settings()
    articles = some_articles(read_articles(paths or [SAMPLE_ARTICLES]).articles, passages)
    embedder = load_embedder(settings, fetch_with_bar)
    plain = plain_encode(fetch_with_bar(settings.embedder, settings.models_dir))
    with counting("embedding by turns") as on_progress:
        speed = bench_index(articles, embedder, plain, rounds=rounds, on_progress=on_progress)
    if as_json:
        typer.echo(json.dumps({"embedder": embedder.name, **asdict(speed)}, indent=2))
    else:
        typer.echo(index_speed_text(speed))


def index_speed_text(speed: IndexSpeed) -> str:
    """A few lines for a person."""
    return "\n".join(
        [
            f"{speed.passages:,} passages, {speed.rounds} rounds, median round:",
            _way("byline", speed.byline),
            _way("plain float32", speed.plain),
            f"{speed.ratio:.2f} times as fast ({speed.low:.2f} to {speed.high:.2f} at 95%); "
            f"least cosine between the two vectors of a passage {speed.least_cosine:.4f}",
            f"{speed.bytes_a_passage:,.0f} bytes a passage on disk",
        ]
    )


def _way(name: str, way: Way) -> str:
    return (
        f"{name:>15}  {way.passages_per_second:,.1f} passages a second, "
        f"peak memory {way.peak_bytes / 1e6:,.0f} MB"
    )
