"""Writing down a source, and taking it out again, with the rest of the file as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import BylineError
from corpus.sources import forget_source, load_sources, note_source, source_at

BY_HAND = """# What we read.
[[source]]
kind = "feed"
address = "https://vell.example/rss"  # ours
interval = "30m"

[[ source ]]
kind = "sitemap"
address = "https://ledger.example/sitemap.xml"
"""
FEED = source_at("feed", " https://post.example/rss?a=1&b=\\ü ")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sources.toml"


def addresses(file: Path) -> list[str]:
    return [source.address for source in load_sources(file)]


def test_the_first_source_makes_the_file(file: Path) -> None:
    assert note_source(file, FEED)
    assert load_sources(file) == (FEED,)


def test_a_source_is_written_below_the_others(file: Path) -> None:
    file.write_text(BY_HAND)
    note_source(file, FEED)
    assert file.read_text(encoding="utf-8").startswith(BY_HAND)
    assert addresses(file)[2] == "https://post.example/rss?a=1&b=\\ü"


def test_a_source_is_noted_once(file: Path) -> None:
    note_source(file, FEED)
    assert not note_source(file, FEED)
    assert len(load_sources(file)) == 1


def test_a_source_is_forgotten_and_the_others_keep_what_they_say(file: Path) -> None:
    file.write_text(BY_HAND)
    assert forget_source(file, "sitemap https://ledger.example/sitemap.xml")
    assert file.read_text() == BY_HAND[: BY_HAND.index("[[ source ]]")]


def test_the_last_source_takes_the_file_with_it(file: Path) -> None:
    note_source(file, FEED)
    assert forget_source(file, FEED.key)
    assert not file.exists()


def test_a_source_that_is_not_there_cannot_be_forgotten(file: Path) -> None:
    file.write_text(BY_HAND)
    assert not forget_source(file, "feed https://nobody.example/")
    assert file.read_text() == BY_HAND


def test_a_file_that_would_read_otherwise_then_is_left_alone(file: Path) -> None:
    text = 'source = [{kind = "feed", address = "https://a.example/"},'
    file.write_text(text + ' {kind = "feed", address = "https://b.example/"}]\n')
    with pytest.raises(BylineError, match="only you can change"):
        note_source(file, FEED)
    assert addresses(file) == ["https://a.example/", "https://b.example/"]
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    "address", ["", "vell.example/rss", "file:///etc/passwd", "https://a.example/\x7f", "data:,1"]
)
def test_what_is_no_address_is_one_sentence(address: str) -> None:
    with pytest.raises(BylineError, match="address"):
        source_at("feed", address)
