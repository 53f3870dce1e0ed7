"""The outcome of a question, its scores, and the figures of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eval.questions import Question
from eval.records import (
    CitationRecord,
    Outcome,
    PassageRecord,
    Record,
    SentenceRecord,
    TimingsRecord,
)
from eval.scores import QUESTION_METRICS, SHORT_ANSWER, figures, is_right, score, summarise

GOLD = PassageRecord("g", "G", 0, 12, "It paid $15.", 0.9)
OTHER = PassageRecord("x", "X", 0, 9, "It rained", 0.5)
QUESTION = Question("q", "What did it pay?", ("$15",), ("g",), True)
NO_GOLD = replace(QUESTION, article_ids=())
UNANSWERABLE = Question("q", "What did it sing?", (), (), False)


def record(
    question: Question = QUESTION,
    said: str = "It paid $15.",
    abstained: bool = False,
    retrieved: tuple[PassageRecord, ...] = (GOLD, OTHER),
    evidence: tuple[PassageRecord, ...] = (GOLD,),
    given: tuple[PassageRecord, ...] = (GOLD,),
    cites: str = "g",
    error: str | None = None,
) -> Record:
    citation = CitationRecord(1, cites, "", None, None, None, 0, 12, "It paid $15.")
    unscored = Record(
        id="q",
        question=question.question,
        outcome="unscored",
        answer=said,
        abstained=abstained,
        answerable=question.answerable,
        answers=question.answers,
        wrong_answers=question.wrong_answers,
        gold_articles=question.article_ids,
        gold_sentences=question.sentences,
        retrieved=retrieved,
        evidence=evidence,
        given=given,
        sentences=(SentenceRecord(said, "supported", 1.0, (citation,)),),
        timings=TimingsRecord(10.0, 200.0, 500.0, 300, 20),
        error=error,
    )
    return score(unscored, question)


WRONG = "It paid $6."


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (record(), "right"),
        (record(said=WRONG), "used_but_wrong"),
        (record(said=WRONG, given=(OTHER,)), "not_used"),
        (record(said=WRONG, evidence=(OTHER,), given=(OTHER,)), "not_chosen"),
        (record(said=WRONG, retrieved=(OTHER,), evidence=(), given=()), "not_retrieved"),
        (record(abstained=True), "refused_wrongly"),
        (record(abstained=True, given=()), "refused_wrongly"),
        (record(abstained=True, evidence=(OTHER,)), "not_chosen"),
        (record(abstained=True, retrieved=(OTHER,)), "not_retrieved"),
        (record(abstained=True, error="No."), "refused_wrongly"),
        (record(UNANSWERABLE, abstained=True), "refused_rightly"),
        (record(UNANSWERABLE), "answered_unanswerable"),
        (record(UNANSWERABLE, abstained=True, error="No."), "unscored"),
        (record(NO_GOLD, said=WRONG), "used_but_wrong"),
        (record(NO_GOLD, said=WRONG, evidence=(OTHER,)), "not_chosen"),
        (record(replace(NO_GOLD, answerable=None), said=WRONG), "used_but_wrong"),
        (record(Question("q", "?"), said=WRONG), "unscored"),
    ],
)
def test_a_failure_is_blamed_on_the_first_stage_that_lost_the_answer(
    made: Record, outcome: Outcome
) -> None:
    assert made.outcome == outcome


def test_a_gold_sentence_says_more_than_its_article() -> None:
    elsewhere = PassageRecord("g", "G", 50, 60, "It sold up", 0.9)
    question = replace(QUESTION, answers=("yes",), sentences=("It paid $15.",))
    assert record(question, WRONG, evidence=(elsewhere,)).outcome == "not_chosen"
    article_only = replace(question, sentences=())
    assert record(article_only, WRONG, evidence=(elsewhere,)).outcome == "used_but_wrong"


def test_another_passage_of_a_gold_article_does_not_hold_the_answer() -> None:
    elsewhere = PassageRecord("g", "G", 50, 60, "It sold up", 0.9)
    assert record(said=WRONG, evidence=(elsewhere,)).outcome == "not_chosen"


def test_any_accepted_answer_is_right_unless_all_are_required() -> None:
    question = replace(QUESTION, answers=("$15", "$7"))
    assert record(question).outcome == "right"
    assert record(replace(question, all_required=True)).outcome == "used_but_wrong"


def test_an_answer_that_was_ruled_out_is_wrong_beside_a_right_one() -> None:
    made = record(replace(QUESTION, wrong_answers=("$6",)), "It paid $15 or $6.")
    assert made.outcome == "used_but_wrong"
    assert (made.scores["containment"], made.scores["containment_of_wrong"]) == (1, 1)


def test_the_share_of_required_answers_that_was_given() -> None:
    question = replace(QUESTION, answers=("$15", "$7"), all_required=True)
    assert record(question).scores["containment_of_all"] == 0.5
    assert record(QUESTION).scores["containment_of_all"] is None


def test_a_long_answer_cannot_be_found_word_for_word() -> None:
    made = record(replace(QUESTION, answers=("It paid five dollars " * 4,)))
    assert made.outcome == "unscored"
    assert made.scores["accuracy"] is None
    assert made.scores["containment"] is None
    assert made.scores["evidence_recall"] is None
    assert made.scores["token_f1"] is not None


def test_a_refusal_of_a_question_with_a_long_answer_is_still_a_refusal() -> None:
    long = replace(QUESTION, answers=("It paid five dollars " * 4,))
    assert record(long, abstained=True).outcome == "refused_wrongly"


def test_a_short_answer_is_not_looked_for_where_the_set_says_so() -> None:
    question = replace(QUESTION, answers=("5",), tags=(SHORT_ANSWER,))
    assert is_right(record(question).text, False, question) is None
    assert record(question).scores["containment"] is None


def test_a_refusal_that_happens_to_hold_the_answer_is_not_right() -> None:
    made = record(said="Nothing says $15.", abstained=True)
    assert [made.scores[name] for name in ("accuracy", "token_f1", "containment")] == [0] * 3


def test_a_citation_marker_is_no_answer() -> None:
    marked = replace(record(said="There were some."), answer="There were some. [1]")
    question = replace(QUESTION, answers=("1",))
    assert score(marked, question).scores["containment"] == 0


def test_only_a_right_answer_can_cite_gold() -> None:
    assert record().scores["citation_hit"] == 1
    assert record(cites="x").scores["citation_hit"] == 0
    assert record(said=WRONG).scores["citation_hit"] is None


def test_every_record_has_every_score_or_none() -> None:
    for made in (record(), record(UNANSWERABLE), record(UNANSWERABLE, error="No.")):
        assert tuple(made.scores) == QUESTION_METRICS


def test_a_question_that_could_not_be_asked_is_no_rightful_refusal() -> None:
    made = record(UNANSWERABLE, abstained=True, error="No.")
    assert set(made.scores.values()) == {None}


def test_a_set_that_does_not_say_what_is_answerable_scores_no_refusals() -> None:
    scores = record(replace(NO_GOLD, answerable=None), abstained=True).scores
    assert [scores[n] for n in ("refusal_recall", "refusal_precision", "false_refusals")] == [
        None
    ] * 3


# The whole run

RUN = [
    record(),
    record(said=WRONG),
    record(abstained=True),
    record(UNANSWERABLE, abstained=True),
    record(UNANSWERABLE),
]


def test_accuracy_is_over_answerable_questions() -> None:
    # right, wrong, refused: 1 of 3
    accuracy = figures(RUN)["accuracy"]
    assert accuracy.value == pytest.approx(1 / 3)
    assert accuracy.n == 3


def test_refusals_are_counted_on_both_kinds_of_question() -> None:
    made = figures(RUN)
    assert made["refusal_recall"].value == 1 / 2  # of the two unanswerable ones
    assert made["refusal_precision"].value == 1 / 2  # of the two refusals
    assert made["false_refusals"].value == pytest.approx(1 / 3)  # of the three answerable ones


def test_times_are_the_smallest_that_so_many_do_not_exceed() -> None:
    times = [10, 20, 30, 40, 50, 90]
    records = [replace(record(), timings=TimingsRecord(total_ms=ms)) for ms in times]
    made = figures(records)
    # half of 6 is the 3rd; 95% of 6 is 5.7, so the 6th
    assert (made["total_ms_p50"].value, made["total_ms_p95"].value) == (30, 90)
    assert made["first_token_ms_p50"].value is None


def test_tokens_are_a_mean() -> None:
    short = replace(record(), timings=TimingsRecord(prompt_tokens=100))
    # (300 + 100) / 2; the refusal asked no model
    asked = [record(), short, replace(record(), timings=TimingsRecord())]
    assert figures(asked)["prompt_tokens"].value == 200


def test_confidence_is_judged_where_there_is_one() -> None:
    sure = [replace(record(), confidence=0.9), replace(record(said=WRONG), confidence=0.3)]
    # the surer is right: (0 + 1/2) / 2; |1 - 0.9| and |0 - 0.3|, half each
    assert figures(sure)["risk_coverage_area"].value == pytest.approx(1 / 4)
    assert figures(sure)["calibration_error"].value == pytest.approx(0.2)
    assert figures(RUN)["risk_coverage_area"].value is None


def test_a_summary_has_all_outcomes_and_a_slice_for_each_tag() -> None:
    tagged = [replace(RUN[0], tags=("amount",)), *RUN[1:]]
    summary = summarise(tagged)
    assert summary.outcomes["right"] == 1
    assert summary.outcomes["not_chosen"] == 0
    assert summary.tags["amount"]["accuracy"].value == 1
    assert "refusal_recall" not in summary.tags["amount"]


def test_a_run_of_nothing_has_no_score() -> None:
    assert {one.value for one in summarise([]).metrics.values()} == {None}
