"""Vectors in Parquet files that many processes write beside each other, each article once.

A part holds the passages of some articles, whole. It is written under another name and renamed, so
that it is there whole or not at all, and named by what it is made of, so that one that is made
twice, as where a node died, is the same file.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from corpus.article import Article
from corpus.errors import BylineError
from index.chunk import Chunking, chunk, embedding_text
from index.store import content_hash, text_hash
from index.types import Embedder

_ENDING = ".parquet"
_UNFINISHED = ".unfinished"
_ABANDONED_S = 3600.0
_READ = 4096  # rows that are read at once
_SCHEMA = pa.schema(
    [
        ("article_hash", pa.string()),
        ("text_hash", pa.binary()),
        ("vector", pa.list_(pa.float32())),
    ]
)


def parts_folder(work: Path, embedder: Embedder, chunking: Chunking) -> Path:
    """Where the parts of this embedder and chunking lie below a folder."""
    made = f"{embedder.name}\0{embedder.weights_hash}\0{chunking.max_chars}\0{chunking.overlap}"
    return work / hashlib.sha256(made.encode()).hexdigest()[:16]


def write_part(
    folder: Path, name: str, articles: Sequence[Article], embedder: Embedder, chunking: Chunking
) -> None:
    """Embed the passages of some articles and write them as the part of this name. An article
    without passages has a row without a vector, as it is done, too."""
    rows: list[tuple[str, str | None]] = []
    for article in articles:
        hash_ = content_hash(article)
        passages = chunk(article, chunking.max_chars, chunking.overlap)
        rows += [(hash_, embedding_text(passage)) for passage in passages] or [(hash_, None)]
    texts = [text for _, text in rows if text is not None]
    vectors = iter(embedder.embed_passages(texts) if texts else ())
    table = pa.table(
        {
            "article_hash": [hash_ for hash_, _ in rows],
            "text_hash": [None if text is None else text_hash(text) for _, text in rows],
            "vector": [None if text is None else next(vectors) for _, text in rows],
        },
        schema=_SCHEMA,
    )
    write_table(table, part(folder, name))


def part(folder: Path, name: str) -> Path:
    """Where the part of this name is."""
    return folder / f"{name}{_ENDING}"


def write_table(table: pa.Table, file: Path) -> None:
    """Write a Parquet file whole or not at all, whoever else writes it at the same moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(_UNFINISHED, dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            pq.write_table(table, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(unfinished, file)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def remove_unfinished(folder: Path, now: float) -> None:
    """What a process was writing that died, as nobody has touched it for an hour."""
    for file in folder.rglob(f"*{_UNFINISHED}"):
        with suppress(FileNotFoundError):
            if now - file.stat().st_mtime > _ABANDONED_S:
                file.unlink()


def done(folder: Path) -> set[str]:
    """The content hashes of the articles that parts hold."""
    return {
        hash_
        for file in _parts(folder)
        for batch in batches_of(file, ["article_hash"])
        for hash_ in batch.column(0).to_pylist()
    }


class PreparedEmbedder:
    """An embedder that has the vectors of parts at hand, and embeds only what none holds.

    They lie in one file, which is mapped and not read: in memory is a number for each text.
    """

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self._embedder = embedder
        self.name, self.weights_hash, self.dim = embedder.name, embedder.weights_hash, embedder.dim
        self._rows: dict[bytes, int] = {}
        place = folder if folder.is_dir() else None
        self._file = tempfile.TemporaryFile(dir=place)  # noqa: SIM115 (closed with this)
        for file in _parts(folder):
            for batch in batches_of(file, ["text_hash", "vector"]):
                self._take(batch, file)
        self._file.flush()
        shape = len(self._rows), self.dim
        self._vectors = (
            np.memmap(self._file, np.float32, "r", shape=shape) if self._rows else np.empty(shape)
        )

    def __enter__(self) -> PreparedEmbedder:
        return self

    def __exit__(self, *error: object) -> None:
        del self._vectors
        self._file.close()

    def embed_passages(
        self, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None
    ) -> np.ndarray:
        """As Embedder.embed_passages."""
        found = np.empty((len(texts), self.dim), np.float32)
        missing: list[int] = []
        for place, text in enumerate(texts):
            row = self._rows.get(text_hash(text))
            if row is None:
                missing.append(place)
            else:
                found[place] = self._vectors[row]
        if missing:
            found[missing] = self._embedder.embed_passages([texts[place] for place in missing])
        if on_progress:
            on_progress(len(texts), len(texts))
        return found

    def embed_question(self, text: str) -> np.ndarray:
        return self._embedder.embed_question(text)

    def _take(self, batch: pa.RecordBatch, file: Path) -> None:
        for hash_, vector in zip(batch.column(0).to_pylist(), batch.column(1), strict=True):
            if hash_ is None or hash_ in self._rows:
                continue
            values = np.asarray(vector.values, np.float32)
            if len(values) != self.dim:
                raise BylineError(f"{file} holds vectors of another width: delete it and go on.")
            self._file.write(values.tobytes())
            self._rows[hash_] = len(self._rows)


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{_ENDING}"))


def batches_of(file: Path, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Some columns of a Parquet file, some rows at once. Raises BylineError if it is damaged."""
    try:
        with closing(pq.ParquetFile(file)) as opened:
            yield from opened.iter_batches(_READ, columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise BylineError(f"{file} cannot be read ({error}): delete it and go on.") from error
