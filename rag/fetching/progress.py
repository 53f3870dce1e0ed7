"""How far a fetch is, and how a terminal or a log shows it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.console import Console

LINE_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch is, in bytes of this stage. `waiting` is for another process's fetch."""

    model: str
    stage: Literal["checking", "waiting", "downloading"]
    done: int
    total: int


OnProgress = Callable[[Progress], None]


@contextlib.contextmanager
def shown_on(console: Console) -> Iterator[OnProgress]:
    """A callback that shows progress: a bar in a terminal, else a line every few seconds."""
    with (_bar if console.is_terminal else _lines)(console) as on_progress:
        yield on_progress


@contextlib.contextmanager
def _bar(console: Console) -> Iterator[OnProgress]:
    from rich import progress as rich

    bar = rich.Progress(
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.DownloadColumn(),
        rich.TransferSpeedColumn(),
        rich.TimeRemainingColumn(),
        console=console,
    )
    shown: str | None = None

    def show(progress: Progress) -> None:
        nonlocal shown
        title = f"{progress.model}: {progress.stage}"
        if shown is None:
            bar.add_task(title, total=progress.total, completed=progress.done)
            bar.start()
        elif shown != title:  # what was there before does not count as speed
            bar.reset(
                bar.task_ids[0], description=title, total=progress.total, completed=progress.done
            )
        bar.update(bar.task_ids[0], completed=progress.done, total=progress.total)
        shown = title

    try:
        yield show
    finally:
        if shown is not None:
            bar.stop()


@contextlib.contextmanager
def _lines(console: Console) -> Iterator[OnProgress]:
    stage: str | None = None
    first = printed = 0.0
    at_first = 0

    def show(progress: Progress) -> None:
        nonlocal stage, first, printed, at_first
        now = time.monotonic()
        if stage != progress.stage:
            stage, first, printed, at_first = progress.stage, now, 0.0, progress.done
        if now - printed < LINE_EVERY_S and progress.done < progress.total:
            return
        printed = now
        line = f"{progress.model}: {progress.stage}, {progress.done / 1e6:,.0f} of "
        line += f"{progress.total / 1e6:,.0f} MB"
        rate = (progress.done - at_first) / (now - first) if now > first else 0.0
        if rate > 0:
            left = (progress.total - progress.done) / rate
            line += f", {rate / 1e6:,.1f} MB/s, {left:,.0f} s left"
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    yield show
