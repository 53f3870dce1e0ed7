"""The articles of an index as JSON lines."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

from corpus.article import Article
from corpus.errors import BylineError
from index.lock import sync
from index.store import store_in_use
from index.types import Progress, silent

_RENAMED = {"body": "text"}  # as the readers of the corpus call it


def export(directory: Path, file: Path, on_progress: Progress | None = None) -> int:
    """Write every article of the version in use to `file`, one JSON object a line; how many.

    The file can be read and indexed again, and gives the same articles. One whose name ends in .gz
    is compressed. It takes the place of an earlier file when it is whole, not before.
    """
    on_progress = on_progress or silent
    manifest, store = store_in_use(directory)
    try:
        with closing(store), _whole_or_not(file) as out:
            for done, (article, _) in enumerate(store.all_articles(), start=1):
                out.write(as_line(article))
                on_progress("export", done, manifest.articles)
    except OSError as error:
        raise BylineError(
            f"{file} could not be written ({error.strerror or error}): choose another place"
        ) from error
    return manifest.articles


def as_line(article: Article) -> str:
    """One article as a line of JSON, what is not known left out."""
    known = {_RENAMED.get(k, k): v for k, v in asdict(article).items() if v is not None}
    return json.dumps(known, ensure_ascii=False) + "\n"


@contextmanager
def _whole_or_not(file: Path) -> Iterator[IO[str]]:
    temporary = file.with_name(f".{file.name}.new")
    try:
        if file.suffix == ".gz":
            with gzip.open(temporary, "wt", encoding="utf-8", newline="\n") as out:
                yield out
        else:
            with open(temporary, "w", encoding="utf-8", newline="\n") as out:
                yield out
        sync(temporary)
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
