"""Questions from a file, one JSON object a line, answered one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import BylineError
from rag.output import answer_json
from rag.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One question of a batch.

    An `id` that was not given is the line's number; `date` is the day it was asked, ISO 8601.
    """

    id: str | int
    question: str
    date: str | None = None


def read_batch(path: Path) -> list[BatchRow]:
    """The rows of a file. Raises BylineError naming the file and the line that is wrong."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BylineError(
            f"The questions in {path} could not be read ({error}): give a file that is there and "
            "is in UTF-8."
        ) from error
    rows = [_row(path, n, line) for n, line in enumerate(lines, start=1) if line.strip()]
    if not rows:
        raise BylineError(f'{path} holds no questions: put {{"id", "question"}} on each line.')
    return rows


def _row(path: Path, number: int, line: str) -> BatchRow:
    try:
        fields = json.loads(line)
        if not isinstance(fields, dict) or not isinstance(fields.get("question"), str):
            raise ValueError('it needs "id" and "question"')
        if not isinstance(fields.get("date"), (str, type(None))):
            raise ValueError('"date" must be text')
        id_ = fields.get("id", number)
        if not isinstance(id_, (str, int)):
            raise ValueError('"id" must be text or a whole number')
        return BatchRow(id_, fields["question"], fields.get("date"))
    except (ValueError, RecursionError) as error:
        raise BylineError(f"{path} line {number} is not usable ({error}): correct it.") from error


def answer_all(pipeline: Pipeline, rows: Sequence[BatchRow]) -> Iterator[dict[str, Any]]:
    """An answer as JSON for each row, in order; a question that cannot be asked says why."""
    for row in rows:
        try:
            yield answer_json(pipeline.ask(row.question), row.id)
        except BylineError as error:
            yield {"id": row.id, "question": row.question, "error": str(error)}
