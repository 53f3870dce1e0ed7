"""Versions of an index in Milvus, the vector database: each is a collection, the alias the pointer.

A collection holds a row for each passage: its id, its vector, and its words as a sparse vector of
the weights that index/postings.py works out, so that both rankings are those of the files. Texts
stay in SQLite.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from corpus.errors import Away, BylineError
from index import versions
from index.postings import sparse_rows, terms_of
from index.store import Store
from index.types import Progress, VectorIndex, WordIndex
from index.vectors import Exact, check_width, ordered
from index.versions import Manifest

TIMEOUT_S = 10.0
_AGAIN_S = 1.0
"""After it could not be connected to: so long whoever asks is told so at once. All who ask at a
time would else wait for the end of each other's time."""
_AT_ONCE = 1000  # passages sent at once
_MOST = 16_384  # hits that Milvus gives for one question
_LISTED = 5_000  # ids up to which a search names them
_NOT_LOADED, _NO_ALIAS = 101, (100, 1600)  # Milvus's codes; the first of these two is Lite's
_DENSE, _SPARSE = "vector", "words"
_VERSION = re.compile(r"_(\d{8}T\d{6})_(\d{6}Z)_(\w+)")

Pairs = list[tuple[int, float]]
Row = dict[str, Any]
"""A passage: `id`, `vector` and, as a sparse vector, `words`."""


class Milvus:
    """One index in one Milvus, from any thread. It is connected to when it is first asked, and
    again when it was away. Every method raises BylineError where it cannot be asked."""

    def __init__(self, address: str, timeout_s: float = TIMEOUT_S) -> None:
        """`address` is `milvus://HOST:PORT/NAME`; without a port it is 19530, without a name
        `byline`. An index of its own needs a name of its own."""
        self.address = address
        self._uri, self._alias = _parsed(address)
        self._timeout_s = timeout_s
        self._connected: Any = None
        self._lock = threading.Lock()
        self._away: tuple[float, Exception] | None = None  # when it failed last, and how

    def current(self) -> str | None:
        """The version that the alias names, None where there is none."""
        try:
            with self._asked() as client:
                told = client.describe_alias(self._alias, timeout=self._timeout_s)
        except BylineError as error:
            if getattr(error.__cause__, "code", None) in _NO_ALIAS:
                return None
            raise
        return self._version(str(told["collection_name"]))

    def point_to(self, version: str) -> None:
        """Make this version the one that the alias names, in one step for all who ask."""
        name, is_there = self._collection(version), self.current() is not None
        with self._asked() as client:
            move = client.alter_alias if is_there else client.create_alias
            move(name, self._alias, timeout=self._timeout_s)

    def versions(self) -> set[str]:
        """Those that have a collection, be it a whole one or not."""
        with self._asked() as client:
            names = client.list_collections(timeout=self._timeout_s)
        return {version for name in names if (version := self._version(name)) is not None}

    def holds(self, manifest: Manifest) -> bool:
        """Whether the version's collection is there with all its passages."""
        if manifest.version not in self.versions():
            return False
        with self._asked() as client:
            return _count(client, self._collection(manifest.version)) == manifest.passages

    def put(self, manifest: Manifest, folder: Path, on_progress: Progress) -> None:
        """Write the version in `folder` into a collection of its own, in place of any that a run
        which did not end has left. `on_progress` hears of the stage "milvus", by passages."""
        with closing(Store(folder / versions.STORE)) as store:
            self.write(manifest, _rows(store, manifest.dim), on_progress)

    def write(
        self, manifest: Manifest, batches: Iterable[list[Row]], on_progress: Progress
    ) -> None:
        """As `put`, of these rows."""
        name = self._collection(manifest.version)
        with self._asked() as client:
            _drop(client, name, self._timeout_s)
            _create(client, name, manifest, self._timeout_s)
            done = 0
            for rows in batches:
                on_progress("milvus", done, manifest.passages)
                client.insert(name, rows, timeout=6 * self._timeout_s)
                done += len(rows)
            client.flush(name, timeout=6 * self._timeout_s)
            _arrange(client, name, manifest, 6 * self._timeout_s)
            client.load_collection(name, timeout=6 * self._timeout_s)
            on_progress("milvus", done, manifest.passages)
            held = _count(client, name)
        if held != manifest.passages:
            raise BylineError(
                f"{self.address} holds {held} of the {manifest.passages} passages that it was "
                "given: see what its log says, and run the command again."
            )

    def keep_only(self, kept: Collection[str]) -> None:
        """Drop the collections of all other versions of this index."""
        for version in sorted(self.versions().difference(kept)):
            with self._asked() as client:
                _drop(client, self._collection(version), self._timeout_s)

    def open(
        self, manifest: Manifest, repeats: frozenset[int], exact: Exact
    ) -> tuple[VectorIndex, WordIndex]:
        """What searches the collection of a version; `exact` gives the vectors of some passages.
        Raises BylineError where it is not whole."""
        if not self.holds(manifest):
            raise BylineError(
                f"{self.address} does not hold the version {manifest.version} of the index, or "
                "not all of it: byline index verify puts it there."
            )
        name = self._collection(manifest.version)
        return (
            MilvusVectors(self, name, manifest, exact),
            MilvusWords(self, name, manifest.passages, repeats),
        )

    def best(self, name: str, field: str, data: Any, k: int, among: str = "") -> Pairs:
        """The `k` best (passage id, inner product) of a collection by a field, as Milvus orders
        them; `among` is an expression of Milvus's that says which count."""
        try:
            return self._best(name, field, data, k, among)
        except BylineError as error:
            if getattr(error.__cause__, "code", None) != _NOT_LOADED:
                raise
        with self._asked() as client:  # a server that was started again has nothing in memory
            client.load_collection(name, timeout=6 * self._timeout_s)
        return self._best(name, field, data, k, among)

    def _best(self, name: str, field: str, data: Any, k: int, among: str) -> Pairs:
        with self._asked() as client:
            (found,) = client.search(
                name,
                [data],
                anns_field=field,
                limit=min(k, _MOST),
                filter=among,
                output_fields=["id"],
                search_params={"metric_type": "IP", "params": {"ef": max(2 * k, 64)}},
                timeout=self._timeout_s,
            )
        return [(int(hit["id"]), float(hit["distance"])) for hit in found]

    @contextmanager
    def _asked(self) -> Iterator[Any]:
        """The client; what goes wrong with it becomes one sentence, and a new client the next."""
        client, failures = self._client(), _library()[1]
        try:
            yield client
        except failures as error:
            with self._lock:
                if self._connected is client:
                    self._connected = None
                    client.close()
            raise self._failed(error) from error

    def _client(self) -> Any:
        with self._lock:
            if self._connected is None:
                if self._away and time.monotonic() - self._away[0] < _AGAIN_S:
                    raise self._failed(self._away[1]) from self._away[1]
                self._connected, self._away = self._opened(), None
            return self._connected

    def _opened(self) -> Any:
        client, failures = _library()
        try:
            # A connection of its own, and one that tries again soon after the server was away.
            options = {"grpc.use_local_subchannel_pool": 1, "grpc.max_reconnect_backoff_ms": 1000}
            return client(
                uri=self._uri, timeout=self._timeout_s, dedicated=True, grpc_options=options
            )
        except failures as error:
            self._away = time.monotonic(), error
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> Away:
        reason = " ".join(str(getattr(error, "message", "") or error).split())[:300]
        return Away(
            "Milvus",
            f"{self.address} could not be asked ({reason.rstrip('.')}): see whether Milvus runs "
            "there, and ask again.",
        )

    def _collection(self, version: str) -> str:
        return f"{self._alias}_{re.sub(r'[^A-Za-z0-9]', '_', version)}"

    def _version(self, collection: str) -> str | None:
        match = _VERSION.fullmatch(collection.removeprefix(self._alias))
        return f"{match[1]}.{match[2]}-{match[3]}" if match else None


class MilvusVectors:
    """The nearest passages of a version by its collection."""

    def __init__(self, milvus: Milvus, name: str, manifest: Manifest, exact: Exact) -> None:
        self._milvus, self._name, self._exact = milvus, name, exact
        self._dim, self._count = manifest.dim, manifest.passages
        self._is_graph = manifest.faiss.lists > 0

    def search(self, vector: np.ndarray, k: int, allow: Collection[int] | None = None) -> Pairs:
        """As FlatVectors.search; at most 16,384."""
        check_width(vector, self._dim)
        if self._is_graph and allow is not None and len(allow) <= _LISTED:
            # On its way through a graph a search meets few of a small part, or none.
            ids, vectors = self._exact(sorted(allow))
            return ordered(ids, vectors @ vector)[: max(k, 0)]
        data = vector.astype(np.float32).tolist()

        def ask(k: int, among: str) -> Pairs:
            return self._milvus.best(self._name, _DENSE, data, k, among)

        return _among(ask, k, self._count, allow)


class MilvusWords:
    """The best passages of a version by BM25, which its collection holds as sparse vectors."""

    def __init__(self, milvus: Milvus, name: str, count: int, repeats: frozenset[int]) -> None:
        self._milvus, self._name, self._count, self._repeats = milvus, name, count, repeats

    def search(self, question: str, k: int, allow: Collection[int] | None = None) -> Pairs:
        """As Postings.search; at most 16,384."""
        weights: dict[int, float] = {}
        for term in terms_of(question):
            weights[_place(term)] = weights.get(_place(term), 0.0) + 1.0
        if not weights:
            return []

        def ask(k: int, among: str) -> Pairs:
            return self._milvus.best(self._name, _SPARSE, weights, k, among)

        return _among(ask, k, self._count, allow, self._repeats)


def _among(
    ask: Callable[[int, str], Pairs],
    k: int,
    count: int,
    allow: Collection[int] | None,
    shut: frozenset[int] = frozenset(),
) -> Pairs:
    """The `k` best of those in `allow` or, where it is None, of all but `shut`.

    Milvus takes long to read an expression of many ids: a large part of the passages is chosen from
    more of all of them than are wanted, as many more as the part is smaller.
    """
    if k < 1 or (allow is not None and not allow):
        return []
    if allow is None:
        asked, listed = k + min(k, len(shut)), f"id not in {sorted(shut)}"
    else:
        asked, listed = 2 * k * -(-count // len(allow)), f"id in {sorted(allow)}"
        if len(allow) <= _LISTED:
            return _ordered(ask(k, listed))
    part = frozenset(allow or ())

    def may_be(id_: int) -> bool:
        return id_ not in shut if allow is None else id_ in part

    while True:
        found = ask(min(asked, _MOST), "")
        kept = [pair for pair in found if may_be(pair[0])]
        if len(kept) >= k or len(found) < min(asked, _MOST):
            return _ordered(kept)[:k]
        if asked >= _MOST:
            return _ordered(ask(k, listed))
        asked *= 4


def _ordered(pairs: Pairs) -> Pairs:
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))


def _rows(store: Store, dim: int) -> Iterator[list[Row]]:
    """All passages as Milvus takes them, some at a time."""
    words = sparse_rows(store.texts())
    for ids, vectors in store.vector_batches(dim):
        rows = []
        for id_, vector in zip(ids.tolist(), vectors, strict=True):
            of_words, terms, weights = next(words)
            if of_words != id_:
                raise BylineError(
                    f"The passage {id_} has words and no vector, or a vector and no words: "
                    f"{versions.MEND}"
                )
            sparse = dict(zip(map(_place, terms.tolist()), weights.tolist(), strict=True))
            rows.append({"id": id_, _DENSE: vector, _SPARSE: {0: 1.0} | sparse})
        for start in range(0, len(rows), _AT_ONCE):
            yield rows[start : start + _AT_ONCE]


def _place(term: int) -> int:
    """The dimension of a word in 32 bits, as many as Milvus has; never 0, which every passage has,
    as Milvus refuses a row without any."""
    return int(1 + term % (2**32 - 3))


def _drop(client: Any, name: str, timeout_s: float) -> None:
    """A collection that an alias names is not dropped before that is."""
    if client.has_collection(name, timeout=timeout_s):
        for alias in client.list_aliases(name, timeout=timeout_s)["aliases"]:
            client.drop_alias(alias, timeout=timeout_s)
        client.drop_collection(name, timeout=timeout_s)


def _create(client: Any, name: str, manifest: Manifest, timeout_s: float) -> None:
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field(_DENSE, DataType.FLOAT_VECTOR, dim=manifest.dim)
    schema.add_field(_SPARSE, DataType.SPARSE_FLOAT_VECTOR)
    # Strong: what was written is found at once, by everybody.
    client.create_collection(name, schema=schema, consistency_level="Strong", timeout=timeout_s)


def _arrange(client: Any, name: str, manifest: Manifest, timeout_s: float) -> None:
    """Have both fields indexed; to load a collection waits for it."""
    indexes = client.prepare_index_params()
    if manifest.faiss.lists:
        graph = {"M": 16, "efConstruction": 200}
        indexes.add_index(_DENSE, index_type="HNSW", metric_type="IP", params=graph)
    else:
        indexes.add_index(_DENSE, index_type="FLAT", metric_type="IP")
    indexes.add_index(_SPARSE, index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    client.create_index(name, indexes, timeout=timeout_s, sync=False)


def _count(client: Any, name: str) -> int:
    client.load_collection(name, timeout=6 * TIMEOUT_S)
    (row,) = client.query(name, output_fields=["count(*)"], timeout=TIMEOUT_S)
    return int(row["count(*)"])


@cache
def _library() -> tuple[Any, tuple[type[Exception], ...]]:
    # It reads any .env file that it finds, and prints each error before raising it.
    os.environ.setdefault("PYTHON_DOTENV_DISABLED", "1")
    try:
        import grpc
        from pymilvus import MilvusClient
        from pymilvus.exceptions import MilvusException
    except ImportError as error:
        raise BylineError(
            f"Milvus is spoken to by pymilvus, which is not installed ({error}): run "
            "pip install -c constraints.txt -e '.[milvus]'"
        ) from error
    for name in ("pymilvus", "pymilvus.milvus_client", "pymilvus.decorators"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # ValueError: of a connection that another thread has closed, after a failure of its own.
    failures = (MilvusException, grpc.RpcError, grpc.FutureTimeoutError, ValueError)
    return MilvusClient, failures


def _parsed(address: str) -> tuple[str, str]:
    """The address as pymilvus takes it, and the alias."""
    shown = re.sub(r"//.*@", "//…@", address)
    try:
        parts = urlsplit(address)
        host, port, name = parts.hostname, parts.port or 19530, parts.path.strip("/") or "byline"
        if parts.scheme != "milvus" or not host or parts.username or parts.query or parts.fragment:
            raise ValueError("another form")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", name):
            raise ValueError("a name has letters, digits and _ only")
    except ValueError as error:
        raise BylineError(
            f"The store cannot be {shown[:200]} ({error}): give milvus://HOST:PORT or "
            "milvus://HOST:PORT/NAME."
        ) from error
    return f"http://{f'[{host}]' if ':' in host else host}:{port}", name
