"""Embedding on the nodes of a real Ray cluster: the same index, each article once."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from fakes import HashingEmbedder
from raycluster import ROOT, Cluster, cluster

from corpus.article import Article
from corpus.errors import BylineError
from index import many_nodes
from index.build import build
from index.chunk import Chunking
from index.many_nodes import embed_on_nodes
from index.milvus import Milvus
from index.parts import PreparedEmbedder, done, parts_folder, write_part
from index.publishing import Upkeep
from index.search import Index
from index.store import content_hash, store_in_use
from index.types import silent
from rag.load import embedder_named
from rag.settings import load_settings

CHUNKING = Chunking()


class SlowEmbedder(HashingEmbedder):
    """Takes its time, and notes each text that it was given."""

    def __init__(self, log: Path, seconds: float) -> None:
        super().__init__()
        self._log, self._seconds = log, seconds

    def embed_passages(
        self, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        time.sleep(self._seconds)
        with self._log.open("a") as log:
            log.write("".join(f"{text.splitlines()[0]}\n" for text in texts))
        return super().embed_passages(texts)


def articles(count: int) -> list[Article]:
    return [
        Article(f"a{n}", f"Report {n}", f"Report {n} tells of firm {n % 7}. It paid ${n} million.")
        for n in range(count)
    ]


def rows_of(folder: Path) -> Counter[str]:
    """How many rows each article has in all parts together."""
    found: Counter[str] = Counter()
    for part in folder.glob("*.parquet"):
        found.update(pq.read_table(part).column("article_hash").to_pylist())
    return found


class TestParts:
    def test_what_was_written_is_done_and_at_hand(self, tmp_path: Path) -> None:
        embedder, some = HashingEmbedder(), [*articles(5), Article("empty", "Nothing", " ")]
        folder = parts_folder(tmp_path, embedder, CHUNKING)
        assert done(folder) == set()
        write_part(folder, some, embedder, CHUNKING)
        write_part(folder, some, embedder, CHUNKING)  # by a node that was taken for dead
        assert done(folder) == {content_hash(one) for one in some}
        assert len(list(folder.iterdir())) == 1
        with PreparedEmbedder(_Refusing(), folder) as prepared:
            build(some[:5], prepared, tmp_path / "a")
        build(some[:5], embedder, tmp_path / "b")
        assert found(tmp_path / "a") == found(tmp_path / "b")

    def test_what_was_written_goes_into_milvus(self, tmp_path: Path, milvus: Milvus) -> None:
        embedder, some = HashingEmbedder(), articles(5)
        folder = parts_folder(tmp_path, embedder, CHUNKING)
        write_part(folder, some, embedder, CHUNKING)
        with PreparedEmbedder(_Refusing(), folder) as prepared:
            build(some, prepared, tmp_path / "a", upkeep=Upkeep(milvus=milvus))
        with closing(Index.open(tmp_path / "a", embedder, milvus)) as index:
            assert index.search("What did firm 3 pay?", 1)[0].passage.article == some[3]

    def test_what_no_part_holds_is_embedded(self, tmp_path: Path) -> None:
        with PreparedEmbedder(HashingEmbedder(), tmp_path / "none") as prepared:
            wanted = HashingEmbedder().embed_passages(["a b"])
            assert np.array_equal(prepared.embed_passages(["a b"]), wanted)

    def test_a_damaged_part_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
        with pytest.raises(BylineError, match=r"bad\.parquet cannot be read"):
            done(tmp_path)


class _Refusing(HashingEmbedder):
    def embed_passages(self, texts: Sequence[str], on_progress: object = None) -> np.ndarray:
        raise AssertionError("it was embedded already")


def found(directory: Path) -> list[tuple[str, float]]:
    embedder = HashingEmbedder()
    with closing(Index.open(directory, embedder)) as index:
        hits = index.search("What did firm 3 pay?", 5)
    return [(hit.passage.text, round(hit.similarity or 0, 6)) for hit in hits]


def test_a_cluster_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    make = HashingEmbedder
    with pytest.raises(BylineError, match=r"No Ray cluster answers at 127\.0\.0\.1:9 "):
        embed_on_nodes(articles(1), "127.0.0.1:9", tmp_path, make(), make, silent)


def test_so_is_something_else_that_listens_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_nodes, "_ANSWERED_S", 5.0)
    make = HashingEmbedder
    with socket.socket() as listens:
        listens.bind(("", 0))
        listens.listen()
        address = f"127.0.0.1:{listens.getsockname()[1]}"
        with pytest.raises(BylineError, match="it says nothing that Ray says"):
            embed_on_nodes(articles(1), address, tmp_path, make(), make, silent)


def test_what_is_told_to_the_nodes_holds_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BYLINE_DATABASE", "postgresql://me:secret@127.0.0.1/mine")
    told = pickle.dumps(partial(embedder_named, load_settings().embedder))
    assert b"secret" not in told


@pytest.fixture(scope="module")
def nodes() -> Iterator[Cluster]:
    # Sockets have short names, and those of pytest's folders are long.
    with (
        tempfile.TemporaryDirectory(prefix="ray", dir="/tmp") as folder,
        cluster(Path(folder)) as it,
    ):
        yield it


@pytest.mark.filterwarnings("ignore::Warning")  # Ray's own
class TestOnTwoNodes:
    def test_the_index_is_the_same(self, nodes: Cluster, tmp_path: Path) -> None:
        some, embedder, told = articles(200), HashingEmbedder(), list[tuple[str, int, int]]()
        work = tmp_path / "work"

        def hear(*progress: object) -> None:
            told.append(progress)  # type: ignore[arg-type]

        folder = embed_on_nodes(some, nodes.address, work, embedder, HashingEmbedder, hear)
        assert told[-1] == ("embed", 200, 200)
        assert rows_of(folder) == Counter(content_hash(one) for one in some)
        with PreparedEmbedder(_Refusing(), folder) as prepared:
            build(some, prepared, tmp_path / "a")
        build(some, embedder, tmp_path / "b")
        assert found(tmp_path / "a") == found(tmp_path / "b")
        before = {part: part.stat().st_mtime_ns for part in folder.iterdir()}
        embed_on_nodes(
            [*some, *articles(210)], nodes.address, work, embedder, HashingEmbedder, hear
        )
        assert (
            before.items() <= {part: part.stat().st_mtime_ns for part in folder.iterdir()}.items()
        )
        assert sum(rows_of(folder).values()) == 210

    @pytest.mark.model
    def test_the_command_makes_the_vectors_of_an_ordinary_build(
        self, nodes: Cluster, tmp_path: Path
    ) -> None:
        file = tmp_path / "articles.jsonl"
        rows = [{"id": one.id, "title": one.title, "text": one.body} for one in articles(40)]
        file.write_text("\n".join([*map(json.dumps, rows), "no JSON"]))
        env = {**os.environ, "BYLINE_MODELS_DIR": str(load_settings().models_dir)}

        def built(name: str, *options: str) -> tuple[dict[bytes, bytes], str]:
            command = [sys.executable, "-m", "rag.cli", "index", "build", *options]
            command += ["--index", str(tmp_path / name), str(file)]
            run = subprocess.run(
                command, cwd=ROOT, env=env, capture_output=True, text=True, check=True
            )
            _, store = store_in_use(tmp_path / name)
            with closing(store):
                return store.vectors_by_hash(store.text_hashes()), run.stderr

        here, _ = built("a")
        there, said = built("b", "--ray", nodes.address, "--work", str(tmp_path / "work"))
        assert "skipped 1" in said
        assert here.keys() == there.keys()
        for hash_, vector in here.items():
            pair = [np.frombuffer(one, np.float32) for one in (vector, there[hash_])]
            assert float(pair[0] @ pair[1]) > 0.999
        again, _ = built("c", "--ray", nodes.address, "--work", str(tmp_path / "work"))
        assert again == there

    def test_other_weights_on_a_node_are_told(self, nodes: Cluster, tmp_path: Path) -> None:
        make, other = HashingEmbedder, HashingEmbedder()
        other.name = "another"
        with pytest.raises(BylineError, match=r"another .* is wanted: install the same there"):
            embed_on_nodes(articles(1), nodes.address, tmp_path, other, make, silent)

    def test_a_run_that_was_killed_goes_on(self, nodes: Cluster, tmp_path: Path) -> None:
        log, work = tmp_path / "embedded.txt", tmp_path / "work"
        folder = parts_folder(work, HashingEmbedder(), CHUNKING)
        env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
        run = subprocess.Popen(
            [sys.executable, __file__, nodes.address, str(work), str(log)], env=env
        )
        wait_until(lambda: len(list(folder.glob("*.parquet"))) >= 2)
        run.send_signal(signal.SIGKILL)
        run.wait()
        time.sleep(3)  # the cluster ends what it was doing for it
        before = log.read_text().splitlines()
        assert 0 < len(before) < 320
        held = done(folder)
        make = partial(SlowEmbedder, log, 0.0)
        embed_on_nodes(articles(320), nodes.address, work, make(), make, silent)
        assert rows_of(folder) == Counter(content_hash(one) for one in articles(320))
        assert len(log.read_text().splitlines()) - len(before) == 320 - len(held)

    def test_a_node_that_dies_loses_nothing(self, nodes: Cluster, tmp_path: Path) -> None:
        log = tmp_path / "embedded.txt"
        make = partial(SlowEmbedder, log, 0.5)
        folder = parts_folder(tmp_path, make(), CHUNKING)

        def kill() -> None:
            wait_until(lambda: len(list(folder.glob("*.parquet"))) >= 4)
            nodes.kill(nodes.nodes[1])

        killing = threading.Thread(target=kill)
        killing.start()
        embed_on_nodes(articles(960), nodes.address, tmp_path, make(), make, silent)
        killing.join()
        assert nodes.nodes[1].poll() is not None
        assert rows_of(folder) == Counter(content_hash(one) for one in articles(960))


def wait_until(holds: Callable[[], bool], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)


if __name__ == "__main__":
    address, work, log = sys.argv[1:]
    make = partial(SlowEmbedder, Path(log), 1.0)
    embed_on_nodes(articles(320), address, Path(work), make(), make, silent)
