"""What a download takes from the settings of pip."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.fetching import download
from rag.fetching.download import FetchError, read_pip_settings


@pytest.mark.parametrize(
    ("listing", "environment", "expected"),
    [
        ("", {}, ("https://pypi.org/simple",)),
        ("global.index-url='https://a.example/simple'\n", {}, ("https://a.example/simple",)),
        (
            "global.index-url='https://a.example'\ndownload.index-url='https://b.example'\n",
            {},
            ("https://b.example",),
        ),
        (
            "global.index-url='https://a.example'\n",
            {"PIP_INDEX_URL": "https://c.example"},
            ("https://c.example",),
        ),
        (
            "global.extra-index-url='https://d.example file:///e'\n",
            {},
            ("https://pypi.org/simple", "https://d.example"),
        ),
    ],
)
def test_pips_indexes_are_used(
    listing: str, environment: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert read_pip_settings(listing, environment).index_urls == expected


def test_pips_certificate_is_used() -> None:
    assert read_pip_settings("global.cert='/a.pem'\n", {}).certificate == "/a.pem"


def test_a_certificate_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"no\.pem, cannot be read .* correct PIP_CERT"):
        download.open_client(str(tmp_path / "no.pem"))
