"""Questions of one's own from what readers said of answers, for a person to complete or cut."""

from __future__ import annotations

import sys
from pathlib import Path

from corpus.errors import BylineError
from eval.draft import lines_to
from eval.questions import Question, as_line
from rag.feedback import GOOD, Judgement, read_feedback


def question_from(judgement: Judgement) -> Question:
    """The question with what its reader's word says of it.

    A good answer is one that counts, and a good refusal shows that there is none. What the right
    answer to a bad one would be nobody said: `answers` is empty then, although it is answerable,
    and the file is not read until a person has written it in.
    """
    j = judgement
    refused = j.judged == "should-have-refused" or (j.judged == GOOD and j.abstained)
    right = not j.abstained and j.judged in (GOOD, "wrong-citation")
    cited_well = not j.abstained and j.judged == GOOD
    return Question(
        id=f"feedback-{j.id}",
        question=j.question,
        answers=(j.answer,) if right else (),
        article_ids=j.article_ids if cited_well else (),
        answerable=not refused,
        tags=("feedback", str(j.judged)),
        sentences=j.sentences if cited_well else (),
        history=j.history,
        as_of=j.as_of,
    )


def write_from_feedback(feedback: Path, path: Path | None) -> None:
    """All of them into a new file, or on stdout.

    Raises BylineError where there is no feedback, and when the file is there already.
    """
    questions = [question_from(one) for one in read_feedback(feedback)]
    if not questions:
        raise BylineError(
            f"There is no feedback in {feedback} yet: press a thumb under an answer in the page."
        )
    with lines_to(path) as lines:
        for question in questions:
            print(as_line(question), file=lines)
    open_ = sum(bool(one.answerable) and not one.answers for one in questions)
    print(
        f"Proposed {len(questions):,} from feedback; {open_:,} of them need their right answer "
        'written into "answers".',
        file=sys.stderr,
    )
