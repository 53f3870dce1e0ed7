"""The model's draft: streamed, and checked sentence by sentence."""

from __future__ import annotations

from collections.abc import Generator as TypingGenerator
from collections.abc import Iterator, Sequence
from itertools import chain

from index.types import Hit
from rag.clock import Clock
from rag.markers import MarkerFilter, split_draft
from rag.prompt import build_messages, is_refusal
from rag.tracing import span
from rag.types import Checked, Event, Generator, Piece, Sentence
from rag.verify import check


def write_draft(
    query: str, evidence: Sequence[Hit], generator: Generator, clock: Clock
) -> TypingGenerator[Event, None, str]:
    """Streams the draft and returns it as the model wrote it."""
    shown = MarkerFilter(len(evidence))
    raw = ""
    with span("drafting", model=generator.name, engine=generator.engine) as drafting:
        with span("prompt", passages=len(evidence)) as prompt:
            pieces = iter(generator.generate(build_messages(query, evidence)))
            first = next(pieces, None)
            prompt.note(prompt_tokens=generator.usage.prompt_tokens)
        drafting.happened("first token")
        for piece in chain(() if first is None else (first,), pieces):
            clock.word()
            raw += piece
            if text := shown.feed(piece):
                yield Piece(text)
        clock.wrote(generator.usage)
        told = generator.usage
        drafting.note(prompt_tokens=told.prompt_tokens, new_tokens=told.new_tokens)
    if text := shown.finish():
        yield Piece(text)
    return raw


def check_draft(raw: str, evidence: Sequence[Hit]) -> TypingGenerator[Event, None, list[Sentence]]:
    """Checks each sentence of the draft and returns those that stand."""
    standing: list[Sentence] = []
    mended = dropped = 0
    with span("checking") as checking:
        for position, draft in enumerate(split_draft(raw, len(evidence))):
            checked = check(draft, evidence)
            stands = checked.verdict != "unsupported" and not is_refusal(draft.text)
            yield Checked(position, checked if stands else None)
            if stands:
                standing.append(checked)
                mended += {one.number for one in checked.citations} != set(draft.numbers)
            else:
                dropped += 1
        checking.note(kept=len(standing) - mended, mended=mended, dropped=dropped)
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
