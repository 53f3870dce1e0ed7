"""Word documents, EPUB and zip archives, and the ones that are made to do harm."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from pathlib import Path

import docx
import pytest

from corpus.archive import Bounds
from corpus.fields import Found, Unreadable
from corpus.forms import read_form
from corpus.read import read_articles

STORY = "Harbour opens again\n\nThe harbour of Vell opened again on Monday after four weeks.\n"
LINE = json.dumps({"title": "Harbour opens", "text": "It opened on Monday."})
PROSE = "The harbour of Vell opened again on Monday after four weeks of repairs. " * 3


def zipped(members: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def read(
    name: str, data: bytes, bounds: Bounds | None = None
) -> tuple[list[Found], list[tuple[str | None, str]]]:
    """What was read, and what was refused with its member and reason."""
    results = list(read_form(name, data, bounds or Bounds()))
    refused = [(r.member, r.reason) for r in results if isinstance(r, Unreadable)]
    return [r for r in results if isinstance(r, Found)], refused


# Zip


def test_each_readable_member_of_an_archive_is_read(tmp_path: Path) -> None:
    inner = zipped({"deep.txt": f"Deep {STORY}"})
    archive = tmp_path / "news.zip"
    archive.write_bytes(
        zipped(
            {
                "a.txt": STORY,
                "b/c.md": f"# Bridge opens\n\n{PROSE}",
                "d.jsonl": f"{LINE}\nnonsense\n",
                "e.jsonl.gz": gzip.compress(LINE.replace("Monday", "Friday").encode()),
                "f.zip": inner,
                "photo.gif": "GIF8",
                "__MACOSX/a.txt": STORY,
            }
        )
    )
    reading = read_articles([archive])
    assert [a.title for a in reading.articles] == [
        "Harbour opens again", "Bridge opens", "Harbour opens", "Harbour opens",
        "Deep Harbour opens again",
    ]  # fmt: skip
    assert {s.place.removeprefix(f"{archive}/"): s.reason[:20] for s in reading.skipped} == {
        "__MACOSX/a.txt": "hidden",
        "d.jsonl line 2": "not valid JSON: Expe",
        "photo.gif": "the ending .gif is n",
    }
    assert reading.origins[reading.articles[4].id] == archive / "f.zip/deep.txt"


def test_names_of_members_are_only_shown() -> None:
    found, _ = read("n.zip", zipped({"../../etc/a.txt": STORY, "/etc/b\x1b.txt": f"B {STORY}"}))
    assert [f.member for f in found] == ["etc/a.txt", "etc/b?.txt"]


def test_an_archive_of_too_many_members_is_refused() -> None:
    data = zipped({f"{n}.txt": STORY for n in range(20)})
    assert read("n.zip", data, Bounds(members=10))[1] == [
        (None, "an archive of 20 members, more than 10; unpack it first")
    ]


def test_a_directory_of_millions_is_not_even_read() -> None:
    data = bytearray(zipped({"a.txt": STORY}))
    struct.pack_into("<L", data, len(data) - 10, 500_000_000)
    assert read("n.zip", bytes(data))[1] == [
        (None, "an archive of more than 20000 members; unpack it first")
    ]


def test_an_archive_that_unpacks_to_too_much_is_refused() -> None:
    data = zipped({"a.txt": STORY * 20_000, "b.txt": STORY * 20_000})
    _, [(_, reason)] = read("n.zip", data, Bounds(total_bytes=2_000_000))
    assert reason == "an archive of 3 MB unpacked, more than 2 MB; unpack it first"


def test_a_member_that_unpacks_to_too_much_is_refused_and_the_rest_is_read() -> None:
    data = zipped({"a.txt": STORY * 20_000, "b.txt": STORY}, zipfile.ZIP_STORED)
    found, refused = read("n.zip", data, Bounds(member_bytes=1_000_000))
    assert (len(found), refused) == (1, [("a.txt", "1 MB unpacked, more than 1 MB; split it")])


def test_a_bomb_is_not_unpacked() -> None:
    found, refused = read("n.zip", zipped({"a.txt": b"a" * 5_000_000, "b.txt": STORY}))
    assert len(found) == 1
    assert refused[0][1].startswith("packed more than 200 to 1")


def test_archives_in_archives_end_somewhere() -> None:
    data = zipped({"a.txt": STORY})
    for _ in range(4):
        data = zipped({"n.zip": data})
    found, refused = read("n.zip", data)
    assert not found
    assert refused == [("n.zip/n.zip", "an archive in an archive in an archive; unpack it first")]


def test_many_archives_in_one_share_what_they_may_unpack_to() -> None:
    inner = zipped({"a.txt": STORY * 9_000}, zipfile.ZIP_STORED)
    data = zipped({f"{n}.zip": inner for n in range(6)})
    _, refused = read("n.zip", data, Bounds(total_bytes=6_000_000))
    assert ("5.zip", "the archives in it hold more than 6 MB; unpack it first") in refused


def test_an_encrypted_member_is_named() -> None:
    data = bytearray(zipped({"a.txt": STORY}))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + flags] |= 1
    assert read("n.zip", bytes(data))[1] == [
        ("a.txt", "encrypted; unpack the archive with its password first")
    ]


def test_a_damaged_member_is_named() -> None:
    data = zipped({"a.txt": STORY}, zipfile.ZIP_STORED).replace(b"Vell", b"Bell")
    assert read("n.zip", data)[1][0][1].startswith("its zip data is damaged")


@pytest.mark.parametrize("cut", [3, 40, 100])
def test_an_archive_cut_short_is_refused(cut: int) -> None:
    assert "zip" in read("n.zip", zipped({"a.txt": STORY})[:cut])[1][0][1]


# Word


def word(**properties: str) -> bytes:
    document = docx.Document()
    document.add_heading("Harbour opens again", level=1)
    document.add_paragraph(PROSE)
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Ships", "41"
    document.add_paragraph("Correction: The mayor is Ann Lee, not Ann Li.")
    for name, value in properties.items():
        setattr(document.core_properties, name, value)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_a_word_document_gives_paragraphs_and_tables_in_order() -> None:
    [found], _ = read("a.docx", word())
    assert found.article.body.split("\n") == [
        "Harbour opens again",
        PROSE.strip(),
        "Ships | 41",
        "Correction: The mayor is Ann Lee, not Ann Li.",
    ]


def test_a_word_document_has_its_first_heading_for_a_title_and_no_date() -> None:
    article = read("a.docx", word())[0][0].article
    assert (article.title, article.author, article.published_at) == (
        "Harbour opens again", None, None,
    )  # fmt: skip


def test_a_word_document_gives_what_it_declares() -> None:
    article = read("a.docx", word(title="Port of Vell", author="Ann Lee"))[0][0].article
    assert (article.title, article.author) == ("Port of Vell", "Ann Lee")


def test_the_correction_in_a_word_document_is_found() -> None:
    assert read("a.docx", word())[0][0].article.correction == (
        "Correction: The mayor is Ann Lee, not Ann Li."
    )


def test_a_word_document_that_is_a_bomb_is_not_unpacked() -> None:
    parts: dict[str, str | bytes] = {}
    with zipfile.ZipFile(io.BytesIO(word())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["word/media/image.png"] = bytes(5_000_000)
    assert read("a.docx", zipped(parts))[1][0][1].startswith("packed more than 200 to 1")


def test_a_cell_that_spans_a_million_columns_does_no_harm() -> None:
    with zipfile.ZipFile(io.BytesIO(word())) as archive:
        parts: dict[str, str | bytes] = {n: archive.read(n) for n in archive.namelist()}
    document = bytes(parts["word/document.xml"])  # type: ignore[arg-type]
    wide = b'<w:tcPr><w:gridSpan w:val="999999999"/>'
    parts["word/document.xml"] = document.replace(b"<w:tcPr>", wide, 1)
    assert "Ships | 41" in read("a.docx", zipped(parts))[0][0].article.body


@pytest.mark.parametrize("data", [b"PK\x03\x04 no zip", zipped({"a.txt": STORY})])
def test_what_is_no_word_document_is_refused(data: bytes) -> None:
    assert len(read("a.docx", data)[1]) == 1


# EPUB

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
)
PACKAGE = """<?xml version="1.0"?>
<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:identifier>urn:vell:1</dc:identifier><dc:title>Vell Post</dc:title>
<dc:creator>Ann Lee</dc:creator><dc:publisher>Vell Post</dc:publisher>
<dc:date>2025-06-13</dc:date><dc:language>en</dc:language></metadata>
<manifest><item id="nav" href="nav.xhtml" properties="nav"/><item id="cover" href="cover.xhtml"/>
<item id="b" href="text/b%20b.xhtml"/><item id="a" href="text/a.xhtml"/></manifest>
<spine><itemref idref="cover"/><itemref idref="nav"/>
<itemref idref="b"/><itemref idref="a"/></spine>
</package>"""


def chapter(heading: str) -> str:
    return (
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Vell Post</title></head><body>'
        f"<h1>{heading}</h1><p>{PROSE}</p><p>Ships came&#160;in.</p><script>x()</script></body>"
        "</html>"
    )


def epub(**members: str) -> bytes:
    parts: dict[str, str | bytes] = {
        "META-INF/container.xml": CONTAINER,
        "OPS/book.opf": PACKAGE,
        "OPS/cover.xhtml": "<html><body><p>Vell Post</p></body></html>",
        "OPS/nav.xhtml": chapter("Contents"),
        "OPS/text/b b.xhtml": chapter("Bridge opens"),
        "OPS/text/a.xhtml": chapter("Harbour opens").replace("&#160;", "&nbsp;"),
        **members,
    }
    return zipped(parts)


def test_an_epub_gives_an_article_for_each_document_in_reading_order() -> None:
    assert [f.article.title for f in read("a.epub", epub())[0]] == ["Bridge opens", "Harbour opens"]


def test_an_articles_facts_are_the_books() -> None:
    article = read("a.epub", epub())[0][0].article
    assert (article.id, article.author, article.outlet, article.published_at, article.language) == (
        "urn:vell:1#OPS/text/b b.xhtml", "Ann Lee", "Vell Post", "2025-06-13", "en",
    )  # fmt: skip


def test_the_text_of_an_epub_has_a_line_for_each_paragraph() -> None:
    lines = read("a.epub", epub())[0][1].article.body.split("\n")
    assert lines == ["Harbour opens", PROSE.strip(), "Ships came in."]


def test_a_cover_is_left_out_with_a_reason() -> None:
    assert read("a.epub", epub())[1] == [
        ("OPS/cover.xhtml", "only 2 words, so a cover or title page and no article")
    ]


@pytest.mark.parametrize(
    ("entity", "value"),
    [("<!ENTITY x 'boom'>", "boom"), ("<!ENTITY x SYSTEM 'file:///etc/passwd'>", "root:")],
)
def test_entities_of_an_epub_are_never_expanded(entity: str, value: str) -> None:
    package = PACKAGE.replace("<package", f"<!DOCTYPE package [{entity}]><package", 1)
    package = package.replace("Ann Lee", "&x;")
    found, refused = read("a.epub", epub(**{"OPS/book.opf": package}))
    assert not found
    assert refused == [(None, "its XML defines entities, which are not expanded here")]


def test_a_billion_laughs_are_not_heard() -> None:
    laughs = "".join(f"<!ENTITY l{n + 1} '{f'&l{n};' * 10}'>" for n in range(9))
    page = chapter("&l9;").replace("<html", f"<!DOCTYPE html [<!ENTITY l0 'ha'>{laughs}]><html", 1)
    found, _ = read("a.epub", epub(**{"OPS/text/a.xhtml": page}))
    assert all(len(f.article.body) < 1000 for f in found)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"META-INF/container.xml": "<container/>"}, "does not say where its contents are listed"),
        ({"OPS/book.opf": "<package"}, "not valid XML"),
        ({"OPS/book.opf": "<package/>"}, "names no documents"),
    ],
)
def test_a_broken_epub_is_refused_with_its_reason(members: dict[str, str], reason: str) -> None:
    _, [(_, said)] = read("a.epub", epub(**members))
    assert reason in said


def test_a_document_that_an_epub_lacks_is_named() -> None:
    _, refused = read("a.epub", epub(**{"OPS/book.opf": PACKAGE.replace("text/a", "text/z")}))
    assert (
        "OPS/text/z.xhtml",
        "the archive lacks 'OPS/text/z.xhtml'; make or fetch it again",
    ) in refused
