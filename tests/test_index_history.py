"""Going back, making room, checking, and writing the articles out."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
from fakes import HashingEmbedder

from corpus.article import Article
from corpus.errors import BylineError
from corpus.read import read_articles
from index import versions
from index.build import build
from index.change import apply
from index.embeddings import FILE, Embeddings
from index.export import export
from index.history import compact, kept_versions, rollback
from index.publishing import Upkeep
from index.search import Index
from index.types import silent
from index.verify import verify, whole
from index.versions import Keep
from index.writer import sha256_of

DEAL = Article("deal", "Meta buys a stake", "Meta paid $14.3 billion. It holds 49%.")
CHIEF = Article(
    "chief",
    "Ein neuer Chef für „Scale“",
    "Jason Droege leads.\n\nA second paragraph.\u2028And a line.",
    url="https://x.org/chief",
    outlet="The Daily",
    author="Jo Lee, Ann Ray",
    published_at="2025-06-13T09:30:00+02:00",
    language="de",
)


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def directory(tmp_path: Path, embedder: HashingEmbedder) -> Path:
    """An index of two versions: one of DEAL, and one with CHIEF too, in use."""
    build([DEAL], embedder, tmp_path)
    apply(tmp_path, embedder, [CHIEF])
    embedder.embedded.clear()
    return tmp_path


def file_of(directory: Path, name: str) -> Path:
    return versions.version_folder(directory, str(versions.current_version(directory))) / name


def spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


class TestRollback:
    def test_to_the_one_before(self, directory: Path) -> None:
        newest, first = versions.version_ids(directory)
        assert rollback(directory).version == first
        assert versions.current_version(directory) == first
        assert versions.version_ids(directory) == [newest, first]

    def test_and_forward_again(self, directory: Path) -> None:
        newest, _ = versions.version_ids(directory)
        rollback(directory)
        rollback(directory, newest)
        assert versions.current_version(directory) == newest

    def test_nothing_before(self, directory: Path) -> None:
        rollback(directory)
        with pytest.raises(BylineError, match="no version before"):
            rollback(directory)

    def test_an_unknown_version_names_those_there_are(self, directory: Path) -> None:
        _, first = versions.version_ids(directory)
        with pytest.raises(BylineError, match=first):
            rollback(directory, "20000101")

    @pytest.mark.parametrize("name", ["../../etc", ".building-1-x", "/"])
    def test_a_path_is_no_version(self, directory: Path, name: str) -> None:
        with pytest.raises(BylineError, match="has no version"):
            rollback(directory, name)

    def test_from_a_damaged_pointer(self, directory: Path) -> None:
        newest, _ = versions.version_ids(directory)
        (directory / "current").write_bytes(b"\xff\xfe")
        assert rollback(directory).version == newest

    def test_not_to_a_damaged_version(self, directory: Path) -> None:
        newest, first = versions.version_ids(directory)
        spoil(versions.version_folder(directory, first) / versions.STORE)
        with pytest.raises(BylineError, match="not as it was written"):
            rollback(directory)
        assert versions.current_version(directory) == newest


class TestCompact:
    def test_the_same_articles_in_less_room(
        self, directory: Path, embedder: HashingEmbedder
    ) -> None:
        many = [Article(str(n), f"T{n}", f"Words {n}. " * 200) for n in range(40)]
        apply(directory, embedder, many)
        apply(directory, embedder, (), [article.id for article in many[:6]])
        embedder.embedded.clear()
        before = file_of(directory, versions.STORE).stat().st_size
        with closing(Index.open(directory, embedder)) as index:
            hits = index.search("Who leads?")
        manifest = compact(directory)
        assert file_of(directory, versions.STORE).stat().st_size < before * 0.95
        assert manifest.articles == 36
        assert embedder.embedded == []
        with closing(Index.open(directory, embedder)) as index:
            assert index.search("Who leads?") == hits

    def test_what_nobody_needs_goes(self, directory: Path) -> None:
        with closing(Embeddings(directory, "hashing", "none")) as waiting:
            waiting.put({b"x" * 32: bytes(16)})
        (directory / "versions" / ".building-1-x").mkdir()
        manifest = compact(directory, upkeep=Upkeep(Keep(1)))
        assert [path.name for path in (directory / "versions").iterdir()] == [manifest.version]
        assert not (directory / FILE).exists()

    def test_it_can_be_changed_on(self, directory: Path, embedder: HashingEmbedder) -> None:
        compact(directory)
        apply(directory, embedder, (), ["deal"])
        assert verify(directory).problems == ()


class TestKeptVersions:
    def test_the_newest_first(self, directory: Path) -> None:
        newest, first = kept_versions(directory)
        assert (newest.in_use, first.in_use) == (True, False)
        assert newest.manifest is not None
        assert newest.manifest.note == "1 added"
        files = versions.version_folder(directory, newest.version).iterdir()
        assert newest.bytes == sum(path.stat().st_size for path in files)

    def test_a_damaged_one_is_listed(self, directory: Path) -> None:
        file_of(directory, versions.MANIFEST).write_text("{")
        newest, first = kept_versions(directory)
        assert newest.manifest is None
        assert first.manifest is not None

    def test_none(self, tmp_path: Path) -> None:
        assert kept_versions(tmp_path / "none") == []


class TestVerify:
    def test_a_whole_one(self, directory: Path) -> None:
        found = verify(directory)
        assert (found.articles, found.passages) == (2, 2)
        assert (found.problems, found.repaired) == ((), ())
        whole(directory, found)

    @pytest.mark.parametrize("damage", ["missing", "spoilt", "another"])
    def test_faiss_is_made_again(
        self, directory: Path, embedder: HashingEmbedder, damage: str, tmp_path: Path
    ) -> None:
        path = file_of(directory, versions.VECTORS)
        data = path.read_bytes()
        if damage == "missing":
            path.unlink()
        elif damage == "spoilt":
            spoil(path)
        else:
            earlier = versions.version_folder(directory, versions.version_ids(directory)[1])
            path.write_bytes((earlier / versions.VECTORS).read_bytes())
        assert "made again" in verify(directory).repaired[0]
        assert path.read_bytes() == data
        assert verify(directory).repaired == ()
        assert embedder.embedded == []

    def test_what_another_faiss_would_write_is_noted(self, directory: Path) -> None:
        manifest = file_of(directory, versions.MANIFEST)
        digest = versions.read_manifest(directory).vectors_sha256
        manifest.write_text(manifest.read_text().replace(digest, "0" * 64))
        assert verify(directory).problems == ()
        assert versions.read_manifest(directory).vectors_sha256 == digest

    def test_a_changed_store_is_told_and_nothing_is_made_of_it(self, directory: Path) -> None:
        spoil(file_of(directory, versions.STORE))
        found = verify(directory)
        assert found.problems == ("byline.sqlite has changed since it was written",)
        with pytest.raises(BylineError, match=r"damaged: byline.sqlite has.*index rollback"):
            whole(directory, found)

    def test_a_missing_store(self, directory: Path) -> None:
        file_of(directory, versions.STORE).unlink()
        assert verify(directory).problems == ("byline.sqlite is missing",)

    @pytest.mark.parametrize(
        ("sql", "problem"),
        [
            ("DELETE FROM articles WHERE id = 'deal'", "articles has 1 rows"),
            ("DELETE FROM vectors WHERE passage_id = 1", "vectors has 1 rows"),
            (
                "UPDATE articles SET body = body || '.' WHERE id = 'deal'",
                "deal has changed",
            ),
            ('UPDATE passages SET "end" = 9 WHERE id = 1', "passage 1 has the vector of another"),
            ("UPDATE passages SET article_id = 'x' WHERE id = 1", "passage 1 is of no article"),
        ],
    )
    def test_contents_that_do_not_fit(self, directory: Path, sql: str, problem: str) -> None:
        """As a program with a mistake would write them, hash of the file and all."""
        file = file_of(directory, versions.STORE)
        with closing(sqlite3.connect(file)) as db, db:
            db.execute(sql)
        before = versions.read_manifest(directory)
        manifest = file_of(directory, versions.MANIFEST)
        digest = sha256_of(file, silent)
        manifest.write_text(manifest.read_text().replace(before.store_sha256, digest))
        assert any(problem in said for said in verify(directory).problems)

    def test_an_earlier_version(self, directory: Path) -> None:
        _, first = versions.version_ids(directory)
        assert verify(directory, first).articles == 1


class TestExport:
    def test_it_is_read_back_equal(
        self, directory: Path, embedder: HashingEmbedder, tmp_path: Path
    ) -> None:
        for name in ("all.jsonl", "all.jsonl.gz"):
            assert export(directory, tmp_path / name) == 2
            reading = read_articles([tmp_path / name])
            assert sorted(reading.articles, key=lambda a: a.id) == [CHIEF, DEAL]
            assert (reading.skipped, reading.notes) == ((), ())

    def test_every_field_is_there(
        self, directory: Path, embedder: HashingEmbedder, tmp_path: Path
    ) -> None:
        full = Article(*"abcdefghij")
        apply(directory, embedder, [full], ["deal", "chief"])
        export(directory, tmp_path / "all.jsonl")
        row = json.loads((tmp_path / "all.jsonl").read_text())
        row["body"] = row.pop("text")
        assert row == asdict(full)

    def test_a_file_that_is_there_is_replaced_when_the_new_one_is_whole(
        self, directory: Path, tmp_path: Path
    ) -> None:
        file = tmp_path / "all.jsonl"
        file.write_text("before")

        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            export(directory, file, stop)
        assert file.read_text() == "before"
        assert [path.name for path in tmp_path.glob(".*")] == []

    def test_a_place_that_cannot_be_written(self, directory: Path, tmp_path: Path) -> None:
        with pytest.raises(BylineError, match="could not be written"):
            export(directory, tmp_path / "none" / "all.jsonl")
