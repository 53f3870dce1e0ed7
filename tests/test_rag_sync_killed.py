"""A sync that is killed again and again, at any moment, ends with everything there once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from desk import Desk
from fakes import HashingEmbedder
from newsstand import newsstand

from corpus.memory import Known, Memory
from index import versions
from index.search import Index
from index.store import content_hash
from index.verify import verify
from rag.upkeep.sync import MEMORY

TESTS = Path(__file__).parent
KILLS = 25
NEW_PAGES = 8  # that the feed lists whenever all before are in, which are four changes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")


class Killer:
    """Runs something in processes of their own, each for as long as it may."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert self._read() == "ready"

    def run(self, seconds: float) -> tuple[bool, float]:
        """Whether the process was killed, and the seconds it lived."""
        assert self._process.stdin is not None
        print(seconds, file=self._process.stdin, flush=True)
        how, lived = self._read().split()
        return how == "killed", float(lived)

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line, "a process failed; its error is above"
        return line


@contextmanager
def killer(script: str, *arguments: Path) -> Iterator[Killer]:
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    with subprocess.Popen(
        [sys.executable, str(TESTS / script), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "NO_PROXY": "127.0.0.1"},
    ) as process:
        yield Killer(process)


def remembered(directory: Path, source: str) -> dict[str, Known]:
    """The pages that no later run may ask for, by address."""
    if not (directory / MEMORY).exists():
        return {}
    with closing(Memory(directory / MEMORY)) as memory:
        return memory.pages(source)


def held(directory: Path) -> dict[str, str]:
    """The hash of each article in the index, by id, which a search for all of them finds too."""
    if versions.current_version(directory) is None:
        return {}
    with closing(Index.open(directory, HashingEmbedder())) as index:
        rows = [index.article(row.id) for row in index.articles()]
        found = {hit.passage.article.id for hit in index.search("harbour of Vell", k=1000)}
    articles = [article for article in rows if article is not None]
    assert found <= {article.id for article in articles}
    return {article.id: content_hash(article) for article in articles}


def test_killed_at_many_moments_it_loses_nothing_and_fetches_nothing_twice(
    tmp_path: Path,
) -> None:
    directory, file = tmp_path / "built", tmp_path / "sources.toml"
    moments = random.Random(13)
    with newsstand() as site:
        desk = Desk(site, directory)
        paths: list[str] = []

        def list_more() -> str:
            for _ in range(NEW_PAGES):
                paths.append(f"/{len(paths)}")
                desk.page(paths[-1])
            return desk.feed(*paths).address

        feed = f"feed {list_more()}"
        file.write_text(f'[[source]]\nkind = "feed"\naddress = "{site.url}/feed"\n')
        with killer("killed_sync.py", directory, file) as process:
            _, whole = process.run(float("inf"))
            kills = 0
            while kills < KILLS:
                before = set(remembered(directory, feed))
                if len(before) == len(paths):
                    list_more()
                site.asked.clear()
                was_killed, _ = process.run(moments.uniform(0, whole))
                kills += was_killed
                assert before.isdisjoint(site.url + path for path in site.paths())
                articles = held(directory)
                pages = remembered(directory, feed)
                assert before <= pages.keys()
                for page in pages.values():  # what is remembered, the index holds
                    assert articles[page.article_id or ""] == page.content_hash
            process.run(float("inf"))
            site.asked.clear()
            process.run(float("inf"))
        assert set(site.paths()) <= {"/feed"}
        assert set(held(directory)) == {site.url + path for path in paths}
        assert verify(directory).problems == ()
        assert not list((directory / "versions").glob(".*"))
