"""What each bound on the evidence's probability costs: `python -m eval.calibrate`.

Reads the evidence of the gold set's development split on an index of the sample articles and, where
they are named, of question sets that bring their own passages, such as `squad2`, in the folder of
--data; prints for each bound (`sure` in the settings) how many questions would be answered. Nothing
is written: in doubt only what would be quoted counts.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from eval.questions import Question, load_questions
from eval.sets import read_cases
from index.types import Embedder, Hit, Passage
from rag.answerable import trust
from rag.confirm import LEAST_WORDS
from rag.evidence import choose_evidence
from rag.judge import judge
from rag.load import load_embedder, load_pipeline
from rag.pipeline import Pipeline
from rag.quote import best_quote
from rag.settings import load_settings
from rag.terminal import counting, ensure_index, quiet
from rag.types import Generator

MOST_PASSAGES = 8
BOUNDS = (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7)


@dataclass(frozen=True, slots=True)
class Example:
    """One question: how sure the model is of its best passage, 0 to 1, and whether a sentence can
    be quoted in doubt."""

    source: str
    question: str
    answerable: bool
    best: float
    quotable: bool


def example(source: str, question: Question, found: Sequence[Hit], generator: Generator) -> Example:
    """What the pipeline would see of a question's evidence."""
    judged = judge(question.question, found, generator)
    quotes: list[Hit] = []
    trusted = trust(question.question, judged, sure=0.0) == "sure"
    if trusted:
        quotes, _ = best_quote(question.question, judged, generator, least_words=LEAST_WORDS)
    best = judged[0].score if trusted else 0.0
    return Example(source, question.question, bool(question.answerable), best, bool(quotes))


def gold_examples(
    questions: Sequence[Question], pipeline: Pipeline, generator: Generator
) -> Iterator[Example]:
    """Questions of the gold set, with the evidence that the pipeline finds."""
    for question in questions:
        yield example("gold", question, pipeline.find(question.question), generator)


def set_examples(
    folder: Path | None,
    name: str,
    count: int,
    embedder: Embedder,
    generator: Generator,
    seed: int = 0,
) -> Iterator[Example]:
    """`count` questions of a set, half of them unanswerable, each among passages of its own title.

    Passages of one title stand in for what a search would find around the right one.
    """
    cases = read_cases(folder, name)
    by_title: dict[str, dict[str, Passage]] = defaultdict(dict)
    for case in cases:
        for article in case.articles:
            by_title[article.title][article.body] = Passage(article, 0, len(article.body))
    chance = random.Random(seed)
    chance.shuffle(cases)
    for answerable in (True, False):
        kind = [case for case in cases if case.question.answerable is answerable]
        for case in kind[: count // 2]:
            question = case.question
            own = [Passage(article, 0, len(article.body)) for article in case.articles]
            others = list(by_title[case.articles[0].title].values())
            chance.shuffle(others)
            hits = _nearest(question.question, [*own, *others[:MOST_PASSAGES]], embedder)
            found = choose_evidence(question.question, hits, embedder)
            yield example(name, question, found, generator)


def _nearest(question: str, passages: Iterable[Passage], embedder: Embedder) -> list[Hit]:
    distinct = list({passage.text: passage for passage in passages}.values())
    scores = embedder.embed_passages([p.text for p in distinct]) @ embedder.embed_question(question)
    order = np.argsort(-scores)
    return [Hit(distinct[i], float(scores[i]), {"dense": r}) for r, i in enumerate(order, start=1)]


def figures(examples: Sequence[Example]) -> dict[str, dict[str, float]]:
    """For each source the area under the ROC curve of the best passage's probability and, at each
    bound, the shares answered of the answerable and of the unanswerable questions."""
    from sklearn.metrics import roc_auc_score

    told: dict[str, dict[str, float]] = {}
    for source in sorted({example.source for example in examples}):
        own = [example for example in examples if example.source == source]
        told[source] = {"auc": roc_auc_score([e.answerable for e in own], [e.best for e in own])}
        for kind, answerable in (("answerable", True), ("unanswerable", False)):
            asked = [example for example in own if example.answerable is answerable]
            for bound in BOUNDS:
                answered = sum(e.best >= bound or e.quotable for e in asked)
                told[source][f"{kind} answered at {bound}"] = answered / len(asked)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="further question sets, by name")
    parser.add_argument("--data", type=Path, help="the folder that they lie in")
    parser.add_argument("--count", type=int, default=60, help="questions taken of each set")
    parser.add_argument("--examples", type=Path, help="keep each question's reading here, as JSON")
    arguments = parser.parse_args()
    quiet()
    settings = load_settings()
    ensure_index(settings)
    pipeline, embedder = load_pipeline(settings), load_embedder(settings)
    generator = pipeline.generator
    examples: list[Example] = []
    # A follow-up says too little by itself to be judged by.
    own = [q for q in load_questions() if q.split == "dev" and not q.history]
    sources = [gold_examples(own, pipeline, generator)]
    sources += [
        set_examples(arguments.data, name, arguments.count, embedder, generator)
        for name in arguments.sets
    ]
    total = len(own) + arguments.count * len(arguments.sets)
    with counting("reading evidence") as count:
        for source in sources:
            for one in source:
                examples.append(one)
                count(len(examples), total)
                if arguments.examples:
                    kept = [asdict(example) for example in examples]
                    arguments.examples.write_text(json.dumps(kept, indent=1))
    print(json.dumps(figures(examples), indent=2))


if __name__ == "__main__":
    main()
