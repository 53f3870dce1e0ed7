"""Killed between any two writes, on a full disk, without power: the old version or the new one."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fakes import HashingEmbedder
from killed import GONE, NEW, OLD

from corpus.article import Article
from corpus.errors import BylineError
from index import versions
from index.build import build
from index.change import apply
from index.lock import writing
from index.publishing import Upkeep
from index.search import Index
from index.store import Store
from index.verify import verify
from index.versions import Keep

TESTS = Path(__file__).parent
BEFORE = {article.id: article for article in OLD}
AFTER = {**BEFORE, **{article.id: article for article in NEW}}
for gone in GONE:
    del AFTER[gone]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")


def environment() -> dict[str, str]:
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    return {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}


def held(directory: Path) -> dict[str, Article]:
    """What the index holds by its articles and, as a check, by a search for a word of them all."""
    with closing(Index.open(directory, HashingEmbedder())) as index:
        found = {hit.passage.article.id for hit in index.search("news", k=50)}
        assert found == {row.id for row in index.articles()}
        file = versions.version_folder(directory, index.manifest.version) / versions.STORE
    with closing(Store(file)) as store:
        return {article.id: article for article, _ in store.all_articles()}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders of an index, in each of which a process was killed at another step of a change."""
    old, target = tmp_path_factory.mktemp("old"), tmp_path_factory.mktemp("killed")
    build(OLD, HashingEmbedder(), old)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(TESTS / "killed.py"), str(old), str(target)],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return sorted(target.iterdir(), key=lambda path: int(path.name))


class TestKilled:
    def test_at_fifty_steps_or_more(self, killed: list[Path]) -> None:
        assert len(killed) >= 50

    def test_it_opens_as_the_old_version_or_the_new(self, killed: list[Path]) -> None:
        states = [held(directory) for directory in killed]
        assert all(state in (BEFORE, AFTER) for state in states)
        assert [state == AFTER for state in states] == sorted(state == AFTER for state in states)
        assert BEFORE in states
        assert AFTER in states

    def test_every_version_that_is_left_is_whole(self, killed: list[Path]) -> None:
        for directory in killed:
            for version in versions.version_ids(directory):
                found = verify(directory, version)
                assert (found.problems, found.repaired) == ((), ())

    def test_the_next_run_goes_on_and_leaves_nothing_behind(self, killed: list[Path]) -> None:
        embedded = []
        for directory in killed:
            embedder = HashingEmbedder()
            apply(directory, embedder, NEW, GONE, upkeep=Upkeep(Keep(1)))
            assert held(directory) == AFTER
            embedded.append(len(embedder.embedded))
        assert embedded[0] == 7  # killed before it had embedded anything
        assert embedded == sorted(embedded, reverse=True)
        assert set(embedded) >= {7, 5, 3, 1, 0}  # it puts away two at a time


def test_what_was_left_is_gone_after_the_next_change(killed: list[Path]) -> None:
    for directory in killed:
        apply(directory, HashingEmbedder(), (), ["old0"], upkeep=Upkeep(Keep(1)))
        with writing(directory):
            names = {path.name for path in directory.iterdir()}
        assert names == {"current", "embeddings.sqlite", "lock", "versions"}
        current = versions.current_version(directory)
        assert [path.name for path in (directory / "versions").iterdir()] == [current]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system in memory of 1 MB that holds an index."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        # RLIMIT_FSIZE, in the tests below, stops the writing for everybody else.
        pytest.skip("only root may mount a small disk")
    try:
        build(OLD, HashingEmbedder(), disk / "index")
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("free", [0, 20_000, 60_000, 120_000, 180_000, 240_000])
def test_a_full_disk_leaves_the_old_version(
    small_disk: Path, free: int, caplog: pytest.LogCaptureFixture
) -> None:
    """However much room there was for the new one; with room again, the same command works."""
    caplog.set_level(logging.CRITICAL)
    directory = small_disk / "index"
    filler = small_disk / "filler"
    space = os.statvfs(small_disk)
    filler.write_bytes(bytes(max(0, space.f_bavail * space.f_frsize - free)))
    many = [Article(f"m{n}", f"Many {n}", f"Many news {n} of zebras. " * 40) for n in range(150)]
    with pytest.raises(BylineError, match=r"could not be written.*(disk is full|No space)"):
        apply(directory, HashingEmbedder(), many)
    assert held(directory) == BEFORE
    assert len(list((directory / "versions").iterdir())) == 1
    filler.unlink()
    apply(directory, HashingEmbedder(), NEW, GONE)
    assert held(directory) == AFTER


LIMITED = """
import resource, sys
from pathlib import Path
from fakes import HashingEmbedder
from killed import NEW, GONE
from corpus.article import Article
from corpus.errors import BylineError
from index.change import apply
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
many = [Article(f"m{n}", f"Many {n}", f"Many news {n} of zebras. " * 40) for n in range(150)]
try:
    apply(Path(sys.argv[1]), HashingEmbedder(), many)
except BylineError as error:
    print(error)
"""


def test_files_that_may_not_grow_leave_the_old_version(tmp_path: Path) -> None:
    build(OLD, HashingEmbedder(), tmp_path)
    script = [sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(script, env=environment(), capture_output=True, text=True)
    assert "an earlier version stays as it was" in done.stdout
    assert held(tmp_path) == BEFORE
    assert len(list((tmp_path / "versions").iterdir())) == 1


class Platter:
    """What has reached the disk, as far as fsync promises: contents by inode, names by folder."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory = directory
        self.contents: dict[int, str] = {}
        self.names: dict[int, set[str]] = {}
        self.pointed: list[str] = []
        self.unsafe: list[str] = []
        self._call = {name: getattr(os, name) for name in ("fsync", "replace", "rename")}
        for name in self._call:
            monkeypatch.setattr(os, name, getattr(self, name))

    def fsync(self, handle: int) -> None:
        self._call["fsync"](handle)
        path = Path(f"/proc/self/fd/{handle}").resolve()
        if path.is_dir():
            self.names[path.stat().st_ino] = set(os.listdir(path))
        else:
            self.contents[path.stat().st_ino] = digest(path)

    def replace(self, source: Any, target: Any) -> None:
        """The pointer may move only to a version whose every byte and name is on the disk."""
        if Path(target).name == "current":
            version = Path(source).read_text().strip()
            folder = versions.version_folder(self.directory, version)
            self.expect_on_disk(Path(source))
            for path in folder.iterdir():
                self.expect_on_disk(path)
                self.expect_name(path)
            self.expect_name(folder)
            self.pointed.append(version)
        self._call["replace"](source, target)

    def rename(self, source: Any, target: Any) -> None:
        """A version may be deleted only when the pointer to another is on the disk."""
        if Path(target).name.startswith(".leaving-"):
            self.expect_name(self.directory / "current")
            current = (self.directory / "current").stat().st_ino
            if self.contents.get(current) != digest(self.directory / "current"):
                self.unsafe.append(f"{source} is deleted before the pointer is safe")
        self._call["rename"](source, target)

    def expect_on_disk(self, path: Path) -> None:
        if self.contents.get(path.stat().st_ino) != digest(path):
            self.unsafe.append(f"{path.name} is not on the disk as it is")

    def expect_name(self, path: Path) -> None:
        if path.name not in self.names.get(path.parent.stat().st_ino, set()):
            self.unsafe.append(f"the name {path.name} is not on the disk")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc")
def test_the_pointer_comes_after_everything_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / "new" / "index"
    platter = Platter(directory, monkeypatch)
    build(OLD, HashingEmbedder(), directory)
    apply(directory, HashingEmbedder(), NEW, GONE, upkeep=Upkeep(Keep(1)))
    assert platter.unsafe == []
    assert len(platter.pointed) == 2
    platter.expect_on_disk(directory / "current")
    platter.expect_name(directory / "current")
    platter.expect_name(directory)
    assert platter.unsafe == []


def test_a_power_cut_at_the_pointer(tmp_path: Path) -> None:
    """The new name of the pointer may reach the disk or not; the version is there either way."""
    build(OLD, HashingEmbedder(), tmp_path / "index")
    before = (tmp_path / "index" / "current").read_bytes()
    apply(tmp_path / "index", HashingEmbedder(), NEW, GONE)
    shutil.copytree(tmp_path / "index", tmp_path / "cut")
    (tmp_path / "cut" / "current").write_bytes(before)
    assert held(tmp_path / "cut") == BEFORE
    assert held(tmp_path / "index") == AFTER
