"""Feeds, sitemaps and sources.toml: what they list, and what they get wrong."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from corpus.errors import BylineError
from corpus.fields import Unreadable
from corpus.listing import read_feed, read_sitemap
from corpus.sources import Source, load_sources

AT = "https://vell.example/feed"
RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Vell Post</title>
<language>en</language>{items}</channel></rss>"""
ITEM = """<item><title>Harbour &amp;amp; bridge</title><link>/news/1?x=1</link>
<dc:creator>Ann Lee</dc:creator><pubDate>Fri, 13 Jun 2025 09:30:00 -0400</pubDate>
<description>Short.</description><content:encoded><![CDATA[<p>The harbour <b>opened</b>.</p>
<p>Read also: <a>Else</a></p><script>x()</script><p>Ships came.</p>]]></content:encoded></item>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Vell Post</title>
<entry><title>Bridge</title>
<link href="https://vell.example/2"/><published>2025-06-13T08:00:00Z</published>
<updated>2025-06-14T08:00:00Z</updated><author><name>Bo Ek</name></author>
<summary>Words.</summary></entry></feed>"""


def test_an_rss_item_gives_its_address_and_its_facts() -> None:
    [entry] = read_feed(RSS.format(items=ITEM).encode(), AT).entries
    assert entry.url == "https://vell.example/news/1?x=1"
    assert entry.fields == {
        "title": "Harbour & bridge",
        "author": "Ann Lee",
        "outlet": "Vell Post",
        "language": "en",
        "published_at": "2025-06-13T09:30:00-04:00",
    }


def test_an_items_own_content_is_text_without_links_to_others() -> None:
    [entry] = read_feed(RSS.format(items=ITEM).encode(), AT).entries
    assert entry.text == "The harbour opened.\nShips came."


def test_an_atom_entry_gives_the_time_of_its_change_and_is_stamped_with_it() -> None:
    [entry] = read_feed(ATOM.encode(), AT).entries
    assert entry.fields["published_at"] == "2025-06-13T08:00:00+00:00"
    assert entry.fields["updated_at"] == entry.stamp == "2025-06-14T08:00:00+00:00"


def test_an_item_without_a_date_is_stamped_by_its_words() -> None:
    item = ITEM.replace("pubDate", "x")
    stamps = {
        read_feed(RSS.format(items=words).encode(), AT).entries[0].stamp
        for words in (item, item, item.replace("Ships", "Boats"))
    }
    assert len(stamps) == 2


def test_a_feed_in_another_encoding_is_read_by_what_its_server_says() -> None:
    data = RSS.format(items=ITEM.replace("bridge", "Гавань")).encode("cp1251")
    [entry] = read_feed(data, AT, "application/rss+xml; charset=windows-1251").entries
    assert entry.fields["title"].endswith("Гавань")


def test_an_item_that_links_nowhere_on_the_web_is_noted() -> None:
    items = ITEM + ITEM.replace("/news/1?x=1", "javascript:x()")
    listing = read_feed(RSS.format(items=items).encode(), AT)
    assert len(listing.entries) == 1
    assert listing.notes == ("an item without a web address: 'Harbour & bridge'",)


def test_an_address_that_is_listed_twice_counts_once() -> None:
    assert len(read_feed(RSS.format(items=ITEM * 2).encode(), AT).entries) == 1


def test_a_feed_cut_short_gives_what_it_holds_and_says_so() -> None:
    listing = read_feed(RSS.format(items=ITEM + ITEM[:50]).encode()[:-20], AT)
    assert len(listing.entries) >= 1
    assert "not well-formed" in listing.notes[0]


def test_entities_of_a_feed_are_not_expanded() -> None:
    laughs = "".join(f"<!ENTITY l{n + 1} '{f'&l{n};' * 10}'>" for n in range(9))
    data = RSS.format(items=ITEM.replace("Ships came", "&l9;").replace("Short", "&l9;"))
    data = data.replace("<rss", f"<!DOCTYPE rss [<!ENTITY l0 'haha'>{laughs}]><rss", 1)
    listing = read_feed(data.encode(), AT)
    assert all(len(entry.text) < 1000 for entry in listing.entries)


@pytest.mark.parametrize("data", [b"/etc/passwd", b"file:///etc/passwd", b"http://127.0.0.1/", b""])
def test_a_feed_is_never_taken_for_a_path_or_an_address(data: bytes) -> None:
    with pytest.raises(Unreadable, match="not a feed"):
        read_feed(data, AT)


def test_a_page_given_for_a_feed_says_where_its_feed_is() -> None:
    page = (
        b'<html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head></html>'
    )
    with pytest.raises(Unreadable, match=r"but a page; its feed is https://vell\.example/rss"):
        read_feed(page, AT)


# Sitemaps

MAP = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</urlset>'
NEWS = (
    '<url xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"><loc>/1</loc><news:news>'
    "<news:publication><news:name>Vell Post</news:name><news:language>en</news:language>"
    "</news:publication><news:publication_date>2025-06-13</news:publication_date>"
    "<news:title>Harbour opens</news:title></news:news></url>"
)


def test_a_news_sitemap_gives_the_facts_of_each_page() -> None:
    [entry] = read_sitemap(MAP.format(NEWS).encode(), AT).entries
    assert entry.url == "https://vell.example/1"
    assert entry.fields == {
        "title": "Harbour opens",
        "outlet": "Vell Post",
        "language": "en",
        "published_at": "2025-06-13",
    }


def test_a_sitemaps_lastmod_is_the_stamp() -> None:
    page = "<url><loc>/1</loc><lastmod>2025-06-14</lastmod></url>"
    [entry] = read_sitemap(MAP.format(page).encode(), AT).entries
    assert entry.stamp == entry.fields["updated_at"] == "2025-06-14"


def test_the_address_of_an_image_is_not_that_of_the_page() -> None:
    page = "<url><loc>/1</loc><image><loc>/1.png</loc></image></url>"
    [entry] = read_sitemap(MAP.format(page).encode(), AT).entries
    assert entry.url == "https://vell.example/1"


def test_an_index_lists_further_sitemaps() -> None:
    index = "<sitemapindex><sitemap><loc>/a.xml.gz</loc></sitemap></sitemapindex>"
    listing = read_sitemap(index.encode(), AT)
    assert [child.url for child in listing.children] == ["https://vell.example/a.xml.gz"]
    assert not listing.entries


def test_a_packed_sitemap_is_unpacked_within_a_bound() -> None:
    data = gzip.compress(MAP.format(NEWS).encode())
    assert len(read_sitemap(data, AT).entries) == 1
    with pytest.raises(Unreadable, match="more than 1 MB unpacked"):
        read_sitemap(gzip.compress(b"<" + bytes(5_000_000)), AT, 1_000_000)


def test_a_text_file_of_addresses_is_a_sitemap() -> None:
    listing = read_sitemap(b"https://vell.example/1\nno address\nhttps://vell.example/2\n", AT)
    assert len(listing.entries) == 2
    assert listing.notes == ("1 lines without a web address",)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<html></html>", "not a sitemap but <html>"),
        (b"words", "not a sitemap"),
        (b"<urlset>", "not valid XML"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><urlset/>", "defines entities"),
        (b"\x1f\x8b nonsense", "gzip data is damaged"),
    ],
)
def test_what_is_no_sitemap_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read_sitemap(data, AT)


# sources.toml


def sources(tmp_path: Path, text: str) -> tuple[Source, ...]:
    file = tmp_path / "sources.toml"
    file.write_text(text)
    return load_sources(file)


FEED = '[[source]]\nkind = "feed"\naddress = "https://vell.example/feed"\n'


def test_sources_are_read_with_their_defaults(tmp_path: Path) -> None:
    feed, files = sources(tmp_path, f'{FEED}\n[[source]]\nkind = "files"\npath = "articles"\n')
    assert (feed.interval, feed.recheck, feed.limit, feed.when_gone) == (3600, 86400, 200, "keep")
    assert files.path == tmp_path / "articles"


def test_a_source_says_how_often_and_how_much(tmp_path: Path) -> None:
    more = 'interval = "30m"\noutlet = "Vell Post"\nlimit = 5\nrecheck = "2d"\nwhen_gone = "remove"'
    [source] = sources(tmp_path, FEED + more)
    assert (source.interval, source.outlet, source.limit) == (1800, "Vell Post", 5)
    assert (source.recheck, source.when_gone) == (172_800, "remove")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (FEED + 'adress = "x"', r'source 1 https://vell\.example/feed: unknown key "adress"'),
        ('[sources]\nkind = "feed"', 'unknown key "sources"'),
        ('[[source]]\nkind = "rss"', r"source 1 : \"kind\" must be feed, page, sitemap, files"),
        ('[[source]]\nkind = "feed"\npath = "x"', 'has "address" and no "path"'),
        ('[[source]]\nkind = "files"\npath = "x"\nlimit = 3', '"limit" is not for files'),
        (FEED + 'interval = 5', r'"interval" must be like "30m"'),
        (FEED + 'interval = "soon"', r'"interval" must be like "30m"'),
        (FEED + "limit = 0", '"limit" must be a whole number from 1'),
        (FEED + 'when_gone = "burn"', '"when_gone" must be keep or remove'),
        (FEED.replace("https", "ftp"), r"must begin with http:// or https://"),
        (FEED + FEED, "is listed twice"),
        ("", "lists no sources"),
        ("source = 3", "lists no sources"),
        ("[[source]\n", "line 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_of_sources_is_named(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(BylineError, match=reason):
        sources(tmp_path, text)


def test_a_file_of_sources_that_is_not_there_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(BylineError, match=r"There is no .*sources\.toml: list feeds"):
        load_sources(tmp_path / "sources.toml")
