"""Reading and embedding on the nodes of a Ray cluster, by Ray Data; this process only hands out."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from importlib import metadata
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np

from corpus.beside import Parsers
from corpus.errors import BylineError
from corpus.fields import Found, Unreadable
from corpus.pieces import Piece, parse
from corpus.recall import Recall, reading_code
from index.batches import (
    BATCH_BYTES,
    Batch,
    NodeReadings,
    in_batches,
    readings_folder,
    write_readings,
)
from index.chunk import Chunking
from index.parts import done, part, parts_folder, remove_unfinished, write_part
from index.store import content_hash
from index.types import Embedder, Progress

_REACHED_S = 5.0
_ANSWERED_S = 30.0


def read_on_nodes(
    paths: Sequence[Path],
    address: str,
    work: Path,
    embedder: Embedder,
    make: Callable[[], Embedder],
    learner: Recall,
    on_progress: Progress,
    chunking: Chunking = Chunking(),  # noqa: B008 (frozen)
    batch_bytes: int = BATCH_BYTES,
) -> tuple[Path, NodeReadings]:
    """Let nodes parse, cut and embed what lies under these paths: the folder of parts below `work`
    that hold all those articles, and a recall by which `read_articles` has what the files gave.

    What parts hold already is neither read nor embedded again, so a run that was stopped goes on.
    `make` is called once in each process of the nodes and must make the same embedder there; all
    nodes must see the paths and `work`. Raises BylineError where Ray is not installed, its cluster
    cannot be reached, or a node has another version of Byline, other weights, or not the files.
    """
    folder = parts_folder(work, embedder, chunking)
    readings = readings_folder(folder)
    remove_unfinished(folder, time.time())
    plan = in_batches(paths, on_progress, batch_bytes)
    left = {name: one for one in plan.batches if not part(readings, name := one.name).exists()}
    total = sum(batch.size_bytes for batch in plan.batches)
    made = total - sum(batch.size_bytes for batch in left.values())
    on_progress("nodes", made // 1000, total // 1000)
    if left:
        maker = (metadata.version("byline"), embedder.name, embedder.weights_hash)
        folder.mkdir(parents=True, exist_ok=True)
        with (
            _cluster(address) as ray,
            NamedTemporaryFile(dir=folder.resolve(), prefix="seen-") as seen,
        ):
            told = (make, maker, reading_code(), seen.name, chunking, _prefixes(done(folder)))
            for size_bytes in _sizes_done(ray, left, told):
                made = min(made + size_bytes, total)
                on_progress("nodes", made // 1000, total // 1000)
    missing = sum(not part(readings, name).exists() for name in left)
    if missing:
        raise BylineError(
            f"{missing} parts are missing in {readings} although the nodes are done: let all "
            "nodes see this folder under this name, and go on."
        )
    return folder, NodeReadings(readings, plan, learner)


def _sizes_done(ray: Any, batches: dict[str, Batch], told: tuple[object, ...]) -> Iterator[int]:
    """The bytes of each batch as it is done."""
    rows = [
        {"name": name, "pieces": json.dumps([astuple(piece) for piece in batch.pieces])}
        for name, batch in batches.items()
    ]
    data = ray.data.from_items(rows).map_batches(
        _OnNode,
        fn_constructor_args=told,
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=_processes(ray)),
        num_cpus=1,
    )
    try:
        for some in data.iter_batches(batch_size=None, prefetch_batches=0):
            yield sum(batches[name].size_bytes for name in some["name"])
    except ray.exceptions.RayError as error:
        raise _told(error) from error


class _OnNode:
    """One process of a node: it loads the embedder once, and makes parts of each batch."""

    def __init__(
        self,
        make: Callable[[], Embedder],
        maker: tuple[str, str, str],
        reader: bytes,
        seen: str,
        chunking: Chunking,
        held: np.ndarray,
    ) -> None:
        """`seen` is a file in the folder of parts, by which it is known that this node sees it, and
        `held` are the `_prefixes` of the articles that parts hold."""
        self._folder, self._chunking, self._held = Path(seen).parent, chunking, held
        self._readings = readings_folder(self._folder)
        if not Path(seen).exists():
            raise _unseen(str(self._folder))
        if reading_code() != reader:
            raise BylineError(
                f"The node {socket.gethostname()} reads files by another Python or other libraries "
                "than this machine: install the same there, with -c constraints.txt."
            )
        self._embedder = make()
        here = (metadata.version("byline"), self._embedder.name, self._embedder.weights_hash)
        if here != maker:
            raise BylineError(
                f"The node {socket.gethostname()} has Byline {here[0]} with {here[1]} "
                f"({here[2][:8]}), and {maker[0]} with {maker[1]} ({maker[2][:8]}) is wanted: "
                "install the same there."
            )
        self._parsers = Parsers(1)  # one that dies over a file costs no node

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        for name, told in zip(batch["name"], batch["pieces"], strict=True):
            if not part(self._readings, name).exists():
                self._make(name, [Piece(*one) for one in json.loads(told)])
        return {"name": batch["name"]}

    def _make(self, name: str, pieces: Sequence[Piece]) -> None:
        """The vectors come first: where there are readings, all is there."""
        results = [(piece, given) for piece in pieces if (given := self._parsed(piece)) is not None]
        if not part(self._folder, name).exists():
            found = {
                content_hash(one.article): one.article
                for _, given in results
                for one in given
                if isinstance(one, Found)
            }
            new = [article for hash_, article in found.items() if not self._is_held(hash_)]
            if new:
                write_part(self._folder, name, new, self._embedder, self._chunking)
        write_readings(self._readings, name, results)

    def _is_held(self, hash_: str) -> bool:
        prefix = np.uint64(int(hash_[:16], 16))
        place = int(np.searchsorted(self._held, prefix))
        return place < len(self._held) and bool(self._held[place] == prefix)

    def _parsed(self, piece: Piece) -> list[Found | Unreadable] | None:
        try:
            return parse(piece, self._parsers)
        except OSError as error:
            raise _unseen(piece.path) from error


def _prefixes(hashes: Collection[str]) -> np.ndarray:
    """The first 64 bits of hashes in hex digits, sorted."""
    return np.sort(np.array([int(hash_[:16], 16) for hash_ in hashes], np.uint64))


def _unseen(path: str) -> BylineError:
    return BylineError(
        f"The node {socket.gethostname()} cannot see {path}: let all nodes see it under this name."
    )


@contextmanager
def _cluster(address: str) -> Iterator[Any]:
    """Ray, joined to the cluster at `HOST:PORT`, or at `auto` to that of this machine."""
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise BylineError(
            "--ray needs Ray, which is not installed: pip install 'byline[ray]'"
        ) from error
    _check(address)
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, ValueError, RuntimeError) as error:
        raise _not_there(address, error) from error
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    try:
        yield ray
    finally:
        ray.shutdown()


def _check(address: str) -> None:
    """Raise BylineError unless a cluster answers there, which Ray itself waits for without end: it
    is asked in a process of its own, that can be ended."""
    asked = [sys.executable, "-m", "ray.scripts.scripts", "status", "--address", address]
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _REACHED_S).close()
        subprocess.run(asked, capture_output=True, timeout=_ANSWERED_S, check=True)
    except (OSError, ValueError, OverflowError, subprocess.SubprocessError) as error:
        raise _not_there(address, error) from error


def _not_there(address: str, error: Exception) -> BylineError:
    why = (
        "it says nothing that Ray says" if isinstance(error, subprocess.SubprocessError) else error
    )
    return BylineError(
        f"No Ray cluster answers at {address} ({why}): begin one with ray start --head, and give "
        "its HOST:PORT."
    )


def _processes(ray: Any) -> int:
    """One for each processor of the cluster, as it is now."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _told(error: BaseException) -> BylineError:
    """What a node said, if it was for people to read."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, BylineError):
            return BylineError(str(cause))
        cause = getattr(cause, "cause", None) or cause.__cause__
    lines = str(error).strip().splitlines() or [repr(error)]
    said = [line for line in lines if "BylineError: " in line]
    if said:
        return BylineError(said[-1].partition("BylineError: ")[2])
    return BylineError(
        f"The cluster gave up ({lines[-1]}): look at its logs, and run the same again, which goes "
        "on from here."
    )
