"""`byline bench answer`: engines side by side, by the time of a whole answer on this machine.

Each question goes to every way in turn, and each time another begins, so that what else the machine
does falls on all. The plain recipe (eval/plain.py) goes beside, with the first engine's weights.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import BylineError
from eval.questions import QUESTIONS, load_questions
from rag.types import Answer, Done, Event, Found, Message

if TYPE_CHECKING:
    from index.versions import Manifest
    from rag.pipeline import Pipeline
    from rag.types import Generator, Reading

Asks = Callable[[str], Iterator[Event]]


class Watched:
    """A generator whose calls are timed; else the same."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self.begin()

    def begin(self) -> None:
        """Forget what was."""
        self.read_tokens = self.new_tokens = 0
        self.read_s = self.written_s = self.judged_s = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        began, first = time.perf_counter(), None
        pieces = self._generator.generate(messages)
        try:
            for piece in pieces:
                first = first or time.perf_counter()
                yield piece
        finally:
            if close := getattr(pieces, "close", None):
                close()
            ended = time.perf_counter()
            usage = self._generator.usage
            self.read_tokens += usage.prompt_tokens or 0
            self.new_tokens += max(0, (usage.new_tokens or 0) - 1)  # the first comes with reading
            self.read_s += (first or ended) - began
            self.written_s += ended - (first or ended)

    def read(
        self, chats: Sequence[Sequence[Message]], word: str, told: str | None = None
    ) -> list[Reading]:
        began = time.perf_counter()
        try:
            return self._generator.read(chats, word, told)
        finally:
            self.judged_s += time.perf_counter() - began

    def states_answer(
        self, question: str, passages: Sequence[tuple[str, str]]
    ) -> list[float] | None:
        began = time.perf_counter()
        try:
            return self._generator.states_answer(question, passages)
        finally:
            self.judged_s += time.perf_counter() - began


@dataclass(slots=True)
class Way:
    """One way to answer, by its name, and what it took, in seconds a question. `first_word` is when
    the first words of an answer were there, be they the model's or quoted."""

    name: str
    model: str
    asks: Asks
    watched: Watched
    found: list[float] = field(default_factory=list)
    first_word: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    judged: list[float] = field(default_factory=list)
    prompt_tokens: list[int] = field(default_factory=list)
    read_tokens: int = 0
    read_s: float = 0.0
    new_tokens: int = 0
    written_s: float = 0.0
    refused: int = 0

    def ask(self, question: str, keep: bool) -> None:
        """Take the time of one answer; without `keep` it only warms up."""
        self.watched.begin()
        began, found, word, answer = time.perf_counter(), None, None, None
        for event in self.asks(question):
            now = time.perf_counter() - began
            if isinstance(event, Found):
                found = found or now
            else:
                word = word or now
            answer = event.answer if isinstance(event, Done) else None
        whole = time.perf_counter() - began
        assert answer is not None
        if keep:
            self._keep(answer, found or whole, word or whole, whole)

    def _keep(self, answer: Answer, found: float, word: float, whole: float) -> None:
        self.found.append(found)
        self.first_word.append(word)
        self.whole.append(whole)
        self.judged.append(self.watched.judged_s)
        if self.watched.read_tokens:
            self.prompt_tokens.append(self.watched.read_tokens)
        self.read_tokens += self.watched.read_tokens
        self.read_s += self.watched.read_s
        self.new_tokens += self.watched.new_tokens
        self.written_s += self.watched.written_s
        self.refused += answer.abstained


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds in the middle and of the slowest tenth; tokens of the prompts in the median; tokens a
    second, None where nothing was read or written. `ratio` is how many times as long the whole
    answers take as those of the first way, and lies between `low` and `high` at 95%."""

    name: str
    model: str
    answers: int
    refused: int
    evidence_p50: float
    first_word_p50: float
    whole_p50: float
    whole_p90: float
    judging_p50: float
    prompt_tokens: float | None
    prompt_tokens_per_second: float | None
    new_tokens_per_second: float | None
    ratio: float
    low: float | None
    high: float | None


def bench_answer(
    ways: Sequence[Way],
    questions: Sequence[str],
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Timed]:
    """Ask every question but the first, which warms up, of all ways in turn. Wants three questions
    or more, as an interval needs two pairs. `on_progress` hears (answers, answers in all)."""
    for number, question in enumerate(questions):
        start = number % len(ways)
        for place, way in enumerate([*ways[start:], *ways[:start]]):
            way.ask(question, keep=number > 0)
            if on_progress:
                on_progress(number * len(ways) + place + 1, len(questions) * len(ways))
    return [_timed(way, ways[0]) for way in ways]


def _timed(way: Way, first: Way) -> Timed:
    import numpy as np

    from rag.bench.embedding import ratio_interval

    ratio, low, high = ratio_interval(way.whole, first.whole) if way is not first else (1, 1, 1)
    p50, p90 = np.percentile(way.whole, (50, 90))
    return Timed(
        name=way.name,
        model=way.model,
        answers=len(way.whole),
        refused=way.refused,
        evidence_p50=float(np.median(way.found)),
        first_word_p50=float(np.median(way.first_word)),
        whole_p50=float(p50),
        whole_p90=float(p90),
        judging_p50=float(np.median(way.judged)),
        prompt_tokens=float(np.median(way.prompt_tokens)) if way.prompt_tokens else None,
        prompt_tokens_per_second=_rate(way.read_tokens, way.read_s),
        new_tokens_per_second=_rate(way.new_tokens, way.written_s),
        ratio=ratio,
        low=None if way is first else low,
        high=None if way is first else high,
    )


def _rate(tokens: int, seconds: float) -> float | None:
    return tokens / seconds if tokens and seconds and math.isfinite(seconds) else None


def ways_of(pipelines: dict[str, Pipeline]) -> list[Way]:
    """Byline by each engine, and the plain recipe by the first."""
    from eval.plain import PlainRecipe

    ways = []
    for name, pipeline in pipelines.items():
        pipeline.generator = watched = Watched(pipeline.generator)
        name = watched.engine if name == "auto" else name
        ways.append(Way(name, watched.name, pipeline.stream, watched))
    first, plain = ways[0], PlainRecipe(next(iter(pipelines.values())))
    ways.insert(1, Way(f"plain recipe, {first.name}", first.model, plain.stream, first.watched))
    return ways


def some_questions(
    manifest: Manifest, index: Path, count: int, chosen: Path | None, seed: int
) -> list[str]:
    """So many, drawn at random: of a file of questions, of the project's own over the sample
    articles, and over others on titles. Raises BylineError where there are fewer than three."""
    from rag.bench.grown import read_real
    from rag.bench.search import titles_of
    from rag.settings import SAMPLE_ARTICLES

    if chosen is not None or manifest.sources == (str(SAMPLE_ARTICLES),):
        rows = load_questions(chosen or QUESTIONS)
        known = [row.question for row in rows if not row.history]
    else:
        known = [f"What do the articles say about {t}?" for t in titles_of(read_real(index), 1000)]
    drawn = random.Random(seed).sample(known, min(count, len(known)))
    if len(drawn) < 3:
        raise BylineError(f"There are {len(drawn)} questions: at least three are needed.")
    return drawn


def measure(
    engines: Sequence[str],
    chosen: dict[str, Any],
    count: int,
    questions: Path | None,
    seed: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Timed]:
    """Load an engine after the other, and ask. `chosen` are settings that all share."""
    from index.store import store_in_use
    from rag.load import load_pipeline
    from rag.settings import load_settings

    settings = [load_settings(**{**chosen, "engine": engine}) for engine in engines]
    manifest, store = store_in_use(settings[0].index)
    with closing(store):
        asked = some_questions(manifest, settings[0].index, count + 1, questions, seed)
    pipelines: dict[str, Pipeline] = {one.engine: load_pipeline(one) for one in settings}
    return bench_answer(ways_of(pipelines), asked, on_progress)


def as_text(found: Sequence[Timed]) -> str:
    """A table for a person."""
    head = ("", "evidence", "first word", "whole p50", "p90", "judging", "prompt", "tok/s", "new")
    lines = [f"{found[0].answers} answers each, turn about; seconds; tokens; times the first way"]
    lines.append(f"{head[0]:<26}" + "".join(f"{name:>11}" for name in head[1:]) + "  ratio")
    for one in found:
        seconds = (one.evidence_p50, one.first_word_p50, one.whole_p50, one.whole_p90)
        figures = [f"{value:.2f}" for value in (*seconds, one.judging_p50)]
        for value in (one.prompt_tokens, one.prompt_tokens_per_second, one.new_tokens_per_second):
            figures.append("none" if value is None else f"{value:.0f}")
        ratio = f"{one.ratio:.2f}"
        if one.low is not None and one.high is not None:
            ratio += f" ({one.low:.2f} to {one.high:.2f})"
        refused = f"; {one.refused} refused" if one.refused else ""
        lines.append(
            f"{one.name:<26}" + "".join(f"{f:>11}" for f in figures) + f"  {ratio}{refused}"
        )
    return "\n".join(lines)
