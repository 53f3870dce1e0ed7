"""What became of each question of a run, and the one JSON file that a run is kept in.

    {"run": {...},
     "summary": {"metrics": {...}, "tags": {...}, "outcomes": {...}},
     "records": [...]}

Everything that a metric, a report or a comparison reads stands here, so that no question is asked
twice. A score, a confidence or a figure that could not be had is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from corpus.errors import BylineError

Verdict = Literal["supported", "partly", "unsupported"]

Outcome = Literal[
    "right",
    "refused_rightly",
    "not_retrieved",
    "not_chosen",
    "not_used",
    "used_but_wrong",
    "refused_wrongly",
    "answered_unanswerable",
    "unscored",
]
"""A failed answerable question is blamed on the first stage that lost its answer.

`not_retrieved`: no passage that the search found holds it. `not_chosen`: found, but not in the
evidence. `not_used`: in the evidence, but not in what the model was given for its last draft.
`used_but_wrong`: given, and the answer is another. `refused_wrongly`: refused although the evidence
held it. `unscored`: there is nothing to score it by.
"""

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
GOOD_OUTCOMES: tuple[Outcome, ...] = ("right", "refused_rightly")


@dataclass(frozen=True, slots=True)
class PastTurn:
    """An earlier question of the same chat, with what the system answered to it in this run."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class PassageRecord:
    """Characters `start` to `end` of an article's body. Scores compare within one list only."""

    article_id: str
    title: str
    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class CitationRecord:
    """The cited sentence. `number` is its passage's place in `Record.given`, counted from 1.

    `start` and `end` are offsets of the quote in the article's body.
    """

    number: int
    article_id: str
    title: str
    outlet: str | None
    published_at: str | None
    url: str | None
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True)
class SentenceRecord:
    """One sentence of the answer, without markers. `verdict` is None where no check ran; `differs`
    marks the one that says what the sources state differently."""

    text: str
    verdict: Verdict | None = None
    support: float | None = None
    citations: tuple[CitationRecord, ...] = ()
    differs: bool = False


@dataclass(frozen=True, slots=True)
class TimingsRecord:
    """Milliseconds since the question came, and tokens spent. None: it did not happen."""

    retrieve_ms: float | None = None
    first_token_ms: float | None = None
    total_ms: float | None = None
    prompt_tokens: int | None = None
    new_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One question and all that is known of its answer.

    `answerable` is None where the set does not say. `retrieved` are the passages that the search
    found, best first; `evidence` those chosen to answer from; `given` those that the model was
    given last, or the closest ones under a refusal. `answer` is the text with its markers.
    `confidence` is the system's own, 0 to 1; `quoted` says that the answer is an article's own
    sentence. `scores` holds this question's part of each metric,
    None where there was nothing to score. `error` is what a person would have been told instead of
    an answer.
    """

    id: str
    question: str
    outcome: Outcome
    answer: str
    abstained: bool
    answerable: bool | None = None
    tags: tuple[str, ...] = ()
    split: str | None = None
    date: str | None = None
    history: tuple[PastTurn, ...] = ()
    answers: tuple[str, ...] = ()
    wrong_answers: tuple[str, ...] = ()
    gold_articles: tuple[str, ...] = ()
    gold_sentences: tuple[str, ...] = ()
    retrieved: tuple[PassageRecord, ...] = ()
    evidence: tuple[PassageRecord, ...] = ()
    given: tuple[PassageRecord, ...] = ()
    confidence: float | None = None
    quoted: bool = False
    sentences: tuple[SentenceRecord, ...] = ()
    timings: TimingsRecord = field(default_factory=TimingsRecord)
    scores: Mapping[str, float | None] = field(default_factory=dict)
    error: str | None = None

    @property
    def text(self) -> str:
        """What the answer says, without markers, and without what other sources say: that names
        other values on purpose."""
        return " ".join(sentence.text for sentence in self.sentences if not sentence.differs)

    @property
    def citations(self) -> tuple[CitationRecord, ...]:
        """Those of what the answer says."""
        return tuple(c for one in self.sentences if not one.differs for c in one.citations)


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric over `n` questions with its 95% interval; `value` is None when there was no score.

    `unit` is "share" (0 to 1), "ms", "tokens", "MB" or "" (a plain number).
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    unit: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures over all questions and over those of each tag, and how many ended how."""

    metrics: Mapping[str, Figure]
    tags: Mapping[str, Mapping[str, Figure]]
    outcomes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Run:
    """What was measured, with what, and on what. `created_at` is ISO 8601 in UTC.

    `engine` is what computed the answers, None where a suite asks no model. The figures of the
    index are None where a suite has none or has one for each question.
    """

    suite: str
    created_at: str
    model: str
    engine: str | None
    embedder: str
    index_version: str | None
    articles: int | None
    passages: int | None
    seed: int
    limit: int | None
    settings: Mapping[str, str | int | float | bool | None]
    byline: str
    python: str
    processor: str
    peak_memory_mb: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """A whole run, as it is kept."""

    run: Run
    summary: Summary
    records: tuple[Record, ...]


def write_result(result: Result, path: Path) -> None:
    """The run as indented JSON. Raises `BylineError` when the file cannot be written."""
    from pydantic import TypeAdapter

    data = TypeAdapter(Result).dump_json(result, indent=1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data + b"\n")
    except OSError as error:
        raise BylineError(
            f"The run could not be written to {path} ({error.strerror}): choose another folder "
            "with --out."
        ) from error


def read_result(path: Path) -> Result:
    """A run from its file. Raises `BylineError` when it cannot be read or is no run."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Result).validate_json(path.read_bytes())
    except OSError as error:
        raise BylineError(
            f"The run {path} could not be read ({error.strerror}): name a file that byline eval "
            "has written."
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BylineError(
            f"{path} is not a run of byline eval ({first['msg']} at {place or 'its beginning'}): "
            "make it anew with byline eval."
        ) from error
