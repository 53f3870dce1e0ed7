"""The plots of a report, drawn by matplotlib as SVG in the colours of the page, light or dark."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eval import abstention
from eval.abstention import confident_answers
from eval.metrics import contains_answer, searchable
from eval.records import Record
from eval.report_words import count

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 5.2, 3.1
"""Inches of 72 SVG units: so the letters are still read when the plot is 360 pixels wide."""

# Colours that matplotlib writes, and what they become: nothing else in a plot has these values.
ROLES = {
    "ink": "#010101",
    "soft": "#020202",
    "rule": "#030303",
    "blue": "#040404",
    "amber": "#050505",
}

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # letters stay letters: they take the page's font
    "font.size": 10,
    "text.color": ROLES["ink"],
    "axes.edgecolor": ROLES["soft"],
    "axes.labelcolor": ROLES["ink"],
    "xtick.color": ROLES["soft"],
    "ytick.color": ROLES["soft"],
    "grid.color": ROLES["rule"],
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
}

Draw = Callable[["Axes"], None]


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture with what it shows, in words."""

    name: str
    title: str
    caption: str
    svg: Markup


def draw_all(records: Sequence[Record]) -> tuple[list[Plot], list[str]]:
    """The plots that the records allow, and a line for each that they do not."""
    plots, missing = [], []
    for make in (evidence_recall, risk_coverage, reliability, times):
        plot = make(records)
        if isinstance(plot, str):
            missing.append(plot)
        else:
            plots.append(plot)
    return plots, missing


def to_svg(draw: Draw, name: str, label: str) -> Markup:
    """What `draw` puts on empty axes, as one inline SVG element."""
    import matplotlib
    from markupsafe import Markup, escape
    from matplotlib.figure import Figure

    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}):  # ids of this plot alone
        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        draw(figure.add_subplot())
        file = io.StringIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", svg, count=1, flags=re.DOTALL)
    for role, colour in ROLES.items():
        svg = svg.replace(colour, f"var(--{role})")
    # Nothing of the records is drawn but numbers.
    return Markup(svg.replace("<svg", f'<svg role="img" aria-label="{escape(label)}"', 1))


def evidence_recall(records: Sequence[Record]) -> Plot | str:
    """How much of the evidence must be read until an accepted answer has stood in it."""
    scored = [r for r in records if r.evidence and r.answerable is not False]
    scored = [r for r in scored if searchable(r.answers)]
    if not scored:
        return "Evidence recall is not drawn: no question has both accepted answers and evidence."
    tokens = [r.timings.prompt_tokens for r in scored if r.timings.prompt_tokens is not None]
    cost = f" The prompt took {sum(tokens) / len(tokens):,.0f} tokens on average." if tokens else ""
    words = [words_until_answer(record) for record in scored]
    ends = sorted(end for end in words if end is not None)

    def draw(axes: Axes) -> None:
        longest = max(sum(len(p.text.split()) for p in record.evidence) for record in scored)
        x = [0, *ends, longest]
        y = [n / len(scored) for n in range(len(ends) + 1)]
        axes.step(x, [*y, y[-1]], where="post", color=ROLES["blue"], linewidth=2)
        _shares(axes, "y")
        axes.set(xlim=(0, None), xlabel="words of evidence, best passage first")

    return Plot(
        "evidence",
        "Evidence recall against length",
        "The share of questions whose accepted answer stands in the evidence, read from its best "
        f"passage on. Of {count(len(scored), 'question')}, {len(ends)} have it in the end."
        f"{cost}",
        to_svg(draw, "evidence", "Evidence recall against words of evidence"),
    )


def words_until_answer(record: Record) -> int | None:
    """Words of evidence up to the end of the first passage with which an accepted answer has
    stood there; None where it never does."""
    read = 0
    for passage in record.evidence:
        read += len(passage.text.split())
        if contains_answer(passage.text, searchable(record.answers)):
            return read
    return None


def _shares(axes: Axes, which: str) -> None:
    from matplotlib.ticker import PercentFormatter

    if "x" in which:
        axes.set_xlim(0, 1)
        axes.xaxis.set_major_formatter(PercentFormatter(1))
    if "y" in which:
        axes.set_ylim(0, 1.03)
        axes.yaxis.set_major_formatter(PercentFormatter(1))


def times(records: Sequence[Record]) -> Plot | str:
    """The cumulative distribution of the times to the first word and to the whole answer."""
    whole = [r.timings.total_ms / 1000 for r in records if r.timings.total_ms is not None]
    first = [r.timings.first_token_ms / 1000 for r in records if r.timings.first_token_ms]
    if not whole:
        return "Times are not drawn: none was taken."

    def draw(axes: Axes) -> None:
        axes.ecdf(whole, color=ROLES["blue"], linewidth=2, label="whole answer")
        if first:
            axes.ecdf(first, color=ROLES["amber"], linewidth=2, linestyle="--", label="first word")
        _shares(axes, "y")
        axes.set(xlim=(0, None), xlabel="seconds")
        axes.legend(loc="lower right")

    return Plot(
        "times",
        "Time",
        f"The share of questions done within so many seconds: the whole answer of {len(whole)}, "
        f"and the first word of the {len(first)} for which the model wrote.",
        to_svg(draw, "times", "Share of questions done within a time"),
    )


def risk_coverage(records: Sequence[Record]) -> Plot | str:
    """How wrong the answers are when only the most confident of them are given."""
    answers = confident_answers(records)
    if not answers:
        return "Risk and coverage are not drawn: no scored answer has a confidence."
    points = abstention.risk_coverage(answers)
    area = abstention.area_under_risk(answers)

    def draw(axes: Axes) -> None:
        x, y = [p.coverage for p in points], [p.risk for p in points]
        axes.plot(x, y, color=ROLES["blue"], linewidth=2, marker="o", markersize=3, clip_on=False)
        _shares(axes, "xy")
        axes.set(xlabel="answers given, the most confident first", ylabel="of them wrong")

    return Plot(
        "risk",
        "Risk and coverage",
        f"How many of the answers are wrong when only the most confident of the {len(answers)} are "
        f"given. The lower the better; the area below is {area:.3f}.",
        to_svg(draw, "risk", "Share of wrong answers against share of answers given"),
    )


def reliability(records: Sequence[Record]) -> Plot | str:
    """Whether a confidence of 70% means that 70% of such answers are right."""
    answers = confident_answers(records)
    if not answers:
        return "The reliability diagram is not drawn: no scored answer has a confidence."
    bins = [one for one in abstention.reliability(answers) if one.right is not None]

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=ROLES["soft"], linewidth=1, linestyle=":")
        for one in bins:
            middle, width = (one.low + one.high) / 2, 0.9 * (one.high - one.low)
            axes.bar(middle, one.right or 0, width, color=ROLES["blue"], alpha=0.35)
            axes.annotate(
                str(one.count), (middle, 0.02), ha="center", fontsize=8, color=ROLES["ink"]
            )
        confidence = [one.confidence or 0.0 for one in bins]
        shares = [one.right or 0.0 for one in bins]
        axes.scatter(confidence, shares, color=ROLES["blue"], clip_on=False, zorder=3)
        _shares(axes, "xy")
        axes.set(xlabel="confidence", ylabel="answers that are right")

    return Plot(
        "reliability",
        "Reliability",
        f"Of {len(answers)} answers, by confidence: the share that is right, and at the foot how "
        "many they are. On the dotted line a confidence means what it says; the calibration error "
        f"is {abstention.calibration_error(answers):.3f}.",
        to_svg(draw, "reliability", "Share of right answers against confidence"),
    )
