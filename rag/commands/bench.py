"""`byline bench`: how fast this machine is, against a plain way to do the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.commands.options import AsJson, IndexDir, print_json, settings_with

if TYPE_CHECKING:
    from rag.bench.embedding import IndexSpeed, Way
    from rag.bench.search import Measured, Percentiles, Size
    from rag.bench.serving import Held, Served, Spread
    from rag.settings import Settings

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
    from rag.bench.embedding import bench_index, plain_encode, some_articles
    from rag.commands.terminal import counting, quiet
    from rag.fetching.fetch import fetch_with_bar
    from rag.load import load_embedder
    from rag.settings import SAMPLE_ARTICLES, load_settings

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


@bench_app.command("search")
def bench_search_command(
    passages: Annotated[
        str,
        typer.Option(metavar="N,N,...", help="The sizes to grow to."),
    ] = "10000,100000,1000000",
    questions: Annotated[
        int, typer.Option(min=1, help="How many titles are asked for, drawn at random.")
    ] = 200,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.png", help="Draw how everything grows.")
    ] = None,
    as_json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Grow copies of the index, with noise, and measure recall, time, memory and disk of searching.

    A million passages take some 5 GB of disk for a while, and minutes.
    """
    from rag.bench.grown import read_real
    from rag.bench.plot import draw_growth
    from rag.bench.search import bench_search, titles_of
    from rag.commands.terminal import counting, quiet
    from rag.load import upkeep

    quiet()
    settings = settings_with(index=index)
    sizes = _sizes(passages)
    real = read_real(settings.index)
    with counting("growing") as on_progress:
        found = bench_search(
            real,
            sizes,
            titles_of(real, questions),
            partial(_in_a_process, settings),
            upkeep=upkeep(settings),
            on_progress=on_progress,
        )
    if plot is not None:
        draw_growth(found, plot)
    if as_json:
        print_json({"embedder": real.manifest.embedder, "sizes": [asdict(size) for size in found]})
    else:
        typer.echo("\n".join(map(size_text, found)))


@bench_app.command("serve")
def bench_serve_command(
    clients: Annotated[int, typer.Option(min=1, max=500, help="How many ask at once.")] = 50,
    seconds: Annotated[float, typer.Option(min=1, help="For how long they ask.")] = 120,
    tokens: Annotated[
        float, typer.Option(min=1, help="Tokens a second that the scripted model writes.")
    ] = 100,
    as_json: AsJson = False,
    index: IndexDir = None,
) -> None:
    """Let many clients ask a server of its own at once, over a scripted model: waits, errors,
    fairness, and what the server holds.

    It is `byline serve` with the real index and embedder. No language model is loaded: the script
    says the first sentence of the first passage, and yes to all else.
    """
    from rag.bench.grown import read_real
    from rag.bench.search import titles_of
    from rag.bench.serving import bench_serve
    from rag.commands.terminal import ensure_index, quiet

    quiet()
    settings = settings_with(index=index)
    ensure_index(settings)
    titles = titles_of(read_real(settings.index), 200)
    asked = [f"What do the articles say about {title}?" for title in titles]
    found = bench_serve(settings, asked, clients, seconds, tokens)
    if as_json:
        print_json(asdict(found))
    else:
        typer.echo(served_text(found))


def served_text(found: Served) -> str:
    """A few lines for a person."""
    errors = [f"  {count} times: {what}" for what, count in found.errors.items()]
    return "\n".join(
        [
            f"{found.clients} clients, {found.seconds:.0f} s: {found.answers} answers, "
            f"{found.searches} searches, {sum(found.errors.values())} errors, told "
            f"{found.busy} times to come back later; {found.cpu_s:.0f} s of the processor",
            *errors,
            f"  first event  {_spread(found.first_event)}",
            f"  whole answer {_spread(found.whole)}",
            f"  with waits   {_spread(found.waited)}",
            f"  search       {_spread(found.search)}",
            f"  a client     {found.fewest} to {found.most} answers, median {found.middle:g}",
            f"  held         {_held(found.start)} before",
            f"               {_held(found.half)} at half time",
            f"               {_held(found.end)} after",
        ]
    )


def _spread(found: Spread) -> str:
    if found.p50 is None:
        return "none"
    return f"p50 {found.p50:.2f} s, p95 {found.p95:.2f} s, longest {found.longest:.2f} s"


def _held(held: Held) -> str:
    return (
        f"{held.memory_bytes / 1e6:,.0f} MB of memory, {held.files} open files, "
        f"{held.threads} threads"
    )


def _sizes(text: str) -> list[int]:
    try:
        sizes = [int(part) for part in text.replace("_", "").split(",")]
    except ValueError:
        sizes = [0]
    if min(sizes) < 1:
        raise typer.BadParameter("--passages wants numbers such as 10000,100000")
    return sizes


def _in_a_process(settings: Settings, directory: Path, questions: Sequence[str]) -> Measured:
    """`measure` in a process of its own, whose memory is that of searching alone."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, get_context("spawn")) as beside:
        return beside.submit(_measured, settings, directory, list(questions)).result()


def _measured(settings: Settings, directory: Path, questions: Sequence[str]) -> Measured:
    from rag.bench.search import measure
    from rag.load import load_embedder

    return measure(directory, questions, load_embedder(settings))


def size_text(size: Size) -> str:
    """A few lines for a person."""
    found, recall = size.searched, size.searched.recall
    lists = f"{size.faiss}, {size.probes} lists looked into" if size.probes else "all compared"
    words = "postings" if size.postings else "FTS5"
    return "\n".join(
        [
            f"{size.passages:,} passages (vectors: {lists}; words: {words})",
            f"  recall@10    vectors {recall.vectors:.3f}, words {recall.words:.3f}, "
            f"both {recall.both:.3f}",
            f"               vectors within one outlet of 100 {recall.outlet:.3f}, "
            f"within one day of 100 {recall.day:.3f}",
            f"  one search   {_times(found.whole)}",
            f"  in an outlet {_times(found.outlet)}",
            f"  most memory  {found.peak_bytes / 1e6:,.0f} MB; on disk "
            f"{size.bytes_a_passage:,.0f} bytes a passage, made in {size.build_s:,.0f} s",
        ]
    )


def _times(found: Percentiles) -> str:
    return (
        f"p50 {found.p50_ms:.1f} ms, p99 {found.p99_ms:.1f} ms, of which the processor's "
        f"{found.cpu_p50_ms:.1f} and {found.cpu_p99_ms:.1f} ms"
    )


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
