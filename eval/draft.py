"""Questions proposed from a user's own articles by the local model, for a person to keep or cut."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Protocol

from corpus.article import Article
from corpus.errors import BylineError
from eval.measure import Options, load
from eval.metrics import contains_answer, searchable
from eval.questions import Question, as_line
from index.chunk import chunk
from index.sentences import sentence_spans
from index.types import Passage
from rag.types import Generator, Message

FEWEST_WORDS = 25
"""Of a passage that a question is asked about: less is a caption or a link."""

LONGEST_ANSWER = 8
"""Words of an answer that is kept."""

INSTRUCTIONS = (
    "You write questions for a quiz on the news. Read the passage and write one question that it "
    "answers, which names the people, firms or places it is about, and the answer: a few words "
    "copied from the passage. Reply in two lines:\nQuestion: ...\nAnswer: ..."
)
_REPLY = re.compile(r"question:\s*(?P<question>[^\n]+\?)\s*answer:\s*(?P<answer>[^\n]+)", re.I)


class Articles(Protocol):
    """What the questions are about: an index."""

    def articles(self) -> Sequence[Row]: ...
    def article(self, article_id: str) -> Article | None: ...


class Row(Protocol):
    """One article of an index."""

    @property
    def id(self) -> str: ...


def draft(index: Articles, generator: Generator, seed: int = 0) -> Iterator[Question | None]:
    """A proposal for each article, in an order of chance; None where it was no good.

    A proposal is kept only if its answer stands in the passage, and not in the question.
    """
    chance = random.Random(seed)
    ids = sorted(row.id for row in index.articles())
    chance.shuffle(ids)
    for id_ in ids:
        article = index.article(id_)
        passages = chunk(article) if article else []
        telling = [p for p in passages if len(p.text.split()) >= FEWEST_WORDS]
        yield propose(chance.choice(telling), generator) if telling else None


def propose(passage: Passage, generator: Generator) -> Question | None:
    """A question on one passage with its answer and the sentence that states it."""
    reply = "".join(generator.generate(_messages(passage)))
    found = _REPLY.search(reply)
    if not found:
        return None
    question, answer = found["question"].strip(), found["answer"].strip(" .\"'")
    sentence = _sentence_with(answer, passage)
    if sentence is None or contains_answer(question, [answer]):
        return None
    return Question(
        id=f"draft-{passage.article.id}-{passage.start}",
        question=question,
        answers=(answer,),
        article_ids=(passage.article.id,),
        answerable=True,
        tags=("draft",),
        sentences=(sentence,),
    )


def _messages(passage: Passage) -> list[Message]:
    title = passage.article.title
    return [
        Message("system", INSTRUCTIONS),
        Message("user", f"{title}\n\n{passage.text}" if title else passage.text),
    ]


def _sentence_with(answer: str, passage: Passage) -> str | None:
    """The sentence of the passage that holds the answer; None for one too short or too long."""
    if not searchable([answer]) or len(answer.split()) > LONGEST_ANSWER:
        return None
    spans = sentence_spans(passage.text, passage.article.language or "en")
    sentences = (passage.text[start:end] for start, end in spans)
    return next((s for s in sentences if contains_answer(s, [answer])), None)


def write_drafts(options: Options, path: Path | None) -> None:
    """Up to `options.limit` proposals, as they come, into a new file or on stdout.

    Raises `BylineError` when the file is there already: it may hold what a person has chosen.
    """
    from rag.commands.terminal import counting

    wanted = options.limit or 1
    with lines_to(path) as lines:
        pipeline = load(options.settings(options.index))
        kept = tried = 0
        with closing(pipeline.index), counting("drafting") as count:
            for question in draft(pipeline.index, pipeline.generator, options.seed):
                tried += 1
                if question:
                    kept += 1
                    print(as_line(question), file=lines, flush=True)
                    count(kept, wanted)
                if kept == wanted:
                    break
    print(
        f"Proposed {kept:,} from {tried:,} articles; read them, and cut what is wrong.",
        file=sys.stderr,
    )


@contextmanager
def lines_to(path: Path | None) -> Iterator[IO[str]]:
    """A new file to write lines to, or stdout. Raises BylineError when it is there already."""
    if path is None:
        yield sys.stdout
        return
    try:
        with path.open("x", encoding="utf-8") as file:
            yield file
    except OSError as error:
        raise BylineError(
            f"The questions could not be written to {path} ({error.strerror}): name a new file."
        ) from error
