"""The records of all systems as one Markdown table, with the settings of each below it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.peers.scoring import PeerRecord
from eval.statistics import mean_figure


@dataclass(frozen=True, slots=True)
class System:
    """What is known of a system apart from its answers. Memory in MB, None where not known.

    `server_memory_mb` is that of the shared model server; None for a system that has the model in
    its own process.
    """

    name: str
    version: str
    engine: str
    source: str
    settings: dict[str, str]
    articles: int
    passages: int
    index_s: float
    peak_memory_mb: float | None
    server_memory_mb: float | None


Cell = Callable[[System, Sequence[PeerRecord]], str]

NO_SCORE = "no score"


def render(systems: Sequence[System], records: Sequence[PeerRecord]) -> str:
    """A row a measure, a column a system; shares with their 95% bootstrap interval."""
    of = {s.name: [r for r in records if r.system == s.name] for s in systems}
    rows = [[name, *(cell(s, of[s.name]) for s in systems)] for name, cell in ROWS]
    rows += [
        [name, *(_ratio(of[s.name], of[systems[0].name], kind) for s in systems)]
        for name, kind in (
            (f"first word, times {systems[0].name}'s", "first_word_s"),
            (f"whole answer, times {systems[0].name}'s", "whole_s"),
            (f"processor time, times {systems[0].name}'s", "processor_s"),
        )
    ]
    heads = ["", *(s.name for s in systems)]
    settings = [
        [name, *(s.settings.get(name, "") for s in systems)] for name in systems[0].settings
    ]
    settings.append(["as in", *(s.source for s in systems)])
    return "\n\n".join((markdown(heads, rows), markdown(["settings", *heads[1:]], settings)))


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, with its columns in line."""
    lines = [heads, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    shown = [f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines]
    return "\n".join([shown[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *shown[1:]])


def _share(values: Sequence[float | bool | None]) -> str:
    """The mean with its interval and the number of questions that gave a score."""
    one = mean_figure([None if value is None else float(value) for value in values])
    if one.value is None or one.low is None or one.high is None:
        return NO_SCORE
    return f"{one.value:.0%} ({one.low * 100:.0f} to {one.high * 100:.0f}) of {one.n}"


def _mean(values: Sequence[int | None], unit: str = "") -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.mean(known):,.0f}{unit}" if known else NO_SCORE


def _seconds(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return NO_SCORE
    high = np.percentile(known, 95, method="inverted_cdf")
    return f"{statistics.median(known):.1f} s ({high:.1f} s)"


def _ratio(records: Sequence[PeerRecord], base: Sequence[PeerRecord], kind: str) -> str:
    """The median over questions of this system's seconds to the first system's."""
    own = {r.id: getattr(r, kind) for r in records if r.error is None}
    ratios = [own[r.id] / getattr(r, kind) for r in base if r.id in own and r.error is None]
    return f"{statistics.median(ratios):.2f}" if ratios else NO_SCORE


def _citations(records: Sequence[PeerRecord]) -> str:
    if records and all(record.cited is None for record in records):
        return "none given"
    return _share([record.citation_precision for record in records])


def _memory(system: System) -> str:
    if system.peak_memory_mb is None:
        return NO_SCORE
    if system.server_memory_mb is None:
        return f"{system.peak_memory_mb:,.0f} MB"
    both = system.peak_memory_mb + system.server_memory_mb
    return f"{both:,.0f} MB ({system.peak_memory_mb:,.0f} + server {system.server_memory_mb:,.0f})"


def _rate(count: int, seconds: float) -> str:
    return f"{count / max(seconds, 1e-6):,.1f}/s"


ROWS: tuple[tuple[str, Cell], ...] = (
    ("version", lambda s, _: s.version),
    ("engine", lambda s, _: s.engine),
    ("right answers", lambda _, rs: _share([r.right for r in rs])),
    ("evidence holds the answer", lambda _, rs: _share([r.evidence_holds for r in rs])),
    ("evidence, tokens (mean)", lambda _, rs: _mean([r.evidence_tokens for r in rs])),
    ("all prompts, tokens (mean)", lambda _, rs: _mean([r.prompt_tokens for r in rs])),
    ("answer, tokens (mean)", lambda _, rs: _mean([r.answer_tokens for r in rs])),
    ("citations of a gold article", lambda _, rs: _citations(rs)),
    ("unanswerable, refused", lambda _, rs: _share(_refused(rs, answerable=False))),
    ("answerable, refused", lambda _, rs: _share(_refused(rs, answerable=True))),
    ("first word, median (95%)", lambda _, rs: _seconds([r.first_word_s for r in rs])),
    ("whole answer, median (95%)", lambda _, rs: _seconds([r.whole_s for r in rs])),
    ("processor time, median (95%)", lambda _, rs: _seconds([r.processor_s for r in rs])),
    ("passages", lambda s, _: f"{s.passages:,}"),
    ("indexing, passages", lambda s, _: _rate(s.passages, s.index_s)),
    ("indexing, articles", lambda s, _: _rate(s.articles, s.index_s)),
    ("peak memory", lambda s, _: _memory(s)),
    ("failed questions", lambda _, rs: str(sum(r.error is not None for r in rs))),
)


def _refused(records: Sequence[PeerRecord], *, answerable: bool) -> list[float | bool | None]:
    return [r.refused if r.answerable is answerable and r.error is None else None for r in records]


def as_json(systems: Sequence[System], records: Sequence[PeerRecord]) -> dict[str, Any]:
    """The same figures as plain values, by system."""
    summary: dict[str, Any] = {}
    for system in systems:
        own = [record for record in records if record.system == system.name]
        summary[system.name] = {
            "right": _figure([r.right for r in own]),
            "evidence_holds": _figure([r.evidence_holds for r in own]),
            "citation_precision": _figure([r.citation_precision for r in own]),
            "refused_unanswerable": _figure(_refused(own, answerable=False)),
            "refused_answerable": _figure(_refused(own, answerable=True)),
        }
    return summary


def _figure(values: Sequence[float | bool | None]) -> dict[str, Any]:
    one = mean_figure([None if value is None else float(value) for value in values])
    return {"value": one.value, "low": one.low, "high": one.high, "n": one.n}
