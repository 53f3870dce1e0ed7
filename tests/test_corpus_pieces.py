"""Pieces of files, parsed apart, give just what the files give."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from corpus import jsonlines, pieces
from corpus.beside import Parsers
from corpus.fields import Found, Unreadable, packed
from corpus.files import FileReader
from corpus.pieces import cut, parse
from corpus.recall import digest_of

PAGE = "<html><head><title>Harbour opens</title></head><body><article><p>{}</p></article></body>"
LINES = [
    *(json.dumps({"title": f"Report {n}", "text": f"Firm {n} paid.\n" * 20}) for n in range(40)),
    "",
    "no JSON",
    json.dumps({"title": "A day", "text": "It was.", "published_at": "the day of days"}),
]


@pytest.fixture
def parsers() -> Iterator[Parsers]:
    with closing(Parsers(1)) as made:
        yield made


def read(path: Path) -> list[Found | Unreadable]:
    with closing(FileReader()) as reader:
        return list(reader.begin(path, lambda _: None))


def in_pieces(path: Path, least_bytes: int, parsers: Parsers) -> list[Found | Unreadable]:
    results: list[Found | Unreadable] = []
    for piece in cut(path, least_bytes)[1]:
        results += parse(piece, parsers) or []
    return results


def same(some: list[Found | Unreadable], others: list[Found | Unreadable]) -> bool:
    return [packed(one) for one in some] == [packed(one) for one in others]


@pytest.mark.parametrize("least_bytes", [1, 2_000, 1_000_000])
@pytest.mark.parametrize("end", ["\n", ""])
def test_lines_give_what_the_file_gives(
    tmp_path: Path, parsers: Parsers, least_bytes: int, end: str
) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + ("\n".join(LINES) + end).encode())
    digest, made = cut(path, least_bytes)
    assert digest == digest_of(path)
    assert len(made) == {1: len(LINES), 2_000: 7, 1_000_000: 1}[least_bytes]
    results = in_pieces(path, least_bytes, parsers)
    assert [one.line for one in results if isinstance(one, Unreadable)] == [42]
    assert isinstance(results[-1], Found)
    assert results[-1].notes
    assert same(results, read(path))


def test_what_is_appended_leaves_the_pieces_before(tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_text("\n".join(LINES) + "\n")
    before = cut(path, 2_000)[1]
    with path.open("a") as file:
        file.write(LINES[0] + "\n")
    assert cut(path, 2_000)[1][: len(before) - 1] == before[:-1]


def test_a_line_that_is_too_long_ends_it(
    tmp_path: Path, parsers: Parsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (jsonlines, pieces):
        monkeypatch.setattr(module, "LONGEST_LINE", 1_000)
    path = tmp_path / "articles.jsonl"
    path.write_text("\n".join([*LINES[:5], "x" * 5_000, *LINES[:5]]))
    assert digest_of(path) == cut(path, 100)[0]
    results = in_pieces(path, 100, parsers)
    assert "the rest was not read" in str(results[-1])
    assert same(results, read(path))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.jsonl", b""),
        ("blank.jsonl", b"\n \n"),
        ("packed.jsonl.gz", gzip.compress("\n".join(LINES).encode(), mtime=0)),
        ("broken.jsonl.gz", gzip.compress("\n".join(LINES).encode(), mtime=0)[:-20]),
        ("page.html", PAGE.format("The harbour opens on Monday, said the mayor. " * 9).encode()),
        ("note.txt", b"The harbour\n\nIt opens on Monday."),
        ("empty.txt", b""),
        ("broken.pdf", b"%PDF-1.7 no"),
    ],
)
def test_every_other_file_is_one_piece(
    tmp_path: Path, parsers: Parsers, name: str, data: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert len(cut(path, 5)[1]) == 1
    assert cut(path, 1_000_000)[0] == digest_of(path)
    assert same(in_pieces(path, 1_000_000, parsers), read(path))


def test_other_bytes_by_now_give_nothing(tmp_path: Path, parsers: Parsers) -> None:
    path = tmp_path / "note.txt"
    path.write_text("The harbour\n\nIt opens on Monday.")
    [piece] = cut(path, 100)[1]
    path.write_text("The harbour\n\nIt opens on Sunday.")
    assert parse(piece, parsers) is None
    path.unlink()
    with pytest.raises(FileNotFoundError):
        parse(piece, parsers)
