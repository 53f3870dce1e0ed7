"""An open index that moves to the version in use, between two uses."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fakes import HashingEmbedder

from corpus.article import Article
from index import versions
from index.build import build, build_again
from index.change import apply
from index.history import rollback
from index.live import LiveIndex
from index.publishing import Upkeep
from index.search import Index
from index.versions import Keep

FIRST = Article("first", "First", "The first article about zebras.")
SECOND = Article("second", "Second", "The second article about zebras.")
ONE = Upkeep(Keep(1), wait_s=60)


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def live(tmp_path: Path, embedder: HashingEmbedder) -> Iterator[LiveIndex]:
    build([FIRST], embedder, tmp_path)
    with closing(LiveIndex(tmp_path, embedder)) as live:
        yield live


def ids(index: Index | LiveIndex) -> set[str]:
    return {hit.passage.article.id for hit in index.search("zebras")}


def test_it_moves_between_two_questions(
    live: LiveIndex, tmp_path: Path, embedder: HashingEmbedder
) -> None:
    assert ids(live) == {"first"}
    change = apply(tmp_path, embedder, [SECOND], ["first"])
    assert ids(live) == {"second"}
    assert live.article("first") is None
    assert [row.id for row in live.articles()] == ["second"]
    assert live.manifest == change.manifest


def test_a_use_keeps_its_version(
    live: LiveIndex, tmp_path: Path, embedder: HashingEmbedder
) -> None:
    with live.pinned() as before:
        apply(tmp_path, embedder, [SECOND], ["first"], upkeep=ONE)
        assert ids(live) == {"second"}
        assert not versions.version_folder(tmp_path, before.manifest.version).exists()
        assert ids(before) == {"first"}


def test_a_version_that_was_left_is_closed_with_its_last_use(
    live: LiveIndex, tmp_path: Path, embedder: HashingEmbedder
) -> None:
    with live.pinned() as before, live.pinned():
        apply(tmp_path, embedder, [SECOND], upkeep=ONE)
        assert ids(live) == {"first", "second"}
    with pytest.raises(Exception, match="closed"):
        before.search("zebras")


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc")
def test_no_handle_is_left_open(live: LiveIndex, tmp_path: Path, embedder: HashingEmbedder) -> None:
    for number in range(5):
        apply(tmp_path, embedder, [Article("x", "X", f"Zebra {number}.")], upkeep=ONE)
        ids(live)
    links = [os.readlink(entry.path) for entry in os.scandir("/proc/self/fd") if entry.is_symlink()]
    assert len([link for link in links if str(tmp_path) in link]) == 1


@pytest.mark.parametrize("damage", ["store", "manifest", "embedder", "pointer"])
def test_one_that_cannot_be_opened_leaves_the_old_one_serving(
    live: LiveIndex,
    tmp_path: Path,
    embedder: HashingEmbedder,
    damage: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = live.manifest.version
    if damage == "embedder":
        build_again(tmp_path, HashingEmbedder(name="other"))
    else:
        newer = apply(tmp_path, embedder, [SECOND]).manifest.version
        folder = versions.version_folder(tmp_path, newer)
        if damage == "pointer":
            (tmp_path / "current").write_text("???")
        else:
            (folder / (versions.STORE if damage == "store" else versions.MANIFEST)).unlink()
    assert ids(live) == {"first"}
    assert ids(live) == {"first"}
    assert live.problem is not None
    assert f"Answers still come from the version {before}" in live.problem
    assert len([r for r in caplog.records if "Answers still come" in r.message]) == 1


def test_it_moves_on_when_the_trouble_is_over(
    live: LiveIndex, tmp_path: Path, embedder: HashingEmbedder
) -> None:
    build_again(tmp_path, HashingEmbedder(name="other"))
    ids(live)
    rollback(tmp_path)
    ids(live)
    assert live.problem is None
    apply(tmp_path, embedder, [SECOND])
    assert ids(live) == {"first", "second"}


def test_under_load_while_versions_come_go_and_are_rolled_back(
    live: LiveIndex, tmp_path: Path, embedder: HashingEmbedder
) -> None:
    """Every answer is whole and of one version: that of FIRST alone or that of SECOND alone."""
    wrong: list[object] = []
    seen: set[frozenset[str]] = set()
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                with live.pinned() as index:
                    found, version = frozenset(ids(index)), index.manifest.version
                    if found != ids(index) or len(found) != 1 or version == "":
                        wrong.append(found)
                    seen.add(found)
            except Exception as error:
                wrong.append(error)
                return

    threads = [threading.Thread(target=ask) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:
        for thread in threads:
            thread.start()
        for number in range(12):
            new, gone = (SECOND, "first") if number % 2 == 0 else (FIRST, "second")
            apply(tmp_path, embedder, [new], [gone], upkeep=Upkeep(Keep(1 + number % 3)))
            if len(versions.version_ids(tmp_path)) > 1:
                forward = versions.current_version(tmp_path)
                rollback(tmp_path)
                rollback(tmp_path, forward)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    assert wrong == []
    assert seen == {frozenset({"first"}), frozenset({"second"})}


def test_a_version_that_goes_while_it_is_opened(
    tmp_path: Path, embedder: HashingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening began with a version that is deleted before its files are read."""
    build([FIRST], embedder, tmp_path)
    read = versions.read_manifest
    changes = iter([True])

    def read_slowly(directory: Path, version: str | None = None) -> versions.Manifest:
        manifest = read(directory, version)
        if next(changes, False):
            apply(tmp_path, embedder, [SECOND], ["first"], upkeep=ONE)
        return manifest

    monkeypatch.setattr(versions, "read_manifest", read_slowly)
    with closing(Index.open(tmp_path, embedder)) as index:
        assert ids(index) == {"second"}
