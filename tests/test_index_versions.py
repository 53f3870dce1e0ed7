"""Versions on disk: manifest, pointer, lock."""

import json
from datetime import datetime, timezone
from pathlib import Path
from unittest import mock

import pytest

from corpus.errors import BylineError
from index import versions
from index.chunk import Chunking
from index.versions import Keep, Manifest

MANIFEST = Manifest("v1", "2025-06-13T00:00:00+00:00", "e", "h", 4, Chunking(), 1, 2, "d", "s")


def publish(directory: Path, version: str) -> None:
    with versions.building_folder(directory) as folder:
        versions.write_manifest(folder, MANIFEST)
        versions.publish(directory, folder, version)


def test_the_manifest_comes_back(tmp_path: Path) -> None:
    publish(tmp_path, "v1")
    assert versions.read_manifest(tmp_path) == MANIFEST


def test_the_pointer_names_the_last_published(tmp_path: Path) -> None:
    publish(tmp_path, "v1")
    publish(tmp_path, "v2")
    assert versions.current_version(tmp_path) == "v2"


def test_nothing_built_yet(tmp_path: Path) -> None:
    assert versions.current_version(tmp_path) is None
    with pytest.raises(BylineError, match=r"no index in .* yet; run: byline index build"):
        versions.read_manifest(tmp_path)


@pytest.mark.parametrize("content", [b"", b"../../etc", b"two words", b"\xff\xfe"])
def test_a_damaged_pointer_names_the_rebuild(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "current").write_bytes(content)
    with pytest.raises(BylineError, match="byline index build"):
        versions.read_manifest(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        "not json",
        "[]",
        "{}",
        {"schema": 99},
        {"dim": "many"},
        {"chunking": {"max_chars": 0, "overlap": 1}},
        {"chunking": 3},
        {"surprise": 1},
    ],
)
def test_a_damaged_manifest_names_the_rebuild(
    tmp_path: Path, change: str | dict[str, object]
) -> None:
    publish(tmp_path, "v1")
    path = versions.version_folder(tmp_path, "v1") / versions.MANIFEST
    if isinstance(change, dict):
        change = json.dumps({**json.loads(path.read_text()), **change})
    path.write_text(change)
    with pytest.raises(BylineError, match="byline index build"):
        versions.read_manifest(tmp_path)


def test_a_pointer_to_a_version_that_is_gone_names_the_rebuild(tmp_path: Path) -> None:
    (tmp_path / "current").write_text("v9\n")
    with pytest.raises(BylineError, match="byline index build"):
        versions.read_manifest(tmp_path)


def test_what_is_not_published_is_removed(tmp_path: Path) -> None:
    with versions.building_folder(tmp_path) as folder:
        (folder / "half").write_text("...")
    assert list((tmp_path / "versions").iterdir()) == []


def test_what_a_dead_build_left_is_removed(tmp_path: Path) -> None:
    leftover = tmp_path / "versions" / ".building-999-x"
    leftover.mkdir(parents=True)
    (leftover / "half").write_text("...")
    with versions.building_folder(tmp_path):
        assert not leftover.exists()


def test_the_newest_and_the_one_in_use_stay(tmp_path: Path) -> None:
    for version in ("v1", "v2", "v3", "v4", "v5"):
        publish(tmp_path, version)
    (tmp_path / "current").write_text("v1\n")  # gone back
    versions.remove(tmp_path, versions.leaving(tmp_path, Keep(3)))
    assert sorted(path.name for path in (tmp_path / "versions").iterdir()) == ["v1", "v4", "v5"]


def test_version_ids_are_in_order_of_time() -> None:
    ids = [versions.new_version_id(Path("none"), "abcdef0123") for _ in range(20)]
    assert ids == sorted(ids)
    assert ids[0].endswith("-abcdef01")


def test_an_id_is_newer_than_those_there_also_when_the_clock_was_put_back(tmp_path: Path) -> None:
    publish(tmp_path, "29990101T000000.000000Z-abcdef01")
    new = versions.new_version_id(tmp_path, "abcdef0123")
    assert new == "29990101T000000.000001Z-abcdef01"


def test_young_versions_stay_beside_the_newest(tmp_path: Path) -> None:
    for version in ("v1", "v2", "v3"):
        publish(tmp_path, version)
    old = versions.version_folder(tmp_path, "v1") / versions.MANIFEST
    now = datetime.now(timezone.utc).isoformat()
    young = versions.version_folder(tmp_path, "v2") / versions.MANIFEST
    young.write_text(young.read_text().replace(MANIFEST.created_at, now))
    versions.remove(tmp_path, versions.leaving(tmp_path, Keep(1, days=1)))
    assert versions.version_ids(tmp_path) == ["v3", "v2"]
    assert not old.exists()


def test_a_version_that_is_being_deleted_is_none(tmp_path: Path) -> None:
    publish(tmp_path, "v1")
    publish(tmp_path, "v2")
    with mock.patch("shutil.rmtree", side_effect=OSError("busy")):
        versions.remove(tmp_path, versions.leaving(tmp_path, Keep(1)))
    assert versions.version_ids(tmp_path) == ["v2"]
    with versions.building_folder(tmp_path):
        pass  # the next change takes away what is left
    assert [path.name for path in (tmp_path / "versions").iterdir()] == ["v2"]
