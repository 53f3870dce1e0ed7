"""What a person sees in a terminal: bars and summaries."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import BylineError
from rag.settings import SAMPLE_ARTICLES, Settings
from rag.upkeep.loads import loads_of
from rag.upkeep.pace import STAGES, Pace, Wait

if TYPE_CHECKING:
    from index.types import Embedder
    from index.versions import Manifest
    from rag.answer_cache import AnswerCache
    from rag.load import Fetch
    from rag.pipeline import Pipeline

progress = logging.getLogger("byline.progress")

_LINE_EVERY_S = 5.0
_SHORT_S = 1.0  # of a stage that is not worth a line


def say(text: str) -> None:
    """A line on stderr; of a server whose log is there, one of that log (rag/api/logs.py)."""
    if progress.isEnabledFor(logging.INFO) and not sys.stderr.isatty():
        progress.info("%s", text)
    else:
        print(text, file=sys.stderr, flush=True)


def quiet() -> None:
    """Keep the libraries' own bars and hints off a terminal that is ours."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TQDM_DISABLE", "1")
    logging.getLogger("transformers").setLevel(logging.ERROR)


def load_with_bars(settings: Settings, answers: AnswerCache | None = None) -> Pipeline:
    """As rag.load.load_pipeline, with bars for what must be fetched first, and then with the time
    that loading takes."""
    from rag.load import load_pipeline

    quiet()
    loads = loads_of(settings)
    with telling("load", loads.usual) as line:
        pipeline = load_pipeline(settings, line.aside(bringing(settings)), answers)
    loads.took(line.seconds)
    return pipeline


def bringing(settings: Settings) -> Fetch:
    """Brings a model with a bar, and unpacks the one that answers where that makes it faster."""
    from rag.fetching.fetch import fetch_with_bar

    def bring(name: str, folder: Path) -> Path:
        path = fetch_with_bar(name, folder)
        if name == settings.model:
            unpack_where_faster(settings, path)
        return path

    return bring


def ensure_index(settings: Settings, articles: Sequence[Path] | None = None) -> None:
    """Build the index when it is missing, or bring it up to date with what it was made from.

    Other `articles` than it was made from make a new index of just these; without any, a missing
    one is made of the sample articles. What an index cannot be read by any more, another embedder
    or an earlier schema, makes it be built again out of itself. An index whose own sources are gone
    is used as it is.
    """
    from index.versions import current_version, read_manifest
    from rag.load import full
    from rag.upkeep.indexing import local_sources, update

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
            say(f"{renewal.reading.summary()} {renewal.change}.")


def build_with_bar(settings: Settings, paths: Sequence[Path]) -> Manifest:
    """Read the articles, say what was skipped and why, and publish a version of the index."""
    from corpus.read import read_articles
    from index.ahead import embedding_ahead
    from index.readings import recalling
    from rag.load import build_index

    embedder = embedder_with_bar(settings)
    with recalling(settings.index, anew=True) as recall:
        with (
            staged() as on_progress,
            embedding_ahead(settings.index, lambda: embedder) as ahead,
        ):
            reading = read_articles(paths, recall, on_progress, ahead)
        say(reading.summary())
        with staged() as on_progress:
            return build_index(
                settings, reading.articles, paths, embedder, on_progress, reading.origins
            )


def build_on_nodes(
    settings: Settings, paths: Sequence[Path], address: str, work: Path | None
) -> Manifest:
    """As `build_with_bar`, with files read and passages embedded by the nodes of a Ray cluster."""
    from corpus.read import read_articles
    from index.readings import recalling
    from rag.load import build_index, embedder_named

    try:
        from index.many_nodes import read_on_nodes
        from index.parts import PreparedEmbedder
    except ImportError as error:  # pyarrow comes with it
        raise BylineError(
            "--ray needs Ray, which is not installed: pip install 'byline[ray]'"
        ) from error
    embedder = embedder_with_bar(settings)
    parts = settings.index / "parts"
    with recalling(settings.index, anew=True) as recall:
        with staged() as on_progress:
            make = partial(embedder_named, settings.embedder)
            folder, recall_of_nodes = read_on_nodes(
                paths, address, work or parts, embedder, make, recall, on_progress
            )
            reading = read_articles(paths, recall_of_nodes, on_progress)
        say(reading.summary())
        with staged() as on_progress, PreparedEmbedder(embedder, folder) as prepared:
            manifest = build_index(
                settings, reading.articles, paths, prepared, on_progress, reading.origins
            )
    if work is None:  # what it holds is in the index now
        shutil.rmtree(parts)
    return manifest


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
    from rag.fetching.fetch import fetch_with_bar
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
        say(f"{error}. That is done now.")
        return build_again_with_bar(settings)
    return manifest


def unpack_where_faster(settings: Settings, file: Path) -> None:
    """Unpack the language model's weights, once, where that makes it faster."""
    from rag.engines.unpacked import can_unpack, is_unpacked, unpack
    from rag.load import engine_for

    if file.suffix != ".gguf" or is_unpacked(file):
        return
    if engine_for(settings, file) == "transformers" and can_unpack(file):
        say(f"Unpacking {file.name} for this processor: once, for two minutes or so.")
        quiet()
        unpack(file)


class Line:
    """A line on stderr that says how long something goes on which counts nothing, and how long it
    may take yet if it took `usual` seconds before."""

    def __init__(self, what: str, usual: float | None) -> None:
        self._what, self._usual = what, usual
        self._start, self._apart = time.monotonic(), 0.0
        self._alone = threading.Lock()
        self._stays = not sys.stderr.isatty()  # else it is written over each time

    @property
    def seconds(self) -> float:
        """So far, without what was done aside."""
        return time.monotonic() - self._start - self._apart

    def aside(self, fetch: Fetch) -> Fetch:
        """The same, which has stderr for itself and whose time does not count."""

        def fetched(name: str, folder: Path) -> Path:
            with self._alone:
                self._clear()
                start = time.monotonic()
                try:
                    return fetch(name, folder)
                finally:
                    self._apart += time.monotonic() - start

        return fetched

    def follow(self, over: Callable[[float], bool]) -> None:
        """Write it until that is `over`, which waits so many seconds for it."""
        while not over(_LINE_EVERY_S if self._stays else _SHORT_S):
            with self._alone:
                self._clear()
                told = f"{self._what}: {Wait(self.seconds, self._usual)}"
                if self._stays:
                    say(told)
                else:
                    print(told, end="", file=sys.stderr, flush=True)
        self._clear()

    def _clear(self) -> None:
        if not self._stays:
            print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


@contextlib.contextmanager
def telling(stage: str, usual: float | None) -> Iterator[Line]:
    """A line for a stage, which is told from another thread for as long as it goes on."""
    line, over = Line(STAGES[stage], usual), threading.Event()
    teller = threading.Thread(target=line.follow, args=(over.wait,), daemon=True)
    teller.start()
    try:
        yield line
    finally:
        over.set()
        teller.join()


@contextlib.contextmanager
def counting(what: str) -> Iterator[Callable[[int, int], None]]:
    """A callback (done, total) that shows one stage as `staged` does, from the beginning on."""
    with staged() as show:
        show(what, 0, 0)
        yield partial(show, what)


@contextlib.contextmanager
def staged() -> Iterator[Callable[[str, int, int], None]]:
    """A callback (stage, done, total) that shows each stage on stderr, with rate and time left.

    As a bar, which goes again after a stage of under a second; where stderr is no terminal, as a
    line every few seconds.
    """
    if not sys.stderr.isatty():  # rich takes a while to be imported
        yield _lines()
        return
    from rich import progress as rich
    from rich.console import Console

    bars = rich.Progress(
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TextColumn("{task.fields[rate]}"),
        rich.TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    now, start = "", 0.0

    def leave() -> None:
        if now and time.monotonic() - start < _SHORT_S:
            bars.remove_task(bars.task_ids[-1])

    def show(stage: str, done: int, total: int) -> None:
        nonlocal now, start
        if stage != now:
            leave()
            now, start = stage, time.monotonic()
            bars.start()
            bars.add_task(STAGES.get(stage, stage), total=None, rate="")
        pace = Pace(done, total, time.monotonic() - start)
        bars.update(bars.task_ids[-1], completed=done, total=total or None, rate=pace.rate)

    try:
        yield show
    finally:
        leave()
        bars.stop()


def _lines() -> Callable[[str, int, int], None]:
    now, start, printed = "", 0.0, 0.0

    def show(stage: str, done: int, total: int) -> None:
        nonlocal now, start, printed
        moment = time.monotonic()
        if stage != now:
            now, start, printed = stage, moment, moment
        seconds = moment - start
        if moment - printed >= _LINE_EVERY_S or (done == total and seconds >= _SHORT_S):
            printed = moment
            what = STAGES.get(stage, stage)
            say(f"{what}: {Pace(done, total, seconds)}")

    return show
