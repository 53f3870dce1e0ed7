"""The chat in a terminal: the answer streams, its sources stand below."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from corpus.errors import BylineError
from index.browse import day
from rag.commands.output import sources_text, understood_text
from rag.reading.untrusted import visible
from rag.types import Done, Found, Piece, Turn

if TYPE_CHECKING:
    from rag.pipeline import Pipeline


def chat_in_terminal(pipeline: Pipeline, as_of: date | None = None) -> None:
    """Ask and answer until the end of input; the answer streams, its sources below."""
    about = pipeline.describe()
    known = f", as known on {day(as_of.isoformat())}" if as_of else ""
    print(
        f"{about.articles} articles{known}, {about.model}. An empty line or Ctrl-D ends the chat.\n"
    )
    history: list[Turn] = []
    while question := _question():
        try:
            answer = _stream_answer(pipeline, question, history, as_of)
        except BylineError as error:
            # On a line of its own: what was written of an answer before it stays.
            print(f"\nbyline: {error}\n", file=sys.stderr)
            continue
        history.append(Turn(question, answer))


def _question() -> str:
    try:
        return input("> ").strip()
    except EOFError:
        print()
        return ""


def _stream_answer(
    pipeline: Pipeline, question: str, history: Sequence[Turn], as_of: date | None
) -> str:
    said = ""
    for event in pipeline.stream(question, history, as_of):
        if isinstance(event, Found) and said and not event.goes_on:
            said = ""
            print("\n\nThat does not answer it; from the articles:")
        elif isinstance(event, Piece):
            said += event.text
            print(visible(event.text), end="", flush=True)
        elif isinstance(event, Done):
            answer = event.answer
            # The draft stays on the terminal, so what the check changed is told below it.
            draft, text = said.strip(), visible(answer.text)
            if draft and text.startswith(draft):
                print(text[len(draft) :], end="")  # what the sources state differently
            elif draft != text:
                print(f"\n\nAfter checking: {text}" if said else text, end="")
            if understood := understood_text(answer):
                print(f"\n\n{understood}", end="")
            print(f"\n\n{sources_text(answer)}\n")
            return answer.said
    raise AssertionError("stream ends with Done")
