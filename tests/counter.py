"""The API as the tests serve it: over an index of four articles and a model that a test scripts."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import deal
import httpx
import pytest
from fakes import HashingEmbedder, ScriptedGenerator
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount

from index.build import build
from index.live import LiveIndex
from index.milvus import Milvus
from index.publishing import Upkeep
from page.server import Server
from rag import load
from rag.answer_cache import AnswerCache
from rag.api.metrics import Metrics
from rag.api.parts import Options, Parts
from rag.api.serving import beside
from rag.line import Line
from rag.loading import Loading
from rag.narrow import Narrowing
from rag.pipeline import Pipeline
from rag.settings import load_settings
from rag.types import Generator
from rag.upkeep.changes import Changes
from rag.upkeep.library import Library
from rag.upkeep.owners import Owners

SAID = "Meta bought a stake of 49% in Scale AI [1]."
TOLD = "Meta bought a stake of 49% in Scale AI. [1]"
"""The same once it is checked."""


@dataclass
class Counter:
    """A server, what stands behind it, and a client of it."""

    url: str
    parts: Parts
    generator: Any
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, timeout=30, trust_env=False)

    def ended(self, job: httpx.Response) -> dict[str, Any]:
        """A change that was begun, once it is over."""
        assert job.status_code == 202, job.text
        for _ in range(600):
            row: dict[str, Any] = self.client.get(job.headers["location"]).json()
            if row["state"] != "running":
                return row
            self.parts.line.wait()
        raise AssertionError("the change does not end")


@contextmanager
def counter(
    folder: Path,
    generator: Generator | None = None,
    options: Options | None = None,
    ready: bool = True,
    milvus: Milvus | None = None,
    **beside_options: Any,
) -> Iterator[Counter]:
    """Serves the API beside a page of one word; with `ready` the pipeline is loaded before, with
    `milvus` the index is searched there."""
    embedder, generator = HashingEmbedder(), generator or ScriptedGenerator(SAID)
    settings = load_settings(index=folder / "built", lock_wait=1)
    articles = [deal.DEAL, deal.CHIEF, deal.REACTOR, deal.HOSTILE]
    build(articles, embedder, settings.index, upkeep=Upkeep(milvus=milvus))
    index = LiveIndex(settings.index, embedder, milvus)
    metrics = Metrics()
    pipeline = Pipeline(index, embedder, generator, None, AnswerCache())
    loading = Loading(lambda: Narrowing(pipeline, metrics.counted))
    if ready:
        loading.get()
    access = beside_options.get("access")
    owners = Owners(access.people.database) if access else None
    library = Library(settings, lambda: embedder, owners=owners)
    changes = beside_options.pop("changes", None) or Changes(metrics.job)
    parts = Parts(loading, Line(), library, changes, options or Options())
    server_options = beside_options.pop("server", {})
    page = Starlette(routes=[Mount("/", PlainTextResponse("the page"))])
    app = beside(page, parts, metrics=metrics, **beside_options)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(app, "127.0.0.1", port, **server_options)
    one = Counter(server.local_url.rstrip("/"), parts, generator)
    try:
        with pytest.MonkeyPatch.context() as patch:  # to remove articles, no weights are wanted
            patch.setattr(load, "load_embedder", lambda *_: embedder)
            yield one
    finally:
        one.client.close()
        server.close()
        index.close()
