"""Embedding on the nodes of a Ray cluster, by Ray Data; this process only hands out and counts."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from corpus.article import Article
from corpus.errors import BylineError
from index.chunk import Chunking
from index.parts import done, parts_folder, write_part
from index.store import content_hash
from index.types import Embedder, Progress

BATCH = 32
"""Articles that make one part: what is lost, at most, of each process of a node that dies."""
_REACHED_S = 5.0
_ANSWERED_S = 30.0


def embed_on_nodes(
    articles: Sequence[Article],
    address: str,
    work: Path,
    embedder: Embedder,
    make: Callable[[], Embedder],
    on_progress: Progress,
    chunking: Chunking = Chunking(),  # noqa: B008 (frozen)
) -> Path:
    """The folder of parts below `work` that hold all these articles, each once.

    What parts hold already is not embedded again, so a run that was stopped goes on. `make` is
    called once in each process of the nodes and must make the same embedder there; all nodes must
    see `work`. Raises BylineError where Ray is not installed, its cluster cannot be reached, or a
    node has another version of Byline or other weights.
    """
    folder = parts_folder(work, embedder, chunking)
    held = done(folder)
    left = {hash_: one for one in articles if (hash_ := content_hash(one)) not in held}
    total = len({content_hash(article) for article in articles})
    on_progress("embed", total - len(left), total)
    if not left:
        return folder
    with _cluster(address) as ray:
        maker = (metadata.version("byline"), embedder.name, embedder.weights_hash)
        rows = [{"article": json.dumps(asdict(article))} for article in left.values()]
        data = ray.data.from_items(rows).map_batches(
            _OnNode,
            fn_constructor_args=(make, maker, str(folder.resolve()), chunking),
            batch_size=BATCH,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=_processes(ray)),
            num_cpus=1,
        )
        made = total - len(left)
        try:
            for batch in data.iter_batches(batch_size=None, prefetch_batches=0):
                made += int(batch["articles"].sum())
                on_progress("embed", min(made, total), total)
        except ray.exceptions.RayError as error:
            raise _told(error) from error
    missing = len(left.keys() - done(folder))
    if missing:
        raise BylineError(
            f"{missing} articles are missing in {folder} although the nodes are done: let all "
            "nodes see this folder under this name, and go on."
        )
    return folder


class _OnNode:
    """One process of a node: it loads the embedder once, and makes a part of each batch."""

    def __init__(
        self,
        make: Callable[[], Embedder],
        maker: tuple[str, str, str],
        folder: str,
        chunking: Chunking,
    ) -> None:
        self._embedder = make()
        here = (metadata.version("byline"), self._embedder.name, self._embedder.weights_hash)
        if here != maker:
            raise BylineError(
                f"The node {socket.gethostname()} has Byline {here[0]} with {here[1]} "
                f"({here[2][:8]}), and {maker[0]} with {maker[1]} ({maker[2][:8]}) is wanted: "
                "install the same there."
            )
        self._folder, self._chunking = Path(folder), chunking

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        import numpy as np

        articles = [Article(**json.loads(told)) for told in batch["article"]]
        write_part(self._folder, articles, self._embedder, self._chunking)
        return {"articles": np.array([len(articles)])}


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
        socket.create_connection((host, int(port)), _REACHED_S).close()
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
