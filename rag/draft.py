"""The model's draft: streamed, and checked sentence by sentence."""

from __future__ import annotations

from collections.abc import Generator as TypingGenerator
from collections.abc import Iterator, Sequence

from index.types import Hit
from rag.clock import Clock
from rag.markers import MarkerFilter, split_draft
from rag.prompt import build_messages, is_refusal
from rag.types import Checked, Event, Generator, Piece, Sentence
from rag.verify import check


def write_draft(
    query: str, evidence: Sequence[Hit], generator: Generator, clock: Clock
) -> TypingGenerator[Event, None, str]:
    """Streams the draft and returns it as the model wrote it."""
    shown = MarkerFilter(len(evidence))
    raw = ""
    for piece in generator.generate(build_messages(query, evidence)):
        clock.word()
        raw += piece
        if text := shown.feed(piece):
            yield Piece(text)
    clock.wrote(generator.usage)
    if text := shown.finish():
        yield Piece(text)
    return raw


def check_draft(raw: str, evidence: Sequence[Hit]) -> TypingGenerator[Event, None, list[Sentence]]:
    """Checks each sentence of the draft and returns those that stand."""
    standing: list[Sentence] = []
    for position, draft in enumerate(split_draft(raw, len(evidence))):
        checked = check(draft, evidence)
        stands = checked.verdict != "unsupported" and not is_refusal(draft.text)
        yield Checked(position, checked if stands else None)
        if stands:
            standing.append(checked)
    return standing


def show_quoted(evidence: Sequence[Hit], sentences: Sequence[Sentence]) -> Iterator[Event]:
    """An article's own sentences, from `evidence`, as those of a draft that was checked: they can
    be read while other articles are."""
    draft = " ".join(sentence.marked for sentence in sentences)
    if draft:
        yield Piece(draft)
    if len(split_draft(draft, len(evidence))) == len(sentences):  # else their places are not known
        for position, sentence in enumerate(sentences):
            yield Checked(position, sentence)
