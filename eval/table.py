"""A run as text: its figures with their intervals, and what went wrong."""

from __future__ import annotations

from eval.records import GOOD_OUTCOMES, Figure, Record, Result
from eval.report_words import outcome_view, show_interval, show_value

SHOWN = 20
"""Questions that went wrong and are named in the table; the file of the run has all."""


def render(result: Result) -> str:
    """The table that `byline eval` prints."""
    run = result.run
    over = f" over {run.articles:,} articles" if run.articles is not None else ""
    lines = [
        f"{run.suite}: {len(result.records):,} questions{over}, {run.model}",
        "",
        f"{'measure':<30}{'score':>14}   {'95% interval':<24}{'n':>6}",
    ]
    metrics = result.summary.metrics
    lines += [_line(name, one) for name, one in metrics.items() if one.value is not None]
    if unscored := [name for name, one in metrics.items() if one.value is None]:
        lines += ["", f"No score, as nothing gives one: {', '.join(unscored)}."]
    lines += ["", "What became of the questions:"]
    lines += [f"{count:>6}  {name}" for name, count in result.summary.outcomes.items() if count]
    return "\n".join([*lines, *_wrong(result)])


def _line(name: str, one: Figure) -> str:
    return f"{name:<30}{show_value(one.value, one.unit):>14}   {show_interval(one):<24}{one.n:>6}"


def _wrong(result: Result) -> list[str]:
    wrong = [r for r in result.records if r.outcome not in (*GOOD_OUTCOMES, "unscored")]
    if not wrong:
        return []
    lines = ["", f"Went wrong ({len(wrong)}):", *(f"  {_verdict(r)}" for r in wrong[:SHOWN])]
    more = len(wrong) - SHOWN
    return [*lines, f"  ... and {more} more in the file of the run"] if more > 0 else lines


def _verdict(record: Record) -> str:
    said = "" if record.abstained and not record.error else f": {record.answer}"
    return f"{record.id} {record.question} - {outcome_view(record.outcome).label.lower()}{said}"
