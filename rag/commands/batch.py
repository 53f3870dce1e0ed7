"""Questions from a file, one JSON object a line, answered one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from corpus.errors import BylineError
from rag.answer_json import answer_json
from rag.pipeline import Pipeline
from rag.reading.times import parse_day


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One question of a batch.

    An `id` that was not given is the line's number. It is answered from what was known on `as_of`,
    the line's `date`.
    """

    id: str | int
    question: str
    as_of: date | None = None


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
        day = fields.get("date")
        if not isinstance(day, (str, type(None))):
            raise ValueError('"date" must be text')
        id_ = fields.get("id", number)
        if not isinstance(id_, (str, int)):
            raise ValueError('"id" must be text or a whole number')
        return BatchRow(id_, fields["question"], parse_day(day) if day else None)
    except (ValueError, RecursionError, BylineError) as error:
        reason = str(error).rstrip(".")
        raise BylineError(f"{path} line {number} is not usable ({reason}): correct it.") from error


def answer_all(
    pipeline: Pipeline, rows: Sequence[BatchRow], as_of: date | None = None
) -> Iterator[dict[str, Any]]:
    """An answer as JSON for each row, in order; a question that cannot be asked says why.

    `as_of` is the day of the rows that have none.
    """
    for row in rows:
        try:
            yield answer_json(pipeline.ask(row.question, as_of=row.as_of or as_of), row.id)
        except BylineError as error:
            yield {"id": row.id, "question": row.question, "error": str(error)}
