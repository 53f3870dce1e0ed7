"""A run as text: its figures with their intervals, and what went wrong."""

from __future__ import annotations

from eval.records import GOOD_OUTCOMES, Figure, Record, Result

SHOWN = 20
"""Questions that went wrong and are named in the table; the file of the run has all."""

WORDS = {
    "not_retrieved": "not found by the search",
    "not_chosen": "found, but not chosen as evidence",
    "not_used": "chosen, but not given to the model",
    "used_but_wrong": "given to the model, and answered otherwise",
    "refused_wrongly": "refused, though the evidence holds it",
    "answered_unanswerable": "answered, though nothing answers it",
}


def render(result: Result) -> str:
    """The table that `byline eval` prints."""
    run = result.run
    over = f" over {run.articles:,} articles" if run.articles is not None else ""
    lines = [
        f"{run.suite}: {len(result.records):,} questions{over}, {run.model}",
        "",
        f"{'measure':<30}{'score':>10}   {'95% interval':<20}{'n':>6}",
    ]
    metrics = result.summary.metrics
    lines += [_line(name, one) for name, one in metrics.items() if one.value is not None]
    if unscored := [name for name, one in metrics.items() if one.value is None]:
        lines += ["", f"No score, as nothing gives one: {', '.join(unscored)}."]
    lines += ["", "What became of the questions:"]
    lines += [f"{count:>6}  {name}" for name, count in result.summary.outcomes.items() if count]
    return "\n".join([*lines, *_wrong(result)])


def _line(name: str, one: Figure) -> str:
    interval = ""
    if one.low is not None and one.high is not None:
        interval = f"{show(one.low, one.unit)} to {show(one.high, one.unit)}"
    assert one.value is not None
    return f"{name:<30}{show(one.value, one.unit):>10}   {interval:<20}{one.n:>6}"


def show(value: float, unit: str) -> str:
    """A value with its unit, in the width of a table."""
    if unit == "share":
        return f"{value:.1%}"
    if unit == "ms":
        return f"{value / 1000:.2f} s"
    return f"{value:,.0f} {unit}" if unit else f"{value:.3f}"


def _wrong(result: Result) -> list[str]:
    wrong = [r for r in result.records if r.outcome not in (*GOOD_OUTCOMES, "unscored")]
    if not wrong:
        return []
    lines = ["", f"Went wrong ({len(wrong)}):", *(f"  {_verdict(r)}" for r in wrong[:SHOWN])]
    more = len(wrong) - SHOWN
    return [*lines, f"  ... and {more} more in the file of the run"] if more > 0 else lines


def _verdict(record: Record) -> str:
    said = "" if record.abstained and not record.error else f": {record.answer}"
    return f"{record.id} {record.question} - {WORDS[record.outcome]}{said}"
