"""Weights of a GGUF file, unpacked once and kept: whole or not there."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from corpus.errors import BylineError
from rag.engines import unpacked
from rag.engines.unpacked import has_room, is_unpacked, unpack
from rag.types import Message


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF weights")
    return file


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that the writer was asked to fill, in order; it fills them in a millisecond."""
    folders: list[Path] = []

    def write(file: Path, folder: Path) -> None:
        folders.append(folder)
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(file.read_bytes())

    monkeypatch.setattr(unpacked, "_write", write)
    return folders


def test_nothing_is_unpacked_at_first(file: Path) -> None:
    assert not is_unpacked(file)


def test_unpacks_beside_the_file(file: Path, written: list[Path]) -> None:
    folder = unpack(file)
    assert folder.parent == file.parent
    assert (folder / "model.safetensors").read_bytes() == b"GGUF weights"
    assert is_unpacked(file)


def test_unpacks_once(file: Path, written: list[Path]) -> None:
    assert unpack(file) == unpack(file)
    assert len(written) == 1


def test_another_file_of_that_name_is_unpacked_again(file: Path, written: list[Path]) -> None:
    unpack(file)
    file.write_bytes(b"GGUF other weights")
    assert not is_unpacked(file)
    assert (unpack(file) / "model.safetensors").read_bytes() == b"GGUF other weights"


def test_what_a_killed_run_left_is_cleared(file: Path, written: list[Path]) -> None:
    part = file.parent / "bfloat16.part"
    part.mkdir()
    (part / "half").write_bytes(b"")
    assert not (unpack(file) / "half").exists()
    assert not part.exists()


def test_a_full_disk_is_said_and_leaves_nothing(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(file: Path, folder: Path) -> None:
        folder.mkdir()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(unpacked, "_write", write)
    with pytest.raises(BylineError, match=r"model\.gguf .*No space left.*make room"):
        unpack(file)
    assert [path.name for path in file.parent.iterdir() if path.is_dir()] == []
    assert not is_unpacked(file)


def test_says_whether_the_disk_has_room(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert has_room(file)
    with file.open("r+b") as handle:
        handle.truncate(shutil.disk_usage(file.parent).free)  # sparse: takes no room itself
    assert not has_room(file)


@pytest.mark.model
def test_real_weights_are_unpacked_and_reply(tmp_path: Path, smollm_file: Path) -> None:
    from rag.engines.transformers_engine import TransformersGenerator

    file = tmp_path / smollm_file.name
    file.symlink_to(smollm_file)
    folder = unpack(file)
    assert (folder / "model.safetensors").stat().st_size > 2 * 130_000_000  # two bytes a weight
    chat = [Message("user", "Is the sky blue? Reply with yes or no only.")]
    assert TransformersGenerator(folder, "kept").read([chat], "yes")[0].probability > 0.01
