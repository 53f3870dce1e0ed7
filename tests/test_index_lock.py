"""One writer at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from corpus.errors import BylineError
from index.lock import writing

ROOT = Path(__file__).parent.parent
HOLDER = """
import sys, time
from pathlib import Path
from index.lock import writing
with writing(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock until its stdin is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.communicate()


def test_the_second_is_told_who_holds_it(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(BylineError, match=rf"\(process {holder.pid}, since"), writing(tmp_path):
        pass
    end(holder)


def test_the_second_waits(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    heard: list[str] = []

    def hear(stage: str, done: int, total: int) -> None:
        if not heard:
            assert holder.stdin is not None
            holder.stdin.close()  # only now the first lets go
        heard.append(stage)

    with writing(tmp_path, wait_s=60, on_progress=hear):
        assert set(heard) == {"wait"}
    holder.wait()
    assert holder.stdout is not None
    holder.stdout.close()


def test_waiting_has_an_end(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with (
        pytest.raises(BylineError, match=rf"process {holder.pid}.*after 0\.2 seconds"),
        writing(tmp_path, wait_s=0.2),
    ):
        pass
    end(holder)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_a_lock_of_a_dead_process_is_no_lock(
    tmp_path: Path, holder: subprocess.Popen[str], caplog: pytest.LogCaptureFixture
) -> None:
    os.kill(holder.pid, signal.SIGKILL)
    end(holder)
    assert str(holder.pid) in (tmp_path / "lock").read_text()
    with caplog.at_level("INFO"), writing(tmp_path):
        assert str(os.getpid()) in (tmp_path / "lock").read_text()
    assert f"{holder.pid}" in caplog.text


def test_threads_of_one_process_are_two_writers(tmp_path: Path) -> None:
    refused: list[str] = []

    def second() -> None:
        try:
            with writing(tmp_path):
                pass
        except BylineError as error:
            refused.append(str(error))

    with writing(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert f"process {os.getpid()}" in refused[0]


def test_it_is_free_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with writing(tmp_path / "new" / "folder"):
            pass
