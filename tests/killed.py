"""Changes an index in processes that are killed: one for each step that touches the disk.

Usage: killed.py OLD TARGET. OLD is an index; TARGET/<n> becomes a copy of it in which a process was
killed just before its n-th step. Prints how many steps there are.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType

from fakes import HashingEmbedder

import index.derived  # all that is needed is loaded before the first fork
from corpus.article import Article
from index import embeddings
from index.change import apply
from index.publishing import Upkeep
from index.versions import Keep

OLD = [Article(f"old{n}", f"Old {n}", f"Old news {n} of zebras. " * 20) for n in range(4)]
NEW = [
    *(Article(f"new{n}", f"New {n}", f"New news {n} of zebras.") for n in range(6)),
    Article("old1", "Old 1", "Old news that was put right."),
]
GONE = ["old2"]
STEPS = frozenset(
    "open write flush truncate close fsync rename replace mkdir rmdir unlink scandir listdir flock"
    " connect execute executemany executescript commit __exit__ tobytes serialize_index".split()
)
"""The functions written in C that read or change a file, or on which a longer write goes on."""


def change(directory: Path, kill_at: int) -> int:
    """Change the index and return the number of steps; or die just before step `kill_at`."""
    steps = 0

    def hook(_: FrameType, event: str, function: object) -> None:
        nonlocal steps
        if event == "c_call" and getattr(function, "__name__", "") in STEPS:
            steps += 1
            if steps == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    embeddings.SAVED_EVERY = 2
    sys.setprofile(hook)
    try:
        apply(directory, HashingEmbedder(), NEW, GONE, upkeep=Upkeep(Keep(1)))
    finally:
        sys.setprofile(None)
    return steps


def main() -> None:
    old, target = Path(sys.argv[1]), Path(sys.argv[2])
    for first in ("warm", "whole"):  # the first run of all also reads what Python reads but once
        shutil.copytree(old, target / first)
        total = change(target / first, kill_at=0)
        shutil.rmtree(target / first)
    every = max(1, total // 70)
    for step in range(1, total + 1, every):
        folder = target / str(step)
        shutil.copytree(old, folder)
        child = os.fork()
        if child == 0:
            change(folder, kill_at=step)
            os._exit(0)  # it outlived its last step
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            raise SystemExit(f"step {step} of {total} was not reached")
    print(total)


if __name__ == "__main__":
    index.derived.FlatVectors(4, [])
    main()
