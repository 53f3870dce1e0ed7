"""Lessons as rows of tokens: a passage is read once, whatever number of questions follow it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from eval.teaching.pairs import Lesson
from index.types import Hit, Passage
from rag.engines.adapter import as_passage, as_question
from rag.prompt import heading
from rag.reading.untrusted import as_data

_LONGEST = 768
"""Tokens of a row, but for a single lesson that takes more."""


@dataclass(slots=True)
class Row:
    """Some lessons one after the other. A token sees those before it of its own lesson: those of
    the passage and of its own question."""

    ids: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)  # within the lesson, question by question
    lessons: list[int] = field(default_factory=list)  # whose a token is
    questions: list[int] = field(default_factory=list)  # -1: of the passage
    ends: list[int] = field(default_factory=list)  # the last token of each question
    stated: list[bool] = field(default_factory=list)  # of each question

    def add(self, passage: Sequence[int], asked: Sequence[tuple[Sequence[int], bool]]) -> None:
        """Append a lesson, as token ids."""
        number = self.lessons[-1] + 1 if self.lessons else 0
        self._extend(passage, 0, number, -1)
        for n, (question, stated) in enumerate(asked):
            self._extend(question, len(passage), number, n)
            self.ends.append(len(self.ids) - 1)
            self.stated.append(stated)

    def _extend(self, tokens: Sequence[int], position: int, lesson: int, question: int) -> None:
        self.ids += tokens
        self.positions += range(position, position + len(tokens))
        self.lessons += [lesson] * len(tokens)
        self.questions += [question] * len(tokens)

    def mask(self, dtype: torch.dtype) -> torch.Tensor:
        """Added to attention's scores, shape (1, 1, tokens, tokens)."""
        lessons, questions = torch.tensor(self.lessons), torch.tensor(self.questions)
        seen = lessons[:, None] == lessons[None, :]
        seen &= (questions[None, :] < 0) | (questions[:, None] == questions[None, :])
        hidden = ~seen.tril()
        return torch.zeros(hidden.shape, dtype=dtype).masked_fill_(hidden, torch.finfo(dtype).min)[
            None, None
        ]


def rows_of(lessons: Iterable[Lesson], tokenizer: Any) -> list[Row]:
    """Lessons in their order, as many in a row as it has room for."""

    def tokens(text: str) -> list[int]:
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])

    rows = [Row()]
    for lesson in lessons:
        article = lesson.passage
        title = heading(Hit(Passage(article, 0, len(article.body)), 0.0))
        passage = tokens(as_passage(title, as_data(article.body)))
        asked = [(tokens(as_question(as_data(q))), stated) for q, stated in lesson.asked]
        length = len(passage) + sum(len(question) for question, _ in asked)
        if rows[-1].ids and len(rows[-1].ids) + length > _LONGEST:
            rows.append(Row())
        rows[-1].add(passage, asked)
    return [row for row in rows if row.ids]
