"""Parsing files in processes of their own, beside each other and beside what is done with them."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from corpus.fields import Found, Unreadable, packed, unpacked
from corpus.forms import read_form

_ROOT = Path(__file__).parent.parent
_log = logging.getLogger(__name__)


def cores() -> int:
    """How many this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Parsers:
    """Processes that parse, up to `count`, each begun when there is work for it.

    They are told paths and answer with what `read_form` gives, as JSON. One that dies costs the
    file that it was at, which is skipped with that reason. Where none can be begun, files are
    parsed in this process.
    """

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="parsing")
        self._mine = threading.local()  # each thread talks to a process of its own
        self._all: list[subprocess.Popen[bytes]] = []

    def parse(self, path: Path) -> Future[list[Found | Unreadable]]:
        """Its result raises OSError for a file that cannot be read."""
        return self._pool.submit(self._answer, os.path.abspath(path))

    def close(self) -> None:
        """End the processes, also in the middle of a file."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in self._all:
            process.kill()
        self._pool.shutdown()
        for process in self._all:
            process.communicate()

    def _answer(self, path: str) -> list[Found | Unreadable]:
        process = getattr(self._mine, "process", None)
        if process is None or process.poll() is not None:
            process = self._mine.process = _begin()
            if process is None:
                return _parsed(Path(path))
            self._all.append(process)
        answer = _asked(process, path)
        if not answer:
            process.wait()
            return [Unreadable("its reader broke down over it; save it in another form")]
        said = json.loads(answer)
        if isinstance(said, str):
            raise OSError(said)
        return [unpacked(one) for one in said]


def _begin() -> subprocess.Popen[bytes] | None:
    """A process that is ready, None where there can be none. The folder of this package is its
    working folder, so that Python imports from nowhere else."""
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
        )
    except OSError as error:
        _log.warning("No process can be begun that parses: %s", error)
        return None
    assert process.stdout
    if not process.stdout.readline():
        process.communicate()
        _log.warning("No process can be begun that parses: it ended with %s", process.returncode)
        return None
    return process


def _asked(process: subprocess.Popen[bytes], path: str) -> bytes:
    """Its answer, nothing where it has died."""
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(json.dumps(path).encode() + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        return b""
    return process.stdout.readline()


def _parsed(path: Path) -> list[Found | Unreadable]:
    return list(read_form(path.name, path.read_bytes()))


def main() -> None:
    """Say that it is ready, then answer each path on stdin, a line of JSON, with a line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the process that asked
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)  # a library that prints must not answer
        answers.write(b"ready\n")
        answers.flush()
        for line in sys.stdin.buffer:
            try:
                said: object = [packed(one) for one in _parsed(Path(json.loads(line)))]
            except OSError as error:
                said = error.strerror or str(error)
            answers.write(json.dumps(said).encode() + b"\n")
            answers.flush()


if __name__ == "__main__":
    main()
