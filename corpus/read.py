"""Files and folders to articles, with an account of everything that was not read."""

from __future__ import annotations

import os
import stat
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from corpus.article import Article
from corpus.errors import BylineError
from corpus.fields import Found, Unreadable
from corpus.files import MAY, FileReader
from corpus.forms import WANTED, no_reader
from corpus.recall import Recall

_LISTED = 10  # reasons that a summary names before it counts the rest


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to say about a file, or about one line of it (counted from 1).

    The path of what lies in an archive goes on from the archive's.
    """

    path: Path
    line: int | None
    reason: str

    @property
    def place(self) -> str:
        return f"{self.path} line {self.line}" if self.line else str(self.path)

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class Skipped(Remark):
    """What was not read, and why."""


class Note(Remark):
    """What was read although a part of it was not understood, such as a date."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading: `files` counts the files that gave at least one article, `origins` says
    which file gave each, by the article's id."""

    articles: tuple[Article, ...]
    skipped: tuple[Skipped, ...]
    files: int
    notes: tuple[Note, ...] = ()
    origins: Mapping[str, Path] = field(default_factory=dict)

    def summary(self) -> str:
        """How many articles were read, and what was skipped or noted and why, on one line."""
        text = f"Read {_count(len(self.articles), 'article')} from {_count(self.files, 'file')}"
        if self.skipped:
            text += f"; skipped {len(self.skipped)}: {_listed(self.skipped)}"
        if self.notes:
            text += f"; noted {len(self.notes)}: {_listed(self.notes)}"
        return text + "."


class _Gauge:
    """How much of the files was read; told in whole kilobytes, as it moves."""

    def __init__(
        self, on_progress: Callable[[str, int, int], None] | None, total_bytes: int
    ) -> None:
        self._on_progress, self._total = on_progress, total_bytes // 1000
        self._before, self._told = 0, -1
        self.within_file(0)

    def within_file(self, done_bytes: int) -> None:
        done = min((self._before + done_bytes) // 1000, self._total)
        if self._on_progress and self._total and done > self._told:
            self._told = done
            self._on_progress("read", done, self._total)

    def end_file(self, size_bytes: int) -> None:
        self._before += size_bytes
        self.within_file(0)


def read_articles(
    paths: Sequence[Path],
    recall: Recall | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
    on_parsed: Callable[[Article], None] | None = None,
) -> Reading:
    """The articles of files, and of folders with everything below them, in sorted order.

    One bad file or line never stops the rest: it is in `Reading.skipped` with its reason, and so is
    a second article with an id that is already taken. What `recall` knows of a file that is as it
    was is taken instead of parsing it. `on_progress` hears ("read", done, total), in kilobytes of
    the files, and `on_parsed` of each article that no recall knew, as soon as it is there. Where
    there is more than one core, forms that take long are parsed in processes of their own. Raises
    `BylineError` for a path that does not exist, and when there was no article at all.
    """
    articles: dict[str, tuple[Article, str]] = {}
    skipped: list[Skipped] = []
    notes: list[Note] = []
    origins: dict[str, Path] = {}
    with closing(FileReader(recall, on_parsed)) as reader:
        for path, result in _results(paths, reader, on_progress):
            if isinstance(result, Unreadable):
                skipped.append(Skipped(path, result.line, result.reason))
                continue
            article = result.article
            earlier = articles.get(article.id)
            if earlier:
                skipped.append(Skipped(path, result.line, _taken(article, *earlier)))
                continue
            articles[article.id] = (article, Remark(path, result.line, "").place)
            origins[article.id] = path
            notes += [Note(path, result.line, note) for note in result.notes]
    if not articles:
        raise BylineError(_nothing(paths, skipped))
    found = tuple(article for article, _ in articles.values())
    return Reading(found, tuple(skipped), len(set(origins.values())), tuple(notes), origins)


def _results(
    paths: Iterable[Path],
    reader: FileReader,
    on_progress: Callable[[str, int, int], None] | None,
) -> Iterator[tuple[Path, Found | Unreadable]]:
    files = [(file, refusal, 0 if refusal else _size(file)) for file, refusal in files_below(paths)]
    gauge = _Gauge(on_progress, sum(size for *_, size in files))
    begun: deque[tuple[Path, int, Iterator[Found | Unreadable]]] = deque()

    def finish() -> Iterator[tuple[Path, Found | Unreadable]]:
        file, size, results = begun.popleft()
        for result in results:
            yield (file / result.member if result.member else file), result
        gauge.end_file(size)

    for file, refusal, size in files:
        results = iter([Unreadable(refusal)]) if refusal else reader.begin(file, gauge.within_file)
        begun.append((file, size, results))
        if len(begun) > reader.ahead:
            yield from finish()
    while begun:
        yield from finish()


def files_below(paths: Iterable[Path]) -> Iterator[tuple[Path, str | None]]:
    """Each file that is given or lies in a folder that is, with the reason not to read it or None.

    Whatever way leads to it, each is read once.
    """
    seen: dict[str, Path] = {}
    folders: dict[tuple[int, int], Path] = {}
    real_folder = cache(os.path.realpath)

    def real(file: Path) -> str:  # looking at each folder on the way only once
        if os.path.islink(file):
            return os.path.realpath(file)
        return os.path.join(real_folder(file.parent), file.name)

    for path in paths:
        if not os.path.exists(path):
            raise BylineError(f"{path} does not exist; give a file or a folder of articles.")
        for file, refusal in _walk(path, folders) if path.is_dir() else [(path, None)]:
            if refusal is None and (first := seen.setdefault(real(file), file)) is not file:
                refusal = f"read already as {first}"
            yield file, refusal


def _walk(folder: Path, folders: dict[tuple[int, int], Path]) -> Iterator[tuple[Path, str | None]]:
    """Each file below a folder, sorted, with the reason not to read it or None.

    `folders` holds those already opened by device and inode: however links run, each is read once.
    """
    try:
        status = folder.stat()
        entries = sorted(folder.iterdir())
    except OSError as error:
        yield folder, f"the folder could not be opened ({error.strerror}); {MAY}"
        return
    identity = (status.st_dev, status.st_ino)
    if identity in folders:
        yield folder, f"read already as {folders[identity]}"
        return
    folders[identity] = folder
    for entry in entries:
        if entry.name.startswith("."):
            yield entry, "hidden; give it a name without the first dot to have it read"
        elif entry.is_dir():
            yield from _walk(entry, folders)
        elif entry.stem.casefold() == "readme":
            yield entry, "a README describes a folder and is no article"
        else:
            yield entry, None


def _size(path: Path) -> int:
    """Bytes of a file that a reader takes, else 0."""
    try:
        status = path.stat()
        return status.st_size if stat.S_ISREG(status.st_mode) and not no_reader(path.name) else 0
    except OSError:
        return 0


def _taken(article: Article, first: Article, place: str) -> str:
    if article.body == first.body:
        return f"a copy of {place}"
    return f"its id '{article.id}' is that of {place}, whose text differs; give it another id"


def _nothing(paths: Sequence[Path], skipped: Sequence[Skipped]) -> str:
    places = ", ".join(map(str, paths)) or "nothing"
    if skipped:
        return f"No article could be read from {places}: {_listed(skipped)}."
    kind = "the folder is empty" if len(paths) == 1 else "no file was found"
    return f"No article could be read from {places}: {kind}; put {WANTED} files in it."


def _listed(remarks: Sequence[Remark]) -> str:
    """Each reason with its place, or with its first place and how many more share it."""
    by_reason: dict[str, list[Remark]] = defaultdict(list)
    for remark in remarks:
        by_reason[remark.reason].append(remark)
    groups = list(by_reason.items())
    parts = []
    for reason, group in groups[:_LISTED]:
        more = f" and {len(group) - 1} more" if len(group) > 1 else ""
        parts.append(f"{group[0].place}{more}: {reason}")
    rest = sum(len(group) for _, group in groups[_LISTED:])
    return "; ".join(parts) + (f"; and {rest} more for other reasons" if rest else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
