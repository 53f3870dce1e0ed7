"""What readers said of answers, in a file of JSON lines: kept, and good for questions of one's own.

A line is never changed. Of several on one answer the last one counts.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from corpus.errors import BylineError
from rag.types import Answer

GOOD = "good"
REASONS = {
    "wrong": "It is wrong",
    "wrong-citation": "A citation is wrong",
    "should-have-refused": "It should have refused",
    "should-have-answered": "It should have answered",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one reader said of one answer: `judged` is GOOD, one of REASONS, or None where the
    reader took it back. `sentences` are those that were cited, word for word."""

    id: str
    judged: str | None
    question: str
    answer: str
    abstained: bool
    article_ids: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    as_of: str | None = None
    model: str = ""
    index_version: str = ""


def judgement_of(
    id_: str, judged: str | None, answer: Answer, history: Sequence[str] = ()
) -> Judgement:
    """`history` are the questions before it in its chat."""
    cited = [c for sentence in answer.own_sentences for c in sentence.citations]
    return Judgement(
        id_,
        judged,
        answer.question,
        answer.said,
        answer.abstained,
        tuple(dict.fromkeys(c.passage.article.id for c in cited)),
        tuple(dict.fromkeys(c.quote for c in cited)),
        tuple(history),
        answer.as_of.isoformat() if answer.as_of else None,
        answer.model,
        answer.index_version,
    )


@dataclass(slots=True)
class Feedback:
    """The file; from any thread. Without a path nothing is kept."""

    path: Path | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, judgement: Judgement) -> None:
        """Raises BylineError where it cannot be written."""
        if self.path is None:
            return
        line = json.dumps(asdict(judgement), ensure_ascii=False)
        try:
            with self._lock:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                    file.write(f"{line}\n")
        except OSError as error:
            raise BylineError(
                f"Your word could not be kept in {self.path} ({error.strerror}): make room or mend "
                "the rights there, or name another file in BYLINE_FEEDBACK."
            ) from error


def read_feedback(path: Path) -> list[Judgement]:
    """What stands of each answer, in the order in which they were judged first.

    Raises BylineError, naming the line, for what is no judgement.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise BylineError(f"The feedback in {path} could not be read: {error}.") from error
    judgements: dict[str, Judgement] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            one = _judgement(line, f"{path} line {number}")
            judgements[one.id] = one
    return [one for one in judgements.values() if one.judged is not None]


def _judgement(line: str, where: str) -> Judgement:
    try:
        row = json.loads(line)
        lists = {name: tuple(row[name]) for name in ("article_ids", "sentences", "history")}
        return Judgement(**{**row, **lists})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BylineError(f"{where} is no judgement ({error}): mend or cut the line.") from error
