"""Teach the support model: `python -m eval.teaching.support --data FOLDER`.

Learns from `squad2`, `nq-oracle` and `clapnq`, tests on titles that were kept apart, and writes
rag/weights/support-minilm.safetensors. Takes under 90 minutes on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from eval.sets import read_cases
from eval.teaching.claims import Pair, pairs
from eval.teaching.cross_encoder import Learner, Plan
from eval.teaching.pairs import held_out
from rag.commands.terminal import counting, quiet
from rag.fetching.fetch import ensure
from rag.load import load_embedder
from rag.settings import load_settings
from rag.support.trained import FILE, TrainedSupport

SETS = ("squad2", "nq-oracle", "clapnq")
SHARE_TESTED = 0.12
TESTED = 1500
"""Pairs."""
ABOUT = {
    "learnt from": "SQuAD 2.0 and Natural Questions (texts CC BY-SA), CLAPnq (Apache-2.0)",
    "from the weights of": "all-MiniLM-L6-v2 (Apache-2.0)",
    "by": "python -m eval.teaching.support",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m eval.teaching.support", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the question sets")
    parser.add_argument("--minutes", type=float, default=Plan().minutes, help="to learn for")
    parser.add_argument("--rate", type=float, default=Plan().rate)
    parser.add_argument("--out", type=Path, default=FILE, help="the file to write")
    args = parser.parse_args()
    quiet()
    settings = load_settings()
    learnt, tested = made(args.data)
    learner = Learner(
        ensure("minilm", settings.models_dir), Plan(minutes=args.minutes, rate=args.rate)
    )
    with counting("hundredths of the time") as on_progress:
        learner.learn(learnt, lambda spent, _loss: on_progress(round(100 * spent), 100))
    learner.save(args.out, {**ABOUT, "steps": str(learner.steps)})
    print(f"{len(learnt)} pairs, {learner.steps} steps", file=sys.stderr)
    test(args.out, tested)
    print(f"written: {args.out}, SHA-256 {hashlib.sha256(args.out.read_bytes()).hexdigest()}")


def made(data: Path) -> tuple[list[Pair], list[Pair]]:
    """To learn from and, of other titles, to test on."""
    parts: tuple[list[Pair], list[Pair]] = [], []
    for name in SETS:
        cases = held_out(read_cases(data, name), SHARE_TESTED, seed=5)
        for part, of_set in zip(parts, cases, strict=True):
            part += pairs(of_set, seed=3)
    random.Random(1).shuffle(parts[1])
    return parts[0], parts[1][:TESTED]


def test(file: Path, tested: Sequence[Pair]) -> None:
    """Print how well what was written tells supported claims from others, whole and by kind."""
    from sklearn.metrics import roc_auc_score

    model = TrainedSupport(load_embedder(load_settings()), file, None)
    told = [model.supports(pair.claim, [pair.text])[0] for pair in tested]
    area = roc_auc_score([pair.supported for pair in tested], told)
    print(f"{len(tested)} pairs of other titles: area under the ROC curve {area:.3f}")
    by_kind: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for pair, value in zip(tested, told, strict=True):
        by_kind[pair.kind, pair.supported].append(value)
    for (kind, supported), values in sorted(by_kind.items()):
        right = sum((value >= 0.5) == supported for value in values) / len(values)
        print(f"  {kind:<32}{'supported' if supported else 'not':<10}{right:6.2f} of {len(values)}")


if __name__ == "__main__":
    main()
