"""A Ray cluster of two nodes on this machine, each a group of processes that can be ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
_START_S = 60
_MEMORY = 80_000_000


@dataclass
class Cluster:
    """Its address, and the nodes beside the first, which end with `kill`."""

    address: str
    folder: Path
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def join(self) -> subprocess.Popen[bytes]:
        """One more node, once the first knows of it."""
        place = len(self.nodes)
        first = 20000 + 200 * place
        ports = [f"--min-worker-port={first}", f"--max-worker-port={first + 100}"]
        where = ["--head", "--node-ip-address=127.0.0.1", f"--port={self.address.split(':')[1]}"]
        if place:
            where = [f"--address={self.address}", "--node-ip-address=127.0.0.1"]
        else:
            where += ["--include-dashboard=false", f"--temp-dir={self.folder}"]
        command = [
            *(sys.executable, "-m", "ray.scripts.scripts", "start", "--block", *where, *ports),
            *("--num-cpus=2", f"--object-store-memory={_MEMORY}", "--disable-usage-stats"),
        ]
        env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "OMP_NUM_THREADS": "1"}
        with (self.folder / f"node-{place}.log").open("wb") as log:
            node = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
            )
        self.nodes.append(node)
        return node

    def kill(self, node: subprocess.Popen[bytes]) -> None:
        """At once, with all that it began; nothing where it has ended, as its number may be
        another's by now."""
        if node.poll() is not None:
            return
        begun = _below(node.pid)
        with suppress(ProcessLookupError):
            os.killpg(node.pid, signal.SIGKILL)
        for process in begun:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        node.wait()


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Two nodes of two processors each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Cluster(f"127.0.0.1:{port}", folder)
    try:
        made.join()
        _wait_for(port)
        made.join()
        yield made
    finally:
        for node in made.nodes:
            made.kill(node)


def _below(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _wait_for(port: int) -> None:
    import time

    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.2)
    raise TimeoutError(f"no Ray at port {port}")
