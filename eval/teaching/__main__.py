"""Teach the answering model to judge passages: `python -m eval.teaching --data FOLDER`.

Learns from `squad2`, `nq-oracle` and `clapnq`, tests on titles that were kept apart, and writes
rag/weights/NAME.safetensors. Takes an hour on two cores.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path
from typing import Any

from eval.sets import read_cases
from eval.teaching.pairs import SEED, SHARE_TESTED, Lesson, held_out, lessons
from eval.teaching.rows import Row, rows_of
from eval.teaching.train import Plan, Teacher
from rag.commands.terminal import counting, quiet
from rag.engines.adapter import WEIGHTS
from rag.engines.unpacked import unpack
from rag.fetching.fetch import ensure
from rag.settings import load_settings

SETS = ("squad2", "nq-oracle", "clapnq")
MOST_OF_A_SET = 900
"""Questions of a set that has no unanswerable ones: more would teach that there always is one."""
TESTED = 30
"""Rows."""
ABOUT = {
    "learnt from": "SQuAD 2.0 and Natural Questions (texts CC BY-SA), CLAPnq (Apache-2.0)",
    "by": "python -m eval.teaching",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.teaching", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the question sets")
    parser.add_argument("--rows", type=int, default=190, help="of some 700 tokens, to learn from")
    parser.add_argument("--skip", type=int, default=0, help="so many rows before those")
    parser.add_argument("--epochs", type=float, default=Plan().epochs)
    parser.add_argument("--rate", type=float, default=Plan().rate)
    parser.add_argument("--head-rate", type=float, default=Plan().head_rate)
    parser.add_argument("--seed", type=int, default=Plan().seed, help="of the order of rows")
    parser.add_argument("--from", dest="earlier", type=Path, help="a file to go on from")
    parser.add_argument("--out", type=Path, help="the file to write")
    args = parser.parse_args()
    quiet()
    from rag.engines.transformers_engine import read_weights

    settings = load_settings()
    folder = unpack(ensure(settings.model, settings.models_dir))
    tokenizer, model = read_weights(folder, local_only=True)
    learnt, tested = rows(args.data, tokenizer)
    learnt, tested = learnt[args.skip :][: args.rows], tested[:TESTED]
    plan = Plan(epochs=args.epochs, rate=args.rate, head_rate=args.head_rate, seed=args.seed)
    teacher = Teacher(model, plan)
    if args.earlier:
        teacher.go_on(args.earlier)
    with counting("rows computed below") as on_progress:
        states = []
        for n, row in enumerate([*learnt, *tested], start=1):
            states.append(teacher.states(row))
            on_progress(n, len(learnt) + len(tested))
    steps = round(len(learnt) * args.epochs)
    with counting("rows learnt from") as on_progress:
        teacher.learn(learnt, states[: len(learnt)], lambda step, _loss: on_progress(step, steps))
    test(teacher, list(zip(tested, states[len(learnt) :], strict=True)))
    out = args.out or WEIGHTS / f"{settings.model}.safetensors"
    teacher.save(out, ABOUT)
    print(f"written: {out}")


def rows(data: Path, tokenizer: Any) -> tuple[list[Row], list[Row]]:
    """To learn from and to test on, in an order of chance."""
    rng = random.Random(7)
    parts: tuple[list[Row], list[Row]] = [], []
    made: tuple[list[Lesson], list[Lesson]] = [], []
    for name in SETS:
        cases = read_cases(data, name)
        rng.shuffle(cases)
        if all(case.question.answerable for case in cases):
            cases = cases[:MOST_OF_A_SET]
        for part, of_set in zip(made, held_out(cases, SHARE_TESTED, SEED), strict=True):
            part += lessons(of_set, rng)
    for part, rows_ in zip(made, parts, strict=True):
        rng.shuffle(part)
        rows_ += rows_of(part, tokenizer)
    return parts


def test(teacher: Teacher, tested: list[tuple[Row, Any]]) -> None:
    """Print how well passages that state the answer are told from others."""
    from sklearn.metrics import roc_auc_score

    odds = [odd for row, states in tested for odd in teacher.odds(row, states)]
    stated = [stated for row, _ in tested for stated in row.stated]
    print(
        f"{len(stated)} questions to passages of other titles, {sum(stated)} of them stated: "
        f"area under the ROC curve {roc_auc_score(stated, odds):.3f}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
