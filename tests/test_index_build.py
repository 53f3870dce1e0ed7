"""Building versions, and what is left when a build dies."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fakes import HashingEmbedder

from corpus.article import Article
from corpus.errors import BylineError
from index import versions
from index.build import build, is_current, source_digest
from index.chunk import Chunking
from index.search import Index
from index.types import Hit
from index.writer import StoreWriter

DEAL = Article("deal", "Meta buys a stake", "Meta paid $14.3 billion. It holds 49%.")
CHIEF = Article("chief", "A new chief", "Jason Droege leads Scale AI.")


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


def found(directory: Path, embedder: HashingEmbedder) -> list[Hit]:
    with closing(Index.open(directory, embedder)) as index:
        return index.search("Who leads Scale and holds a stake?")


def folders(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / "versions").iterdir())


def test_the_manifest_says_what_was_built(tmp_path: Path, embedder: HashingEmbedder) -> None:
    manifest = build([DEAL, CHIEF], embedder, tmp_path, Chunking(200, 0))
    assert (manifest.articles, manifest.passages, manifest.dim) == (2, 2, 512)
    assert (manifest.embedder, manifest.weights_hash) == ("hashing", "none")
    assert manifest.chunking == Chunking(200, 0)
    assert manifest == versions.read_manifest(tmp_path)


def test_the_embedder_reads_titles(tmp_path: Path, embedder: HashingEmbedder) -> None:
    build([CHIEF], embedder, tmp_path)
    assert embedder.embedded == ["A new chief\nJason Droege leads Scale AI."]


def test_known_passages_are_not_embedded_again(tmp_path: Path, embedder: HashingEmbedder) -> None:
    build([DEAL], embedder, tmp_path)
    embedder.embedded.clear()
    build([CHIEF, DEAL], embedder, tmp_path)
    assert embedder.embedded == ["A new chief\nJason Droege leads Scale AI."]


def test_reused_vectors_find_what_fresh_ones_find(
    tmp_path: Path, embedder: HashingEmbedder
) -> None:
    build([DEAL, CHIEF], embedder, tmp_path / "a")
    build([DEAL], embedder, tmp_path / "b")
    build([DEAL, CHIEF], embedder, tmp_path / "b")
    assert found(tmp_path / "a", embedder) == found(tmp_path / "b", embedder)


def test_other_weights_embed_everything_anew(tmp_path: Path, embedder: HashingEmbedder) -> None:
    build([DEAL], embedder, tmp_path)
    other = HashingEmbedder(weights_hash="other")
    build([DEAL], other, tmp_path)
    assert len(other.embedded) == 1


def test_the_same_text_twice_is_embedded_once(tmp_path: Path, embedder: HashingEmbedder) -> None:
    copy = Article("copy", DEAL.title, DEAL.body)
    manifest = build([DEAL, copy], embedder, tmp_path)
    assert manifest.passages == 2
    assert len(embedder.embedded) == 1


def test_a_damaged_version_before_does_not_stop_a_build(
    tmp_path: Path, embedder: HashingEmbedder, caplog: pytest.LogCaptureFixture
) -> None:
    version = build([DEAL], embedder, tmp_path).version
    (versions.version_folder(tmp_path, version) / versions.STORE).write_bytes(b"x" * 5000)
    build([DEAL], embedder, tmp_path)
    assert "anew" in caplog.text
    assert found(tmp_path, embedder)


def test_three_versions_are_kept(tmp_path: Path, embedder: HashingEmbedder) -> None:
    built = [build([DEAL], embedder, tmp_path).version for _ in range(5)]
    assert folders(tmp_path) == built[-3:]


def test_progress_goes_through_the_stages(tmp_path: Path, embedder: HashingEmbedder) -> None:
    heard: list[tuple[str, int, int]] = []
    build([DEAL, CHIEF], embedder, tmp_path, on_progress=lambda *step: heard.append(step))
    size = (versions.version_folder(tmp_path, folders(tmp_path)[0]) / versions.STORE).stat().st_size
    assert {stage: (done, total) for stage, done, total in heard} == {
        "chunk": (2, 2),
        "embed": (2, 2),
        "write": (2, 2),
        "sign": (2, 2),
        "group": (2, 2),
        "tell": (2, 2),
        "merge": (0, 0),
        "faiss": (0, 0),
        "hash": (size // 1000, size // 1000),
        "sync": (0, 0),
    }


def test_writing_is_told_as_it_goes_on(tmp_path: Path, embedder: HashingEmbedder) -> None:
    heard: list[tuple[str, int, int]] = []
    many = [Article(f"m{n}", f"Many {n}", f"News {n} of zebras.") for n in range(1100)]
    build(many, embedder, tmp_path, on_progress=lambda *step: heard.append(step))
    assert [(done, total) for stage, done, total in heard if stage == "write"] == [
        (500, 1100),
        (1000, 1100),
        (1100, 1100),
    ]


@pytest.mark.parametrize(
    ("articles", "message"),
    [
        ([], "no articles to index"),
        ([Article("a", "T", " \n")], "None of the 1 articles has any text"),
        ([DEAL, Article("deal", "Other", "Text.")], "Two articles have the id 'deal'"),
        ([Article("a", "T", "Half \ud83d")], "'a' holds half a character"),
        ([Article("a", "T", "Text.", outlet="\ud83d")], "'a' holds half a character"),
    ],
)
def test_what_cannot_be_indexed_is_said(
    tmp_path: Path, embedder: HashingEmbedder, articles: list[Article], message: str
) -> None:
    with pytest.raises(BylineError, match=message):
        build(articles, embedder, tmp_path)
    assert versions.current_version(tmp_path) is None


def test_a_place_that_is_no_folder_is_said(tmp_path: Path, embedder: HashingEmbedder) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BylineError, match="could not be written"):
        build([DEAL], embedder, tmp_path / "file")


class TestIsCurrent:
    @pytest.fixture
    def directory(self, tmp_path: Path, embedder: HashingEmbedder) -> Path:
        build([DEAL, CHIEF], embedder, tmp_path)
        return tmp_path

    def test_in_any_order(self, directory: Path) -> None:
        assert is_current(directory, [CHIEF, DEAL], "hashing", "none")

    def test_not_with_an_article_less(self, directory: Path) -> None:
        assert not is_current(directory, [DEAL], "hashing", "none")

    def test_not_with_other_weights(self, directory: Path) -> None:
        assert not is_current(directory, [DEAL, CHIEF], "hashing", "other")

    def test_not_with_another_chunking(self, directory: Path) -> None:
        assert not is_current(directory, [DEAL, CHIEF], "hashing", "none", Chunking(100, 1))

    def test_not_when_the_file_is_gone(self, directory: Path) -> None:
        version = versions.read_manifest(directory).version
        (versions.version_folder(directory, version) / versions.STORE).unlink()
        assert not is_current(directory, [DEAL, CHIEF], "hashing", "none")

    def test_not_when_nothing_was_built(self, tmp_path: Path) -> None:
        assert not is_current(tmp_path / "none", [DEAL], "hashing", "none")


def test_the_source_digest_sees_a_changed_word() -> None:
    changed = Article("deal", DEAL.title, DEAL.body.replace("49", "51"))
    assert source_digest([DEAL]) != source_digest([changed])


STEPS = [
    (StoreWriter, "add"),
    (StoreWriter, "finish"),
    (versions, "write_manifest"),
    (versions, "publish"),
    (os, "rename"),
    (versions, "point_to"),
    (os, "replace"),
]


@pytest.mark.parametrize(("owner", "step"), STEPS, ids=[step for _, step in STEPS])
@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), sqlite3.OperationalError("disk is full")],
    ids=["file", "sqlite"],
)
def test_a_full_disk_at_any_step_leaves_the_version_before(
    tmp_path: Path,
    embedder: HashingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    step: str,
    error: Exception,
) -> None:
    before = build([DEAL], embedder, tmp_path).version

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, fail)
        with pytest.raises(BylineError, match="the disk is full"):
            build([DEAL, CHIEF], embedder, tmp_path)
    assert folders(tmp_path) == [before]
    assert versions.read_manifest(tmp_path).version == before
    assert found(tmp_path, embedder)


def test_a_build_that_is_interrupted_leaves_the_version_before(
    tmp_path: Path, embedder: HashingEmbedder
) -> None:
    before = build([DEAL], embedder, tmp_path).version

    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "sign" and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build([CHIEF], embedder, tmp_path, on_progress=interrupt)
    assert folders(tmp_path) == [before]
