"""`byline sync` against a real server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import QUICK, Desk

from corpus.fetch import Fetcher
from index import versions
from rag import load
from rag.cli import main


@pytest.fixture
def byline(
    desk: Desk,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str, str]]:
    """Runs `byline sync` in a folder with a sources.toml of the text given first."""
    monkeypatch.setattr(load, "load_embedder", lambda *_: desk.embedder)
    monkeypatch.setattr("rag.upkeep.sync.Fetcher", lambda: Fetcher(QUICK))

    def run(text: str, *arguments: str) -> tuple[int, str, str]:
        (elsewhere / "sources.toml").write_text(text)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["sync", "--index", str(desk.folder), *arguments])
        code = ended.value.code
        return (code if isinstance(code, int) else 0, *capsys.readouterr())

    return run


def test_the_command_tells_what_came_of_each_source(
    desk: Desk, byline: Callable[..., tuple[int, str, str]]
) -> None:
    desk.page("/1")
    address = desk.feed("/1", "/2").address
    desk.site.put("/2", "<html></html>")
    none = f'[[source]]\nkind = "page"\naddress = "{desk.site.url}/none"\n'
    code, out, _ = byline(f'[[source]]\nkind = "feed"\naddress = "{address}"\n{none}')
    assert code == 0
    assert f"{address}: 2 added" in out
    assert f"{desk.site.url}/none: failed (status 404)" in out
    assert f"noted {desk.site.url}/2: the feed's own content was taken" in out


def test_the_commands_json_lists_every_source(
    desk: Desk, byline: Callable[..., tuple[int, str, str]]
) -> None:
    desk.page("/1")
    address = desk.feed("/1").address
    _, out, _ = byline(f'[[source]]\nkind = "feed"\naddress = "{address}"\n', "--json")
    report = json.loads(out)
    assert report["version"] == versions.current_version(desk.folder)
    assert report["sources"][0]["added"] == [f"{desk.site.url}/1"]


def test_the_command_fails_when_every_source_does(
    desk: Desk, byline: Callable[..., tuple[int, str, str]]
) -> None:
    source = f'[[source]]\nkind = "page"\naddress = "{desk.site.url}/none"\n'
    code, out, err = byline(source)
    assert code == 1
    assert "failed (status 404)" in out
    assert err.startswith("byline: None of the sources of sources.toml could be read")


def test_it_is_a_change_of_the_index_too(
    desk: Desk, byline: Callable[..., tuple[int, str, str]]
) -> None:
    desk.page("/1")
    address = desk.feed("/1").address
    byline(f'[[source]]\nkind = "feed"\naddress = "{address}"\n')
    with pytest.raises(SystemExit) as ended:
        main(["index", "sync", "--index", str(desk.folder)])
    assert not ended.value.code


def test_a_wrong_key_is_one_sentence(byline: Callable[..., tuple[int, str, str]]) -> None:
    code, _, err = byline('[[source]]\nkind = "page"\nurl = "https://vell.example"\n')
    assert code == 1
    assert 'source 1 : unknown key "url"' in err
