"""A real PostgreSQL in processes of its own, run by a user who may do nothing else."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

PASSWORD = "quite secret"


def programs() -> Path:
    """The folder of its programs, which Debian keeps off the path."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if not found and (path := shutil.which("initdb")) is not None:
        found = [Path(path).resolve()]
    assert found, "PostgreSQL is missing: install it, or run -m 'not postgres'"
    return found[-1].parent


class PostgresServer:
    """It keeps its data in a folder, and its port when it is started again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._programs = folder, programs()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        # It refuses root; its package makes a user for it.
        self._as: dict[str, Any] = {}
        if os.getuid() == 0:
            self._as = {"user": "postgres", "group": "postgres", "extra_groups": []}
            shutil.chown(folder, "postgres", "postgres")
        self._make()

    def _make(self) -> None:
        password = self._folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        command = [self._programs / "initdb", "--pgdata", self._folder / "data", "--no-sync"]
        command += ["--username", "byline", "--pwfile", password, "--auth", "scram-sha-256"]
        command += ["--encoding", "UTF8", "--locale", "C.UTF-8"]
        subprocess.run(command, check=True, cwd=self._folder, capture_output=True, **self._as)

    def start(self) -> None:
        """Returns when it answers."""
        command = [self._programs / "postgres", "-D", self._folder / "data", "-h", "127.0.0.1"]
        command += ["-p", str(self.port), "-k", "", "-c", "shared_buffers=16MB"]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                **self._as,
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, "it does not answer"
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """By SIGKILL, all its processes: nothing is told and nothing written on the way out."""
        assert self._process is not None
        one = psutil.Process(self._process.pid)
        one.suspend()  # so that it makes no more of them
        them = one.children(recursive=True)
        one.kill()
        for process in them:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait()
        psutil.wait_procs(them, timeout=60)  # what they share is in use until then

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)  # at once, without writing all to disk first
        self._process.wait(30)

    def new_database(self) -> str:
        """The URL of a database that nobody else has."""
        name = f"byline_{secrets.token_hex(4)}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return self._url(name)

    def _url(self, name: str) -> str:
        word = PASSWORD.replace(" ", "%20")
        return f"postgresql://byline:{word}@127.0.0.1:{self.port}/{name}"


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """In a folder where its user may go."""
    folder = Path(tempfile.mkdtemp(prefix="byline-postgres-"))
    try:
        folder.chmod(0o755)
        server = PostgresServer(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
