"""Updates of an index that are killed while they read, embed or write, and two at once."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from fakes import HashingEmbedder
from test_rag_sync_killed import TESTS, held, killer

from corpus.read import read_articles
from index import versions
from index.embeddings import FILE, Embeddings
from index.store import content_hash
from index.verify import verify
from rag.settings import Settings
from rag.upkeep.indexing import update

KILLS = 50
PAGE = "<html><head><title>{0}</title></head><body><article><p>{1}</p></article></body></html>"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")


class Newsroom:
    """A folder of pages and texts that somebody works on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._written = 0
        for _ in range(12):
            self.write()

    def write(self) -> None:
        self._written += 1
        n = self._written
        words = f"The harbour of Vell opened again, and {n} ships came in on day {n}. " * 12
        if n % 3:
            (self.folder / f"{n:04}.html").write_text(PAGE.format(f"Page {n}", words))
        else:
            (self.folder / f"{n:04}.txt").write_text(f"Text {n}\n\n{words}")

    def work(self, chance: random.Random) -> None:
        """Three new files, two that change, two that go."""
        chosen = chance.sample(sorted(self.folder.iterdir()), 4)
        for file in chosen[:2]:
            file.write_text(file.read_text().replace("came in", "came in at last"))
        for file in chosen[2:]:
            file.unlink()
        for _ in range(3):
            self.write()

    def holds(self) -> dict[str, str]:
        return {one.id: content_hash(one) for one in read_articles([self.folder]).articles}


def put_away(directory: Path) -> int:
    """How many vectors lie beside the versions."""
    if not (directory / FILE).exists():
        return 0
    with closing(Embeddings(directory, "hashing", "none")):  # rolls back what was left half done
        pass
    with closing(sqlite3.connect(directory / FILE)) as db:
        return int(db.execute("SELECT count(*) FROM embeddings").fetchone()[0])


def test_killed_at_fifty_random_moments_it_is_the_old_version_or_the_new(tmp_path: Path) -> None:
    directory, chance = tmp_path / "built", random.Random(17)
    room = Newsroom(tmp_path / "news")
    kills = new = kept = 0
    with killer("killed_update.py", directory, room.folder) as process:
        _, whole = process.run(float("inf"))
        before = held(directory)
        assert before == room.holds()
        room.work(chance)
        target = room.holds()
        while kills < KILLS:
            was_killed, _ = process.run(chance.uniform(0, whole))
            kills += was_killed
            kept += put_away(directory) > 0
            now = held(directory)
            assert now in (before, target)
            for version in versions.version_ids(directory):
                found = verify(directory, version)
                assert (found.problems, found.repaired) == ((), ())
            if now == target:
                new += 1
                room.work(chance)
                before, target = target, room.holds()
    assert new  # some came to their end, and some were killed after the pointer had moved
    assert kept
    embedder = HashingEmbedder()
    update(Settings(index=directory), [room.folder], embedder)
    assert held(directory) == target
    assert not list((directory / "versions").glob(".*"))
    again = HashingEmbedder()
    update(Settings(index=directory), [room.folder], again)
    assert again.embedded == []


AT_ONCE = """
import sys
from pathlib import Path
from fakes import HashingEmbedder
from corpus.errors import BylineError
from rag.upkeep.indexing import add
from rag.settings import Settings
index, folder, wait = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
try:
    add(Settings(index=Path(index), lock_wait=float(wait)), [Path(folder)], HashingEmbedder())
except BylineError as error:
    print(error)
"""


def added_at_once(directory: Path, folders: list[Path], wait_s: float) -> list[str]:
    """What the processes said that put these folders into the index, all begun at one moment."""
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", AT_ONCE, str(directory), str(folder), str(wait_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        )
        for folder in folders
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate()[0] for process in processes]


@pytest.fixture
def rooms(tmp_path: Path) -> list[Newsroom]:
    """Two folders without an article in common."""
    rooms = [Newsroom(tmp_path / name) for name in ("one", "two")]
    for file in rooms[1].folder.iterdir():
        file.write_text(file.read_text().replace("harbour of Vell", "harbour of Orrin"))
    return rooms


def test_two_at_once_that_wait_both_come_in(tmp_path: Path, rooms: list[Newsroom]) -> None:
    directory = tmp_path / "built"
    assert added_at_once(directory, [room.folder for room in rooms], 300) == ["", ""]
    assert held(directory) == {**rooms[0].holds(), **rooms[1].holds()}
    assert verify(directory).problems == ()


def test_of_two_at_once_that_do_not_wait_none_is_half(
    tmp_path: Path, rooms: list[Newsroom]
) -> None:
    directory = tmp_path / "built"
    said = added_at_once(directory, [room.folder for room in rooms], 0)
    came = [room.holds() for room, told in zip(rooms, said, strict=True) if not told]
    assert came
    assert all("Another program (process" in told for told in said if told)
    assert held(directory) == {id_: text for one in came for id_, text in one.items()}
    assert verify(directory).problems == ()
