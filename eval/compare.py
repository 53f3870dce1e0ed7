"""Two runs over the same questions: what differs by more than chance, and which questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import BylineError
from eval.records import GOOD_OUTCOMES, Figure, Record, Result, Run, read_result
from eval.report_words import (
    OutcomeView,
    count,
    lower_is_better,
    metric_label,
    outcome_view,
    show_day,
    show_interval,
    show_value,
)

if TYPE_CHECKING:
    from eval.statistics import Paired

COSTS: dict[str, tuple[str, Callable[[Record], float | None]]] = {
    "total_ms": ("ms", lambda record: record.timings.total_ms),
    "first_token_ms": ("ms", lambda record: record.timings.first_token_ms),
    "retrieve_ms": ("ms", lambda record: record.timings.retrieve_ms),
    "prompt_tokens": ("tokens", lambda record: record.timings.prompt_tokens),
    "new_tokens": ("tokens", lambda record: record.timings.new_tokens),
}
"""What each question cost, by its unit; a time is compared by its mean."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of both runs over the questions they share, and the second minus the first over
    those that both scored."""

    name: str
    label: str
    first: Figure
    second: Figure
    paired: Paired
    verdict: str  # "better" or "worse" where the whole interval says so, else ""


@dataclass(frozen=True, slots=True)
class Change:
    """A question that ended otherwise in the second run."""

    id: str
    question: str
    first: OutcomeView
    second: OutcomeView
    first_answer: str
    second_answer: str

    @property
    def direction(self) -> str:
        """ "better", "worse" or "": one failure for another is neither."""
        good = [view.name in GOOD_OUTCOMES for view in (self.first, self.second)]
        return {(False, True): "better", (True, False): "worse"}.get((good[0], good[1]), "")


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that differs. `shared` questions are in both runs; the others are left out."""

    first: Run
    second: Run
    shared: int
    left_out: int
    settings: list[tuple[str, str, str]]
    differences: list[Difference]
    changes: list[Change]


def compare(first: Result, second: Result) -> Comparison:
    """The second run beside the first. Raises BylineError when they share no question."""
    known = {(record.id, record.question): record for record in first.records}
    pairs = [
        (known[key], record)
        for record in second.records
        if (key := (record.id, record.question)) in known
    ]
    if not pairs:
        raise BylineError(
            "The two runs share no question, by id and wording: compare runs of one suite."
        )
    return Comparison(
        first=first.run,
        second=second.run,
        shared=len(pairs),
        left_out=len(first.records) + len(second.records) - 2 * len(pairs),
        settings=_settings(first.run, second.run),
        differences=[*_differences(pairs), *_whole(first, second, len(pairs))],
        changes=[_change(a, b, second.run.suite) for a, b in pairs if a.outcome != b.outcome],
    )


def _differences(pairs: list[tuple[Record, Record]]) -> Iterator[Difference]:
    names = dict.fromkeys(name for pair in pairs for record in pair for name in record.scores)
    for name in names:
        scores = [(a.scores.get(name), b.scores.get(name)) for a, b in pairs]
        yield from _difference(name, "share", scores)
    for name, (unit, read) in COSTS.items():
        yield from _difference(name, unit, [(read(a), read(b)) for a, b in pairs])


def _difference(
    name: str, unit: str, values: list[tuple[float | None, float | None]]
) -> Iterator[Difference]:
    """Nothing where neither run has a score."""
    from eval.statistics import mean_figure, paired

    first, second = ([pair[side] for pair in values] for side in (0, 1))
    figures = mean_figure(first, unit), mean_figure(second, unit)
    if figures[0].n or figures[1].n:
        test = paired(first, second)
        yield Difference(name, metric_label(name), *figures, test, verdict(name, test))


def _whole(first: Result, second: Result, shared: int) -> Iterator[Difference]:
    """Measures of a whole run, such as percentiles: no question has a part of its own in them.

    Only of runs over the same questions, and without a test.
    """
    from eval.statistics import paired

    if not shared == len(first.records) == len(second.records):
        return
    by_question = {name for record in second.records for name in record.scores} | COSTS.keys()
    untested = paired([], [])
    for name, figure in second.summary.metrics.items():
        other = first.summary.metrics.get(name)
        if other and name not in by_question and (figure.n or other.n):
            yield Difference(name, metric_label(name), other, figure, untested, "")


def verdict(name: str, test: Paired) -> str:
    """ "better" or "worse" where the whole 95% interval of the difference lies on one side."""
    if test.low is None or test.high is None or test.low <= 0 <= test.high:
        return ""
    return "better" if (test.low > 0) != lower_is_better(name) else "worse"


def _change(first: Record, second: Record, suite: str) -> Change:
    return Change(
        id=second.id,
        question=second.question,
        first=outcome_view(first.outcome, suite=suite),
        second=outcome_view(second.outcome, suite=suite),
        first_answer=first.answer,
        second_answer=second.answer,
    )


def _settings(first: Run, second: Run) -> list[tuple[str, str, str]]:
    """What was set or was there otherwise: name, first, second."""
    sides = [_facts(first), _facts(second)]
    names = dict.fromkeys([*sides[0], *sides[1]])
    rows = [(name, *(str(side.get(name, "none")) for side in sides)) for name in names]
    return [(metric_label(name), a, b) for name, a, b in rows if a != b]


def _facts(run: Run) -> Mapping[str, object]:
    names = "suite model engine embedder articles passages seed limit byline python processor"
    return {**{name: getattr(run, name) for name in names.split()}, **run.settings}


def show_difference(one: Difference) -> str:
    """`+4.0 (-1.0 to +9.0) points`: of a share in percentage points, else in its own unit."""
    test, unit = one.paired, one.first.unit
    if test.difference is None or test.low is None or test.high is None:
        return "not compared by question"
    factor = {"share": 100, "ms": 0.001}.get(unit, 1)
    named = {"share": " points", "ms": " s"}.get(unit, f" {unit}".rstrip())
    value, low, high = (
        f"{factor * side:+,.{2 if unit == 'ms' else 1}f}"
        for side in (test.difference, test.low, test.high)
    )
    return f"{value} ({low} to {high}){named}"


def show_p(p: float | None) -> str:
    if p is None:
        return ""
    return "under 0.001" if p < 0.001 else f"{p:.3f}"


def render_text(comparison: Comparison) -> str:
    """The comparison as a table for the terminal."""
    first, second = comparison.first, comparison.second
    lines = [
        f"A: {first.suite}, {first.model}, {show_day(first.created_at)}",
        f"B: {second.suite}, {second.model}, {show_day(second.created_at)}",
        f"{count(comparison.shared, 'question')} in both, {comparison.left_out} left out",
        *(f"{name}: {a} -> {b}" for name, a, b in comparison.settings),
        "",
        f"{'measure':<27}{'A':>13}{'B':>13}   {'B minus A, 95% interval':<34}{'p':>12}{'n':>5}",
    ]
    for one in comparison.differences:
        values = [show_value(side.value, side.unit) for side in (one.first, one.second)]
        lines.append(
            f"{one.name:<27}{values[0]:>13}{values[1]:>13}   {show_difference(one):<34}"
            f"{show_p(one.paired.p):>12}{one.paired.n:>5}  {one.verdict}".rstrip()
        )
    lines += ["", f"Ended otherwise ({len(comparison.changes)}):"]
    lines += [
        f"  {change.id} {change.question} - {change.first.name} -> {change.second.name}"
        for change in comparison.changes
    ]
    return "\n".join(lines)


def render_html(comparison: Comparison) -> str:
    """The comparison as one HTML file that needs nothing beside it."""
    from eval.report import render

    return render(
        "compare.html",
        comparison=comparison,
        days=[show_day(run.created_at) for run in (comparison.first, comparison.second)],
        rows=[
            {
                "one": one,
                "first": show_value(one.first.value, one.first.unit),
                "second": show_value(one.second.value, one.second.unit),
                "first_interval": show_interval(one.first),
                "second_interval": show_interval(one.second),
                "difference": show_difference(one),
                "p": show_p(one.paired.p),
            }
            for one in comparison.differences
        ],
    )


def main(first: Path, second: Path, out: Path) -> str:
    """Compare two kept runs: writes the page to the folder `out`, and gives what to print."""
    from eval.report import save

    comparison = compare(read_result(first), read_result(second))
    page = save(render_html(comparison), out / f"compare-{first.stem}-{second.stem}.html")
    return f"{render_text(comparison)}\n\nRendered in {page}"
