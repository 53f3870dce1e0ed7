"""The gate: a small fixed set of questions, which a change may not answer worse than the baseline.

`baseline.json` names the questions and holds the figures of a run that a person has looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import BylineError
from eval.questions import Question, load_questions
from eval.records import GOOD_OUTCOMES, Figure, Outcome, Result
from eval.report_words import lower_is_better, metric_label, show_interval, show_value

if TYPE_CHECKING:
    from eval.measure import Options

BASELINE = Path(__file__).with_name("baseline.json")
GATED = (
    *"accuracy containment evidence_recall".split(),
    *"citation_precision citation_recall citation_sentence_precision".split(),
    *"refusal_recall false_refusals".split(),
)
"""The figures that are held; each must have a score."""

ACCEPT = "byline eval gate --accept"


@dataclass(frozen=True, slots=True)
class Baseline:
    """What is held: the questions by id, the figures over them and what became of each.

    `made` says from what: the model, the engine, the embedder and the day.
    """

    questions: tuple[str, ...]
    made: Mapping[str, str]
    figures: Mapping[str, Figure]
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Check:
    """One figure against its baseline. `reason` is empty where it passed."""

    name: str
    held: Figure
    fresh: Figure | None
    reason: str

    @property
    def passed(self) -> bool:
        return not self.reason


def read_baseline(path: Path = BASELINE) -> Baseline:
    """Raises BylineError when the file cannot be read or is no baseline."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Baseline).validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = error.strerror if isinstance(error, OSError) else error.errors()[0]["msg"]
        raise BylineError(
            f"The baseline {path} could not be read ({reason}): bring back the one in git."
        ) from error


def write_baseline(baseline: Baseline, path: Path = BASELINE) -> None:
    """Indented, so that a person can review it line by line. Raises BylineError."""
    from pydantic import TypeAdapter

    try:
        path.write_bytes(TypeAdapter(Baseline).dump_json(baseline, indent=1) + b"\n")
    except OSError as error:
        raise BylineError(
            f"The baseline could not be written to {path} ({error.strerror}): run this in a "
            "checkout that you may write to."
        ) from error


def accept(result: Result) -> Baseline:
    """The baseline that a run makes. Raises BylineError when it gave a held figure no score."""
    figures = {name: result.summary.metrics.get(name) for name in GATED}
    scored = {name: one for name, one in figures.items() if one and one.value is not None}
    if missing := [name for name in GATED if name not in scored]:
        raise BylineError(
            f"The run has no score for {', '.join(missing)}, so it cannot be a baseline: look at "
            "its report, and mend what it shows first."
        )
    run = result.run
    made = {"model": run.model, "engine": run.engine or "none", "embedder": run.embedder}
    return Baseline(
        questions=tuple(record.id for record in result.records),
        made={**made, "created_at": run.created_at, "byline": run.byline},
        figures={name: _rounded(one) for name, one in scored.items()},
        outcomes={record.id: record.outcome for record in result.records},
    )


def _rounded(figure: Figure) -> Figure:
    value, low, high = (
        None if end is None else round(end, 4) for end in (figure.value, figure.low, figure.high)
    )
    return replace(figure, value=value, low=low, high=high)


def check(baseline: Baseline, metrics: Mapping[str, Figure]) -> list[Check]:
    """Every figure of the baseline against a fresh one."""
    return [_check(name, held, metrics.get(name)) for name, held in baseline.figures.items()]


def _check(name: str, held: Figure, fresh: Figure | None) -> Check:
    """Fails where the fresh value lies beyond the worse end of the baseline's interval, or where
    there is none: what cannot be scored any more is no better than what is worse."""
    reason = ""
    if held.value is None:
        reason = "the baseline has no score"
    elif fresh is None or fresh.value is None:
        reason = "no score, and the baseline has one"
    elif lower_is_better(name):
        end = held.value if held.high is None else held.high
        if fresh.value > end:
            reason = f"worse: above {show_value(end, held.unit)}"
    else:
        end = held.value if held.low is None else held.low
        if fresh.value < end:
            reason = f"worse: below {show_value(end, held.unit)}"
    return Check(name, held, fresh, reason)


def render(baseline: Baseline, result: Result, checks: Sequence[Check]) -> str:
    """The gate as a table, with the questions that ended worse than in the baseline."""
    lines = [f"{'measure':<46}{'baseline':>9}   {'95% interval':<18}{'fresh':>9}  gate"]
    for one in checks:
        fresh = show_value(one.fresh.value, one.fresh.unit) if one.fresh else "no score"
        lines.append(
            f"{metric_label(one.name):<46}{show_value(one.held.value, one.held.unit):>9}   "
            f"{show_interval(one.held):<18}{fresh:>9}  {one.reason or 'passed'}"
        )
    lines += [
        f"  {record.id} {record.question} - {was} -> {record.outcome}"
        for record in result.records
        if (was := baseline.outcomes.get(record.id)) in GOOD_OUTCOMES
        and record.outcome not in GOOD_OUTCOMES
    ]
    return "\n".join([*lines, *_differs(baseline, result)])


def _differs(baseline: Baseline, result: Result) -> list[str]:
    """A line for each part that the baseline was not made with."""
    run = result.run
    parts = {"model": run.model, "engine": run.engine, "embedder": run.embedder}
    return [
        f"The baseline was made with the {part} {was}, and this run with {now}."
        for part, now in parts.items()
        if (was := baseline.made.get(part, now)) != now
    ]


def chosen(ids: Sequence[str]) -> list[Question]:
    """The questions of the gold set with these ids. Raises BylineError when one is gone."""
    known = {question.id: question for question in load_questions()}
    if gone := [name for name in ids if name not in known]:
        raise BylineError(
            f"The baseline {BASELINE} asks {', '.join(gone)}, which the gold set has no more: name "
            f"others there and run {ACCEPT}"
        )
    return [known[name] for name in ids]


def run_gate(questions: Sequence[Question], options: Options) -> Result:
    """A fresh run over the sample articles. Raises BylineError when it was stopped early."""
    from eval.suites import ask_gold

    result = ask_gold("gate", questions, options)
    if len(result.records) < len(questions):
        raise BylineError("The gate was stopped before its last question: run it again.")
    return result


def main(options: Options, accepting: bool, out: Path, held: Path = BASELINE) -> tuple[str, bool]:
    """Run the gate and keep the run and its report in the folder `out`.

    What to print, and whether it passed. `accepting` makes the run the new baseline instead;
    `held` is the file of the baseline.
    """
    from eval.records import write_result
    from eval.report import write_report

    baseline = read_baseline(held)
    if not baseline.figures and not accepting:
        raise BylineError(f"There is no baseline to hold yet: make one with {ACCEPT}")
    result = run_gate(chosen(baseline.questions), options)
    moment = result.run.created_at[:19].replace("T", "-").replace(":", "")
    path = out / f"gate-{moment}.json"
    write_result(result, path)
    kept = f"The report is {write_report(path)}"
    checks = check(baseline, result.summary.metrics)
    table = render(baseline, result, checks)
    if accepting:
        write_baseline(accept(result), held)
        return f"{table}\n{kept}\nThis run is the baseline now: review the change in git.", True
    passed = all(one.passed for one in checks)
    failed = ", ".join(metric_label(one.name) for one in checks if not one.passed)
    verdict = "The gate is green." if passed else f"The gate is RED: {failed}."
    return f"{table}\n{kept}\n{verdict}", passed
