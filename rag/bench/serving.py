"""Many clients at once against the real server, in a process of its own: who waits how long, and
what the server holds meanwhile."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from corpus.errors import BylineError
from rag.bench.clients import Seen, ask_all, warm_up
from rag.bench.scripted_model import scripted_model
from rag.settings import ROOT, Settings

if TYPE_CHECKING:
    import psutil

_READY_S = 180.0
_SETTLED_S = 15.0  # in which a server that nobody asks any more lets go of what it held
_LAST_LINES = 2000  # characters of a log that are shown


@dataclass(frozen=True, slots=True)
class Held:
    """What a process held at one moment."""

    memory_bytes: int
    files: int  # with sockets
    threads: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds of many, by percentiles; None where there were none."""

    p50: float | None
    p95: float | None
    longest: float | None


@dataclass(frozen=True, slots=True)
class Served:
    """What `bench_serve` measured.

    `first_event` and `whole` are of answers that the server took, `waited` from when a client
    wanted one, with all times that it was told to come back. `fewest`, `middle` and `most` are
    answers of a client. `start` is before the clients come, `end` after they have left. `cpu_s` is
    the processor's time of the server, as other work on the machine counts in all others.
    """

    clients: int
    seconds: float
    cpu_s: float
    answers: int
    searches: int
    busy: int
    errors: dict[str, int]
    first_event: Spread
    whole: Spread
    waited: Spread
    search: Spread
    fewest: int
    middle: float
    most: int
    start: Held
    half: Held
    end: Held


def bench_serve(
    settings: Settings,
    questions: Sequence[str],
    clients: int,
    seconds: float,
    tokens_per_second: float,
) -> Served:
    """Serve the index of the settings over a model that is scripted, and let clients ask for so
    many seconds.

    Raises BylineError where the server does not start or dies.
    """
    with (
        scripted_model(tokens_per_second) as model,
        served(settings, model.url) as (url, process),
    ):
        asyncio.run(warm_up(url, clients, questions))
        start = _held(process)
        watched: list[Held] = []
        middle = threading.Timer(seconds / 2, lambda: watched.append(_held(process)))
        middle.start()
        began, cpu = time.monotonic(), _cpu(process)
        seen = asyncio.run(ask_all(url, clients, seconds, questions))
        took = time.monotonic() - began, _cpu(process) - cpu
        middle.join()
        end = _settled(process, start)
    return _summary(clients, took, seen, (start, watched[0], end))


@contextmanager
def served(settings: Settings, model_url: str) -> Iterator[tuple[str, psutil.Process]]:
    """`byline serve` over the index of the settings, answered by the server at `model_url`: its
    address and process, once it is ready. It keeps nothing of what it is asked."""
    import psutil

    with tempfile.TemporaryDirectory(prefix="byline-bench-") as temporary:
        folder, port = Path(temporary), _free_port()
        command = [sys.executable, "-m", "rag.cli", "serve", "--port", str(port)]
        command += ["--engine", "openai", "--base-url", model_url]
        with (folder / "log").open("wb") as log:
            child = subprocess.Popen(
                command, stdout=log, stderr=log, env=_environment(settings, folder), cwd=folder
            )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(url, child, folder / "log")
            yield url, psutil.Process(child.pid)
            if child.poll() is not None:
                raise BylineError(f"The server ended by itself: {_last_of(folder / 'log')}")
        finally:
            child.terminate()
            child.wait()


def _environment(settings: Settings, folder: Path) -> dict[str, str]:
    """That of a server which has the same index, asks nobody who they are, answers each question
    anew, and keeps what it must in a folder of its own: no other setting is the user's."""
    files = {"chats": "chats.sqlite", "people": "people.sqlite"}
    files |= {"feedback": "feedback.jsonl", "audit": "audit.jsonl"}
    chosen = {name: str(folder / file) for name, file in files.items()}
    chosen |= {"index": str(settings.index.absolute()), "embedder": settings.embedder}
    chosen |= {"models_dir": str(settings.models_dir.absolute()), "support": settings.support}
    chosen |= {"kept_answers": "0", "trace": "off"}
    if settings.store is not None:
        chosen["store"] = settings.store
    others = {name: value for name, value in os.environ.items() if not name.startswith("BYLINE_")}
    return {
        **others,
        **{f"BYLINE_{name.upper()}": value for name, value in chosen.items()},
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_until_ready(url: str, child: subprocess.Popen[bytes], log: Path) -> None:
    import httpx

    deadline = time.monotonic() + _READY_S
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
        while time.monotonic() < deadline and child.poll() is None:
            try:
                if http.get("/ready").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.2)  # it does not listen yet
            time.sleep(0.1)
    raise BylineError(f"The server did not become ready: {_last_of(log)}")


def _last_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-_LAST_LINES:].strip()


def _cpu(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system)


def _held(process: psutil.Process) -> Held:
    with process.oneshot():
        return Held(process.memory_info().rss, process.num_fds(), process.num_threads())


def _settled(process: psutil.Process, start: Held) -> Held:
    """What it holds once the clients have left, as soon as that is no more than before."""
    deadline = time.monotonic() + _SETTLED_S
    while True:
        now = _held(process)
        at_rest = now.files <= start.files and now.threads <= start.threads
        if at_rest or time.monotonic() > deadline:
            return now
        time.sleep(0.2)


def _summary(
    clients: int, took: tuple[float, float], seen: Seen, held: tuple[Held, Held, Held]
) -> Served:
    each = sorted(seen.answers.values())
    return Served(
        clients=clients,
        seconds=took[0],
        cpu_s=took[1],
        answers=sum(each),
        searches=len(seen.searches),
        busy=seen.busy,
        errors=dict(seen.errors),
        first_event=spread(seen.first),
        whole=spread(seen.whole),
        waited=spread(seen.waits),
        search=spread(seen.searches),
        fewest=each[0],
        middle=median(each),
        most=each[-1],
        start=held[0],
        half=held[1],
        end=held[2],
    )


def spread(seconds: Sequence[float]) -> Spread:
    if not seconds:
        return Spread(None, None, None)
    import numpy as np

    p50, p95 = np.percentile(seconds, (50, 95))
    return Spread(float(p50), float(p95), max(seconds))
