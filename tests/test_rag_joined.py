"""The answers to the parts of a question as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import pytest
from deal import CHIEF, DEAL, Make, answer_of, pieces_of
from fakes import ScriptedGenerator

from index.types import Hit, Passage
from page.chat import Exchange
from rag.answer_json import answer_json
from rag.joined import stream_parts
from rag.narrow import Narrowing, Scope
from rag.prompt import REFUSAL
from rag.types import (
    Answer,
    Checked,
    Citation,
    Claim,
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

BOTH = "Who became chief executive of Scale AI and what stake did Meta buy?"
WHO, STAKE = "Who became chief executive of Scale AI?", "What stake did Meta buy?"
DEAL_HIT = Hit(Passage(DEAL, 0, 64), 1.0)
CHIEF_HIT = Hit(Passage(CHIEF, 0, 54), 1.0)


def cited(number: int, hit: Hit) -> Citation:
    return Citation(number, hit.passage, hit.passage.start, hit.passage.end)


def answer(
    question: str, *sentences: Sentence, hits: Sequence[Hit] = (), abstained: bool = False
) -> Answer:
    timings = Timings(5.0, 100.0, 50.0, 30, 7)
    return Answer(question, sentences, tuple(hits), abstained, "raw", timings, "model", "0001")


DROEGE = Sentence("Jason Droege became chief executive.", (cited(1, CHIEF_HIT),), "supported")
STAKE_49 = Sentence("Meta bought 49%.", (cited(1, DEAL_HIT),), "supported")
REFUSED = Sentence(REFUSAL)


class Script:
    """Plays the events written for each part and keeps the history that each was asked with."""

    def __init__(self, *parts: Sequence[Event]) -> None:
        self.parts = list(parts)
        self.asked: list[tuple[str, tuple[Turn, ...]]] = []

    def __call__(self, question: str, history: History) -> Iterator[Event]:
        self.asked.append((question, tuple(history)))
        yield from self.parts[len(self.asked) - 1]


def written(question: str, hit: Hit, sentence: Sentence) -> list[Event]:
    return [
        Found((hit,)),
        Found((hit,)),
        Piece(sentence.text.rstrip(".")),
        Piece(" [1]."),
        Checked(0, sentence),
        Done(answer(question, sentence, hits=[hit])),
    ]


def joined(*parts: Sequence[Event]) -> tuple[list[Event], Answer]:
    events = list(stream_parts(BOTH, [WHO, STAKE], (), Script(*parts)))
    return events, answer_of(events)


TWO = (written(WHO, CHIEF_HIT, DROEGE), written(STAKE, DEAL_HIT, STAKE_49))


class TestTheAnswer:
    def test_sentences_one_after_the_other_with_numbers_over_all_passages(self) -> None:
        _, told = joined(*TWO)
        assert told.text == "Jason Droege became chief executive. [1] Meta bought 49%. [2]"
        assert told.hits == (CHIEF_HIT, DEAL_HIT)
        assert (told.question, told.understood) == (BOTH, f"{WHO} {STAKE}")

    def test_a_passage_of_both_is_counted_once(self) -> None:
        again = written(STAKE, CHIEF_HIT, DROEGE)
        _, told = joined(TWO[0], again)
        assert told.hits == (CHIEF_HIT,)
        assert {c.number for s in told.sentences for c in s.citations} == {1}

    def test_times_and_tokens_are_those_of_both(self) -> None:
        _, told = joined(*TWO)
        assert told.timings == Timings(5.0, 200.0, 50.0, 60, 14)

    @pytest.mark.parametrize(("second", "cached"), [(True, True), (False, False)])
    def test_kept_from_before_is_what_is_so_in_all_parts(self, second: bool, cached: bool) -> None:
        times = [Timings(5.0, 100.0, cached=one) for one in (True, second)]
        parts: list[list[Event]] = [
            [Done(replace(answer(WHO, DROEGE, hits=[CHIEF_HIT]), timings=one))] for one in times
        ]
        assert joined(*parts)[1].timings.cached is cached

    def test_how_sure_it_is_is_that_of_the_least_sure_part(self) -> None:
        parts: list[list[Event]] = [
            [Done(replace(answer(WHO, DROEGE, hits=[CHIEF_HIT]), confidence=sure))]
            for sure in (0.9, 0.7)
        ]
        assert joined(*parts)[1].confidence == 0.7

    def test_what_is_missing_is_said(self) -> None:
        refused: list[Event] = [Found((DEAL_HIT,)), Done(answer(STAKE, REFUSED, abstained=True))]
        _, told = joined(TWO[0], refused)
        assert not told.abstained
        assert told.sentences[1] == Sentence("The articles do not say what stake Meta bought.")

    def test_a_premise_of_the_missing_part_is_said_instead(self) -> None:
        premise = Sentence("The articles do not say that Meta bought any stake.")
        refused: list[Event] = [Done(answer(STAKE, REFUSED, premise, abstained=True))]
        assert joined(TWO[0], refused)[1].sentences[1] == premise

    def test_a_part_that_no_rule_turns_round_is_quoted(self) -> None:
        asked = "How is that?"
        refused: list[Event] = [Done(answer(asked, REFUSED, abstained=True))]
        _, told = joined(TWO[0], refused)
        assert told.sentences[1].text == "The articles do not answer “How is that?”"

    def test_a_refusal_of_both_is_one(self) -> None:
        refused: list[list[Event]] = [
            [Found((hit,)), Done(answer(question, REFUSED, hits=[hit], abstained=True))]
            for question, hit in ((WHO, CHIEF_HIT), (STAKE, DEAL_HIT))
        ]
        _, told = joined(*refused)
        assert told.abstained
        assert told.sentences[0] == REFUSED
        assert told.hits == (CHIEF_HIT, DEAL_HIT)

    def test_what_sources_state_differently_stands_last(self) -> None:
        differ = Sentence("Reports differ: 49% or 51%.", (cited(1, CHIEF_HIT),))
        about = Disagreement("stake", (Claim("49%", cited(1, CHIEF_HIT)),))
        first = replace(answer(WHO, DROEGE, differ, hits=[CHIEF_HIT]), disagreements=(about,))
        _, told = joined([Done(first)], TWO[1])
        assert [s.text for s in told.sentences][-1] == differ.text
        assert [s.text for s in told.own_sentences] == [DROEGE.text, STAKE_49.text]

    def test_a_note_of_both_is_said_once(self) -> None:
        parts: list[list[Event]] = []
        for question, sentence in ((WHO, DROEGE), (STAKE, STAKE_49)):
            one = answer(question, sentence, hits=[CHIEF_HIT, DEAL_HIT])
            parts.append([Done(replace(one, note="It is old."))])
        assert joined(*parts)[1].note == "It is old."


class TestTheStream:
    def test_a_later_part_knows_what_was_said(self) -> None:
        script = Script(*TWO)
        list(stream_parts(BOTH, [WHO, STAKE], (Turn("Before?", "Yes."),), script))
        assert script.asked == [
            (WHO, (Turn("Before?", "Yes."),)),
            (STAKE, (Turn("Before?", "Yes."), Turn(WHO, DROEGE.text))),
        ]

    def test_markers_and_places_are_those_of_the_whole(self) -> None:
        events, _ = joined(*TWO)
        assert pieces_of(events) == "Jason Droege became chief executive [1]. Meta bought 49% [2]."
        assert [e.position for e in events if isinstance(e, Checked)] == [0, 1]
        assert [e.goes_on for e in events if isinstance(e, Found)] == [False, False, True, True]

    def test_the_page_keeps_the_first_part_while_the_second_is_written(self) -> None:
        events, _ = joined(*TWO)
        exchange = Exchange(1, BOTH)
        for event in events[:-1]:
            exchange.take(event)
        assert exchange.draft == "Jason Droege became chief executive [1]. Meta bought 49% [2]."
        assert set(exchange.checked) == {0, 1}

    def test_after_a_draft_was_thrown_away_what_stands_is_shown_again(self) -> None:
        quoted: list[Event] = [
            Found((CHIEF_HIT,)),
            Piece("He did not."),
            Checked(0, None),
            Found((CHIEF_HIT,)),
            Done(answer(WHO, DROEGE, hits=[CHIEF_HIT])),
        ]
        events, _ = joined(quoted, TWO[1])
        exchange = Exchange(1, BOTH)
        for event in events[:-1]:
            exchange.take(event)
        assert exchange.draft == f"{DROEGE.marked} Meta bought 49% [2]."

    def test_a_draft_of_the_second_part_that_is_thrown_away_leaves_the_first(self) -> None:
        quoted: list[Event] = [
            Found((DEAL_HIT,)),
            Piece("It was nothing."),
            Found((DEAL_HIT,)),
            Done(answer(STAKE, STAKE_49, hits=[DEAL_HIT])),
        ]
        events, _ = joined(TWO[0], quoted)
        exchange = Exchange(1, BOTH)
        for event in events[:-1]:
            exchange.take(event)
        assert exchange.draft == f"{DROEGE.marked} Meta bought 49%. [2]"


class TestInThePipeline:
    @pytest.mark.parametrize("literal", [False, True])
    def test_each_part_is_searched_by_itself(self, make: Make, literal: bool) -> None:
        pipeline = make(ScriptedGenerator("It is unknown.", probability=0.1))
        events = list(Narrowing(pipeline).stream(BOTH, (), Scope(literal=literal)))
        told = answer_of(events)
        assert told.understood == (None if literal else f"{WHO} {STAKE}")
        assert answer_json(told)["understood"] == told.understood
        assert {hit.passage.article.id for hit in told.hits} >= {CHIEF.id, DEAL.id}

    def test_the_day_is_that_of_the_whole(self, make: Make) -> None:
        told = make(ScriptedGenerator(probability=0.1)).ask(BOTH, as_of=date(2025, 6, 13))
        assert told.as_of == date(2025, 6, 13)
        assert CHIEF.id not in {hit.passage.article.id for hit in told.hits}
