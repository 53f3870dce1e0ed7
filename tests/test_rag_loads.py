"""How long loading took before: kept from one load to the next, whatever becomes of the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.settings import load_settings
from rag.upkeep.loads import FILE, Loads, loads_of


def test_the_first_load_is_not_known() -> None:
    assert Loads(Path("/nowhere"), "toy").usual is None


def test_the_usual_load_is_the_lower_median_of_the_last_five(tmp_path: Path) -> None:
    loads = Loads(tmp_path / "models", "toy")  # the folder is made
    usual = []
    for seconds in (90.0, 8.0, 9.0, 7.0, 6.0, 5.0):
        loads.took(seconds)
        usual.append(loads.usual)
    assert usual == [90.0, 8.0, 9.0, 8.0, 8.0, 7.0]
    kept = json.loads((tmp_path / "models" / FILE).read_text())
    assert kept == {"toy": [8.0, 9.0, 7.0, 6.0, 5.0]}


def test_each_model_and_engine_has_its_own(tmp_path: Path) -> None:
    one, other = (
        loads_of(load_settings(models_dir=tmp_path, engine=engine))
        for engine in ("transformers", "llama.cpp")
    )
    one.took(8.0)
    other.took(3.0)
    assert (one.usual, other.usual) == (8.0, 3.0)


def test_models_that_were_not_loaded_for_long_are_forgotten(tmp_path: Path) -> None:
    for number in range(30):
        Loads(tmp_path, f"model {number}").took(1.0)
    assert list(json.loads((tmp_path / FILE).read_text())) == [f"model {n}" for n in range(10, 30)]


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b'{"toy": [8.0',
        b"\xff\xfe",
        b"[8.0]",
        b"null",
        b'{"toy": 8.0}',
        b'{"toy": []}',
        b'{"toy": ["8"]}',
        b'{"toy": [NaN]}',
        b'{"toy": [-1]}',
        b"[" * 100_000,
        b'{"toy": [8.0]}' + b" " * 200_000,
    ],
)
def test_a_damaged_file_is_as_none_and_is_written_anew(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / FILE).write_bytes(broken)
    loads = Loads(tmp_path, "toy")
    assert loads.usual is None
    loads.took(7.0)
    assert loads.usual == 7.0


def test_what_is_damaged_of_one_model_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"toy": "soon", "other": [4, 5.5]}')
    Loads(tmp_path, "toy").took(7.0)
    assert (Loads(tmp_path, "toy").usual, Loads(tmp_path, "other").usual) == (7.0, 4)


def test_a_folder_that_cannot_be_written_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models").write_text("a file")
    loads = Loads(tmp_path / "models", "toy")
    with caplog.at_level("INFO"):
        loads.took(7.0)
    assert loads.usual is None
    assert str(tmp_path / "models" / FILE) in caplog.text


def test_nothing_half_written_is_left(tmp_path: Path) -> None:
    Loads(tmp_path, "toy").took(7.0)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
