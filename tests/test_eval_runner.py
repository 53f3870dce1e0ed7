"""The runner: what it asks, in which order, and what it keeps of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import pytest

from corpus import Article, BylineError
from eval.questions import Question
from eval.records import CitationRecord, PassageRecord, PastTurn, TimingsRecord
from eval.runner import RETRIEVED, Runner
from index.types import Hit, Passage, Preference
from rag.types import Answer, Citation, Disagreement, Done, Event, Found, Sentence, Timings, Turn

ARTICLE = Article("a1", "Deal", "It paid $5. It was late.", "https://x", "Wire", None, "2025-06-13")
WHOLE = Hit(Passage(ARTICLE, 0, 24), 0.5)
FIRST = Hit(Passage(ARTICLE, 0, 11), 0.9)


class Pipeline:
    """Says that it paid $5 to everything; finds the whole article, and answers from a part."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Turn, ...]]] = []
        self.searched: list[tuple[str, int]] = []
        self.days: list[date | None] = []
        self.index = self

    literal = False

    def outlets(self) -> list[str]:
        return []

    def search(
        self, question: str, k: int, *, as_of: date | None = None, prefer: Preference | None = None
    ) -> list[Hit]:
        self.searched.append((question, k))
        self.days.append(as_of)
        return [WHOLE]

    def stream(
        self, question: str, history: Sequence[Turn], as_of: date | None = None
    ) -> Iterator[Event]:
        self.asked.append((question, tuple(history)))
        self.days.append(as_of)
        if question == "Qui?":
            raise BylineError("Ask it in English.")
        yield Found((WHOLE, FIRST))
        yield Found((FIRST,))
        yield Done(
            Answer(
                question=question,
                sentences=(Sentence("It paid $5.", (Citation(1, FIRST.passage, 0, 11),)),),
                hits=(FIRST,),
                abstained=False,
                raw="It paid $5. [1]",
                timings=Timings(10.0, 500.0, 200.0, 300, 20),
                model="m",
                index_version="1",
                understood="When did Meta pay?" if question == "And when did it?" else None,
            )
        )


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


QUESTION = Question("q", "What did it pay?", ("$5",), ("a1",), True, ("amount",), "dev")
KEPT = PassageRecord("a1", "Deal", 0, 11, "It paid $5.", 0.9)


def test_what_was_found_what_was_chosen_and_what_was_given_are_kept_apart(
    pipeline: Pipeline,
) -> None:
    record = Runner(pipeline).ask(QUESTION)
    whole = PassageRecord("a1", "Deal", 0, 24, ARTICLE.body, 0.5)
    assert (record.retrieved, record.evidence, record.given) == ((whole,), (whole, KEPT), (KEPT,))


def test_a_citation_keeps_its_quote_and_where_it_stands(pipeline: Pipeline) -> None:
    assert Runner(pipeline).ask(QUESTION).citations == (
        CitationRecord(1, "a1", "Deal", "Wire", "2025-06-13", "https://x", 0, 11, "It paid $5."),
    )


def test_a_record_is_scored_and_timed(pipeline: Pipeline) -> None:
    record = Runner(pipeline).ask(QUESTION)
    assert (record.outcome, record.scores["accuracy"]) == ("right", 1)
    assert record.answer == "It paid $5. [1]"
    assert record.timings == TimingsRecord(10.0, 200.0, 500.0, 300, 20)


def test_the_search_is_asked_for_more_than_is_read(pipeline: Pipeline) -> None:
    Runner(pipeline).ask(QUESTION)
    assert pipeline.searched == [("What did it pay?", RETRIEVED)]


FOLLOW_UP = Question("f", "And when did it?", ("$5",), history=("Who paid?", "What did it pay?"))


def test_earlier_turns_are_asked_for_real(pipeline: Pipeline) -> None:
    record = Runner(pipeline).ask(FOLLOW_UP)
    first, second = Turn("Who paid?", "It paid $5."), Turn("What did it pay?", "It paid $5.")
    assert pipeline.asked == [
        ("Who paid?", ()),
        ("What did it pay?", (first,)),
        ("And when did it?", (first, second)),
    ]
    assert record.history[1] == PastTurn("What did it pay?", "It paid $5.")


def test_a_follow_up_is_searched_for_as_it_is_meant(pipeline: Pipeline) -> None:
    Runner(pipeline).ask(FOLLOW_UP)
    assert pipeline.searched[0][0] == "When did Meta pay?"


def test_a_turn_that_two_chats_share_is_asked_once(pipeline: Pipeline) -> None:
    runner = Runner(pipeline)
    runner.ask(Question("a", "Who paid?", ("$5",)))
    runner.ask(Question("b", "What did it pay?", ("$5",), history=("Who paid?",)))
    runner.ask(FOLLOW_UP)
    assert [question for question, _ in pipeline.asked] == [
        "Who paid?",
        "What did it pay?",
        "And when did it?",
    ]


def test_a_question_that_cannot_be_asked_is_kept_with_what_was_said(pipeline: Pipeline) -> None:
    record = Runner(pipeline).ask(Question("q", "Qui?", ("$5",), ("a1",), True))
    assert (record.error, record.answer) == ("Ask it in English.", "Ask it in English.")
    assert (record.abstained, record.outcome) == (True, "refused_wrongly")


def test_a_dated_question_is_asked_and_searched_as_of_its_day(pipeline: Pipeline) -> None:
    dated = Question("d", "What did it pay?", ("$5",), history=("Who?",), as_of="2025-06-13")
    Runner(pipeline).ask(dated)
    assert pipeline.days == [date(2025, 6, 13)] * 3  # the earlier question, this one, the search


def test_the_same_chat_on_another_day_is_asked_anew(pipeline: Pipeline) -> None:
    runner = Runner(pipeline)
    for day in ("2025-06-13", "2025-06-14", None):
        runner.ask(Question(str(day), "How?", ("$5",), history=("Who?",), as_of=day))
    assert [question for question, _ in pipeline.asked] == ["Who?", "How?"] * 3


def test_what_other_sources_say_is_kept_and_not_scored(pipeline: Pipeline) -> None:
    differing = Sentence(
        "Reports differ: A says $5; B says $6.", (Citation(1, FIRST.passage, 0, 11),)
    )
    difference = Disagreement("what it paid", (), "different")

    class Differing(Pipeline):
        def stream(
            self, question: str, history: Sequence[Turn], as_of: date | None = None
        ) -> Iterator[Event]:
            for event in super().stream(question, history, as_of):
                if isinstance(event, Done):
                    sentences = (*event.answer.sentences, differing)
                    event = Done(
                        replace(event.answer, sentences=sentences, disagreements=(difference,))
                    )
                yield event

    asked = replace(QUESTION, wrong_answers=("$6",))
    record = Runner(Differing()).ask(asked)
    assert record.outcome == "right"
    assert record.sentences[1].text == differing.text
    assert len(record.citations) == 1
