"""The words of a report: what an outcome or a measure is called, and how a number is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from eval.records import GOOD_OUTCOMES, Figure, Outcome

OUTCOME_WORDS: dict[Outcome, tuple[str, str]] = {
    "right": ("Right", "An accepted answer was given."),
    "refused_rightly": ("Rightly refused", "The articles do not answer it, and it was refused."),
    "not_retrieved": (
        "Not retrieved",
        "No passage that the search found holds the answer. Mend the search.",
    ),
    "not_chosen": (
        "Retrieved, not chosen",
        "The search found the answer, and it was not chosen as evidence. Mend the choice.",
    ),
    "not_used": (
        "Chosen, not used",
        "The evidence held the answer, and the model was not given it. Mend the judging.",
    ),
    "used_but_wrong": (
        "Used, but wrong",
        "The model was given the answer and said something else. Mend the prompt or the model.",
    ),
    "refused_wrongly": (
        "Wrongly refused",
        "The evidence held the answer, and it was refused. Mend the refusal.",
    ),
    "answered_unanswerable": (
        "Answered the unanswerable",
        "The articles do not answer it, and it was answered. Mend the refusal.",
    ),
    "unscored": ("No score", "There is nothing to score it by."),
}
"""Of each outcome its name, and which part to mend."""

CLAIM_WORDS: dict[Outcome, tuple[str, str]] = {
    "right": ("Rightly supported", "The label says supported, and so does the checker."),
    "refused_rightly": ("Rightly not supported", "The label says not, and so does the checker."),
    "refused_wrongly": (
        "Wrongly not supported",
        "The label says supported, and the checker does not. Mend the checker.",
    ),
    "answered_unanswerable": (
        "Wrongly supported",
        "The label says not supported, and the checker says it is. Mend the checker.",
    ),
}
"""The same of the suite that judges the checker of citations: a no to a claim is a refusal."""

CLAIMS = "attribution"
"""The suite of claims."""

GROUPS: dict[str, dict[str, str]] = {
    "Finding": {
        "evidence_recall": "Evidence holds an accepted answer",
        "evidence_given_recall": "What the model read holds an accepted answer",
        "mrr": "Mean reciprocal rank",
        "ndcg@10": "nDCG@10",
        "hit@": "A gold article in the first ",
        "recall@": "Gold articles in the first ",
        "answer_recall@": "An accepted answer in the first ",
    },
    "Answers": {
        "accuracy": "Right answers",
        "exact_match": "Exact match",
        "token_f1": "Token F1",
        "containment": "States an accepted answer",
        "containment_of_all": "Accepted answers that are stated, where all are asked for",
        "containment_of_wrong": "States a known wrong answer",
    },
    "Citations": {
        "citation_precision": "Citations of a gold article (precision)",
        "citation_recall": "Gold articles cited (recall)",
        "citation_sentence_precision": "Citations of a gold sentence (precision)",
        "citation_sentence_recall": "Gold sentences cited (recall)",
        "cited_sentences": "Sentences with a citation",
        "cited_supported": "Cited sentences that the checker supports",
        "citation_hit": "Right answers that cite a gold article",
    },
    "Refusals": {
        "refusal_recall": "Unanswerable questions refused (recall)",
        "refusal_precision": "Refusals that were right (precision)",
        "false_refusals": "Answerable questions refused",
        "risk_coverage_area": "Area under risk and coverage",
        "calibration_error": "Calibration error (ECE)",
    },
    "Checking": {
        "macro_f1": "Macro-F1 of supported and not",
        "supported_precision": "Supported claims that are (precision)",
        "supported_recall": "Supported claims that are found (recall)",
        "accuracy_partly_counts": "Right where partly counts as supported",
        "macro_f1_partly_counts": "Macro-F1 where partly counts as supported",
    },
    "Time, tokens and memory": {
        "retrieve_ms": "Search, mean",
        "first_token_ms": "First word, mean",
        "total_ms": "Whole answer, mean",
        "retrieve_ms_p": "Search, percentile ",
        "first_token_ms_p": "First word, percentile ",
        "total_ms_p": "Whole answer, percentile ",
        "prompt_tokens": "Tokens of the prompt",
        "new_tokens": "Tokens of the reply",
        "passages_per_second": "Passages indexed per second",
        "peak_memory": "Peak memory",
    },
}
"""What each measure is called, by kind. A name that ends in @ or _p is followed by a number."""

OTHER = "Other measures"

LOWER_IS_BETTER = (
    *"containment_of_wrong false_refusals risk_coverage_area calibration_error".split(),
    *"retrieve_ms first_token_ms total_ms prompt_tokens new_tokens peak_memory".split(),
    *"retrieve_ms_p first_token_ms_p total_ms_p".split(),
)


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """An outcome as it is shown. `bad` is what a reader filters for: something went wrong."""

    name: Outcome
    label: str
    meaning: str
    bad: bool
    count: int = 0


def outcome_view(name: Outcome, count: int = 0, suite: str = "") -> OutcomeView:
    words = OUTCOME_WORDS | CLAIM_WORDS if suite == CLAIMS else OUTCOME_WORDS
    label, meaning = words[name]
    return OutcomeView(name, label, meaning, name not in (*GOOD_OUTCOMES, "unscored"), count)


def show_value(value: float | None, unit: str) -> str:
    """A figure with its unit: a share as a percentage, times from a second up in seconds."""
    if value is None:
        return "no score"
    if unit == "share":
        return f"{value:.1%}"
    if unit == "ms":
        return f"{value / 1000:,.2f} s" if abs(value) >= 1000 else f"{value:.0f} ms"
    if unit:
        return f"{value:,.0f} {unit}"
    return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def show_interval(figure: Figure) -> str:
    if figure.low is None or figure.high is None:
        return ""
    low, high = (show_value(end, figure.unit) for end in (figure.low, figure.high))
    if figure.unit not in ("share", "ms"):
        low = low.removesuffix(f" {figure.unit}")
    return f"{low} to {high}"


def show_day(iso: str) -> str:
    """`2026-11-22T06:03:00Z` is "22 November 2026, 06:03 UTC"; what is no date stays as it is."""
    try:
        moment = datetime.fromisoformat(iso.replace("Z", "+00:00"))
    except ValueError:
        return iso
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def metric_label(name: str) -> str:
    """What a measure is called; an unknown one by its own name, `so_called` as "So called"."""
    stem, number = _stem(name)
    for labels in GROUPS.values():
        if stem in labels:
            return f"{labels[stem]}{number}"
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def group_of(name: str) -> str:
    stem, _ = _stem(name)
    return next((group for group, labels in GROUPS.items() if stem in labels), OTHER)


def lower_is_better(name: str) -> bool:
    return _stem(name)[0] in LOWER_IS_BETTER


def _stem(name: str) -> tuple[str, str]:
    """`recall@10` is `recall@` and `10`; nDCG is known at 10 only, and a name of its own."""
    stem = name.rstrip("0123456789")
    if stem == name or name == "ndcg@10" or not stem.endswith(("@", "_p")):
        return name, ""
    return stem, name[len(stem) :]
