"""`byline check`: anybody's answer against anybody's articles. No logic of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corpus.errors import BylineError
from rag.commands.options import AsJson, Support, print_json, settings_with

if TYPE_CHECKING:
    from rag.types import Sentence

LARGEST_ANSWER = 1_000_000
"""Bytes of an answer that is read."""


def check_command(
    answer: Annotated[Path, typer.Argument(metavar="ANSWER.txt", help="The answer, as text.")],
    sources: Annotated[
        list[Path], typer.Option(metavar="DIR", help="Its articles: files and folders.")
    ],
    support: Support = None,
    as_json: AsJson = False,
) -> None:
    """Check an answer sentence by sentence against articles, without an index."""
    from corpus.read import read_articles
    from rag.answer_json import sentence_json
    from rag.load import load_support
    from rag.verify import check_answer

    text = _read_answer(answer)
    reading = read_articles(sources)
    print(reading.summary(), file=sys.stderr)
    # Whom a marker of somebody else's answer means is not known: the sentences are looked up.
    model = load_support(settings_with(support=support))
    sentences = check_answer(text, reading.articles, markers=False, model=model)
    if not sentences:
        raise BylineError(f"{answer} holds no sentence: give an answer in words.")
    if as_json:
        print_json({"sentences": [sentence_json(sentence) for sentence in sentences]})
        return
    for sentence in sentences:
        typer.echo(_sentence_text(sentence))
    standing = sum(sentence.verdict == "supported" for sentence in sentences)
    typer.echo(f"{standing} of {len(sentences)} sentences are supported.")


def _read_answer(path: Path) -> str:
    try:
        if path.is_file() and path.stat().st_size > LARGEST_ANSWER:
            limit = LARGEST_ANSWER // 1000
            raise BylineError(
                f"{path} holds more than {limit} kB: give one answer, or a part of it."
            )
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BylineError(
            f"The answer in {path} could not be read ({reason}): give a text file in UTF-8."
        ) from error


def _sentence_text(sentence: Sentence) -> str:
    from rag.commands.output import printable, quotes_text

    said = f"{sentence.verdict}: {sentence.why}" if sentence.why else f"{sentence.verdict}"
    text = " ".join(sentence.text.split())
    return f"{printable(text)}\n    {printable(said)}{quotes_text(sentence)}"
