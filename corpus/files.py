"""What one file gives: recalled, parsed here, or parsed in a process beside this one."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

from corpus.article import Article
from corpus.beside import Parsers, cores
from corpus.fields import Found, Unreadable
from corpus.forms import JSON_LINES, no_reader, read_form
from corpus.jsonlines import read_json_lines
from corpus.recall import Recall, digest_of

LARGEST_FILE = 200_000_000  # bytes of one article's file; JSON lines are read one by one instead
MAY = "see that it is whole and that this user may read it"

_SLOW = (".html", ".htm", ".xhtml", ".pdf", ".docx", ".epub", ".zip")
_HERE = 32
"""Slow files that are parsed here first: to begin a process takes as long as so many pages."""
_LARGEST_BESIDE = 20_000_000  # bytes; what a larger archive gives is not to be in memory twice

Results = Iterator[Found | Unreadable]
OnBytes = Callable[[int], None]


def refusal(path: Path) -> str | None:
    """Why a file is not even begun; None where it is. May raise OSError."""
    if not path.exists():
        return "a link to nothing; make it anew or delete it"
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file; copy what it gives into one"
    if reason := no_reader(path.name):
        return reason
    if not is_json_lines(path) and status.st_size > LARGEST_FILE:
        size, limit = status.st_size // 1_000_000, LARGEST_FILE // 1_000_000
        return f"{size} MB, more than {limit} MB; split it"
    return None


def is_beside(path: Path, size: int) -> bool:
    """Whether a file of so many bytes is slow to parse, and is parsed in a process beside."""
    return path.name.casefold().endswith(_SLOW) and size <= _LARGEST_BESIDE


class FileReader:
    """Reads files that are begun in order and finished in that order; close it at the end."""

    def __init__(
        self, recall: Recall | None = None, on_parsed: Callable[[Article], None] | None = None
    ) -> None:
        """`on_parsed` hears of each article that no recall knew."""
        self._recall, self._on_parsed = recall, on_parsed
        self._slow = 0
        self._parsers: Parsers | None = None
        self._cores = cores()

    @property
    def ahead(self) -> int:
        """How many files may be begun before the first of them is finished."""
        return 2 * self._cores if self._parsers else 0

    def close(self) -> None:
        if self._parsers:
            self._parsers.close()

    def begin(self, path: Path, on_bytes: OnBytes) -> Results:
        """What the file gives, or the one reason why it gives nothing. `on_bytes` hears how far a
        long one is."""
        try:
            if reason := refusal(path):
                return iter([Unreadable(reason)])
            return _guarded(self._recalled(path, path.stat().st_size, on_bytes))
        except OSError as error:
            return iter([_refused(error)])

    def _recalled(self, path: Path, size: int, on_bytes: OnBytes) -> Results:
        if self._recall is None:
            return self._told(self._parsed(path, size, on_bytes))
        digest = digest_of(path)
        known = self._recall.results(path, digest)
        if known is not None:
            return iter(known)
        return self._learnt(path, digest, self._parsed(path, size, on_bytes))

    def _learnt(self, path: Path, digest: str, parsed: Results) -> Results:
        results = []
        for result in self._told(parsed):
            results.append(result)
            yield result
        if self._recall and digest_of(path) == digest:  # nobody wrote to it meanwhile
            self._recall.learn(path, digest, results)

    def _told(self, parsed: Results) -> Results:
        for result in parsed:
            if self._on_parsed and isinstance(result, Found):
                self._on_parsed(result.article)
            yield result

    def _parsed(self, path: Path, size: int, on_bytes: OnBytes) -> Results:
        if is_json_lines(path):
            return read_json_lines(path, on_bytes)
        is_slow = is_beside(path, size)
        self._slow += is_slow
        if not is_slow or self._cores < 2 or self._slow <= _HERE:
            return _parsed_here(path)
        if self._parsers is None:
            self._parsers = Parsers(self._cores)
        return _awaited(self._parsers.parse(path))


def _parsed_here(path: Path) -> Results:
    yield from read_form(path.name, path.read_bytes())


def _awaited(parsed: Future[list[Found | Unreadable]]) -> Results:
    yield from parsed.result()


def _guarded(results: Results) -> Results:
    try:
        yield from results
    except OSError as error:
        yield _refused(error)


def _refused(error: OSError) -> Unreadable:
    return Unreadable(f"could not be read ({error.strerror or error}); {MAY}")


def is_json_lines(path: Path) -> bool:
    """By its name."""
    return path.name.casefold().endswith(JSON_LINES)
