"""Reading and embedding on the nodes of a real Ray cluster: the same index, each article once."""

from __future__ import annotations

import gzip
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
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import astuple
from functools import partial
from importlib import metadata
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from fakes import HashingEmbedder
from raycluster import ROOT, Cluster, cluster

from corpus.article import Article
from corpus.errors import BylineError
from corpus.read import Reading, read_articles
from corpus.recall import reading_code
from index import many_nodes
from index.batches import in_batches
from index.build import build
from index.chunk import Chunking
from index.many_nodes import read_on_nodes
from index.milvus import Milvus
from index.parts import PreparedEmbedder, done, parts_folder, remove_unfinished, write_part
from index.publishing import Upkeep
from index.search import Index
from index.store import content_hash, store_in_use
from index.types import Embedder, Progress, silent
from rag.load import embedder_named
from rag.settings import load_settings

CHUNKING = Chunking()
SOME = 3_600  # bytes of about 32 articles


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
        write_part(folder, "one", some, embedder, CHUNKING)
        write_part(folder, "one", some, embedder, CHUNKING)  # by a node that was taken for dead
        assert done(folder) == {content_hash(one) for one in some}
        assert len(list(folder.iterdir())) == 1
        with PreparedEmbedder(_Refusing(), folder) as prepared:
            build(some[:5], prepared, tmp_path / "a")
        build(some[:5], embedder, tmp_path / "b")
        assert found(tmp_path / "a") == found(tmp_path / "b")

    def test_what_was_written_goes_into_milvus(self, tmp_path: Path, milvus: Milvus) -> None:
        embedder, some = HashingEmbedder(), articles(5)
        folder = parts_folder(tmp_path, embedder, CHUNKING)
        write_part(folder, "one", some, embedder, CHUNKING)
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


class Unlearning:
    """A recall that learns nothing, and counts what it could have learnt."""

    def __init__(self) -> None:
        self.learnt: list[Path] = []

    def results(self, path: Path, digest: str) -> None:
        return None

    def learn(self, path: Path, digest: str, results: object) -> None:
        self.learnt.append(path)


def written(file: Path, some: Sequence[Article]) -> Path:
    """These articles as JSON lines; about 32 of them are `SOME` bytes."""
    rows = [{"id": one.id, "title": one.title, "text": one.body} for one in some]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def on_nodes(
    path: Path,
    address: str,
    work: Path,
    make: Callable[[], Embedder] = HashingEmbedder,
    on_progress: Progress = silent,
    batch_bytes: int = SOME,
) -> tuple[Path, Reading]:
    """What nodes made of it, and what reading it gives with that."""
    folder, recall = read_on_nodes(
        [path], address, work, make(), make, Unlearning(), on_progress, batch_bytes=batch_bytes
    )
    parsed: list[Article] = []
    reading = read_articles([path], recall, on_parsed=parsed.append)
    assert not parsed
    return folder, reading


class TestWithoutACluster:
    def test_one_that_is_not_there_is_told_at_once(self, tmp_path: Path) -> None:
        file = written(tmp_path / "a.jsonl", articles(1))
        with pytest.raises(BylineError, match=r"No Ray cluster answers at 127\.0\.0\.1:9 "):
            on_nodes(file, "127.0.0.1:9", tmp_path)
        with pytest.raises(BylineError, match=r"No Ray cluster answers at \[::1\]:9 .*refused"):
            on_nodes(file, "[::1]:9", tmp_path)

    def test_so_is_something_else_that_listens_there(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(many_nodes, "_ANSWERED_S", 5.0)
        file = written(tmp_path / "a.jsonl", articles(1))
        with socket.socket() as listens:
            listens.bind(("", 0))
            listens.listen()
            address = f"127.0.0.1:{listens.getsockname()[1]}"
            with pytest.raises(BylineError, match="it says nothing that Ray says"):
                on_nodes(file, address, tmp_path)

    def test_ray_that_is_not_installed_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "ray", None)
        with pytest.raises(BylineError, match="pip install 'byline\\[ray\\]'"):
            on_nodes(written(tmp_path / "a.jsonl", articles(1)), "auto", tmp_path)

    def test_what_is_told_to_the_nodes_holds_no_password(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BYLINE_DATABASE", "postgresql://me:secret@127.0.0.1/mine")
        told = pickle.dumps(partial(embedder_named, load_settings().embedder))
        assert b"secret" not in told


class TestANode:
    """What each process of a node is, without Ray."""

    def made(self, folder: Path, reader: bytes = b"", seen: str = "seen") -> many_nodes._OnNode:
        (folder / "seen").touch()
        embedder = HashingEmbedder()
        maker = (metadata.version("byline"), embedder.name, embedder.weights_hash)
        held = many_nodes._prefixes(done(folder))
        place = str(folder / seen)
        return many_nodes._OnNode(
            HashingEmbedder, maker, reader or reading_code(), place, CHUNKING, held
        )

    def rows(self, path: Path) -> dict[str, list[str]]:
        plan = in_batches([path], silent, SOME)
        told = [json.dumps([astuple(piece) for piece in one.pieces]) for one in plan.batches]
        return {"name": [one.name for one in plan.batches], "pieces": told}

    def test_without_the_folder_or_the_files_it_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(BylineError, match=f"cannot see {tmp_path}: let all nodes see it"):
            self.made(tmp_path, seen="elsewhere")
        rows = self.rows(file := written(tmp_path / "a.jsonl", articles(3)))
        file.unlink()
        with pytest.raises(BylineError, match=r"cannot see .*a\.jsonl: let all nodes see it"):
            self.made(tmp_path)(rows)

    def test_with_other_libraries_it_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(BylineError, match=r"other libraries .* constraints\.txt"):
            self.made(tmp_path, b"another release")

    def test_what_another_part_holds_is_not_embedded(self, tmp_path: Path) -> None:
        some = articles(40)
        write_part(tmp_path, "before", some[:25], HashingEmbedder(), CHUNKING)
        node, rows = self.made(tmp_path), self.rows(written(tmp_path / "a.jsonl", some))
        assert len(rows["name"]) == 2
        node(rows)
        assert rows_of(tmp_path) == Counter(content_hash(one) for one in some)
        before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.parquet")}
        node(rows)
        assert before == {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.parquet")}

    def test_one_that_was_stopped_between_both_files_goes_on(self, tmp_path: Path) -> None:
        rows = self.rows(written(tmp_path / "a.jsonl", some := articles(5)))
        self.made(tmp_path)(rows)
        [readings] = tmp_path.glob("readings-*/*.parquet")
        readings.unlink()
        self.made(tmp_path)(rows)
        assert readings.exists()
        assert rows_of(tmp_path) == Counter(content_hash(one) for one in some)


def test_a_new_file_leaves_most_batches_as_they_were(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / f"{number:04}.txt").write_text(f"Note {number}\n\nIt tells of {number}.")
    before = {one.name for one in in_batches([tmp_path], silent, 1_000_000).batches}
    (tmp_path / "0000a.txt").write_text("More\n\nIt came later.")
    after = {one.name for one in in_batches([tmp_path], silent, 1_000_000).batches}
    assert 16 < len(before) < 50
    assert len(before - after) < len(before) / 3


def test_what_a_dead_process_was_writing_goes(tmp_path: Path) -> None:
    old, new = tmp_path / "deep" / "a.unfinished", tmp_path / "b.unfinished"
    old.parent.mkdir()
    for file in (old, new):
        file.touch()
    os.utime(old, (0, 0))
    remove_unfinished(tmp_path, time.time())
    assert not old.exists()
    assert new.exists()


@pytest.fixture(scope="module")
def nodes() -> Iterator[Cluster]:
    # Sockets have short names, and those of pytest's folders are long.
    with (
        tempfile.TemporaryDirectory(prefix="ray", dir="/tmp") as folder,
        cluster(Path(folder)) as it,
    ):
        yield it


@pytest.fixture
def newsroom(tmp_path: Path) -> Path:
    """Files of every kind, and of every trouble."""
    room = tmp_path / "news"
    (room / "deep").mkdir(parents=True)
    written(room / "articles.jsonl", articles(200))
    with (room / "articles.jsonl").open("a") as file:
        file.write('no JSON\n\n{"title": "A day", "text": "It was.", "published_at": "some day"}')
    (room / "again.jsonl").write_bytes((room / "articles.jsonl").read_bytes()[:3000])
    (room / "packed.jsonl.gz").write_bytes(gzip.compress(b'{"title": "Packed", "text": "It is."}'))
    with zipfile.ZipFile(room / "some.zip", "w") as archive:
        archive.writestr("a.txt", "In a zip\n\nIt lies in an archive.")
        archive.writestr("b.exe", "no")
    for number in range(70):
        (room / "deep" / f"{number}.txt").write_text(f"Note {number}\n\nIt tells of {number}.")
    said = "The harbour opened again on day {}, said the mayor, and forty ships went out to sea."
    page = "".join(f"<p>{said.format(n)} Nobody had expected it so soon.</p>" for n in range(9))
    page = f"<html><head><title>Harbour</title></head><body><article>{page}</article></body></html>"
    (room / "page.html").write_text(page)
    (room / "README.md").write_text("Of this folder.")
    (room / ".hidden.txt").write_text("Hidden")
    (room / "empty.txt").touch()
    (room / "empty.jsonl").touch()
    (room / "picture.png").write_bytes(b"no")
    (room / "gone.txt").symlink_to(room / "nowhere")
    return room


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Ray, about itself
class TestOnTwoNodes:
    def test_the_index_is_the_same(self, nodes: Cluster, newsroom: Path, tmp_path: Path) -> None:
        told: list[tuple[str, int, int]] = []
        work, embedder = tmp_path / "work", HashingEmbedder()

        def hear(*progress: object) -> None:
            told.append(progress)  # type: ignore[arg-type]

        folder, reading = on_nodes(newsroom, nodes.address, work, on_progress=hear)
        assert told[-1][0] == "nodes"
        assert told[-1][1] == told[-1][2] > 20
        here = read_articles([newsroom])
        assert reading == here
        assert len(here.articles) == 274
        assert len(here.skipped) > 20
        assert here.notes
        with PreparedEmbedder(_Refusing(), folder) as prepared:
            build(reading.articles, prepared, tmp_path / "a")
        build(here.articles, embedder, tmp_path / "b")
        assert found(tmp_path / "a") == found(tmp_path / "b")
        before = {part: part.stat().st_mtime_ns for part in folder.rglob("*.parquet")}
        rows = rows_of(folder)
        (newsroom / "more.txt").write_text("More\n\nIt came later.")
        on_nodes(newsroom, nodes.address, work)
        after = {part: part.stat().st_mtime_ns for part in folder.rglob("*.parquet")}
        assert before.items() <= after.items()
        [new] = read_articles([newsroom / "more.txt"]).articles
        assert rows_of(folder) - rows == Counter([content_hash(new)])

    def test_the_recall_of_the_index_learns(
        self, nodes: Cluster, newsroom: Path, tmp_path: Path
    ) -> None:
        learner, make = Unlearning(), HashingEmbedder
        _, recall = read_on_nodes(
            [newsroom], nodes.address, tmp_path / "work", make(), make, learner, silent
        )
        reading = read_articles([newsroom], recall)
        assert {*reading.origins.values()} <= {
            one if one.suffix != ".zip" else one / "a.txt" for one in learner.learnt
        }

    def test_a_file_that_changes_meanwhile_is_read_here(
        self, nodes: Cluster, tmp_path: Path
    ) -> None:
        room = tmp_path / "news"
        room.mkdir()
        for number in range(3):
            (room / f"{number}.txt").write_text(f"Note {number}\n\nIt tells of {number}.")

        def change(stage: str, done: int, total: int) -> None:
            if (stage, done) == ("nodes", 0):
                (room / "1.txt").write_text("Note 1\n\nIt tells of another thing.")

        make = HashingEmbedder
        _, recall = read_on_nodes(
            [room], nodes.address, tmp_path / "work", make(), make, Unlearning(), change
        )
        parsed: list[Article] = []
        assert read_articles([room], recall, on_parsed=parsed.append) == read_articles([room])
        assert [one.title for one in parsed] == ["Note 1"]

    def test_a_file_that_no_node_sees_is_told(self, nodes: Cluster, tmp_path: Path) -> None:
        file = written(tmp_path / "a.jsonl", articles(1))

        def remove(stage: str, done: int, total: int) -> None:
            if stage == "nodes":
                file.unlink(missing_ok=True)

        with pytest.raises(BylineError, match=r"cannot see .*a\.jsonl: let all nodes see it"):
            on_nodes(file, nodes.address, tmp_path / "work", on_progress=remove)

    @pytest.mark.model
    def test_the_command_makes_the_vectors_of_an_ordinary_build(
        self, nodes: Cluster, tmp_path: Path
    ) -> None:
        file = written(tmp_path / "articles.jsonl", articles(40))
        with file.open("a") as more:
            more.write("no JSON")
        env = {**os.environ, "BYLINE_MODELS_DIR": str(load_settings().models_dir)}

        def run(*arguments: str) -> str:
            command = [sys.executable, "-m", "rag.cli", "index", *arguments]
            done = subprocess.run(
                command, cwd=ROOT, env=env, capture_output=True, text=True, check=True
            )
            return done.stdout + done.stderr

        def built(name: str, *options: str) -> tuple[dict[bytes, bytes], str]:
            said = run("build", *options, "--index", str(tmp_path / name), str(file))
            _, store = store_in_use(tmp_path / name)
            with closing(store):
                return store.vectors_by_hash(store.text_hashes()), said

        here, _ = built("a")
        there, said = built("b", "--ray", nodes.address)
        assert "skipped 1" in said
        assert not (tmp_path / "b" / "parts").exists()
        assert here.keys() == there.keys()
        for hash_, vector in here.items():
            pair = [np.frombuffer(one, np.float32) for one in (vector, there[hash_])]
            assert float(pair[0] @ pair[1]) > 0.999
        kept = ("--ray", nodes.address, "--work", str(tmp_path / "work"))
        again, _ = built("c", *kept)
        assert (again, built("d", *kept)[0]) == (there, there)

    def test_other_weights_on_a_node_are_told(self, nodes: Cluster, tmp_path: Path) -> None:
        make, other = HashingEmbedder, HashingEmbedder()
        other.name = "another"
        file = written(tmp_path / "a.jsonl", articles(1))
        with pytest.raises(BylineError, match=r"another .* is wanted: install the same there"):
            read_on_nodes([file], nodes.address, tmp_path, other, make, Unlearning(), silent)

    def test_a_run_that_was_killed_goes_on(self, nodes: Cluster, tmp_path: Path) -> None:
        log, work = tmp_path / "embedded.txt", tmp_path / "work"
        file = written(tmp_path / "a.jsonl", articles(320))
        folder = parts_folder(work, HashingEmbedder(), CHUNKING)
        env = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
        run = subprocess.Popen(
            [sys.executable, __file__, nodes.address, str(file), str(work), str(log)], env=env
        )
        wait_until(lambda: len(list(folder.glob("*.parquet"))) >= 2)
        run.send_signal(signal.SIGKILL)
        run.wait()
        time.sleep(3)  # the cluster ends what it was doing for it
        before = log.read_text().splitlines()
        assert 0 < len(before) < 320
        held = done(folder)
        on_nodes(file, nodes.address, work, partial(SlowEmbedder, log, 0.0))
        assert rows_of(folder) == Counter(content_hash(one) for one in articles(320))
        assert len(log.read_text().splitlines()) - len(before) == 320 - len(held)

    def test_a_node_that_dies_loses_nothing(self, nodes: Cluster, tmp_path: Path) -> None:
        log = tmp_path / "embedded.txt"
        file = written(tmp_path / "a.jsonl", articles(960))
        make = partial(SlowEmbedder, log, 0.5)
        folder = parts_folder(tmp_path, make(), CHUNKING)

        def kill() -> None:
            wait_until(lambda: len(list(folder.glob("*.parquet"))) >= 4)
            nodes.kill(nodes.nodes[1])

        killing = threading.Thread(target=kill)
        killing.start()
        _, reading = on_nodes(file, nodes.address, tmp_path, make)
        killing.join()
        assert nodes.nodes[1].poll() is not None
        assert reading.articles == tuple(articles(960))
        assert rows_of(folder) == Counter(content_hash(one) for one in articles(960))


def wait_until(holds: Callable[[], bool], seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)


if __name__ == "__main__":
    address, path, work, log = sys.argv[1:]
    on_nodes(Path(path), address, Path(work), partial(SlowEmbedder, Path(log), 1.0))
