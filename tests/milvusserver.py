"""A real Milvus server in a process of its own: Milvus Lite's, which speaks the same protocol."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from index.chunk import Chunking
from index.sizes import FaissKind
from index.versions import Manifest

_NUMBERS = count(1)


def a_manifest(passages: int, dim: int, kind: FaissKind) -> Manifest:
    """Of a version that is nowhere but in Milvus."""
    version = f"20260101T000000.{next(_NUMBERS):06d}Z-00000000"
    of_files = {"articles": 1, "source_digest": "", "vectors_sha256": "", "created_at": ""}
    return Manifest(
        version=version,
        embedder="hashing",
        weights_hash="none",
        dim=dim,
        chunking=Chunking(),
        passages=passages,
        faiss=kind,
        **of_files,  # type: ignore[arg-type]
    )


class MilvusServer:
    """It keeps its data in a folder, and its port when it is started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        self.address = f"milvus://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Returns when it takes connections."""
        command = [sys.executable, "-m", "milvus_lite", "server", "--host", "127.0.0.1"]
        command += ["--port", str(self._port), "--data-dir", str(self._folder / "data")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not self._listens():
            assert self._process.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < deadline, "it does not listen"
            time.sleep(0.05)

    def kill(self) -> None:
        """By SIGKILL: nothing is told and nothing written on the way out."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


@contextmanager
def milvus_server(folder: Path) -> Iterator[MilvusServer]:
    server = MilvusServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()
