"""One question's scores and outcome, and the figures of a whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from eval.abstention import (
    area_under_risk,
    calibration_error,
    confident_answers,
    refusal_scores,
)
from eval.citations import citation_scores, same_sentence
from eval.metrics import contains_answer, exact_match, sayable, searchable, token_f1
from eval.questions import Question
from eval.ranking import RANKS, answer_recall, evidence_recall, given_recall, ranking_scores
from eval.records import OUTCOMES, Figure, Outcome, PassageRecord, Record, Summary
from eval.statistics import figure, mean_figure, percentile_figure

SHORT_ANSWER = "short-answer"
"""The tag of a question whose accepted answers are too short to be looked for in an answer."""

QUESTION_METRICS = (
    *"accuracy exact_match token_f1 containment containment_of_all containment_of_wrong".split(),
    *"refusal_recall refusal_precision false_refusals".split(),
    *"citation_precision citation_recall".split(),
    *"citation_sentence_precision citation_sentence_recall".split(),
    *"cited_sentences cited_supported citation_hit".split(),
    *"evidence_recall evidence_given_recall".split(),
    *(f"hit@{k}" for k in RANKS),
    *(f"recall@{k}" for k in RANKS),
    *"mrr ndcg@10".split(),
    *(f"answer_recall@{k}" for k in RANKS),
)
"""Measures that are the mean of the questions' scores, 0 to 1, in the order of a report."""


def score(record: Record, question: Question) -> Record:
    """The record with its outcome and its scores."""
    right = is_right(record.text, record.abstained, question)
    record = replace(record, outcome=outcome(record, right))
    if record.error is not None and not record.answerable:
        return replace(record, scores=dict.fromkeys(QUESTION_METRICS))
    scores: dict[str, float | None] = {
        **_answer_scores(record, question),
        **refusal_scores(record),
        **citation_scores(record),
        **ranking_scores([record]).get(record.id, {}),
        "evidence_recall": evidence_recall(record),
        "evidence_given_recall": given_recall(record),
        "citation_hit": _citation_hit(record),
        **{f"answer_recall@{k}": answer_recall(record, k) for k in RANKS},
    }
    return replace(record, scores={name: scores.get(name) for name in QUESTION_METRICS})


def is_right(text: str, abstained: bool, question: Question) -> bool | None:
    """Whether an answer states what was accepted and nothing that was ruled out.

    None where this cannot be told: there are no accepted answers, or none of a length that can be
    looked for.
    """
    wanted = sayable(question.answers)
    if not wanted or SHORT_ANSWER in question.tags:
        return None
    if abstained:
        return False
    stated = [contains_answer(text, [answer]) for answer in wanted]
    enough = all(stated) if question.all_required else any(stated)
    return enough and not contains_answer(text, question.wrong_answers)


def outcome(record: Record, right: bool | None) -> Outcome:
    """What became of the question; a failure is blamed on the first stage that lost the answer."""
    if record.answerable is False:
        if record.error is not None:
            return "unscored"
        return "refused_rightly" if record.abstained else "answered_unanswerable"
    if right:
        return "right"
    if not record.answers or (right is None and not record.abstained):
        return "unscored"
    if record.error is not None:
        return "refused_wrongly"
    return _blame(record)


def _blame(record: Record) -> Outcome:
    holds = _holder(record)
    if holds is None:
        if record.answerable is None:
            return "unscored"
        return "refused_wrongly" if record.abstained else "used_but_wrong"
    if not holds(record.retrieved):
        return "not_retrieved"
    if not holds(record.evidence):
        return "not_chosen"
    if record.abstained:
        return "refused_wrongly"
    return "used_but_wrong" if holds(record.given) else "not_used"


def _holder(record: Record) -> Callable[[Sequence[PassageRecord]], bool] | None:
    """Whether passages hold the answer: by gold sentence, else gold article, else its words.

    A passage of a gold article must state the answer, if any that was retrieved does.
    """
    answers, gold = searchable(record.answers), record.gold_articles

    def quotes(passage: PassageRecord) -> bool:
        return any(same_sentence(passage.text, one) for one in record.gold_sentences)

    def states(passage: PassageRecord) -> bool:
        return contains_answer(passage.text, answers)

    def is_gold(passage: PassageRecord) -> bool:
        return passage.article_id in gold

    def is_gold_and_states(passage: PassageRecord) -> bool:
        return is_gold(passage) and states(passage)

    if record.gold_sentences:
        holds = quotes
    elif gold:
        holds = is_gold_and_states if any(map(is_gold_and_states, record.retrieved)) else is_gold
    elif answers:
        holds = states
    else:
        return None
    return lambda passages: any(map(holds, passages))


def _answer_scores(record: Record, question: Question) -> dict[str, float | None]:
    if record.answerable is False or not question.answers:
        return {}
    text = "" if record.abstained else record.text
    stated = [float(contains_answer(text, [answer])) for answer in sayable(question.answers)]
    looked_for = bool(stated) and SHORT_ANSWER not in question.tags
    wrong = question.wrong_answers
    return {
        "accuracy": None if record.outcome == "unscored" else float(record.outcome == "right"),
        "exact_match": exact_match(text, question.answers),
        "token_f1": token_f1(text, question.answers),
        "containment": max(stated) if looked_for else None,
        "containment_of_all": sum(stated) / len(stated)
        if looked_for and question.all_required
        else None,
        "containment_of_wrong": float(contains_answer(text, wrong)) if wrong else None,
    }


def _citation_hit(record: Record) -> float | None:
    if record.outcome != "right" or not record.gold_articles:
        return None
    return float(any(c.article_id in record.gold_articles for c in record.citations))


def summarise(
    records: Sequence[Record], seed: int = 0, extra: Mapping[str, Figure] | None = None
) -> Summary:
    """All figures over the records and over those of each tag; `extra` are figures of the run.

    A tag has only the figures that its questions gave.
    """
    tags = sorted({tag for record in records for tag in record.tags})
    slices = {tag: figures([r for r in records if tag in r.tags], seed) for tag in tags}
    counts = Counter(record.outcome for record in records)
    return Summary(
        metrics={**figures(records, seed), **(extra or {})},
        tags={
            tag: {name: one for name, one in of_tag.items() if one.n}
            for tag, of_tag in slices.items()
        },
        outcomes={name: counts[name] for name in OUTCOMES},
    )


def figures(records: Sequence[Record], seed: int = 0) -> dict[str, Figure]:
    """Every measure over these records, with its interval."""
    means = {
        name: mean_figure([record.scores.get(name) for record in records], "share", seed)
        for name in QUESTION_METRICS
    }
    confident = confident_answers(records)
    return {
        **means,
        "risk_coverage_area": figure(confident, area_under_risk, "", seed),
        "calibration_error": figure(confident, calibration_error, "", seed),
        **_cost(records, seed),
    }


def _cost(records: Sequence[Record], seed: int) -> dict[str, Figure]:
    timings = [record.timings for record in records]
    times = {
        "retrieve_ms": [t.retrieve_ms for t in timings],
        "first_token_ms": [t.first_token_ms for t in timings],
        "total_ms": [t.total_ms for t in timings],
    }
    return {
        **{
            f"{name}_p{percent}": percentile_figure(
                [value for value in values if value is not None], percent, "ms", seed
            )
            for name, values in times.items()
            for percent in (50, 95)
        },
        "prompt_tokens": mean_figure([t.prompt_tokens for t in timings], "tokens", seed),
        "new_tokens": mean_figure([t.new_tokens for t in timings], "tokens", seed),
    }
