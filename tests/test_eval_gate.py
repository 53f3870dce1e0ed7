"""The gate: what turns it red, and that each of four faults does, where a reader looks for it."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fakes import HashingEmbedder, ScriptedGenerator

from corpus.article import Article
from corpus.errors import BylineError
from eval import gate
from eval.gate import GATED, Baseline, accept, check, chosen, read_baseline, render, write_baseline
from eval.measure import Options, make_result
from eval.questions import Question
from eval.records import Figure, Record, Result
from eval.report import render_report
from eval.runner import Runner
from eval.scores import summarise
from index.build import build
from index.search import Index
from index.types import Hit
from rag.limits import Limits
from rag.pipeline import Pipeline
from rag.prompt import REFUSAL
from rag.settings import load_settings
from rag.types import Answer, Citation, Done, Event, Found, Message, Sentence

TOWNS = (
    "Arle Bramby Corfe Dunmore Elton Farley Gorston Hadley Ivorne Jarrow Kelby Lorton Marle Norby "
    "Orford Pelham Quarley Rusland Selby Thorne Ulver Varley Welby Yarrow"
).split()
MAYORS = [
    f"{name}{ending}" for name in ("Anna Pe", "Bruno Ka", "Clara Mo") for ending in "bcdfghjk"
]
LED = [f"The mayor of {town} is {mayor}." for town, mayor in zip(TOWNS, MAYORS, strict=True)]
ARTICLES = [
    Article(town.lower(), f"News from {town}", f"{led} The council of {town} met on Monday.")
    for town, led in zip(TOWNS, LED, strict=True)
]
ANSWERABLE = [
    Question(
        f"who-{town}",
        f"Who is the mayor of {town}?",
        (mayor,),
        (town.lower(),),
        True,
        sentences=(led,),
    )
    for town, mayor, led in zip(TOWNS[:10], MAYORS, LED, strict=False)
]
UNANSWERABLE = [
    Question(f"when-{town}", f"What is the bridge of {town} made of?", answerable=False)
    for town in TOWNS[:6]
]
QUESTIONS = [*ANSWERABLE, *UNANSWERABLE]
KNOWN = {question.question: question.sentences[0] for question in ANSWERABLE}


class Reader(ScriptedGenerator):
    """A model that reads well: it says the sentence that answers, and from which passage, where
    the passages before it hold it."""

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        text = messages[-1].content
        said = self._answer(text)
        number = re.findall(r"\[(\d+)\]", text[: text.index(said)])[-1] if said else ""
        yield f"{said.rstrip('.')} [{number}]." if said else REFUSAL

    def sure_of(self, told: str) -> float:
        return float(bool(self._answer(told)))

    def _answer(self, text: str) -> str:
        wanted = (led.rstrip(".") for question, led in KNOWN.items() if question in text)
        return next((led for led in wanted if led in text), "")


class AlwaysRefuses(Reader):
    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        yield REFUSAL

    def sure_of(self, told: str) -> float:
        return 0.0


class NeverRefuses(Reader):
    """Repeats the first passage where it does not know."""

    def generate(self, messages: Sequence[Message]) -> Iterator[str]:
        said = "".join(super().generate(messages))
        if said != REFUSAL:
            yield said
            return
        found = re.search(r"\[1\][^\n]*\n([^.]+)\.", messages[-1].content)
        yield f"{found[1]} [1]." if found else REFUSAL

    def sure_of(self, told: str) -> float:
        return 1.0


class RandomPassages:
    """An index that finds any five passages."""

    def __init__(self, index: Index) -> None:
        self._index, self._chance = index, random.Random(0)
        self._all = index.search(" ".join(TOWNS), len(TOWNS))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    @contextmanager
    def pinned(self) -> Iterator[RandomPassages]:
        yield self

    def search(self, question: str, k: int, **known: Any) -> list[Hit]:
        return self._chance.sample(self._all, 5)


class ShiftedCitations:
    """Answers whose every citation names the evidence after the one it was taken from."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.index, self._pipeline = pipeline.index, pipeline

    def stream(
        self, question: str, history: Sequence[Any] = (), as_of: date | None = None
    ) -> Iterator[Event]:
        evidence: tuple[Hit, ...] = ()
        for event in self._pipeline.stream(question, history, as_of):
            if isinstance(event, Found) and not evidence:
                evidence = event.hits
            yield Done(self._shift(event.answer, evidence)) if isinstance(event, Done) else event

    @staticmethod
    def _shift(answer: Answer, evidence: Sequence[Hit]) -> Answer:
        passages = [hit.passage for hit in evidence]

        def shift(citation: Citation) -> Citation:
            after = passages[(passages.index(citation.passage) + 1) % len(passages)]
            end = after.start + after.text.index(".") + 1
            return Citation(citation.number, after, after.start, end)

        def shifted(sentence: Sentence) -> Sentence:
            return replace(sentence, citations=tuple(map(shift, sentence.citations)))

        return replace(answer, sentences=tuple(map(shifted, answer.sentences)))


Measure = Callable[..., Result]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder, embedder = tmp_path_factory.mktemp("towns"), HashingEmbedder()
    build(ARTICLES, embedder, folder)
    with closing(Index.open(folder, embedder)) as opened:
        yield opened


def pipeline_of(index: Any, generator: ScriptedGenerator) -> Pipeline:
    return Pipeline(index, HashingEmbedder(), generator, Limits(retrieved=6))


def measured(pipeline: Any) -> Result:
    records = [Runner(pipeline).ask(question) for question in QUESTIONS]
    return result_of(records)


def result_of(records: Sequence[Record]) -> Result:
    return make_result("gate", load_settings(), Options(), records, summarise(records))


@pytest.fixture(scope="module")
def sound(index: Index) -> Result:
    return measured(pipeline_of(index, Reader()))


@pytest.fixture(scope="module")
def baseline(sound: Result) -> Baseline:
    return accept(sound)


def failures(baseline: Baseline, result: Result) -> set[str]:
    return {one.name for one in check(baseline, result.summary.metrics) if not one.passed}


def outcomes(result: Result) -> Counter[str]:
    return Counter(record.outcome for record in result.records)


def in_report(result: Result, outcome: str) -> int:
    """How often the report shows an outcome in its list of what became of the questions."""
    shown = re.search(
        rf"<b>(\d+)</b><span><a [^>]*data-show-outcome=\"{outcome}\"", render_report(result)
    )
    assert shown
    return int(shown[1])


class TestFaults:
    def test_without_a_fault_all_is_right_and_green(
        self, index: Index, sound: Result, baseline: Baseline
    ) -> None:
        assert outcomes(sound) == {"right": 10, "refused_rightly": 6}
        assert failures(baseline, measured(pipeline_of(index, Reader()))) == set()

    def test_random_passages_are_not_retrieved(self, index: Index, baseline: Baseline) -> None:
        result = measured(pipeline_of(RandomPassages(index), Reader()))
        assert {"accuracy", "evidence_recall"} <= failures(baseline, result)
        assert in_report(result, "not_retrieved") == outcomes(result)["not_retrieved"] >= 6

    def test_shifted_citations_lose_their_precision_and_nothing_else(
        self, index: Index, baseline: Baseline
    ) -> None:
        result = measured(ShiftedCitations(pipeline_of(index, Reader())))
        cited = {"citation_precision", "citation_recall", "citation_sentence_precision"}
        assert failures(baseline, result) == cited
        page = render_report(result)
        assert page.count("Citations whose sentence does not stand in the passage they name") == 10

    def test_a_model_that_always_refuses_refuses_wrongly(
        self, index: Index, baseline: Baseline
    ) -> None:
        result = measured(pipeline_of(index, AlwaysRefuses()))
        failed = failures(baseline, result)
        assert {"accuracy", "false_refusals", "citation_precision"} <= failed
        assert not {"refusal_recall", "evidence_recall"} & failed
        assert in_report(result, "refused_wrongly") == 10

    def test_a_model_that_never_refuses_answers_the_unanswerable(
        self, index: Index, baseline: Baseline
    ) -> None:
        result = measured(pipeline_of(index, NeverRefuses()))
        assert failures(baseline, result) == {"refusal_recall"}
        assert in_report(result, "answered_unanswerable") == 6


def figure(value: float | None, low: float | None = None, high: float | None = None) -> Figure:
    return Figure(value, low, high, 10, "share")


def held(**figures: Figure) -> Baseline:
    return Baseline((), {}, figures, {})


def reasons(baseline: Baseline, **fresh: Figure) -> list[str]:
    return [one.reason for one in check(baseline, fresh)]


class TestTheRule:
    def test_worse_within_the_interval_passes(self) -> None:
        assert reasons(held(accuracy=figure(0.8, 0.5, 1)), accuracy=figure(0.5)) == [""]

    def test_worse_than_the_interval_fails(self) -> None:
        fresh = figure(0.49)
        assert reasons(held(accuracy=figure(0.8, 0.5, 1)), accuracy=fresh) == ["worse: below 50.0%"]

    def test_better_passes_whatever_the_interval(self) -> None:
        assert reasons(held(accuracy=figure(0.4, 0.2, 0.6)), accuracy=figure(1.0)) == [""]

    def test_of_false_refusals_fewer_is_better(self) -> None:
        before = held(false_refusals=figure(0.2, 0.0, 0.4))
        assert reasons(before, false_refusals=figure(0.0)) == [""]
        assert reasons(before, false_refusals=figure(0.5)) == ["worse: above 40.0%"]

    @pytest.mark.parametrize("fresh", [{}, {"accuracy": figure(None)}])
    def test_no_score_where_there_was_one_fails(self, fresh: dict[str, Figure]) -> None:
        before = held(accuracy=figure(0.8, 0.5, 1))
        assert reasons(before, **fresh) == ["no score, and the baseline has one"]

    def test_a_figure_without_an_interval_may_not_fall(self) -> None:
        assert reasons(held(accuracy=figure(0.8)), accuracy=figure(0.79)) == ["worse: below 80.0%"]


class TestTheBaseline:
    def test_it_is_read_as_it_was_written(self, baseline: Baseline, tmp_path: Path) -> None:
        write_baseline(baseline, tmp_path / "baseline.json")
        assert read_baseline(tmp_path / "baseline.json") == baseline

    def test_it_holds_every_gated_figure(self, baseline: Baseline) -> None:
        assert tuple(baseline.figures) == GATED

    def test_a_run_without_a_score_cannot_become_it(self, sound: Result) -> None:
        answered = [r for r in sound.records if r.answerable]
        with pytest.raises(BylineError, match="no score for refusal_recall"):
            accept(result_of(answered))

    def test_a_file_that_is_none_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "baseline.json").write_text("{}")
        with pytest.raises(BylineError, match=r"baseline\.json could not be read"):
            read_baseline(tmp_path / "baseline.json")

    def test_a_question_that_is_gone_is_named(self) -> None:
        with pytest.raises(BylineError, match="asks q000"):
            chosen(["q005", "q000"])

    def test_the_set_is_small_fixed_and_of_both_kinds(self) -> None:
        questions = chosen(read_baseline().questions)
        assert 12 <= len(questions) <= 20
        assert sum(question.answerable is False for question in questions) >= 4
        assert {question.split for question in questions} == {"dev"}

    def test_it_names_the_questions_that_ended_worse(
        self, sound: Result, baseline: Baseline
    ) -> None:
        wrong = replace(sound.records[0], outcome="not_chosen")
        result = replace(sound, records=(wrong, *sound.records[1:]))
        table = render(baseline, result, check(baseline, result.summary.metrics))
        assert "who-Arle Who is the mayor of Arle? - right -> not_chosen" in table

    def test_another_model_is_named(self, sound: Result, baseline: Baseline) -> None:
        result = replace(sound, run=replace(sound.run, model="other-1b"))
        assert "and this run with other-1b." in render(baseline, result, [])


class TestTheCommand:
    @pytest.fixture
    def keep(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sound: Result
    ) -> Callable[[Baseline], Path]:
        """A baseline of the test's own, and a run that is made already."""
        path = tmp_path / "baseline.json"
        monkeypatch.setattr(gate, "run_gate", lambda questions, options: sound)
        monkeypatch.setattr(gate, "chosen", lambda ids: QUESTIONS)

        def write(baseline: Baseline) -> Path:
            write_baseline(baseline, path)
            return path

        return write

    def test_green(self, keep: Any, baseline: Baseline, tmp_path: Path) -> None:
        text, passed = gate.main(Options(), False, tmp_path, keep(baseline))
        assert passed
        assert "The gate is green." in text

    def test_red_names_what_is_worse(self, keep: Any, baseline: Baseline, tmp_path: Path) -> None:
        best = {**baseline.figures, "false_refusals": figure(-1.0, -1.0, -1.0)}
        path = keep(replace(baseline, figures=best))
        text, passed = gate.main(Options(), False, tmp_path, path)
        assert not passed
        assert "The gate is RED: Answerable questions refused." in text

    def test_accepting_writes_the_baseline(
        self, keep: Any, baseline: Baseline, tmp_path: Path
    ) -> None:
        path = keep(replace(baseline, figures={}, outcomes={}))
        gate.main(Options(), True, tmp_path, path)
        assert read_baseline(path) == baseline

    def test_without_a_baseline_it_says_how_to_make_one(
        self, keep: Any, baseline: Baseline, tmp_path: Path
    ) -> None:
        path = keep(replace(baseline, figures={}))
        with pytest.raises(BylineError, match="byline eval gate --accept"):
            gate.main(Options(), False, tmp_path, path)

    def test_the_run_and_its_report_are_kept(
        self, keep: Any, baseline: Baseline, tmp_path: Path
    ) -> None:
        gate.main(Options(), False, tmp_path / "reports", keep(baseline))
        assert [path.suffix for path in sorted((tmp_path / "reports").iterdir())] == [
            ".html",
            ".json",
        ]
