"""What is cut out of pages, and what must never be."""

from __future__ import annotations

import pytest
from newsstand import story

from corpus.clean import clean_lines
from corpus.fields import Unreadable
from corpus.paywall import Paywalled
from corpus.web import read_html, read_page


def body(inside: str) -> str:
    """What is read of a page with something among its paragraphs."""
    page = story("Harbour opens again").replace("<p>", f"{inside}<p>", 3)
    return read_html(page.encode()).article.body


@pytest.mark.parametrize(
    "line",
    [
        "READ: Ten things to know about harbours",
        "READ MORE: Why is the port closed?",
        "Read also: The mayor of Vell resigns",
        "ALSO READ: Ships of the north",
        "RELATED: Port of Vell to be sold",
        "- SEE ALSO: Ships of the north",
        "Read more:",
        "Advertisement",
        "Story continues below advertisement",
        "We use cookies to improve your experience. By continuing you accept our policy.",
        "This website uses cookies. Accept all or change your settings.",
    ],
)
def test_a_line_that_leads_elsewhere_is_cut(line: str) -> None:
    assert clean_lines(f"It opened.\n{line}\nShips came.") == "It opened.\nShips came."


@pytest.mark.parametrize(
    "line",
    [
        "Read the letter: it says that the port is closed.",
        "READ: that is what the sign at the gate says.",
        "Read more books, the minister told pupils.",
        "Related: The two men are brothers, the police said.",
        "More: Thomas More was beheaded in 1535.",
        "We use cookies in every recipe, says the baker.",
        "This website was closed by the police.",
        "The company said that it uses cookies and has changed its policy.",
        "Advertisement spending fell by a tenth.",
        "MORE: " + "words " * 30,
        "“READ: the law,” the judge said.",
    ],
)
def test_a_line_of_the_article_stays(line: str) -> None:
    assert clean_lines(f"It opened.\n{line}\nShips came.") == f"It opened.\n{line}\nShips came."


@pytest.mark.parametrize(
    "inside",
    [
        '<p>Read also: <a href="/x">The mayor of Vell resigns</a></p>',
        '<p><strong>Related:</strong> <a href="/x">The mayor of Vell resigns</a></p>',
        '<p><a href="/x">Read more about how the mayor of Vell resigns</a></p>',
        '<div class="cookie-banner"><p>The mayor of Vell resigns: we and our partners store'
        " cookies.</p><button>Accept</button></div>",
        '<div id="onetrust-consent-sdk"><p>The mayor of Vell resigns: your privacy.</p></div>',
    ],
)
def test_links_to_others_and_banners_are_no_part_of_the_text(inside: str) -> None:
    text = body(inside)
    assert "mayor of Vell resigns" not in text
    assert text.count("Ship number") == 8


@pytest.mark.parametrize(
    "inside",
    [
        '<p>Related to that, <a href="/x">the mayor</a> spoke of a new age for the coast.</p>',
        '<p>More than forty ships came in, <a href="/x">the mayor</a> said on Monday evening.</p>',
        '<p>Watch: <a href="/x">the mayor</a> is said to have sold hers when the port closed.</p>',
    ],
)
def test_a_paragraph_with_a_link_stays(inside: str) -> None:
    assert "the mayor" in body(inside)


def test_an_article_in_a_box_named_for_cookies_stays() -> None:
    page = story("Harbour opens again").replace("<article>", '<div class="cookie-notice"><article>')
    text = read_html(page.replace("</article>", "</article></div>").encode()).article.body
    assert text.count("Ship number") == 8


def stub(words: str, head: str = "") -> bytes:
    return (
        f"<html><head><title>Harbour opens again</title>{head}</head><body><article>"
        f"<h1>Harbour opens again</h1><p>The harbour of Vell opened again on Monday after four"
        " weeks"
        f" of repairs that had cost the town dearly.</p><p>{words}</p></article></body></html>"
    ).encode()


LOCKED = (
    '<script type="application/ld+json">{"@type": "NewsArticle",'
    ' "isAccessibleForFree": %s}</script>'
)


@pytest.mark.parametrize(
    "page",
    [
        stub("Ships came in at noon.", LOCKED % "false"),
        stub("Ships came in at noon.", LOCKED % '"False"'),
        stub("Ships came.", '<meta property="article:content_tier" content="locked">'),
        stub("Subscribe to continue reading this story and all others of the week."),
        stub("This article is only for our subscribers. Already a subscriber? Log in."),
        stub("To continue reading, create your free account, which takes a minute."),
    ],
)
def test_the_first_lines_of_a_paid_article_are_no_article(page: bytes) -> None:
    with pytest.raises(Paywalled, match=r"behind a paywall: only \d+ words can be read"):
        read_html(page)


def test_a_paid_article_that_is_here_at_length_is_noted() -> None:
    found = read_html(story("Harbour opens again", head=LOCKED % "false").encode())
    assert found.notes == ("declared to be paid for; what can be read may end early",)


@pytest.mark.parametrize(
    "page",
    [
        stub("Ships came in at noon, and the mayor told the crews to subscribe to a paper."),
        stub("Subscribe to continue reading this story.", LOCKED % "true"),
        stub("Ships came in at noon, and no more was known of them in the evening."),
    ],
)
def test_a_short_article_that_is_free_is_read(page: bytes) -> None:
    assert "repairs" in read_html(page).article.body


# What a page declares


def declared(head: str, **known: str) -> dict[str, object]:
    page = story("Harbour opens again", head=head).encode()
    article = read_page(page, "https://www.vell.example/news/1?utm_source=x", None, known).article
    return {"updated": article.updated_at, "published": article.published_at, "url": article.url}


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:modified_time" content="2025-06-14T08:00:00Z">',
        '<meta itemprop="dateModified" content="2025-06-14T08:00:00Z">',
        '<script type="application/ld+json">[{"@type": "WebPage", "dateModified": "2020-01-01"},'
        ' {"@type": "NewsArticle", "dateModified": "2025-06-14T08:00:00Z"}]</script>',
    ],
)
def test_the_time_of_the_last_change_is_what_the_page_declares(head: str) -> None:
    assert declared(head)["updated"] == "2025-06-14T08:00:00+00:00"


def test_a_change_no_later_than_the_publication_is_none() -> None:
    head = (
        '<meta property="article:published_time" content="2025-06-14T08:00:00Z">'
        '<meta property="article:modified_time" content="2025-06-14T10:00:00+02:00">'
    )
    assert declared(head)["updated"] is None


def test_what_the_page_lacks_is_taken_from_what_else_is_known() -> None:
    known = declared("", published_at="2025-06-13", updated_at="2025-06-15")
    assert (known["published"], known["updated"]) == ("2025-06-13", "2025-06-15")


def test_a_declared_date_goes_before_one_that_is_known_from_elsewhere() -> None:
    head = '<meta property="article:published_time" content="2025-06-13">'
    assert declared(head, published_at="2024-01-01")["published"] == "2025-06-13"


@pytest.mark.parametrize(
    ("canonical", "url"),
    [
        ("https://vell.example/news/one", "https://vell.example/news/one"),
        ("/news/one", "https://www.vell.example/news/one"),
        ("https://m.vell.example/news/one?utm_medium=y&id=2", "https://m.vell.example/news/one?id=2"),
        ("https://other.example/news/one", "https://www.vell.example/news/1"),
        ("https://www.vell.example/", "https://www.vell.example/news/1"),
        ("javascript:alert(1)", "https://www.vell.example/news/1"),
        ("http://[", "https://www.vell.example/news/1"),
    ],
)  # fmt: skip
def test_the_canonical_address_counts_within_its_own_site(canonical: str, url: str) -> None:
    assert declared(f'<link rel="canonical" href="{canonical}">')["url"] == url


# Encodings


@pytest.mark.parametrize(
    ("encoding", "label", "title"),
    [
        ("utf-8", None, "Hafen von Véll öffnet wieder"),
        ("utf-8-sig", "iso-8859-1", "Hafen von Véll öffnet wieder"),
        ("utf-16", None, "Hafen von Véll öffnet wieder"),
        ("cp1252", "iso-8859-1", "Véll’s “harbour” opens – again"),
        ("iso8859-2", "iso-8859-2", "Port we Wąłęży znów otwarty"),
        ("cp1251", "windows-1251", "Гавань снова открыта"),
        ("koi8-r", "koi8-r", "Гавань снова открыта"),
        ("cp932", "shift_jis", "ヴェルの港が再開①"),
        ("euc_jp", "euc-jp", "ヴェルの港が再開"),
        ("iso2022_jp", "iso-2022-jp", "ヴェルの港が再開"),
        ("gb18030", "gb2312", "维尔港重新开放"),
        ("big5", "big5", "維爾港重新開放"),
        ("cp949", "euc-kr", "벨 항구 재개장"),
    ],
)
@pytest.mark.parametrize("where", ["header", "page"])
def test_a_page_is_read_in_the_encoding_that_is_declared(
    encoding: str, label: str | None, title: str, where: str
) -> None:
    meta = f'<meta charset="{label}">' if label and where == "page" else ""
    data = story(title, head=meta).encode(encoding)
    found = read_page(data, charset=label if where == "header" else None)
    assert (found.article.title, found.notes) == (title, ())


@pytest.mark.parametrize(
    ("encoding", "title"),
    [("cp1251", "Гавань снова открыта"), ("cp932", "ヴェルの港が再開"), ("cp1252", "Véll öffnet")],
)
def test_an_encoding_that_nobody_declares_is_guessed_and_noted(encoding: str, title: str) -> None:
    found = read_html(story(title).encode(encoding))
    assert found.article.title == title
    assert found.notes[0].startswith("not UTF-8, so it was read as ")


@pytest.mark.parametrize("label", ["unicode_escape", "idna", "zip", "no-such", "undefined"])
def test_a_label_that_is_no_encoding_of_the_web_is_not_followed(label: str) -> None:
    found = read_page(story("Véll öffnet").encode("cp1252"), charset=label)
    assert found.article.title == "Véll öffnet"


def test_a_damaged_letter_does_not_spoil_a_page_in_utf8() -> None:
    data = story("Véll öffnet wieder, später").encode().replace(b"Ship number 3", b"Ship \xff 3")
    found = read_page(data, charset="windows-1252")
    assert found.article.title == "Véll öffnet wieder, später"
    assert found.notes == ("1 letter is not UTF-8 and shown as \ufffd",)


def test_a_binary_file_is_no_page() -> None:
    with pytest.raises(Unreadable, match="NUL"):
        read_html(b"<html>\0\0\0</html>")
