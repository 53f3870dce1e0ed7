"""Updates of an index that are killed again and again, while they read, embed or write."""

from __future__ import annotations

import random
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from fakes import HashingEmbedder
from test_rag_sync_killed import held, killer

from corpus.read import read_articles
from index import versions
from index.embeddings import FILE, Embeddings
from index.store import content_hash
from index.verify import verify
from rag.indexing import update
from rag.settings import Settings

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
