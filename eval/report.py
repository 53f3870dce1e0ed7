"""The report of a run: one HTML file that needs nothing beside it, and asks no network.

Questions, articles and answers are written by others: the templates escape everything, and the
page's content security policy lets no script run but its own.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import BylineError
from eval.records import Figure, Record, Result, read_result
from eval.report_views import (
    FigureRow,
    about,
    figure_row,
    outcome_counts,
    question_view,
)
from eval.report_words import GROUPS, OTHER, OutcomeView, count, group_of, metric_label, show_day

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).parent
SLICED = {
    "accuracy": "Right answers",
    "evidence_recall": "Evidence recall",
    "citation_precision": "Citation precision",
    "refusal_recall": "Refusal recall",
}
"""The measures of each tag that the report shows beside its outcomes, by their short names."""


@dataclass(frozen=True, slots=True)
class Group:
    """Measures of one kind."""

    name: str
    rows: list[FigureRow]


@dataclass(frozen=True, slots=True)
class Slice:
    """The questions of one tag."""

    tag: str
    questions: int
    rows: list[FigureRow]
    outcomes: list[OutcomeView]


def write_report(json_path: Path) -> Path:
    """The report of a run that was kept as JSON, beside it. Raises BylineError."""
    return save(render_report(read_result(json_path)), json_path.with_suffix(".html"))


def save(html: str, path: Path) -> Path:
    """Write a page and give its path. Raises BylineError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise BylineError(
            f"The report could not be written to {path} ({error.strerror}): choose a "
            "folder that can be written to."
        ) from error
    return path


def render_report(result: Result) -> str:
    """The whole page as text."""
    from eval.report_plots import draw_all

    suite = result.run.suite
    plots, not_drawn = draw_all(result.records)
    return render(
        "report.html",
        run=result.run,
        day=show_day(result.run.created_at),
        about=about(result),
        figures=groups(result.summary.metrics),
        outcomes=outcome_counts(result.records, suite),
        plots=plots,
        not_drawn=not_drawn,
        unscored=[
            metric_label(name) for name, one in result.summary.metrics.items() if one.value is None
        ],
        slice_labels=[SLICED[name] for name in sliced(result.summary.metrics)],
        slices=slices(result),
        questions=[
            question_view(n, record, suite) for n, record in enumerate(result.records, start=1)
        ],
    )


def groups(metrics: Mapping[str, Figure]) -> list[Group]:
    """The measures that have a score, by kind."""
    rows: dict[str, list[FigureRow]] = {name: [] for name in (*GROUPS, OTHER)}
    for name, figure in metrics.items():
        if figure.value is not None:
            rows[group_of(name)].append(figure_row(name, figure))
    return [Group(name, listed) for name, listed in rows.items() if listed]


def sliced(metrics: Mapping[str, Figure]) -> list[str]:
    return [name for name in SLICED if name in metrics]


def slices(result: Result) -> list[Slice]:
    """One a tag, the most questions first."""
    by_tag: dict[str, list[Record]] = {}
    for record in result.records:
        for tag in dict.fromkeys(record.tags):
            by_tag.setdefault(tag, []).append(record)
    nothing = Figure(None, None, None, 0, "share")
    names = sliced(result.summary.metrics)
    return [
        Slice(
            tag=tag,
            questions=len(records),
            rows=[
                figure_row(name, result.summary.tags.get(tag, {}).get(name, nothing))
                for name in names
            ],
            outcomes=outcome_counts(records, result.run.suite),
        )
        for tag, records in sorted(by_tag.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def render(template: str, **values: Any) -> str:
    """A page of this folder's templates with its style and its one script in it."""
    from markupsafe import Markup

    script = (FOLDER / "report.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        _templates()
        .get_template(template)
        .render(
            style=Markup((FOLDER / "report.css").read_text(encoding="utf-8")),
            script=Markup(script),
            script_hash=f"sha256-{digest}",
            count=count,
            **values,
        )
    )


@functools.cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["json"] = _json
    return environment


def _json(values: Sequence[str]) -> str:
    return json.dumps(list(values), ensure_ascii=False)
