"""Syncs sources in processes that are killed when the test says so.

Usage: killed_sync.py INDEX SOURCES. Each line of the input is for how many seconds a new process
may sync; then it is killed. The answer is "killed" or "ended", and the seconds that it lived.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from desk import QUICK
from fakes import HashingEmbedder

from corpus.article import Article
from corpus.fetch import Fetcher
from corpus.sources import load_sources
from index.change import apply
from rag.upkeep.sync import sync

NOON = 1_750_000_000.0


def sync_once(folder: Path, sources: Path) -> None:
    def change(put: Sequence[Article], remove: Collection[str], origins: Mapping[str, str]) -> str:
        return apply(folder, HashingEmbedder(), put, remove, origins=origins).manifest.version

    listed = load_sources(sources)
    sync(listed, folder, change, lambda: Fetcher(QUICK), due_only=False, now=lambda: NOON, batch=2)


def forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def serve(work: Callable[[], None]) -> None:
    """Do the work in a new process for each line of the input; all it needs is loaded by now."""
    print("ready", flush=True)
    for line in sys.stdin:
        began = time.monotonic()
        child = forked(work)
        ended, status = os.waitpid(child, os.WNOHANG)
        while not ended:
            if time.monotonic() - began >= float(line):
                os.kill(child, signal.SIGKILL)
                ended, status = os.waitpid(child, 0)
            else:
                time.sleep(0.001)
                ended, status = os.waitpid(child, os.WNOHANG)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
            raise SystemExit("a process that nobody killed failed")
        print("killed" if os.WIFSIGNALED(status) else "ended", time.monotonic() - began, flush=True)


def main() -> None:
    folder, sources = Path(sys.argv[1]), Path(sys.argv[2])
    sync_once(folder.with_name("warm"), sources)
    serve(lambda: sync_once(folder, sources))


if __name__ == "__main__":
    main()
