"""Bytes over HTTP: downloads that go on where they were, and wheels found on a package index."""

from __future__ import annotations

import ast
import functools
import html.parser
import os
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urldefrag, urljoin, urlsplit

from corpus.errors import BylineError
from rag.fetching.catalogue import Wheel

if TYPE_CHECKING:
    import httpx

ATTEMPTS = 3
BACKOFF_S = 1.0
PUBLIC_INDEX = "https://pypi.org/simple"
SIMPLE_API = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
)

Result = TypeVar("Result")


class FetchError(BylineError):
    """Weights could not be brought here, or are not what the catalogue says."""


class SourceError(Exception):
    """One source does not give a file; its text says why. Another source may."""


class _TryAgain(Exception):
    """The answer of a server that may go better the next time."""


class Stopped(Exception):
    """Another part of the same fetch failed, so this one ends too."""


@dataclass(frozen=True, slots=True)
class PipSettings:
    """Where pip is configured to look: index addresses in order, and a file of certificates."""

    index_urls: tuple[str, ...] = (PUBLIC_INDEX,)
    certificate: str | None = None


@functools.cache
def pip_settings() -> PipSettings:
    """The user's pip configuration: its files as pip reads them, then the environment."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    return read_pip_settings(listed.stdout, dict(os.environ))


def read_pip_settings(listing: str, environment: dict[str, str]) -> PipSettings:
    """Settings from the output of `pip config list`; `PIP_*` variables come first, as in pip."""
    values: dict[str, str] = {}
    for section in ("global", "install", "download"):
        for key, value in re.findall(rf"^{section}\.([\w-]+)=('.*'|\".*\")$", listing, re.M):
            values[key] = ast.literal_eval(value)
    for key in ("index-url", "extra-index-url", "cert"):
        variable = environment.get("PIP_" + key.upper().replace("-", "_"))
        if variable:
            values[key] = variable
    urls = [values.get("index-url", PUBLIC_INDEX), *values.get("extra-index-url", "").split()]
    web = tuple(url for url in urls if url.startswith(("http://", "https://")))
    return PipSettings(web, values.get("cert"))


def open_client(certificate: str | None) -> httpx.Client:
    """A client that trusts the system's certificates and `certificate` (a file or a folder).

    Proxies come from the environment. Raises `FetchError` if the certificates cannot be read.
    """
    import httpx
    import truststore

    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if certificate:
        try:
            if os.path.isdir(certificate):
                context.load_verify_locations(capath=certificate)
            else:
                context.load_verify_locations(cafile=certificate)
        except OSError as error:
            raise FetchError(
                f"The certificates that pip is configured with, {certificate}, cannot be read "
                f"({error.strerror or error}); correct PIP_CERT or pip's `cert` setting."
            ) from error
    return httpx.Client(
        verify=context,
        follow_redirects=True,
        timeout=httpx.Timeout(30.0, connect=10.0),
        headers={"Accept-Encoding": "identity"},
    )


def size_of(path: Path) -> int:
    """Bytes of a file, 0 if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def part_of(target: Path) -> Path:
    """Where the bytes of `target` gather until they are all there."""
    return target.with_name(target.name + ".part")


@dataclass(frozen=True, slots=True)
class Downloader:
    """Downloads with a client; several threads may share one.

    `on_bytes` is told of every change in the number of bytes that are here; it is negative when a
    download has to start over. Once `stop` is set, every call ends with `Stopped`.
    """

    client: httpx.Client
    on_bytes: Callable[[int], None]
    stop: threading.Event

    def answers(self, url: str, timeout: float) -> None:
        """Raise `SourceError` if `url` gives no good answer, waiting `timeout` seconds a step."""
        import httpx

        try:
            self.client.head(url, timeout=timeout).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(_reason(error, url)) from error

    def download(self, url: str, target: Path, size: int) -> None:
        """Bring the `size` bytes of `url` to `target`, going on where an earlier try ended.

        Raises `SourceError` after `ATTEMPTS` tries in a row that brought nothing new.
        """
        part = part_of(target)

        def stream() -> None:
            if size_of(part) != size:
                self._stream(url, part, size)

        self._with_retries(stream, url, arrived=lambda: size_of(part))
        os.replace(part, target)

    def find_wheel(self, index_urls: tuple[str, ...], wheel: Wheel) -> tuple[str, str | None]:
        """The address of a wheel and the SHA-256 that its index gives, None if it gives none."""
        reasons = []
        for index_url in index_urls:
            page = f"{index_url.rstrip('/')}/{re.sub(r'[-_.]+', '-', wheel.name).lower()}/"

            def ask(page: str = page) -> httpx.Response:
                answer = self.client.get(page, headers={"Accept": SIMPLE_API})
                _check_status(answer)
                return answer

            try:
                listed = _listed_files(self._with_retries(ask, page))
            except SourceError as error:
                reasons.append(str(error))
                continue
            for name, url, sha256 in listed:
                if _is_wheel(name, wheel):
                    return url, sha256
            reasons.append(f"{_host(page)} has no {wheel.name} {wheel.version}")
        raise SourceError("; ".join(reasons) or "pip is configured with no index on the web")

    def _stream(self, url: str, part: Path, size: int) -> None:
        had = size_of(part)
        headers = {"Range": f"bytes={had}-"} if had else {}
        with self.client.stream("GET", url, headers=headers) as answer:
            resumed = answer.headers.get("Content-Range", "").startswith(f"bytes {had}-")
            if answer.status_code == 416 or (answer.status_code == 206 and not resumed):
                part.unlink()
                self.on_bytes(-had)
                raise _TryAgain("the server cannot go on where the download ended")
            _check_status(answer)
            start = had if answer.status_code == 206 else 0
            length = answer.headers.get("Content-Length")
            if length is not None and start + int(length) != size:
                raise SourceError(f"{_host(url)} has {start + int(length)} bytes, not {size}")
            self.on_bytes(start - had)
            with part.open("ab" if start else "wb") as file:
                for chunk in answer.iter_bytes():
                    if self.stop.is_set():
                        raise Stopped
                    if start + len(chunk) > size:
                        raise SourceError(f"{_host(url)} sends more than {size} bytes")
                    file.write(chunk)
                    start += len(chunk)
                    self.on_bytes(len(chunk))
        if start != size:
            raise _TryAgain(f"the connection ended after {start} of {size} bytes")

    def _with_retries(
        self, action: Callable[[], Result], url: str, arrived: Callable[[], int] = lambda: 0
    ) -> Result:
        import httpx

        failures = 0
        while True:
            before = arrived()
            try:
                return action()
            except httpx.HTTPStatusError as error:
                raise SourceError(_reason(error, url)) from error
            except (httpx.TransportError, _TryAgain) as error:
                failures = 1 if arrived() > before else failures + 1
                if failures == ATTEMPTS:
                    raise SourceError(_reason(error, url)) from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise SourceError(_reason(error, url)) from error
            if self.stop.wait(BACKOFF_S * 2 ** (failures - 1)):
                raise Stopped


def _check_status(answer: httpx.Response) -> None:
    if answer.status_code == 429 or answer.status_code >= 500:
        raise _TryAgain(f"status {answer.status_code}")
    answer.raise_for_status()


def _reason(error: Exception, url: str) -> str:
    """Why a server gave nothing, without the address: it may hold a password."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return f"{_host(url)}: status {error.response.status_code}"
    return f"{_host(url)}: {str(error).rstrip('.') or type(error).__name__}"


def _host(url: str) -> str:
    return urlsplit(url).hostname or "the server"


def _is_wheel(filename: str, wheel: Wheel) -> bool:
    wanted = f"{re.sub(r'[-_.]+', '_', wheel.name)}-{wheel.version}-".lower()
    return filename.lower().startswith(wanted) and filename.endswith(".whl")


def _listed_files(answer: httpx.Response) -> list[tuple[str, str, str | None]]:
    """File name, address and SHA-256 of each file of a project's page: PEP 691, else PEP 503."""
    base = str(answer.url)
    if "json" in answer.headers.get("Content-Type", ""):
        try:
            files: list[dict[str, Any]] = answer.json()["files"]
            return [
                (file["filename"], urljoin(base, file["url"]), file.get("hashes", {}).get("sha256"))
                for file in files
            ]
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(f"{_host(base)} gives a page that is no list of files") from error
    links = _Links()
    links.feed(answer.text)
    listed = []
    for href in links.hrefs:
        url, fragment = urldefrag(urljoin(base, href))
        sha256 = fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else None
        listed.append((urlsplit(url).path.rpartition("/")[2], url, sha256))
    return listed


class _Links(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.hrefs.append(href)
