"""Each form of article by itself: text, Markdown, HTML and PDF."""

from __future__ import annotations

import io
from contextlib import suppress

import pypdf
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus.article import Article
from corpus.fields import Unreadable
from corpus.pdf import read_pdf, unwrap
from corpus.plain import make_title, read_markdown, read_text
from corpus.web import read_html

BODY = "The harbour of Vell opened again on Monday after four weeks of repairs."


def text(content: str) -> Article:
    return read_text(content.encode()).article


def markdown(content: str) -> Article:
    return read_markdown(content.encode()).article


# Plain text


def test_a_first_line_that_reads_like_a_headline_is_the_title() -> None:
    assert text(f"Harbour opens again\n\n{BODY}").title == "Harbour opens again"


def test_the_body_keeps_every_line_the_headline_too() -> None:
    assert text(f"\ufeffHarbour opens again\r\n\r\n{BODY}\r\n").body == (
        f"Harbour opens again\n\n{BODY}"
    )


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (f"{BODY}\nMore.", BODY.rstrip(".")),
        (
            "The harbour of Vell, the largest of the whole coast, opened again on Monday, after"
            " four long weeks.",
            "The harbour of Vell, the largest of the whole coast, opened again on Monday…",
        ),
        (f"Key points\n- It opened.\n- Ships came.\n{BODY}", BODY.rstrip(".")),
        (f"By Ann Lee\n{BODY}", BODY.rstrip(".")),
        (f"VELL, Northland: {BODY}", BODY.rstrip(".")),
        (f"# Harbour opens\n\n{BODY}", "Harbour opens"),
    ],
)
def test_a_title_is_made_from_the_first_sentence_when_there_is_no_headline(
    content: str, title: str
) -> None:
    assert make_title(content) == title


def test_a_labelled_header_is_read_as_fields() -> None:
    article = text(
        "Title: Harbour opens\nOutlet: Vell Post\nAuthor: Ann Lee\nDate: 13 June 2025\n"
        f"URL: https://vell.example/1\n\n{BODY}"
    )
    assert article == Article(
        id="https://vell.example/1",
        title="Harbour opens",
        body=BODY,
        url="https://vell.example/1",
        outlet="Vell Post",
        author="Ann Lee",
        published_at="2025-06-13",
    )


def test_a_label_in_running_text_is_no_header() -> None:
    content = f"Date: none was given by the port\nIt said nothing more.\n\n{BODY}"
    assert text(content).body == content


def test_the_outlet_is_never_guessed() -> None:
    assert text("VELL (Vell Post) - " + BODY).outlet is None


def test_letters_with_combining_marks_are_composed() -> None:
    assert text("Cafe\u0301 opens again\n\nIt did.").title == "Café opens again"


def test_a_western_text_that_is_not_utf8_keeps_its_pound_sign_and_is_noted() -> None:
    content = "Café owner said “we pay £5 a day” – and that’s it."
    found = read_text(content.encode("cp1252"))
    assert found.article.body == content
    assert found.notes == ("not UTF-8, so it was read as cp1252",)


def test_a_text_in_utf16_is_read_by_its_byte_order_mark() -> None:
    assert read_text(BODY.encode("utf-16")).article.body == BODY


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"\x7fELF\x02", "a program"),
        (b"PK\x03\x04", "a zip archive or an office document"),
        (b"some words\0and more", "NUL bytes"),
        (b"a\x01b\x02c\x03 words", "more than one character in twenty"),
        (b"...\n", "it holds no text"),
    ],
)
def test_what_is_not_text_is_refused_with_its_kind(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read_text(data)


@settings(deadline=None)
@given(st.binary(max_size=200))
@example(b"\xff\xfe\x00")
@example(b"Title:\n\n")
@example(b"---\n---\n")
@example(b"---\n: :\n\x07---\n")
def test_no_bytes_at_all_break_the_reader(data: bytes) -> None:
    for reader in (read_text, read_markdown):
        with suppress(Unreadable):
            assert reader(data).article.body


# Markdown


def test_front_matter_gives_the_fields() -> None:
    article = markdown(
        "---\nid: harbour\ntitle: 'Harbour: open'\noutlet: Vell Post\nauthor: [Ann Lee, Bo Ek]\n"
        f"date: 2025-06-13\nlanguage: en\n---\n\n{BODY}\n"
    )
    assert article == Article(
        id="harbour",
        title="Harbour: open",
        body=BODY,
        outlet="Vell Post",
        author="Ann Lee, Bo Ek",
        published_at="2025-06-13",
        language="en",
    )


def test_a_time_in_front_matter_keeps_its_zone() -> None:
    article = markdown(f"---\ntitle: A b\ndate: 2025-06-13T09:30:00-04:00\n---\n{BODY}")
    assert article.published_at == "2025-06-13T09:30:00-04:00"


def test_without_a_title_in_front_matter_the_heading_is_the_title() -> None:
    assert markdown(f"---\noutlet: Vell Post\n---\n# Harbour opens\n\n{BODY}").title == (
        "Harbour opens"
    )


@pytest.mark.parametrize(
    ("matter", "reason", "line"),
    [
        ("title: [a\ndate: b", "not valid YAML", 3),
        ("date: 2025-13-45", "not valid YAML: month must be in 1..12", None),
        ("only words", "not a list of `key: value` lines", None),
        ("title: {a: b}", '"title" must be text, not an object', None),
        ("title: !!python/object:os.system x", "not valid YAML", 2),
    ],
)
def test_bad_front_matter_is_refused_with_its_reason(
    matter: str, reason: str, line: int | None
) -> None:
    with pytest.raises(Unreadable, match=reason) as caught:
        markdown(f"---\n{matter}\n---\n{BODY}")
    assert caught.value.line == line


def test_front_matter_that_is_not_closed_is_refused() -> None:
    with pytest.raises(Unreadable, match="not closed"):
        markdown(f"---\ntitle: A b\n\n{BODY}")


# HTML

PARAGRAPHS = "".join(f"<p>{BODY} Ship number {n} came in at noon with grain.</p>" for n in range(6))


def page(head: str, lang: str = "") -> bytes:
    return (
        f"<!DOCTYPE html><html{lang}><head>{head}</head><body><nav><a href='/'>Home</a></nav>"
        f"<article><h1>Harbour opens</h1>{PARAGRAPHS}</article>"
        "<footer>Imprint</footer></body></html>"
    ).encode()


def test_a_page_gives_its_text_without_the_page_around_it() -> None:
    body = read_html(page("<title>Harbour opens</title>")).article.body
    assert "Ship number 5" in body
    assert "Imprint" not in body


def test_a_page_gives_what_it_declares() -> None:
    article = read_html(
        page(
            '<meta property="og:title" content="Harbour opens">'
            '<meta property="og:site_name" content="Vell Post">'
            '<meta property="article:published_time" content="2025-06-13T09:30:00+02:00">'
            '<meta name="author" content="Ann Lee">'
            '<link rel="canonical" href="https://vell.example/harbour">',
            ' lang="en"',
        )
    ).article
    assert article.title == "Harbour opens"
    assert article.outlet == "Vell Post"
    assert article.author == "Ann Lee"
    assert article.published_at == "2025-06-13T09:30:00+02:00"
    assert article.url == "https://vell.example/harbour"
    assert article.language == "en"


def test_the_time_is_taken_from_linked_data_when_no_meta_tag_has_it() -> None:
    head = (
        '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle",'
        ' "headline": "Harbour opens", "datePublished": "2025-06-13T09:30:00Z"}]}</script>'
    )
    assert read_html(page(head)).article.published_at == "2025-06-13T09:30:00+00:00"


def test_the_outlet_is_not_made_from_the_address() -> None:
    head = '<title>Harbour opens</title><link rel="canonical" href="https://www.vell.example/1">'
    assert read_html(page(head)).article.outlet is None


def test_the_outlet_is_not_made_from_an_account() -> None:
    head = '<title>Harbour opens</title><meta name="twitter:site" content="@vellpost">'
    assert read_html(page(head)).article.outlet is None


def test_a_page_in_the_encoding_that_it_declares() -> None:
    data = page('<meta charset="windows-1251"><meta name="author" content="Анна Ли">').decode()
    found = read_html(data.encode("cp1251"))
    assert (found.article.author, found.notes) == ("Анна Ли", ())


@pytest.mark.parametrize("data", [b"<html><body></body></html>", b"<", b"plain"])
def test_a_page_without_an_article_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable, match="no article text"):
        read_html(data)


# PDF


def pdf(lines: list[str], title: str = "") -> bytes:
    """A PDF of one page with one text line per line."""
    shown = "".join(f"({line}) Tj T* " for line in lines)
    stream = f"BT /F1 12 Tf 14 TL 40 700 Td {shown}ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Title (%s) >>" % title.encode(),
    ]
    out = io.BytesIO(b"%PDF-1.4\n")
    out.seek(0, io.SEEK_END)
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    table = out.tell()
    out.write(b"xref\n0 7\n0000000000 65535 f \n")
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer << /Size 7 /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF" % table)
    return out.getvalue()


WRAPPED = [
    "Harbour opens again",
    "The harbour of Vell opened again on",
    "Monday, after four weeks.",
]


def test_a_pdf_gives_its_text_with_wrapped_lines_joined() -> None:
    article = read_pdf(pdf(WRAPPED)).article
    assert article.title == "Harbour opens again"
    assert article.body == (
        "Harbour opens again\nThe harbour of Vell opened again on Monday, after four weeks."
    )


def test_a_pdf_gives_its_declared_title_but_not_a_file_name() -> None:
    assert read_pdf(pdf(WRAPPED, "Port of Vell reopens")).article.title == "Port of Vell reopens"
    assert read_pdf(pdf(WRAPPED, "Word - draft.docx")).article.title == "Harbour opens again"


def test_a_word_broken_at_the_end_of_a_line_is_whole_again() -> None:
    assert unwrap(["The invest-\nment was large"]) == "The investment was large"


def test_a_hyphen_that_the_text_has_elsewhere_stays() -> None:
    assert unwrap(["A long-term plan and a long-\nterm view"]) == (
        "A long-term plan and a long-term view"
    )


def test_a_pdf_without_a_text_layer_is_refused() -> None:
    with pytest.raises(Unreadable, match="no text layer"):
        read_pdf(pdf([]))


def test_an_encrypted_pdf_is_refused() -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf(WRAPPED)))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(Unreadable, match="encrypted; save it without a password"):
        read_pdf(out.getvalue())


@pytest.mark.parametrize("cut", [0, 9, 200, 400])
def test_a_damaged_pdf_is_refused(cut: int) -> None:
    with pytest.raises(Unreadable):
        read_pdf(pdf(WRAPPED)[:cut])
