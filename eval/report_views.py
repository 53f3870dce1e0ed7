"""What the report shows of a run: plain values, which the templates only set in their places."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from eval.records import (
    OUTCOMES,
    CitationRecord,
    Figure,
    PassageRecord,
    PastTurn,
    Record,
    Result,
)
from eval.report_words import (
    CLAIMS,
    OutcomeView,
    metric_label,
    outcome_view,
    show_day,
    show_interval,
    show_value,
)

Facts = list[tuple[str, str]]
Span = tuple[int, int]

VERDICTS = {
    "supported": "supported",
    "partly": "partly supported",
    "unsupported": "not supported",
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A share and its interval on a line from 0 to 100."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One measure as a row of a table. `drawn` is None for what is no share, or has no score."""

    name: str
    label: str
    value: float | None
    shown: str
    interval: str
    n: int
    drawn: Drawn | None


def figure_row(name: str, figure: Figure) -> FigureRow:
    drawn = None
    if figure.unit == "share" and figure.value is not None:
        ends = (
            end if end is not None else figure.value
            for end in (figure.value, figure.low, figure.high)
        )
        drawn = Drawn(*(round(100 * end, 2) for end in ends))
    return FigureRow(
        name=name,
        label=metric_label(name),
        value=figure.value,
        shown=show_value(figure.value, figure.unit),
        interval=show_interval(figure),
        n=figure.n,
        drawn=drawn,
    )


@dataclass(frozen=True, slots=True)
class Part:
    """Some characters of a passage: whether they are cited, and whether they are gold."""

    text: str
    cited: bool
    gold: bool


def parts(text: str, cited: Collection[Span], gold: Collection[Span]) -> list[Part]:
    """The whole of `text`, cut wherever a span (start, end) begins or ends."""
    ends = {0, len(text), *(end for span in (*cited, *gold) for end in span)}
    cuts = sorted(ends)
    return [
        Part(text[start:end], _within(start, cited), _within(start, gold))
        for start, end in pairwise(cuts)
    ]


def _within(at: int, spans: Collection[Span]) -> bool:
    return any(start <= at < end for start, end in spans)


def place_quote(citation: CitationRecord, given: Sequence[PassageRecord]) -> Span | None:
    """Where the cited sentence stands in the text of the passage that the citation names.

    By its offsets, or else by its words; None where that passage does not hold it.
    """
    if not 1 <= citation.number <= len(given) or not citation.quote:
        return None
    passage = given[citation.number - 1]
    if passage.article_id != citation.article_id:
        return None
    start = citation.start - passage.start
    end = start + len(citation.quote)
    if start >= 0 and passage.text[start:end] == citation.quote:
        return start, end
    return find_words(citation.quote, passage.text)


def find_words(sentence: str, text: str) -> Span | None:
    """Where the sentence first stands in the text, whatever white space is between its words."""
    words = sentence.split()
    found = re.search(r"\s+".join(map(re.escape, words)), text) if words else None
    return found.span() if found else None


@dataclass(frozen=True, slots=True)
class PassageView:
    """A passage with its citations marked. `url` is None where it is not of the web."""

    number: int
    article_id: str
    title: str
    start: int
    end: int
    gold: bool
    parts: list[Part]
    outlet: str | None = None
    published_at: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class CitationView:
    """A marker. `place` is the id of its passage in the report, None where there is none."""

    number: int
    quote: str
    place: str | None


@dataclass(frozen=True, slots=True)
class SentenceView:
    text: str
    verdict: str | None
    verdict_shown: str
    citations: list[CitationView]


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question. `astray` are the citations whose sentence their passage does not hold;
    `unused` is the evidence that the model was not given."""

    number: int
    id: str
    question: str
    outcome: OutcomeView
    headings: tuple[str, str]  # of what was said, and of the passages that it was said from
    tags: tuple[str, ...]
    date: str | None
    history: tuple[PastTurn, ...]
    abstained: bool
    answer: str
    error: str | None
    sentences: list[SentenceView]
    expected: Facts
    astray: list[CitationRecord]
    given: list[PassageView]
    unused: list[PassageView]
    retrieved: list[PassageView]
    scores: Facts


def question_view(number: int, record: Record, suite: str = "") -> QuestionView:
    spans: dict[int, list[Span]] = {}
    astray = []
    for citation in record.citations:
        span = place_quote(citation, record.given)
        if span is None:
            astray.append(citation)
        else:
            spans.setdefault(citation.number, []).append(span)
    given = {(p.article_id, p.start, p.end) for p in record.given}
    unused = [p for p in record.evidence if (p.article_id, p.start, p.end) not in given]
    return QuestionView(
        number=number,
        id=record.id,
        question=record.question,
        outcome=outcome_view(record.outcome, suite=suite),
        headings=_headings(record, suite),
        tags=record.tags,
        date=record.date,
        history=record.history,
        abstained=record.abstained,
        answer=record.answer,
        error=record.error,
        sentences=_sentences(number, record),
        expected=expected(record),
        astray=astray,
        given=[_passage(n, p, record, spans.get(n, ())) for n, p in _numbered(record.given)],
        unused=[_passage(n, p, record) for n, p in _numbered(unused)],
        retrieved=[_passage(n, p, record) for n, p in _numbered(record.retrieved)],
        scores=_scores(record),
    )


def _headings(record: Record, suite: str) -> tuple[str, str]:
    if suite == CLAIMS:
        return "The claim, as it was checked", "Its references"
    if record.abstained:
        return "The refusal", "The closest passages"
    return "The answer", "What the model was given"


def _numbered(passages: Iterable[PassageRecord]) -> Iterable[tuple[int, PassageRecord]]:
    return enumerate(passages, start=1)


def _passage(
    number: int, passage: PassageRecord, record: Record, cited: Collection[Span] = ()
) -> PassageView:
    gold = [find_words(sentence, passage.text) for sentence in record.gold_sentences]
    source = next((c for c in record.citations if c.article_id == passage.article_id), None)
    return PassageView(
        number=number,
        article_id=passage.article_id,
        title=passage.title,
        start=passage.start,
        end=passage.end,
        gold=passage.article_id in record.gold_articles,
        parts=parts(passage.text, cited, [span for span in gold if span]),
        outlet=source.outlet if source else None,
        published_at=source.published_at if source else None,
        url=_web(source.url) if source else None,
    )


def _web(url: str | None) -> str | None:
    """The address if it is one of the web: nothing else becomes a link."""
    try:
        return url if url and urlsplit(url).scheme in ("http", "https") else None
    except ValueError:
        return None


def _sentences(number: int, record: Record) -> list[SentenceView]:
    def marker(citation: CitationRecord) -> CitationView:
        known = 1 <= citation.number <= len(record.given)
        place = f"q{number}-p{citation.number}" if known else None
        return CitationView(citation.number, citation.quote, place)

    return [
        SentenceView(
            text=sentence.text,
            verdict=sentence.verdict,
            verdict_shown=VERDICTS.get(sentence.verdict or "", "")
            + (f", {sentence.support:.0%}" if sentence.support is not None else ""),
            citations=[marker(citation) for citation in sentence.citations],
        )
        for sentence in record.sentences
    ]


def expected(record: Record) -> Facts:
    """What counts as right, and how far each gold article came on the way to the answer."""
    rows = []
    if record.answerable is False:
        rows.append(("Expected", "a refusal: the articles do not answer it"))
    if record.answers:
        rows.append(("Accepted", " | ".join(record.answers)))
    if record.wrong_answers:
        rows.append(("Known to be wrong", " | ".join(record.wrong_answers)))
    rows += [("Gold article", f"{gold}: {way(gold, record)}") for gold in record.gold_articles]
    rows += [("Gold sentence", sentence) for sentence in record.gold_sentences]
    return rows


def way(article_id: str, record: Record) -> str:
    """How far an article came: its best rank in the search, and each later step that kept it."""
    ranks = [n for n, passage in _numbered(record.retrieved) if passage.article_id == article_id]
    steps = [f"found at rank {ranks[0]}" if ranks else "not found by the search"]
    for passages, step in ((record.evidence, "chosen"), (record.given, "given to the model")):
        if any(passage.article_id == article_id for passage in passages):
            steps.append(step)
    if any(citation.article_id == article_id for citation in record.citations):
        steps.append("cited")
    return ", ".join(steps)


def _scores(record: Record) -> Facts:
    times = record.timings
    rows = [
        ("Whole answer", show_value(times.total_ms, "ms")),
        ("First word", show_value(times.first_token_ms, "ms")),
        ("Search", show_value(times.retrieve_ms, "ms")),
        ("Prompt", show_value(times.prompt_tokens, "tokens")),
        ("Reply", show_value(times.new_tokens, "tokens")),
        ("Confidence", show_value(record.confidence, "")),
    ]
    rows = [row for row in rows if row[1] != "no score"]
    return rows + [(metric_label(name), show_value(v, "")) for name, v in record.scores.items()]


def outcome_counts(records: Iterable[Record], suite: str = "") -> list[OutcomeView]:
    """Every outcome with how often it came, those that never came too."""
    counts = Counter(record.outcome for record in records)
    return [outcome_view(name, counts[name], suite) for name in OUTCOMES]


def about(result: Result) -> Facts:
    """What was run, with what and on what, the settings last."""
    run = result.run
    rows: list[tuple[str, object]] = [
        ("Suite", run.suite),
        ("When", show_day(run.created_at)),
        ("Model", run.model),
        ("Engine", run.engine),
        ("Embedder", run.embedder),
        ("Index version", run.index_version),
        ("Articles", run.articles),
        ("Passages", run.passages),
        ("Seed", run.seed),
        ("Limit", run.limit),
        ("Byline", run.byline),
        ("Python", run.python),
        ("Processor", run.processor),
        ("Peak memory", show_value(run.peak_memory_mb, "MB")),
        *((metric_label(name), value) for name, value in run.settings.items()),
    ]
    return [(name, "none" if value is None else str(value)) for name, value in rows]
