"""What a person sees in a terminal: bars, summaries and the chat."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import BylineError
from index.browse import day
from rag.output import sources_text
from rag.pace import STAGES, Pace
from rag.settings import SAMPLE_ARTICLES, Settings
from rag.types import Done, Found, Piece, Turn
from rag.untrusted import visible

if TYPE_CHECKING:
    from index.types import Embedder
    from index.versions import Manifest
    from rag.pipeline import Pipeline

_LINE_EVERY_S = 5.0


def quiet() -> None:
    """Keep the libraries' own bars and hints off a terminal that is ours."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TQDM_DISABLE", "1")
    logging.getLogger("transformers").setLevel(logging.ERROR)


def load_with_bars(settings: Settings) -> Pipeline:
    """Everything that answers a question, with bars for what must be fetched first."""
    from rag.fetch import fetch_with_bar
    from rag.load import load_pipeline

    quiet()
    return load_pipeline(settings, fetch_with_bar)


def ensure_index(settings: Settings, articles: Sequence[Path] | None = None) -> None:
    """Build the index when it is missing, or bring it up to date with what it was made from.

    Other `articles` than it was made from make a new index of just these; without any, a missing
    one is made of the sample articles. What an index cannot be read by any more, another embedder
    or an earlier schema, makes it be built again out of itself. An index whose own sources are gone
    is used as it is.
    """
    from index.versions import current_version, read_manifest
    from rag.indexing import local_sources, update
    from rag.load import full

    paths = list(articles or ())
    if current_version(settings.index) is None:
        build_with_bar(settings, paths or [SAMPLE_ARTICLES])
        return
    embedder = embedder_with_bar(settings)
    sources = _fit(settings, embedder).sources
    if not {full(path) for path in paths} <= set(sources):
        build_with_bar(settings, paths)
    elif any(source.exists() for source in local_sources(sources)):
        before = read_manifest(settings.index)
        with staged() as on_progress:
            renewal = update(settings, (), embedder, on_progress)
        if renewal.change.manifest != before:
            print(f"{renewal.reading.summary()} {renewal.change}.", file=sys.stderr)


def build_with_bar(settings: Settings, paths: Sequence[Path]) -> Manifest:
    """Read the articles, say what was skipped and why, and publish a version of the index."""
    from corpus.read import read_articles
    from index.readings import recalling
    from rag.load import build_index

    with recalling(settings.index, anew=True) as recall:
        with staged() as on_progress:
            reading = read_articles(paths, recall, on_progress)
        embedder = embedder_with_bar(settings)
        print(reading.summary(), file=sys.stderr)
        with staged() as on_progress:
            return build_index(
                settings, reading.articles, paths, embedder, on_progress, reading.origins
            )


def build_again_with_bar(settings: Settings) -> Manifest:
    """Publish a version of the same articles by the embedder of the settings."""
    from index.build import build_again
    from rag.load import upkeep

    embedder = embedder_with_bar(settings)
    with staged() as on_progress:
        return build_again(
            settings.index, embedder, on_progress=on_progress, upkeep=upkeep(settings)
        )


def embedder_with_bar(settings: Settings) -> Embedder:
    """The embedder, with a bar for weights that must be fetched first."""
    from rag.fetch import fetch_with_bar
    from rag.load import load_embedder

    quiet()
    return load_embedder(settings, fetch_with_bar)


def _fit(settings: Settings, embedder: Embedder) -> Manifest:
    """The manifest of the version in use, built again if this program or embedder needs it."""
    from index.guard import check_embedder
    from index.versions import read_manifest

    try:
        manifest = read_manifest(settings.index)
        check_embedder(settings.index, manifest, embedder)
    except BylineError as error:
        print(f"{error}. That is done now.", file=sys.stderr)
        return build_again_with_bar(settings)
    return manifest


def unpack_where_faster(settings: Settings, file: Path) -> None:
    """Unpack the language model's weights, once, where that makes it faster."""
    from rag.load import engine_for
    from rag.unpacked import can_unpack, is_unpacked, unpack

    if file.suffix != ".gguf" or is_unpacked(file):
        return
    if engine_for(settings, file) == "transformers" and can_unpack(file):
        print(
            f"Unpacking {file.name} for this processor: once, for two minutes or so.",
            file=sys.stderr,
        )
        quiet()
        unpack(file)


@contextlib.contextmanager
def staged() -> Iterator[Callable[[str, int, int], None]]:
    """A callback (stage, done, total) that shows each stage: a bar, or lines where none fits."""
    with contextlib.ExitStack() as stack:
        counts: dict[str, Callable[[int, int], None]] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in counts:
                stack.close()
                counts[stage] = stack.enter_context(counting(STAGES.get(stage, stage)))
            counts[stage](done, total)

        yield show


@contextlib.contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A callback (done, total) that shows a bar on stderr with rate and time left.

    Where stderr is no terminal it prints a line every few seconds instead.
    """
    from rich import progress as rich
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(what)
        return
    bar = rich.Progress(
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TextColumn("{task.fields[rate]}"),
        rich.TimeRemainingColumn(),
        console=console,
    )
    start = time.monotonic()
    with bar:
        task = bar.add_task(what, total=None, rate="")

        def show(done: int, total: int) -> None:
            pace = Pace(done, total, time.monotonic() - start)
            bar.update(task, completed=done, total=total or None, rate=pace.rate)

        yield show


def _lines(what: str) -> Callable[[int, int], None]:
    start = printed = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal printed
        now = time.monotonic()
        if now - printed >= _LINE_EVERY_S or (done == total and now - start >= 1.0):
            printed = now
            print(f"{what}: {Pace(done, total, now - start)}", file=sys.stderr, flush=True)

    return show


def chat_in_terminal(pipeline: Pipeline, as_of: date | None = None) -> None:
    """Ask and answer until the end of input; the answer streams, its sources below."""
    about = pipeline.describe()
    known = f", as known on {day(as_of.isoformat())}" if as_of else ""
    print(
        f"{about.articles} articles{known}, {about.model}. An empty line or Ctrl-D ends the chat.\n"
    )
    history: list[Turn] = []
    while question := _question():
        try:
            answer = _stream_answer(pipeline, question, history, as_of)
        except BylineError as error:
            print(f"byline: {error}\n", file=sys.stderr)
            continue
        history.append(Turn(question, answer))


def _question() -> str:
    try:
        return input("> ").strip()
    except EOFError:
        print()
        return ""


def _stream_answer(
    pipeline: Pipeline, question: str, history: Sequence[Turn], as_of: date | None
) -> str:
    said = ""
    for event in pipeline.stream(question, history, as_of):
        if isinstance(event, Found) and said:
            said = ""
            print("\n\nThat does not answer it; from the articles:")
        elif isinstance(event, Piece):
            said += event.text
            print(visible(event.text), end="", flush=True)
        elif isinstance(event, Done):
            answer = event.answer
            # The draft stays on the terminal, so what the check changed is told below it.
            draft, text = said.strip(), visible(answer.text)
            if draft and text.startswith(draft):
                print(text[len(draft) :], end="")  # what the sources state differently
            elif draft != text:
                print(f"\n\nAfter checking: {text}" if said else text, end="")
            if answer.understood:
                print(f"\n\nUnderstood as: {visible(answer.understood)}", end="")
            print(f"\n\n{sources_text(answer)}\n")
            return answer.said
    raise AssertionError("stream ends with Done")
