"""Embeddings that no version holds: of a run that was stopped, and of versions that are gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fakes import HashingEmbedder

from corpus.article import Article
from index import embeddings, versions
from index.build import build
from index.change import apply
from index.embeddings import FILE, Embeddings
from index.history import compact
from index.publishing import Upkeep
from index.store import text_hash
from index.versions import Keep

ARTICLES = [Article(str(n), f"Title {n}", f"Words {n} of an article.") for n in range(10)]
ROWS = np.eye(2, 4, dtype=np.float32)
KEYS = [b"1" * 32, b"2" * 32]


class StoppedEmbedder(HashingEmbedder):
    """Stops in its third batch, as Ctrl-C does."""

    calls = 0

    def embed_passages(
        self, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        self.calls += 1
        if self.calls == 3:
            raise KeyboardInterrupt
        return super().embed_passages(texts, on_progress)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "SAVED_EVERY", 3)


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """An index whose first build was stopped with six of ten texts embedded."""
    with pytest.raises(KeyboardInterrupt):
        build(ARTICLES, StoppedEmbedder(), tmp_path)
    return tmp_path


def test_a_stopped_build_goes_on_where_it_was(stopped: Path) -> None:
    assert versions.current_version(stopped) is None
    embedder = HashingEmbedder()
    build(ARTICLES, embedder, stopped)
    assert len(embedder.embedded) == 4


def test_other_weights_have_embeddings_of_their_own(stopped: Path) -> None:
    embedder = HashingEmbedder(weights_hash="other")
    build(ARTICLES, embedder, stopped)
    assert len(embedder.embedded) == 10


def test_the_file_goes_when_a_version_holds_everything(stopped: Path) -> None:
    assert (stopped / FILE).exists()
    build(ARTICLES, HashingEmbedder(), stopped)
    assert not (stopped / FILE).exists()


def test_what_no_version_holds_stays(stopped: Path) -> None:
    apply(stopped, HashingEmbedder(), ARTICLES[:1])
    embedder = HashingEmbedder()
    apply(stopped, embedder, ARTICLES)
    assert len(embedder.embedded) <= 4


@pytest.mark.parametrize("damage", ["torn", "garbage", "empty"])
def test_a_damaged_file_is_begun_anew(
    stopped: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = stopped / FILE
    data = file.read_bytes()
    file.write_bytes({"torn": data[:5000], "garbage": b"x" * 9000, "empty": b""}[damage])
    embedder = HashingEmbedder()
    manifest = build(ARTICLES, embedder, stopped)
    assert manifest.passages == 10
    assert len(embedder.embedded) == 10
    assert damage == "empty" or "embedded again" in caplog.text


def test_a_vector_that_was_damaged_is_not_used(tmp_path: Path) -> None:
    with closing(Embeddings(tmp_path, "e", "w")) as kept:
        kept.put(dict(zip(KEYS, map(np.ndarray.tobytes, ROWS), strict=True)))
    with closing(sqlite3.connect(tmp_path / FILE)) as db, db:
        db.execute("UPDATE embeddings SET vector = zeroblob(16) WHERE id = 1")
    with closing(Embeddings(tmp_path, "e", "w")) as kept:
        assert kept.get(set(KEYS)) == {KEYS[1]: ROWS[1].tobytes()}


def test_what_cannot_be_written_does_not_stop_the_build(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).mkdir()
    assert build(ARTICLES, HashingEmbedder(), tmp_path).articles == 10
    assert FILE in caplog.text


def test_it_stays_within_its_size(tmp_path: Path) -> None:
    keys = [n.to_bytes(32, "big") for n in range(300)]
    with closing(Embeddings(tmp_path, "e", "w")) as kept:
        kept.put(dict.fromkeys(keys, bytes(256)))
    with closing(Embeddings(tmp_path, "e", "w", most_bytes=60_000)) as kept:
        left = kept.get(set(keys))
    assert (tmp_path / FILE).stat().st_size <= 60_000
    assert keys[-1] in left
    assert keys[0] not in left


def rows_of(directory: Path) -> int:
    with closing(sqlite3.connect(directory / FILE)) as db:
        return int(db.execute("SELECT count(*) FROM embeddings").fetchone()[0])


class TestOutlived:
    """An article that was removed, and whose versions are deleted since."""

    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        only = Upkeep(Keep(1))
        build(ARTICLES, HashingEmbedder(), tmp_path, upkeep=only)
        apply(tmp_path, HashingEmbedder(), (), ["3", "4"], upkeep=only)
        assert len(versions.version_ids(tmp_path)) == 1
        return tmp_path

    def test_it_comes_back_without_the_embedder(self, directory: Path) -> None:
        embedder = HashingEmbedder()
        apply(directory, embedder, ARTICLES)
        assert embedder.embedded == []
        assert not (directory / FILE).exists()

    def test_nothing_more_is_put_away(self, directory: Path) -> None:
        assert rows_of(directory) == 2

    def test_each_embedder_has_its_own(self, directory: Path) -> None:
        build(ARTICLES, HashingEmbedder(name="other"), directory, upkeep=Upkeep(Keep(1)))
        assert rows_of(directory) == 10
        embedder = HashingEmbedder()
        build(ARTICLES, embedder, directory)
        assert embedder.embedded == []

    def test_compacting_lets_it_go(self, directory: Path) -> None:
        compact(directory)
        assert not (directory / FILE).exists()

    def test_the_file_shrinks_with_what_is_in_it(self, directory: Path) -> None:
        with closing(Embeddings(directory, "hashing", "none")) as waiting:
            texts = {
                text_hash(f"Title {n}\nWords {n} of an article."): bytes(4096) for n in range(9)
            }
            waiting.put(texts | {b"1" * 32: bytes(2048)})
        before = (directory / FILE).stat().st_size
        apply(directory, HashingEmbedder(), [Article("new", "New", "Quite new.")])
        assert rows_of(directory) == 3
        assert (directory / FILE).stat().st_size < before / 2

    def test_a_damaged_version_does_not_stop_the_change(
        self, directory: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        [version] = versions.version_ids(directory)
        apply(directory, HashingEmbedder(), ARTICLES)
        (versions.version_folder(directory, version) / versions.STORE).write_bytes(b"x")
        apply(directory, HashingEmbedder(), (), ["5"], upkeep=Upkeep(Keep(1)))
        assert len(versions.version_ids(directory)) == 1
        assert "not put away" in caplog.text


def test_several_may_use_the_file_at_once(tmp_path: Path) -> None:
    with (
        closing(Embeddings(tmp_path, "e", "w")) as one,
        closing(Embeddings(tmp_path, "e", "w")) as two,
    ):
        for n in range(20):
            one.put({bytes([n]) * 32: b"one "})
            two.put({bytes([n + 100]) * 32: b"two "})
        assert len(one.get({bytes([n]) * 32 for n in range(200)})) == 40


def test_progress_counts_over_the_batches(tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    build(
        ARTICLES,
        HashingEmbedder(),
        tmp_path,
        on_progress=lambda stage, done, total: (
            heard.append((done, total)) if stage == "embed" else None
        ),
    )
    assert heard == [(0, 0), (0, 10), (3, 10), (6, 10), (9, 10), (10, 10)]
