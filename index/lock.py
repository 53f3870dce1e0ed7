"""One writer at a time: the lock on an index, and who holds it."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from corpus.errors import BylineError

_LOOK_AGAIN_S = 0.1
_log = logging.getLogger(__name__)


@contextmanager
def writing(
    directory: Path,
    wait_s: float = 0.0,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[None]:
    """Hold the one place for a writer of the index in `directory`, made if it is missing.

    While another process has it, waits up to `wait_s` seconds, telling `on_progress` ("wait",
    seconds waited, seconds at most); then raises BylineError naming that process. The system takes
    the lock from a process that dies, so what it leaves is only its name in the file.
    """
    make_folder(directory)
    with open(directory / "lock", "a+", encoding="utf-8") as file:
        start = time.monotonic()
        while not _taken(file):
            waited = time.monotonic() - start
            if waited >= wait_s:
                raise BylineError(_held(directory, _holder(file), wait_s))
            if on_progress:
                on_progress("wait", int(waited), int(wait_s))
            time.sleep(min(_LOOK_AGAIN_S, wait_s - waited))
        if dead := _holder(file):
            _log.info("The process %s ended in the middle of a change to %s", dead, directory)
        file.truncate(0)
        file.write(f"{os.getpid()}, since {datetime.now():%H:%M:%S}")
        file.flush()
        yield
        file.truncate(0)  # closing it lets the lock go, as the end of the process does


def make_folder(directory: Path) -> None:
    """The folder, on the disk also after a loss of power."""
    if directory.is_dir():
        return
    directory.mkdir(parents=True, exist_ok=True)
    sync(directory.parent)


def sync(path: Path) -> None:
    """Bring what was written to a file, or the names in a folder, to the disk itself."""
    if sys.platform == "win32" and path.is_dir():
        return  # Windows cannot open a folder, and writes renames through
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _holder(file: IO[str]) -> str:
    file.seek(0)
    return file.read().strip()


def _held(directory: Path, holder: str, waited_s: float) -> str:
    waited = f", also after {waited_s:g} seconds" if waited_s else ""
    return (
        f"Another program (process {holder or 'unknown'}) is writing the index in "
        f"{directory}{waited}: wait until it ends and run the command again"
    )


if sys.platform == "win32":
    import msvcrt

    def _taken(file: IO[str]) -> bool:
        file.seek(1 << 20)  # a byte beyond the process id, which others may read
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _taken(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
