"""A question with the answers that count as right, and the file that a set of them is kept in."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import TypeVar

from corpus.errors import BylineError
from rag.reading.quantities import tokens

T = TypeVar("T")
QUESTIONS = Path(__file__).with_name("questions.jsonl")


@dataclass(frozen=True, slots=True)
class Question:
    """One question. Empty fields are not known, and what needs them gets no score.

    `article_ids` are the articles that hold an accepted answer, `sentences` the sentences of their
    bodies that state it, word for word. `wrong_answers` must not be given. `answerable` is None
    where a set does not say. `history` are questions asked earlier in the same chat; their answers
    are the system's own. `as_of` is the day the question was asked, in ISO 8601. Where
    `all_required`, every one of `answers` must be given, otherwise any.
    """

    id: str
    question: str
    answers: tuple[str, ...] = ()
    article_ids: tuple[str, ...] = ()
    answerable: bool | None = None
    tags: tuple[str, ...] = ()
    split: str | None = None
    sentences: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    as_of: str | None = None
    wrong_answers: tuple[str, ...] = ()
    all_required: bool = False


_FIELDS = {field.name for field in fields(Question)}
_LISTS = ("answers", "article_ids", "tags", "sentences", "history", "wrong_answers")


def load_questions(path: Path = QUESTIONS) -> tuple[Question, ...]:
    """Questions from JSON lines. `id`, `question` and `answers` must be there.

    `answerable` is otherwise whether there are answers. Raises `BylineError` naming the file and
    the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BylineError(f"The questions in {path} could not be read: {reason}.") from error
    questions: dict[str, Question] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            question = _question(json.loads(line))
            if question.id in questions:
                raise ValueError(f'the id "{question.id}" is taken by an earlier line')
        except (ValueError, RecursionError) as error:
            raise BylineError(f"{path} line {number}: {error}; mend the line.") from error
        questions[question.id] = question
    if not questions:
        raise BylineError(f"{path} holds no questions; put one JSON object on each line.")
    return tuple(questions.values())


def _question(given: object) -> Question:
    if not isinstance(given, dict):
        raise ValueError("not a JSON object")
    if unknown := sorted(given.keys() - _FIELDS):
        raise ValueError(f'there is no field "{unknown[0]}"')
    for name in ("id", "question"):
        if not isinstance(given.get(name), str) or not given[name].strip():
            raise ValueError(f'"{name}" must be text')
    if not isinstance(given.get("split"), str | None):
        raise ValueError('"split" must be text')
    lists = {name: _texts(given, name) for name in _LISTS if name in given or name == "answers"}
    answerable = given.get("answerable", bool(lists["answers"]))
    if not isinstance(answerable, bool) or not isinstance(given.get("all_required", False), bool):
        raise ValueError('"answerable" and "all_required" must be true or false')
    if answerable != bool(lists["answers"]):
        raise ValueError('"answers" must be given exactly when "answerable" is true')
    for answer in (*lists["answers"], *lists.get("wrong_answers", ())):
        if not tokens(answer):
            raise ValueError(f'the answer "{answer}" has no word to look for')
    _check_day(given.get("as_of"))
    return Question(**{**given, **lists, "answerable": answerable})


def _texts(given: dict[str, object], name: str) -> tuple[str, ...]:
    values = given.get(name)
    if not isinstance(values, list) or not all(isinstance(v, str) and v.strip() for v in values):
        raise ValueError(f'"{name}" must be a list of texts')
    return tuple(values)


def _check_day(day: object) -> None:
    if day is None:
        return
    try:
        date.fromisoformat(day if isinstance(day, str) else "")
    except ValueError:
        raise ValueError('"as_of" must be a day such as "2025-06-13"') from None


def sample(
    items: Sequence[T],
    limit: int | None,
    seed: int,
    stratum: Callable[[T], Hashable] = lambda item: None,
) -> list[T]:
    """`limit` items at random, as many of each stratum as there are, in the order of the set.

    A smaller sample of the same seed is part of a larger one.
    """
    if limit is None or limit >= len(items):
        return list(items)
    strata: dict[Hashable, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        strata[stratum(item)].append(place)
    shuffle = random.Random(seed)
    for places in strata.values():
        shuffle.shuffle(places)
    # The first of each stratum, then the second of each.
    order = sorted(
        (turn, kind, place)
        for kind, places in enumerate(strata.values())
        for turn, place in enumerate(places)
    )
    return [items[place] for place in sorted(place for _, _, place in order[:limit])]


def as_line(question: Question) -> str:
    """A question as a line of a file that `load_questions` reads, without what is not known."""
    given = {
        name: value
        for name, value in asdict(question).items()
        if name in ("id", "question", "answers", "article_ids", "answerable")
        or value not in ((), None, False)
    }
    return json.dumps(given, ensure_ascii=False)
