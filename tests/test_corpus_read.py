"""Folders and files of articles: what is read, what is skipped, and what is said of it."""

from __future__ import annotations

import gzip
import json
import os
import zipfile
from pathlib import Path

import pytest

import corpus.files
from corpus import BylineError
from corpus.article import content_id
from corpus.forms import LARGEST_TEXT, WANTED
from corpus.read import Reading, read_articles

HIDDEN = "hidden; give it a name without the first dot to have it read"
STORY = "Harbour opens again\n\nThe harbour of Vell opened again on Monday after four weeks.\n"


def write(folder: Path, name: str, content: str | bytes = STORY) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def reasons(reading: Reading) -> dict[str, str]:
    return {skipped.path.name: skipped.reason for skipped in reading.skipped}


def line(**fields: object) -> str:
    return json.dumps({"title": "Harbour opens", "text": "It opened on Monday."} | fields) + "\n"


def test_a_folder_is_read_with_everything_below_it_in_sorted_order(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", "Second story here\n\nIt has words.")
    write(tmp_path, "a/deep/one.TXT", "First story here\n\nIt has words.")
    reading = read_articles([tmp_path])
    assert [a.title for a in reading.articles] == ["First story here", "Second story here"]
    assert reading.files == 2


def test_hidden_files_other_endings_and_readmes_are_skipped_with_a_reason(tmp_path: Path) -> None:
    for name in ("a.txt", ".hidden.txt", "photo.gif", "notes", "README.md"):
        write(tmp_path, name)
    skipped = reasons(read_articles([tmp_path]))
    assert skipped == {
        ".hidden.txt": HIDDEN,
        "photo.gif": f"the ending .gif is not {WANTED}",
        "notes": f"the name without an ending is not {WANTED}",
        "README.md": "a README describes a folder and is no article",
    }


def test_a_readme_given_by_name_is_read(tmp_path: Path) -> None:
    assert read_articles([write(tmp_path, "README.md")]).articles


def test_a_link_back_up_does_not_hang(tmp_path: Path) -> None:
    write(tmp_path, "in/a.txt")
    (tmp_path / "in" / "loop").symlink_to(tmp_path)
    reading = read_articles([tmp_path])
    assert len(reading.articles) == 1
    assert reasons(reading) == {"loop": f"read already as {tmp_path}"}


def test_folders_that_link_to_each_other_are_read_once(tmp_path: Path) -> None:
    names = [f"folder{n:02}" for n in range(12)]
    for name in names:
        write(tmp_path, f"{name}/a.txt", f"Story of {name}\n\nIt has words.")
        for other in names:
            (tmp_path / name / f"to-{other}").symlink_to(tmp_path / other)
    assert len(read_articles([tmp_path]).articles) == 12


def test_a_file_given_by_name_and_with_its_folder_is_read_once(tmp_path: Path) -> None:
    file = write(tmp_path, "a.txt")
    assert reasons(read_articles([file, tmp_path])) == {"a.txt": f"read already as {file}"}


def test_a_link_to_a_file_already_read_is_named(tmp_path: Path) -> None:
    first = write(tmp_path, "a.txt")
    (tmp_path / "b.txt").symlink_to(first)
    assert reasons(read_articles([tmp_path])) == {"b.txt": f"read already as {first}"}


def test_a_link_to_nothing_is_named(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / "gone.txt")
    assert reasons(read_articles([tmp_path])) == {
        "b.txt": "a link to nothing; make it anew or delete it"
    }


def test_a_pipe_with_the_ending_txt_does_not_hang(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    assert reasons(read_articles([tmp_path])) == {
        "pipe.txt": "not a regular file; copy what it gives into one"
    }


def test_a_file_over_the_limit_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus.files, "LARGEST_FILE", 1_000_000)
    write(tmp_path, "a.txt")
    write(tmp_path, "b.txt", "word " * 500_000)
    assert reasons(read_articles([tmp_path])) == {"b.txt": "2 MB, more than 1 MB; split it"}


def test_text_too_long_for_an_article_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    for name in ("b.txt", "c.html"):
        os.truncate(write(tmp_path, name), LARGEST_TEXT + 1)
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        archive.write(tmp_path / "b.txt", "b.txt")
    assert set(reasons(read_articles([tmp_path])).values()) == {
        "20 MB of text are more than an article; split it into files of one article each, or into "
        "JSON lines"
    }


def test_an_empty_file_is_skipped_and_the_rest_is_read(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    write(tmp_path, "b.txt", " \n")
    reading = read_articles([tmp_path])
    assert (len(reading.articles), reasons(reading)) == (1, {"b.txt": "the file is empty"})


def test_the_id_is_given_or_the_address_or_made_from_the_words(tmp_path: Path) -> None:
    url = "https://news.example/1"
    file = write(tmp_path, "a.jsonl", line(id="x", url=url) + line(url=url) + line())
    given, addressed, made = read_articles([file]).articles
    assert (given.id, addressed.id) == ("x", url)
    assert made.id == content_id("Harbour opens", "It opened on Monday.")


def test_the_same_words_of_two_outlets_are_two_articles(tmp_path: Path) -> None:
    file = write(tmp_path, "a.jsonl", line(outlet="Vell Post") + line(outlet="Vell Mail") + line())
    reading = read_articles([file])
    assert [a.outlet for a in reading.articles] == ["Vell Post", "Vell Mail", None]
    assert len({a.id for a in reading.articles}) == 3


def test_a_copy_of_the_same_outlet_is_skipped(tmp_path: Path) -> None:
    file = write(tmp_path, "a.jsonl", line(outlet="Vell Post") + line(outlet="VELL POST"))
    [skipped] = read_articles([file]).skipped
    assert skipped.reason == f"a copy of {file} line 1"


def test_an_outlet_is_never_taken_for_the_end_of_a_text(tmp_path: Path) -> None:
    text = "It opened on Monday."
    file = write(tmp_path, "a.jsonl", line(outlet="Post") + line(text=f"{text}\nPost"))
    assert len(read_articles([file]).articles) == 2


def test_an_address_makes_the_id_whatever_the_outlet(tmp_path: Path) -> None:
    url = "https://news.example/1"
    file = write(tmp_path, "a.jsonl", line(url=url, outlet="Vell Post"))
    assert read_articles([file]).articles[0].id == url


def test_a_copy_is_skipped_with_the_place_of_the_first(tmp_path: Path) -> None:
    first = write(tmp_path, "a.txt")
    write(tmp_path, "b.txt")
    assert reasons(read_articles([tmp_path])) == {"b.txt": f"a copy of {first}"}


def test_an_id_that_is_taken_is_skipped_with_the_place_of_the_first(tmp_path: Path) -> None:
    file = write(tmp_path, "a.jsonl", line(id="x") + line(id="x", text="It stayed shut."))
    reading = read_articles([file])
    [skipped] = reading.skipped
    assert [a.body for a in reading.articles] == ["It opened on Monday."]
    assert skipped.reason == (
        f"its id 'x' is that of {file} line 1, whose text differs; give it another id"
    )


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"title": "A b" "text": 1}', "not valid JSON: Expecting ',' delimiter at column 17"),
        ("[1]", 'not a JSON object; write {"title": ..., "text": ...}'),
        ('{"title": "A b"}', '"text" is missing'),
        ('{"text": "A b"}', '"title" is missing'),
        ('{"title": 7, "text": "A b"}', '"title" must be text, not a number'),
        ('{"title": "A b", "text": "  "}', '"text" holds no words'),
        ('{"title": "A b", "text": "c", "url": ["d"]}', '"url" must be text, not a list'),
        (
            '{"title": "A b", "text": "c \\ud800"}',
            '"text" holds half of a surrogate pair, which is no character',
        ),
        ('{"title": "A b", "text": "c \\u0000"}', '"text" holds a NUL character'),
        ("[" * 100_000, "not valid JSON: maximum recursion depth exceeded"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_bad_line_is_named_and_the_next_one_is_read(
    tmp_path: Path, bad: str | bytes, reason: str
) -> None:
    raw = bad if isinstance(bad, bytes) else bad.encode()
    reading = read_articles([write(tmp_path, "a.jsonl", b"\n" + raw + b"\n" + line().encode())])
    [skipped] = reading.skipped
    assert len(reading.articles) == 1
    assert skipped.line == 2
    assert skipped.reason.startswith(reason)


def test_json_lines_may_be_gzipped(tmp_path: Path) -> None:
    file = write(tmp_path, "a.jsonl.gz", gzip.compress(line().encode()))
    assert len(read_articles([file]).articles) == 1


def test_a_gzip_file_cut_short_gives_what_it_holds_and_says_so(tmp_path: Path) -> None:
    lines = "".join(line(id=f"{n}", text=f"{os.urandom(200).hex()}") for n in range(200))
    file = write(tmp_path, "a.jsonl.gz", gzip.compress(lines.encode())[:-4000])
    reading = read_articles([file])
    [skipped] = reading.skipped
    assert 0 < len(reading.articles) < 200
    assert skipped.reason.startswith("the gzip data is damaged here")


def test_a_link_to_a_hidden_file_is_read(tmp_path: Path) -> None:
    hidden = write(tmp_path, ".hidden.txt")
    (tmp_path / "a.txt").symlink_to(hidden)
    reading = read_articles([tmp_path])
    assert (len(reading.articles), reasons(reading)) == (1, {".hidden.txt": HIDDEN})


def progress(*paths: Path) -> list[tuple[str, int, int]]:
    told: list[tuple[str, int, int]] = []
    read_articles(paths, on_progress=lambda *step: told.append(step))
    return told


def test_progress_is_told_file_by_file(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path, f"{name}.txt", f"Story {name}\n\n" + "word " * 400)
    write(tmp_path, "photo.gif", b"GIF8" * 1000)
    assert progress(tmp_path) == [("read", kilobytes, 6) for kilobytes in (0, 2, 4, 6)]


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz"])
def test_progress_is_told_within_a_file_of_many_lines(tmp_path: Path, ending: str) -> None:
    data = "".join(line(id=f"{n}", text=os.urandom(500).hex()) for n in range(400)).encode()
    file = write(tmp_path, f"a{ending}", gzip.compress(data) if ending.endswith("gz") else data)
    told = progress(file)
    assert len(told) > 10
    assert told == sorted(told)
    assert told[-1] == ("read", file.stat().st_size // 1000, file.stat().st_size // 1000)


def test_a_date_that_is_not_understood_is_noted_and_the_article_kept(tmp_path: Path) -> None:
    reading = read_articles([write(tmp_path, "a.jsonl", line(published_at="03/04/2025"))])
    [note] = reading.notes
    assert reading.articles[0].published_at is None
    assert (note.line, note.reason) == (1, "date not understood: '03/04/2025'")


def test_an_address_that_is_no_web_address_is_noted_and_not_kept(tmp_path: Path) -> None:
    reading = read_articles([write(tmp_path, "a.jsonl", line(url="javascript:alert(1)"))])
    assert reading.articles[0].url is None
    assert reading.notes[0].reason.startswith("url not understood: 'javascript:alert(1)'")


def test_the_summary_says_how_many_were_read_and_skipped_and_why(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    write(tmp_path, "b.jsonl", "nonsense\n")
    write(tmp_path, "c.gif")
    write(tmp_path, "d.gif")
    assert read_articles([tmp_path]).summary() == (
        "Read 1 article from 1 file; skipped 3: "
        f"{tmp_path}/b.jsonl line 1: not valid JSON: Expecting value at column 1; "
        f"correct the line; {tmp_path}/c.gif and 1 more: the ending .gif is not {WANTED}."
    )


def test_a_long_summary_counts_what_it_does_not_name(tmp_path: Path) -> None:
    bad = "".join(" " * n + "x\n" for n in range(15))
    summary = read_articles([write(tmp_path, "a.jsonl", bad + line())]).summary()
    assert summary.endswith("; and 5 more for other reasons.")


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BylineError, match=r"gone does not exist; give a file or a folder"):
        read_articles([tmp_path / "gone"])


def test_an_empty_folder_is_an_error_that_says_what_to_put_there(tmp_path: Path) -> None:
    with pytest.raises(BylineError, match=r"the folder is empty; put \.txt, \.md"):
        read_articles([tmp_path])


def test_nothing_but_bad_files_is_an_error_with_their_reasons(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", b"\x89PNG\r\n\x1a\n\x00")
    with pytest.raises(
        BylineError,
        match=r"a\.txt: not text \(it looks like a PNG image\); save it as text in UTF-8",
    ):
        read_articles([tmp_path])
