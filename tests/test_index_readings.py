"""A file that stays the same is not parsed again, and nothing else is ever taken for the same."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import HashingEmbedder

import corpus.recall
from corpus.files import FileReader
from corpus.read import Reading, read_articles
from index import versions
from index.change import Change, apply
from index.readings import FILE, recalling

STORY = "Harbour opens again\n\nThe harbour of Vell opened again on Monday after four weeks.\n"


class Newsroom:
    """A folder of files and the index that is made of it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files, self.index = folder / "files", folder / "built"
        self.files.mkdir()
        self.parsed: list[str] = []
        self.renewed: Change | None = None
        parse = FileReader._parsed

        def counted(reader: FileReader, path: Path, *others: object) -> object:
            self.parsed.append(path.name)
            return parse(reader, path, *others)  # type: ignore[arg-type]

        monkeypatch.setattr(FileReader, "_parsed", counted)

    def write(self, name: str, content: str = STORY) -> Path:
        path = self.files / name
        path.write_text(content, encoding="utf-8")
        return path

    def update(self, anew: bool = False) -> Reading:
        """Reads the folder, puts what it holds into the index, and counts what was parsed."""
        self.parsed.clear()
        with recalling(self.index, anew=anew) as recall:
            reading = read_articles([self.files], recall)
            self.renewed = apply(self.index, HashingEmbedder(), reading.articles)
        return reading


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    return Newsroom(tmp_path, monkeypatch)


def line(**fields: object) -> str:
    return json.dumps({"title": "Harbour opens", "text": "It opened on Monday."} | fields) + "\n"


def test_a_file_that_stays_the_same_is_not_parsed(room: Newsroom) -> None:
    room.write("a.txt")
    first = room.update()
    assert room.update() == first
    assert room.parsed == []


def test_a_file_that_was_only_touched_is_not_parsed(room: Newsroom) -> None:
    path = room.write("a.txt")
    room.update()
    os.utime(path, (1, 1))
    room.update()
    assert room.parsed == []


def test_a_file_of_the_same_size_and_time_but_other_words_is_parsed(room: Newsroom) -> None:
    path = room.write("a.txt")
    before = path.stat()
    room.update()
    room.write("a.txt", STORY.replace("Monday", "Sunday"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "Sunday" in room.update().articles[0].body


def test_only_the_file_that_changed_is_parsed(room: Newsroom) -> None:
    room.write("a.txt")
    room.write("b.txt", "Other news\n\nSomething else happened there.")
    room.update()
    room.write("b.txt", "Other news\n\nSomething else happened here.")
    room.update()
    assert room.parsed == ["b.txt"]


def test_other_reading_code_parses_everything(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.write("a.txt")
    room.update()
    monkeypatch.setattr(corpus.recall, "reading_code", lambda: b"another release")
    room.update()
    assert room.parsed == ["a.txt"]


@pytest.mark.parametrize("changed", ["code", "library"])
def test_the_reading_code_is_that_of_this_folder_and_of_its_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    code = corpus.recall.reading_code.__wrapped__
    (tmp_path / "a.py").write_text("one")
    monkeypatch.setattr(corpus.recall, "__file__", str(tmp_path / "recall.py"))
    before = code()
    assert code() == before
    if changed == "code":
        (tmp_path / "a.py").write_text("two")
    else:
        monkeypatch.setattr(corpus.recall.metadata, "version", lambda name: f"{name} 99")
    assert code() != before


def test_every_library_that_is_named_is_installed() -> None:
    assert "none" not in map(corpus.recall._version, corpus.recall._LIBRARIES)


def test_what_was_skipped_and_noted_is_said_again(room: Newsroom) -> None:
    room.write("a.jsonl", line() + line() + "nonsense\n" + line(id="x", date="03/04/2025"))
    with zipfile.ZipFile(room.files / "b.zip", "w") as archive:
        archive.writestr("in.txt", STORY)
        archive.writestr("photo.gif", "GIF8")
        archive.writestr("more.jsonl", line(id="y", url="mailto:a") + "[]\n")
    first = room.update()
    assert (len(first.skipped), len(first.notes)) == (4, 2)
    second = room.update()
    assert room.parsed == []
    assert second == first


def test_a_file_without_an_article_is_not_parsed_again_either(room: Newsroom) -> None:
    room.write("a.txt")
    room.write("b.txt", "\x00\x01\x02")
    first = room.update()
    assert room.update() == first
    assert room.parsed == []


def test_an_article_that_was_removed_is_read_again(room: Newsroom) -> None:
    room.write("a.txt")
    room.write("b.jsonl", line(id="x") + line(id="y", text="It stayed shut."))
    room.update()
    apply(room.index, HashingEmbedder(), (), ["y"])
    room.update()
    assert room.parsed == ["b.jsonl"]
    assert room.renewed is not None
    assert room.renewed.added == ("y",)


def test_an_article_that_another_source_changed_is_read_again(room: Newsroom) -> None:
    room.write("a.jsonl", line(id="x"))
    [article] = room.update().articles
    apply(room.index, HashingEmbedder(), [replace(article, body="Other words.")])
    assert room.update().articles == (article,)
    assert room.parsed == ["a.jsonl"]


def test_a_version_that_was_gone_back_to_is_brought_up_to_date(room: Newsroom) -> None:
    room.write("a.jsonl", line(id="x"))
    room.update()
    older = versions.current_version(room.index)
    room.write("a.jsonl", line(id="x", text="It stayed shut."))
    room.update()
    versions.point_to(room.index, str(older))
    assert room.update().articles[0].body == "It stayed shut."


def test_the_text_of_a_damaged_index_is_not_taken(room: Newsroom) -> None:
    room.write("a.txt")
    first = room.update()
    version = str(versions.current_version(room.index))
    path = versions.version_folder(room.index, version) / versions.STORE
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE articles SET body = 'Nobody wrote this.'")
    with recalling(room.index) as recall:
        assert read_articles([room.files], recall) == first


def test_a_build_from_scratch_parses_everything_and_keeps_it(room: Newsroom) -> None:
    room.write("a.txt")
    room.update()
    room.update(anew=True)
    assert room.parsed == ["a.txt"]
    room.update()
    assert room.parsed == []


@pytest.mark.parametrize("content", [b"", b"no database" * 100])
def test_what_is_kept_may_be_lost_or_damaged(room: Newsroom, content: bytes) -> None:
    room.write("a.txt")
    first = room.update()
    (room.index / FILE).write_bytes(content)
    assert room.update() == first
    assert room.parsed == ["a.txt"]
    room.update()
    assert room.parsed == []


def test_nothing_is_kept_of_files_that_are_gone(room: Newsroom) -> None:
    gone = room.write("a.txt")
    room.write("b.txt", "Other news\n\nSomething else happened there.")
    room.update()
    gone.unlink()
    room.write("b.txt", "Other news\n\nSomething else happened here.")
    room.update()
    with closing(sqlite3.connect(room.index / FILE)) as db:
        paths = [row[0] for row in db.execute("SELECT path FROM readings")]
    assert paths == [os.fsencode(room.files / "b.txt")]


def test_a_file_that_is_written_to_while_it_is_read_is_not_kept(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = room.write("a.txt")
    read_bytes = Path.read_bytes

    def read_late(self: Path) -> bytes:
        if self == path:
            room.write("a.txt", STORY.replace("Monday", "Sunday"))
        return read_bytes(self)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", read_late)
        assert "Sunday" in room.update().articles[0].body
    room.write("a.txt")
    assert "Monday" in room.update().articles[0].body


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a file's name is text")
def test_a_file_name_that_is_no_text(room: Newsroom) -> None:
    path = os.path.join(os.fsencode(room.files), b"a\xff.txt")
    Path(os.fsdecode(path)).write_text(STORY)
    room.update()
    room.update()
    assert room.parsed == []


def test_a_file_is_known_by_its_full_path(
    room: Newsroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.write("a.txt")
    room.update()
    room.parsed.clear()
    monkeypatch.chdir(tmp_path)
    with recalling(Path("built")) as recall:
        assert read_articles([Path("files")], recall).articles
    assert room.parsed == []


def test_without_an_index_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(STORY)

    readings = recalling(tmp_path / "built")
    assert read_articles([tmp_path / "a.txt"], readings.__enter__()).articles
    assert not readings.__exit__(RuntimeError, RuntimeError("the change failed"), None)
    assert not (tmp_path / "built").exists()
