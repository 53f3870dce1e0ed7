"""One run: an index to ask, a pipeline over it, every question asked, and the whole written up."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from platformdirs import user_cache_path

from corpus.errors import BylineError
from eval.records import Figure, Record, Result, Run, Summary
from rag.settings import Settings, load_settings

if TYPE_CHECKING:
    from corpus.article import Article
    from eval.runner import Asks
    from index.types import Embedder
    from rag.describe import Description
    from rag.pipeline import Pipeline

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Options:
    """What a person chose; None is the default of each suite.

    `pool` is how many articles the suites of news are asked over; None is all of them. With `plain`
    not Byline answers but the plain recipe (eval/plain.py), with the same index and weights.
    """

    limit: int | None = None
    seed: int = 0
    engine: str | None = None
    model: str | None = None
    data: Path | None = None
    index: Path | None = None
    split: str | None = None
    pool: int | None = None
    support: str | None = None
    plain: bool = False

    def asked(self, pipeline: Pipeline) -> Asks:
        """What the questions go to."""
        from eval.plain import PlainRecipe

        return PlainRecipe(pipeline) if self.plain else pipeline

    def named(self, suite: str) -> str:
        """The run's name for a suite."""
        return f"{suite}-plain" if self.plain else suite

    def settings(self, index: Path | None) -> Settings:
        return load_settings(
            index=index,
            engine=self.engine,
            model=self.model,
            eval_data=self.data,
            support=self.support,
        )

    def settings_of_suite(self, index: Path) -> Settings:
        """For an index that a suite builds for itself: it is searched here, wherever the user's own
        is."""
        return self.settings(index).model_copy(update={"store": None})


def load(settings: Settings) -> Pipeline:
    """Everything that answers a question, its weights fetched where they are missing."""
    from rag.commands.terminal import load_with_bars

    return load_with_bars(settings)


def embedder_of(settings: Settings) -> Embedder:
    from rag.commands.terminal import quiet
    from rag.fetching.fetch import fetch_with_bar
    from rag.load import load_embedder

    quiet()
    return load_embedder(settings, fetch_with_bar)


CACHE = user_cache_path("byline") / "eval"
"""Where the index of a suite is kept from one run to the next."""


def ensure_suite_index(
    directory: Path, articles: Sequence[Article], source: str, embedder: Embedder
) -> Figure:
    """Build the index unless it holds just these articles, and say how fast it was built.

    The speed has no value where nothing was built, or where vectors of a version before were used
    again. Raises `BylineError` rather than replace an index of other articles that somebody named.
    """
    from index.build import build, is_current
    from index.versions import current_version, sources_of
    from rag.commands.terminal import staged

    if is_current(directory, articles, embedder.name, embedder.weights_hash):
        return Figure(None, None, None, 0, "passages/s")
    before = current_version(directory)
    named = directory.parent != CACHE
    if named and before is not None and sources_of(directory, before) != (source,):
        raise BylineError(
            f"The index in {directory} holds other articles than this suite's: name another folder "
            "with --index."
        )
    embedder.embed_question("so that the weights are read")
    start = time.perf_counter()
    with staged() as on_progress:
        manifest = build(articles, embedder, directory, on_progress=on_progress, sources=[source])
    if before is not None:
        return Figure(None, None, None, 0, "passages/s")
    speed = manifest.passages / (time.perf_counter() - start)
    return Figure(speed, None, None, manifest.passages, "passages/s")


def each(items: Sequence[T], ask: Callable[[T], Record]) -> list[Record]:
    """Ask one after the other, with rate and time left on stderr.

    Ctrl-C ends it early: what was asked until then is what the run holds.
    """
    from rag.commands.terminal import counting

    records: list[Record] = []
    try:
        with counting("asking") as count:
            for done, item in enumerate(items, start=1):
                records.append(ask(item))
                count(done, len(items))
    except KeyboardInterrupt:
        if not records:
            raise
        print(f"Stopped after {len(records)} of {len(items)} questions.", file=sys.stderr)
    return records


# Places on this machine, and who may ask the server.
_OF_NO_ANSWER = {
    *("index", "models_dir", "eval_data", "chats", "feedback", "people", "audit", "database"),
    *("log_questions", "authentication", "requests_per_minute", "proxy_user_header"),
    *("proxy_right", "trusted_proxies", "root_path"),
}


def make_result(
    suite: str,
    settings: Settings,
    options: Options,
    records: Sequence[Record],
    summary: Summary,
    about: Description | None = None,
    engine: str | None = None,
) -> Result:
    """The run with its figures. `about` tells of the index and the engine, where there was one
    index for all; without it, `engine` is what answered, None where nothing did."""
    memory = peak_memory_mb()
    peak = Figure(memory, None, None, int(memory is not None), "MB")
    run = Run(
        suite=options.named(suite),
        created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        model=settings.model,
        engine=about.engine if about else engine,
        embedder=settings.embedder,
        index_version=about.index_version if about else None,
        articles=about.articles if about else None,
        passages=about.passages if about else None,
        seed=options.seed,
        limit=options.limit,
        settings=settings.model_dump(mode="json", exclude=_OF_NO_ANSWER),
        byline=metadata.version("byline"),
        python=platform.python_version(),
        processor=processor(),
        peak_memory_mb=memory,
    )
    metrics = {**summary.metrics, "peak_memory": peak}
    return Result(run, replace(summary, metrics=metrics), tuple(records))


def peak_memory_mb() -> float | None:
    """The most memory that this process has held so far; None where the system does not say."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return round(peak * unit / 2**20, 1)


def processor() -> str:
    """The processor's name and how many of its cores there are."""
    name = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.is_file():
        lines = described.read_text(encoding="utf-8", errors="replace").splitlines()
        models = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
        name = next(models, name)
    return f"{name}, {os.cpu_count()} cores"
