"""`byline index`: what its commands change, print and refuse."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
from commandline import Done
from fakes import HashingEmbedder, ScriptedGenerator

from corpus.article import Article, content_id
from index import versions
from index.change import apply
from index.live import LiveIndex
from index.lock import writing
from index.store import store_in_use
from rag import load
from rag.cli import main
from rag.commands.terminal import ensure_index
from rag.settings import load_settings
from rag.upkeep import indexing

STORIES = {
    "deal": "Meta buys into Scale AI\n\nMeta paid $14.3 billion for a stake of 49%.\n",
    "chief": "A new chief for Scale AI\n\nJason Droege became chief executive in June.\n",
    "power": "A reactor for Meta\n\nMeta buys the power of the Clinton reactor.\n",
}


Index = Callable[..., Done]


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> HashingEmbedder:
    embedder = HashingEmbedder()
    monkeypatch.setattr(load, "load_embedder", lambda *_: embedder)
    monkeypatch.setattr(load, "load_generator", lambda *_: ScriptedGenerator("Meta paid."))
    return embedder


@pytest.fixture
def news(elsewhere: Path) -> Path:
    """A folder of two articles, "deal" and "chief"."""
    folder = elsewhere / "news"
    folder.mkdir()
    for name in ("deal", "chief"):
        (folder / f"{name}.txt").write_text(STORIES[name])
    return folder


@pytest.fixture
def index(
    elsewhere: Path, news: Path, embedder: HashingEmbedder, capsys: pytest.CaptureFixture[str]
) -> Iterator[Index]:
    """Runs `byline index ...` on an index that was built from the folder."""

    def run(*arguments: object) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["index", *map(str, arguments)])
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return Done(code or 0, *capsys.readouterr())

    chosen = {"BYLINE_INDEX": str(elsewhere / "built"), "BYLINE_LOCK_WAIT": "0"}
    with mock.patch.dict(os.environ, chosen):
        assert run("build", news).code == 0
        embedder.embedded.clear()
        yield run


def titles(index: Index) -> set[str]:
    """The first words of all titles that the index holds."""
    assert index("export", "all.jsonl").code == 0
    lines = Path("all.jsonl").read_text(encoding="utf-8").splitlines()
    return {json.loads(line)["title"].split()[0] for line in lines}


def refused(done: Done) -> str:
    assert done.code == 1
    assert done.err.count("byline: ") == 1
    return done.err


def id_of(index: Index, word: str) -> str:
    assert index("export", "all.jsonl").code == 0
    rows = [json.loads(line) for line in Path("all.jsonl").read_text("utf-8").splitlines()]
    return str(next(row["id"] for row in rows if word in row["title"]))


class TestAdd:
    def test_a_file(self, index: Index, elsewhere: Path, embedder: HashingEmbedder) -> None:
        (elsewhere / "power.txt").write_text(STORIES["power"])
        done = index("add", "power.txt")
        assert "1 added." in done.out
        assert "Read 1 article" in done.err
        assert titles(index) == {"Meta", "A"}
        assert len(embedder.embedded) == 1

    def test_as_json(self, index: Index, elsewhere: Path) -> None:
        (elsewhere / "power.txt").write_text(STORIES["power"])
        change = index("add", "power.txt", "--json").json
        assert len(change["added"]) == 1
        assert change["manifest"]["articles"] == 3
        assert change["manifest"]["sources"][1] == str(elsewhere / "power.txt")

    def test_what_is_there_changes_nothing(self, index: Index, news: Path) -> None:
        before = index("versions", "--json").json
        assert "2 unchanged." in index("add", news).out
        assert index("versions", "--json").json == before

    def test_into_no_index(self, index: Index, news: Path) -> None:
        assert index("add", news, "--index", "new").code == 0
        assert index("status", "--index", "new", "--json").json["articles"] == 2

    def test_nothing_to_add_is_wrong_usage(self, index: Index) -> None:
        assert index("add").code == 2

    def test_another_embedder(
        self, index: Index, news: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(load, "load_embedder", lambda *_: HashingEmbedder(name="e5"))
        assert "byline index build --again" in refused(index("add", news))
        assert index("build", "--again", "--json").json["embedder"] == "e5"
        assert index("add", news).code == 0


class TestUpdate:
    def test_new_changed_and_gone(
        self, index: Index, news: Path, embedder: HashingEmbedder
    ) -> None:
        (news / "power.txt").write_text(STORIES["power"])
        (news / "chief.txt").unlink()
        change = index("update", "--json").json
        assert (len(change["added"]), len(change["removed"]), len(change["unchanged"])) == (1, 1, 1)
        assert titles(index) == {"Meta", "A"}
        assert len(embedder.embedded) == 1

    def test_a_changed_article_with_an_id_of_its_own(self, index: Index, news: Path) -> None:
        (news / "own.txt").write_text("Title: Own\nId: own\n\nThe first words of it.")
        index("update")
        (news / "own.txt").write_text("Title: Own\nId: own\n\nOther words of it.")
        assert index("update", "--json").json["updated"] == ["own"]

    def test_nothing_new_embeds_nothing(self, index: Index, embedder: HashingEmbedder) -> None:
        before = index("versions", "--json").json
        assert "2 unchanged." in index("update").out
        assert index("versions", "--json").json == before
        assert embedder.embedded == []

    def test_nothing_new_parses_nothing(
        self, index: Index, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("corpus.files.read_form", lambda *_: pytest.fail("a file was parsed"))
        assert "2 unchanged." in index("update").out

    def test_reading_is_the_first_stage(
        self, index: Index, news: Path, embedder: HashingEmbedder
    ) -> None:
        (news / "power.txt").write_text(STORIES["power"] * 30)
        stages: list[str] = []
        indexing.update(load_settings(), (), embedder, lambda stage, *_: stages.append(stage))
        assert list(dict.fromkeys(stages)) == [
            *("read", "chunk", "embed", "copy", "write"),
            *("sign", "group", "tell", "faiss", "hash", "sync"),
        ]

    def test_one_folder_leaves_the_others(self, index: Index, news: Path, elsewhere: Path) -> None:
        more = elsewhere / "more"
        more.mkdir()
        (more / "power.txt").write_text(STORIES["power"])
        index("add", more)
        shutil.rmtree(news)
        (more / "other.txt").write_text("Other news\n\nSomething else happened there.")
        change = index("update", more, "--json").json
        assert (len(change["added"]), change["removed"]) == (1, [])
        assert index("status", "--json").json["articles"] == 4

    def test_a_file_that_is_gone(self, index: Index, news: Path) -> None:
        (news / "chief.txt").unlink()
        done = index("update", news / "chief.txt")
        assert "1 removed." in done.out
        assert "chief.txt is gone" in done.err

    def test_a_path_that_never_was(self, index: Index) -> None:
        assert "nowhere does not exist" in refused(index("update", "nowhere"))

    def test_all_sources_gone_changes_nothing(self, index: Index, news: Path) -> None:
        shutil.rmtree(news)
        assert "nothing was changed" in refused(index("update"))
        assert titles(index) == {"Meta", "A"}

    def test_an_index_without_files(self, index: Index, elsewhere: Path) -> None:
        manifest = versions.read_manifest(elsewhere / "built")
        path = versions.version_folder(elsewhere / "built", manifest.version) / versions.MANIFEST
        path.write_text(path.read_text().replace(manifest.sources[0], "https://x.org/feed"))
        assert "byline index update PATH" in refused(index("update"))

    def test_what_was_skipped_is_explained(self, index: Index, news: Path) -> None:
        (news / "photo.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(900))
        assert "photo.txt" in index("update").err


class TestWireCopies:
    """The same words in two outlets, whose files give no address."""

    @pytest.fixture
    def two_outlets(self, index: Index, news: Path, embedder: HashingEmbedder) -> list[str]:
        words = "The harbour of Vell opened again on Monday after four weeks of repairs. " * 9
        for outlet in ("Vell Post", "Vell Mail"):
            text = f"Title: Harbour opens\nOutlet: {outlet}\nDate: 2025-06-13\n\n{words}"
            (news / f"{outlet}.txt").write_text(text)
        added = index("update", "--json").json["added"]
        assert isinstance(added, list)
        return added

    def test_are_one_story_with_two_outlets(
        self, index: Index, two_outlets: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        for id_ in two_outlets:
            with pytest.raises(SystemExit):
                main(["story", id_, "--json"])
            told = json.loads(capsys.readouterr().out)
            assert sorted(told["outlets"]) == ["Vell Mail", "Vell Post"]

    def test_are_embedded_once(self, two_outlets: list[str], embedder: HashingEmbedder) -> None:
        assert len(embedder.embedded) == len(set(embedder.embedded))

    def test_count_once_where_they_are_found(
        self, index: Index, two_outlets: list[str], embedder: HashingEmbedder
    ) -> None:
        with closing(LiveIndex(load_settings().index, embedder)) as live:
            found = [hit for hit in live.search("harbour of Vell") if "Vell" in hit.passage.text]
        assert {len(hit.copies) for hit in found} == {1}

    def test_an_index_of_before_takes_the_new_ids_and_embeds_nothing(
        self, index: Index, news: Path, embedder: HashingEmbedder, two_outlets: list[str]
    ) -> None:
        """When an id of words left the outlet out, the second outlet's file was a copy."""
        directory = load_settings().index
        (news / "Vell Mail.txt").unlink()
        index("update")
        [post] = [a for a in _held(directory) if a.outlet == "Vell Post"]
        earlier = replace(post, id=content_id(post.title, post.body))
        origins = {earlier.id: str(news / "Vell Post.txt")}
        apply(directory, embedder, [earlier], [post.id], origins=origins)
        embedder.embedded.clear()
        change = index("update", "--json").json
        assert (change["added"], change["removed"]) == ([post.id], [earlier.id])
        assert embedder.embedded == []


def _held(directory: Path) -> list[Article]:
    _, store = store_in_use(directory)
    with closing(store):
        return [article for article, _ in store.all_articles()]


class TestRemove:
    def test_by_id(self, index: Index, embedder: HashingEmbedder) -> None:
        done = index("remove", id_of(index, "chief"))
        assert "1 removed." in done.out
        assert "chief.txt is still there" in done.err
        assert titles(index) == {"Meta"}
        assert embedder.embedded == []

    def test_by_address(self, index: Index, news: Path) -> None:
        (news / "own.txt").write_text("Title: Own\nUrl: https://x.org/own\nId: 7\n\nWords of it.")
        index("update")
        assert index("remove", "https://x.org/own", "--json").json["removed"] == ["7"]

    def test_an_unknown_one_removes_none(self, index: Index) -> None:
        known = id_of(index, "chief")
        assert "nothing was removed" in refused(index("remove", known, "unknown"))
        assert titles(index) == {"Meta", "A"}


class TestVersions:
    def test_for_people(self, index: Index, news: Path) -> None:
        (news / "chief.txt").unlink()
        index("update")
        newest, first, total = index("versions").out.splitlines()
        assert newest.startswith("* ")
        assert newest.endswith("1 articles, 1 passages; 1 removed")
        assert first.endswith("2 articles, 2 passages; built from scratch")
        assert " MB" in total

    def test_as_json(self, index: Index, elsewhere: Path) -> None:
        listed = index("versions", "--json").json
        (only,) = listed["versions"]
        assert (only["in_use"], only["damaged"], only["articles"]) == (True, False, 2)
        assert 0 < only["bytes"] <= listed["bytes"]

    def test_rollback_and_forward(self, index: Index, news: Path) -> None:
        (news / "chief.txt").unlink()
        newest = index("update", "--json").json["manifest"]["version"]
        assert index("rollback", "--json").json["articles"] == 2
        assert index("rollback", newest, "--json").json["articles"] == 1
        assert "has no version" in refused(index("rollback", "unknown"))

    def test_settings_say_how_many_are_kept(
        self, index: Index, news: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BYLINE_KEEP_VERSIONS", "1")
        (news / "chief.txt").unlink()
        index("update")
        assert len(index("versions", "--json").json["versions"]) == 1

    def test_settings_say_how_long_they_are_kept(
        self, index: Index, news: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("BYLINE_KEEP_VERSIONS", "1")
        monkeypatch.setenv("BYLINE_KEEP_DAYS", "1")
        (news / "chief.txt").unlink()
        index("update")
        assert len(index("versions", "--json").json["versions"]) == 2

    def test_compact(self, index: Index, news: Path) -> None:
        (news / "chief.txt").unlink()
        index("update")
        done = index("compact", "--keep", 1, "--json").json
        assert done["bytes_after"] < done["bytes_before"]
        assert len(index("versions", "--json").json["versions"]) == 1

    def test_compact_says_what_else_takes_room(self, index: Index, news: Path) -> None:
        (news / "chief.txt").unlink()
        index("update")
        said = index("compact").out
        assert "2 of the versions are kept to go back to; byline index compact --keep 1" in said
        assert "go back to" not in index("compact", "--keep", 1).out

    def test_status_shows_the_disk(self, index: Index) -> None:
        status = index("status", "--json").json
        assert status["versions"] == 1
        assert 0 < status["bytes"] <= status["bytes_of_all"]


class TestVerify:
    def file(self, name: str) -> Path:
        directory = load_settings().index
        version = str(versions.current_version(directory))
        return versions.version_folder(directory, version) / name

    def test_a_whole_one(self, index: Index) -> None:
        assert index("verify").out.endswith("2 articles, 2 passages: whole\n")

    def test_faiss_is_mended(self, index: Index) -> None:
        self.file(versions.VECTORS).unlink()
        assert "made again" in index("verify").out
        assert self.file(versions.VECTORS).exists()

    def test_a_damaged_one_is_an_error(self, index: Index) -> None:
        path = self.file(versions.STORE)
        path.write_bytes(path.read_bytes()[:-4096])
        done = index("verify", "--json")
        assert "byline index rollback" in refused(done)
        assert done.json[0]["problems"]

    def test_all(self, index: Index, news: Path) -> None:
        (news / "chief.txt").unlink()
        index("update")
        assert len(index("verify", "--all", "--json").json) == 2


def test_an_export_is_built_to_the_same_index(index: Index) -> None:
    assert index("export", "all.jsonl").out == "2 articles in all.jsonl\n"
    first = index("status", "--json").json
    index("build", "all.jsonl", "--index", "other")
    other = index("status", "--index", "other", "--json").json
    assert other["source_digest"] == first["source_digest"]


def test_an_export_that_would_not_be_read_again(index: Index) -> None:
    assert ".jsonl" in refused(index("export", "all.txt"))


def test_a_second_writer_is_told_who_holds_the_lock(index: Index, news: Path) -> None:
    with writing(load_settings().index):
        assert f"process {os.getpid()}" in refused(index("build", news))


class TestEnsureIndex:
    """What `byline serve` does first."""

    def test_changes_are_taken_in(
        self, index: Index, news: Path, embedder: HashingEmbedder
    ) -> None:
        (news / "power.txt").write_text(STORIES["power"])
        ensure_index(load_settings())
        assert index("status", "--json").json["articles"] == 3
        assert len(embedder.embedded) == 1

    def test_what_came_from_elsewhere_stays(
        self, index: Index, news: Path, embedder: HashingEmbedder
    ) -> None:
        article = Article("feed", "From a feed", "Words of a feed.")
        apply(load_settings().index, embedder, [article], sources=["https://x.org/feed"])
        (news / "chief.txt").unlink()
        ensure_index(load_settings(), [news])
        assert titles(index) == {"Meta", "From"}

    def test_other_articles_make_another_index(
        self, index: Index, elsewhere: Path, embedder: HashingEmbedder
    ) -> None:
        (elsewhere / "power.txt").write_text(STORIES["power"])
        ensure_index(load_settings(), [elsewhere / "power.txt"])
        assert index("status", "--json").json["articles"] == 1

    def test_another_embedder_builds_it_again(
        self, index: Index, news: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shutil.rmtree(news)
        other = HashingEmbedder(name="e5")
        monkeypatch.setattr(load, "load_embedder", lambda *_: other)
        ensure_index(load_settings())
        with closing(LiveIndex(load_settings().index, other)) as live:
            assert len(live.articles()) == 2

    def test_sources_that_are_gone_leave_it_as_it_is(self, index: Index, news: Path) -> None:
        before = index("versions", "--json").json
        shutil.rmtree(news)
        ensure_index(load_settings())
        assert index("versions", "--json").json == before
