"""The answers to the parts of a question, streamed and put together as one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from index.types import Hit
from rag.markers import split_draft
from rag.prompt import REFUSAL
from rag.question.presumed import indirect
from rag.types import (
    Answer,
    Checked,
    Citation,
    Disagreement,
    Done,
    Event,
    Found,
    History,
    Piece,
    Sentence,
    Timings,
    Turn,
)

Ask = Callable[[str, History], Iterator[Event]]
_MARKER = re.compile(r"\[(\d+)\]")


@dataclass(slots=True)
class _Joining:
    """What has come of the parts so far. `hits` are numbered over all parts, each passage once;
    `said` is the answer up to here, and `shown` what the stream has told of it: another text where
    a draft was not believed."""

    hits: list[Hit] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    said: str = ""
    shown: str = ""

    def with_hits(self, hits: Sequence[Hit]) -> list[Hit]:
        known = {hit.passage for hit in self.hits}
        return [*self.hits, *(hit for hit in hits if hit.passage not in known)]


def stream_parts(
    question: str, parts: Sequence[str], history: History, ask: Ask
) -> Iterator[Event]:
    """The events of one answer to a question in parts, each asked after those before it as after
    earlier turns of the chat. What is written of one goes on where that before it ended. A question
    of one part is asked as it is."""
    if len(parts) == 1:
        yield from ask(question, history)
        return
    joining = _Joining()
    for part in parts:
        turns = [*history, *(Turn(one.question, one.said) for one in joining.answers)]
        yield from _stream_part(part, turns, joining, ask)
    yield Done(_joined(question, joining))


def _stream_part(part: str, turns: History, joining: _Joining, ask: Ask) -> Iterator[Event]:
    hits: list[Hit] = []
    numbers: list[int] = []
    written, dropped = "", False
    for event in ask(part, turns):
        if isinstance(event, Found):
            hits = joining.with_hits(event.hits)
            numbers = _numbers(event.hits, hits)
            goes_on = bool(joining.answers) and not written and joining.shown == joining.said
            yield Found(tuple(hits), goes_on)
            if joining.said and not goes_on:  # it was thrown away with the draft
                yield Piece(joining.said)
                joining.shown = joining.said
            written, dropped = "", False
        elif isinstance(event, Piece):
            text = _MARKER.sub(lambda m: f"[{numbers[int(m[1]) - 1]}]", event.text)  # noqa: B023
            yield Piece(text if written or not joining.shown else f" {text}")
            written += text
        elif isinstance(event, Checked):
            before = len(split_draft(joining.shown, len(hits)))
            dropped |= event.sentence is None
            checked = event.sentence and _renumbered(event.sentence, hits)
            yield Checked(before + event.position, checked)
        elif isinstance(event, Done):
            yield from _end_part(event.answer, written, dropped, joining)


def _end_part(answer: Answer, written: str, dropped: bool, joining: _Joining) -> Iterator[Event]:
    joining.hits = joining.with_hits(answer.hits)
    joining.answers.append(answer)
    text = " ".join(one.marked for one in _own(answer, joining.hits))
    before, joining.said = joining.said, f"{joining.said} {text}".strip()
    if not written:
        yield Piece(f" {text}" if before else text)
        joining.shown = joining.said
    elif not dropped and not answer.abstained:
        joining.shown = joining.said
    else:
        joining.shown = f"{before} {written}"


def _own(answer: Answer, hits: Sequence[Hit]) -> list[Sentence]:
    """What an answer adds to the joined one: its sentences or, of a refusal, what is missing."""
    if not answer.abstained:
        return [_renumbered(sentence, hits) for sentence in answer.own_sentences]
    if len(answer.sentences) > 1:
        return [_renumbered(sentence, hits) for sentence in answer.sentences[1:]]
    asked = answer.understood or answer.question
    if told := indirect(asked):
        return [Sentence(f"The articles do not say {told}.")]
    return [Sentence(f"The articles do not answer “{asked}”")]


def _joined(question: str, joining: _Joining) -> Answer:
    """One answer, refused only if all of its parts are."""
    answers, hits = joining.answers, joining.hits
    abstained = all(answer.abstained for answer in answers)
    sentences = [one for answer in answers for one in _own(answer, hits)]
    refused = [Sentence(REFUSAL)] if abstained else []
    differing = [answer.sentences[-1] for answer in answers if answer.disagreements]
    if differing:
        sentences.append(_as_one([_renumbered(sentence, hits) for sentence in differing]))
    notes = dict.fromkeys(answer.note for answer in answers if answer.note)
    sure = [one.confidence for one in answers if one.confidence is not None and not one.abstained]
    preferred = dict.fromkeys(answer.preferred for answer in answers if answer.preferred)
    return replace(
        answers[0],
        question=question,
        understood=" ".join(answer.understood or answer.question for answer in answers),
        sentences=(*refused, *sentences),
        hits=tuple(hits),
        abstained=abstained,
        raw="\n".join(answer.raw for answer in answers),
        timings=_timings([answer.timings for answer in answers]),
        disagreements=tuple(
            _renumbered_difference(one, hits) for answer in answers for one in answer.disagreements
        ),
        note=" ".join(notes) or None,
        preferred="; ".join(preferred) or None,
        confidence=min(sure, default=None),
        quoted=not abstained and all(one.quoted for one in answers if not one.abstained),
    )


def _timings(all_: Sequence[Timings]) -> Timings:
    """The first part's times to what was found and to the first word; the rest summed. Kept from
    before is only what is so in all parts."""
    prompt = [one.prompt_tokens for one in all_ if one.prompt_tokens is not None]
    new = [one.new_tokens for one in all_ if one.new_tokens is not None]
    return replace(
        all_[0],
        total_ms=round(sum(one.total_ms for one in all_), 1),
        prompt_tokens=sum(prompt) if prompt else None,
        new_tokens=sum(new) if new else None,
        cached=all(one.cached for one in all_),
    )


def _as_one(sentences: Sequence[Sentence]) -> Sentence:
    citations = {one.number: one for sentence in sentences for one in sentence.citations}
    text = " ".join(sentence.text for sentence in sentences)
    return replace(sentences[0], text=text, citations=tuple(citations.values()))


def _numbers(own: Sequence[Hit], joined: Sequence[Hit]) -> list[int]:
    places = {hit.passage: number for number, hit in enumerate(joined, start=1)}
    return [places[hit.passage] for hit in own]


def _renumbered(sentence: Sentence, hits: Sequence[Hit]) -> Sentence:
    return replace(sentence, citations=tuple(_cited(one, hits) for one in sentence.citations))


def _renumbered_difference(one: Disagreement, hits: Sequence[Hit]) -> Disagreement:
    claims = (replace(claim, citation=_cited(claim.citation, hits)) for claim in one.claims)
    return replace(one, claims=tuple(claims))


def _cited(citation: Citation, hits: Sequence[Hit]) -> Citation:
    passages = [hit.passage for hit in hits]
    return replace(citation, number=passages.index(citation.passage) + 1)
