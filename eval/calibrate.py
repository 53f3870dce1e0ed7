"""Fit the weights that decide whether evidence answers a question: `python -m eval.calibrate`.

Learns from the gold set's development split on an index of the sample articles and, where they are
named, from question sets that bring their own passages, such as `squad2`, in the folder of --data.
Writes rag/answerability.json with what it was fitted on.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eval.questions import Question, load_questions
from eval.sets import read_cases
from index.types import Embedder, Hit, Passage
from rag.answerable import WEIGHTS, Signals, read_signals
from rag.evidence import choose_evidence
from rag.judge import judge
from rag.load import load_embedder, load_pipeline
from rag.pipeline import Pipeline
from rag.settings import load_settings
from rag.terminal import counting, ensure_index, quiet
from rag.types import Generator

Example = tuple[str, Signals, bool]
MOST_PASSAGES = 8


def gold_examples(
    questions: Sequence[Question], pipeline: Pipeline, generator: Generator
) -> Iterator[Example]:
    """Questions of the gold set, with the evidence that the pipeline finds."""
    for question in questions:
        judged = judge(question.question, pipeline.find(question.question), generator)
        yield "gold", read_signals(question.question, judged), bool(question.answerable)


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
            question = case.question.question
            own = [Passage(article, 0, len(article.body)) for article in case.articles]
            others = list(by_title[case.articles[0].title].values())
            chance.shuffle(others)
            hits = _nearest(question, [*own, *others[:MOST_PASSAGES]], embedder)
            judged = judge(question, choose_evidence(question, hits, embedder), generator)
            yield name, read_signals(question, judged), answerable


def _nearest(question: str, passages: Iterable[Passage], embedder: Embedder) -> list[Hit]:
    distinct = list({passage.text: passage for passage in passages}.values())
    scores = embedder.embed_passages([p.text for p in distinct]) @ embedder.embed_question(question)
    order = np.argsort(-scores)
    return [Hit(distinct[i], float(scores[i]), {"dense": r}) for r, i in enumerate(order, start=1)]


def fit(examples: Sequence[Example]) -> dict[str, Any]:
    """A logistic regression (scikit-learn, L2, classes weighed alike) and its held-out figures."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import cross_val_predict

    rows = np.array([signals.row() for _, signals, _ in examples])
    labels = np.array([answerable for _, _, answerable in examples])
    model = LogisticRegression(class_weight="balanced")
    held_out = cross_val_predict(model, rows, labels, cv=5, method="predict_proba")[:, 1]
    model.fit(rows, labels)
    sources = sorted({source for source, _, _ in examples})
    return {
        "weights": [round(float(weight), 4) for weight in model.coef_[0]],
        "bias": round(float(model.intercept_[0]), 4),
        "fitted_on": {source: sum(s == source for s, _, _ in examples) for source in sources},
        "held_out": {
            source: _figures(
                held_out[[s == source for s, _, _ in examples]],
                labels[[s == source for s, _, _ in examples]],
                roc_auc_score,
            )
            for source in sources
        },
    }


def _figures(probabilities: Any, labels: Any, auc: Any) -> dict[str, float]:
    """Area under the ROC curve and, at each threshold, refusals right and refusals wrong."""
    figures = {"auc": round(float(auc(labels, probabilities)), 3)}
    for threshold in (0.2, 0.3, 0.4, 0.5, 0.6):
        refused = probabilities < threshold
        figures[f"refused_right_at_{threshold}"] = round(float(refused[~labels].mean()), 3)
        figures[f"refused_wrong_at_{threshold}"] = round(float(refused[labels].mean()), 3)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="further question sets, by name")
    parser.add_argument("--data", type=Path, help="the folder that they lie in")
    parser.add_argument("--count", type=int, default=60, help="questions taken of each set")
    parser.add_argument("--examples", type=Path, help="keep the signals here, as JSON")
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
    with counting("reading signals") as count:
        for source in sources:
            for example in source:
                examples.append(example)
                count(len(examples), total)
                if arguments.examples:
                    kept = [[s, signals.row(), label] for s, signals, label in examples]
                    arguments.examples.write_text(json.dumps(kept))
    fitted = fit(examples)
    WEIGHTS.write_text(json.dumps(fitted, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(fitted, indent=2))


if __name__ == "__main__":
    main()
