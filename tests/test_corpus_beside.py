"""Files parsed in processes of their own: the same as here, whatever becomes of a process."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple
from pathlib import Path

import pytest

import corpus.beside
import corpus.files
from corpus.beside import Parsers
from corpus.fields import Found, Unreadable
from corpus.read import Reading, read_articles

PAGE = "<html><head><title>{0}</title></head><body><article><p>{1}</p></article></body></html>"
WORDS = "The harbour of Vell opened again on Monday after four weeks of work on its quays. " * 8


@pytest.fixture
def news(tmp_path: Path) -> Path:
    """Pages, archives and others, good and bad ones."""
    folder = tmp_path / "news"
    folder.mkdir()
    for n in range(12):
        (folder / f"{n:02}.html").write_text(PAGE.format(f"Page {n}", f"{n} ships came. {WORDS}"))
    (folder / "05b.txt").write_text(f"A text\n\n{WORDS}")
    (folder / "05c.jsonl").write_text('{"id": "l", "title": "A line", "text": "Of news."}\nno\n')
    (folder / "07.html").write_text(PAGE.format("Empty", ""))
    (folder / "08.pdf").write_bytes(b"%PDF-1.4 and no more")
    (folder / "09b.html").write_text((folder / "09.html").read_text())
    with zipfile.ZipFile(folder / "10.zip", "w") as archive:
        archive.writestr("in.txt", f"In it\n\n{WORDS} On Tuesday.")
        archive.writestr("photo.gif", "GIF8")
        archive.writestr("dated.jsonl", '{"title": "Y", "text": "News.", "date": "03/04/2025"}\n')
    return folder


def reading(
    folder: Path, monkeypatch: pytest.MonkeyPatch, cores: int
) -> tuple[Reading, list[str], list[tuple[str, int, int]]]:
    """What is read, the titles in the order that they were told of, and the progress."""
    titles: list[str] = []
    told: list[tuple[str, int, int]] = []
    monkeypatch.setattr(corpus.files, "cores", lambda: cores)
    monkeypatch.setattr(corpus.files, "_HERE", 2)
    read = read_articles(
        [folder], None, lambda *step: told.append(step), lambda one: titles.append(one.title)
    )
    return read, titles, told


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that are begun from here on."""
    processes: list[subprocess.Popen[bytes]] = []
    begin = corpus.beside._begin

    def noted() -> subprocess.Popen[bytes]:
        process = begin()
        assert process is not None
        processes.append(process)
        return process

    monkeypatch.setattr(corpus.beside, "_begin", noted)
    return processes


def test_it_is_the_same_in_the_same_order(
    news: Path, monkeypatch: pytest.MonkeyPatch, begun: list[subprocess.Popen[bytes]]
) -> None:
    here = reading(news, monkeypatch, cores=1)
    assert begun == []
    beside = reading(news, monkeypatch, cores=2)
    assert len(begun) == 2
    assert beside == here
    assert len(here[0].articles) == 15
    assert len(here[0].skipped) == 5
    assert len(here[0].notes) == 1
    assert here[1][-3:] == ["Y", "In it", "Page 11"]


def test_a_few_files_are_parsed_here(
    news: Path, monkeypatch: pytest.MonkeyPatch, begun: list[subprocess.Popen[bytes]]
) -> None:
    for file in sorted(news.glob("*.html"))[2:]:
        file.unlink()
    for name in ("08.pdf", "10.zip"):
        (news / name).unlink()
    reading(news, monkeypatch, cores=2)
    assert begun == []


def test_no_process_is_left(
    news: Path, monkeypatch: pytest.MonkeyPatch, begun: list[subprocess.Popen[bytes]]
) -> None:
    reading(news, monkeypatch, cores=2)
    assert None not in [process.poll() for process in begun]


def test_none_is_left_of_a_reading_that_is_interrupted(
    news: Path, monkeypatch: pytest.MonkeyPatch, begun: list[subprocess.Popen[bytes]]
) -> None:
    monkeypatch.setattr(corpus.files, "cores", lambda: 2)
    monkeypatch.setattr(corpus.files, "_HERE", 0)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_articles([news], on_parsed=interrupt)
    assert begun
    assert None not in [process.poll() for process in begun]


MORTAL = """
import sys, json, os
for line in sys.stdin:
    if "bad" in line:
        os._exit(1)
    print(json.dumps([{"reason": "read", "line": None, "member": None}]), flush=True)
"""


@pytest.fixture
def parsers() -> Iterator[Parsers]:
    with closing(Parsers(1)) as parsers:
        yield parsers


def test_a_file_that_ends_its_process_costs_no_other(
    parsers: Parsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin() -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, "-c", MORTAL], stdin=pipe, stdout=pipe)

    monkeypatch.setattr(corpus.beside, "_begin", begin)
    answers = [parsers.parse(Path(name)) for name in ("a.pdf", "bad.pdf", "b.pdf")]
    reasons = [
        one.reason for answer in answers for one in answer.result() if isinstance(one, Unreadable)
    ]
    assert reasons == ["read", "its reader broke down over it; save it in another form", "read"]


@pytest.mark.parametrize("program", ["false", "no-such-program"])
def test_where_no_process_can_be_begun_it_is_parsed_here(
    parsers: Parsers,
    news: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    program: str,
) -> None:
    monkeypatch.setattr(sys, "executable", program)
    [found] = parsers.parse(news / "01.html").result()
    assert isinstance(found, Found)
    assert found.article.title == "Page 1"
    assert "No process can be begun" in caplog.text


def test_a_file_that_is_not_there_is_an_error_of_the_system(parsers: Parsers, news: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        parsers.parse(news / "none.html").result()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a file's name is text")
def test_a_file_name_that_is_no_text(parsers: Parsers, news: Path) -> None:
    path = Path(os.fsdecode(os.path.join(os.fsencode(news), b"a\xff.html")))
    path.write_text((news / "01.html").read_text())
    [found] = parsers.parse(path).result()
    assert isinstance(found, Found)
    assert found.article.title == "Page 1"


def test_nothing_is_imported_from_the_working_folder(
    parsers: Parsers, news: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (news / "json.py").write_text("raise SystemExit('taken over')")
    monkeypatch.chdir(news)
    [found] = parsers.parse(Path("01.html")).result()
    assert isinstance(found, Found)
    assert "1 ships came" in astuple(found.article)[2]
