"""The suites: which questions are asked, and over which articles."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.errors import BylineError
from eval.attribution import run_attribution
from eval.measure import CACHE, Options, each, embedder_of, ensure_suite_index, load, make_result
from eval.questions import Question, load_questions, sample
from eval.records import Record, Result
from eval.runner import Runner
from eval.scores import summarise
from eval.sets import AbsentSetError, Case, named_articles, read_cases, read_news, shrink
from eval.teaching.pairs import kept_apart
from rag.settings import SAMPLE_ARTICLES, Settings

if TYPE_CHECKING:
    from corpus.article import Article

NEWS = {"news": "realtimeqa", "linked": "linked"}
TAUGHT_FROM = ("clapnq", "squad2")
OWN = {"abstain": TAUGHT_FROM, "conflict": ("ramdocs", "rgb-counterfactual")}


def run_suite(name: str, options: Options) -> Result:
    """One whole run. Raises `AbsentSetError` when none of its question sets is there."""
    if name == "gold":
        return run_gold(options)
    if name in NEWS:
        return run_news(name, options)
    if name in OWN:
        return run_own(name, options)
    if name == "attribution":
        if options.plain:
            raise BylineError("In attribution no question is asked: leave --plain out.")
        return run_attribution(options)
    raise BylineError(
        f"There is no suite {name}: choose gold, {', '.join([*NEWS, *OWN])} or attribution."
    )


def run_gold(options: Options) -> Result:
    """The gold set."""
    return ask_gold("gold", _chosen(load_questions(), options), options)


def ask_gold(suite: str, questions: Sequence[Question], options: Options) -> Result:
    """Questions of the gold set, on an index of the sample articles, built where it is missing."""
    from corpus.read import read_articles

    articles = read_articles([SAMPLE_ARTICLES]).articles
    folder = options.index or CACHE / "gold"
    return _run_pooled(suite, questions, articles, str(SAMPLE_ARTICLES), folder, options)


def run_news(name: str, options: Options) -> Result:
    """Questions over one pool of articles. A smaller pool keeps what the questions name."""
    folder, source = options.settings(None).eval_data, NEWS[name]
    everything, articles = read_news(folder, source)
    questions = sample(everything, options.limit, options.seed)
    by_question = named_articles(folder, source)
    named = [article for question in questions for article in by_question[question.id]]
    pool = shrink(articles, named, options.pool, options.seed)
    where = options.index or CACHE / name
    return _run_pooled(name, questions, pool, f"{source}-articles", where, options)


def run_mine(path: Path, options: Options) -> Result:
    """The user's own questions over the index as it is."""
    from index.versions import read_manifest

    questions = _chosen(load_questions(path), options)
    settings = options.settings(options.index)
    read_manifest(settings.index)  # says what is wrong before weights are loaded
    pipeline = load(settings)
    with closing(pipeline.index):
        records = each(questions, Runner(options.asked(pipeline)).ask)
        summary = summarise(records, options.seed)
        return make_result("mine", settings, options, records, summary, pipeline.describe())


def _chosen(questions: Sequence[Question], options: Options) -> list[Question]:
    split = options.split
    asked = [question for question in questions if split in (None, question.split)]
    if not asked:
        raise BylineError(f"No question has the split {split}: choose dev or test.")
    return sample(asked, options.limit, options.seed)


def _run_pooled(
    name: str,
    questions: Sequence[Question],
    articles: Sequence[Article],
    source: str,
    folder: Path,
    options: Options,
) -> Result:
    settings = options.settings_of_suite(folder)
    speed = ensure_suite_index(settings.index, articles, source, embedder_of(settings))
    pipeline = load(settings)
    with closing(pipeline.index):
        records = each(questions, Runner(options.asked(pipeline)).ask)
        summary = summarise(records, options.seed, {"passages_per_second": speed})
        return make_result(name, settings, options, records, summary, pipeline.describe())


def run_own(name: str, options: Options) -> Result:
    """Questions that bring their own passages, each answered from those alone.

    A set's label holds for a question's own passages: in a pool, the passage of another question
    may answer what the label calls unanswerable, or settle what two passages dispute. So each has
    an index of its own, published in the same folder one after the other.
    """
    cases = _cases(name, options)
    questions = sample(
        [case.question for case in cases.values()],
        options.limit,
        options.seed,
        lambda question: (question.tags, question.answerable),
    )
    with tempfile.TemporaryDirectory(prefix="byline-eval-") as temporary:
        settings = options.settings_of_suite(Path(temporary))
        records, engine = _ask_each_of_its_own(settings, [cases[q.id] for q in questions], options)
    summary = summarise(records, options.seed)
    return make_result(name, settings, options, records, summary, engine=engine)


def _ask_each_of_its_own(
    settings: Settings, cases: Sequence[Case], options: Options
) -> tuple[list[Record], str]:
    """The records, and the engine that answered."""
    from index.build import build
    from index.search import Index

    embedder = embedder_of(settings)
    articles = {case.question.id: case.articles for case in cases}
    build(cases[0].articles, embedder, settings.index)
    pipeline = load(settings)

    def ask(question: Question) -> Record:
        build(articles[question.id], embedder, settings.index)
        pipeline.index.close()
        pipeline.index = Index.open(settings.index, embedder)
        return Runner(options.asked(pipeline)).ask(question)

    try:
        return each([case.question for case in cases], ask), pipeline.generator.engine
    finally:
        pipeline.index.close()


def _cases(name: str, options: Options) -> dict[str, Case]:
    """The questions by id; of sets that the judge was taught from, those of other titles.

    A set that is absent is named on stderr; with none the suite is.
    """
    folder = options.settings(None).eval_data
    cases: dict[str, Case] = {}
    absent: list[AbsentSetError] = []
    for source in OWN[name]:
        try:
            own = read_cases(folder, source)
            if source in TAUGHT_FROM:
                own = kept_apart(own)
            cases |= {case.question.id: case for case in own}
        except AbsentSetError as error:
            absent.append(error)
    if not cases:
        raise absent[0]
    for missing in absent:
        print(f"{name}: a set is skipped: {missing}.", file=sys.stderr)
    return cases
