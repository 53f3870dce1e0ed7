"""The two engines side by side on one index: `python -m eval.engines QUESTION ...`.

Both answer from the same evidence, turn about, so that the ratio holds on a machine that is busy.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from index.types import Hit
from rag.commands.terminal import quiet
from rag.load import load_generator, load_pipeline
from rag.prompt import build_messages
from rag.settings import load_settings
from rag.types import Generator


@dataclass(frozen=True, slots=True)
class Run:
    """Seconds and tokens of one answer."""

    first_word: float
    whole: float
    prompt_tokens: int
    new_tokens: int


def measure(generator: Generator, question: str, evidence: Sequence[Hit]) -> Run:
    """One answer to new evidence; only the fixed beginning of the prompt is kept from before."""
    start = time.perf_counter()
    first_word = None
    for _ in generator.generate(build_messages(question, evidence)):
        first_word = first_word or time.perf_counter() - start
    usage = generator.usage
    whole = time.perf_counter() - start
    return Run(first_word or whole, whole, usage.prompt_tokens or 0, usage.new_tokens or 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", nargs="+")
    parser.add_argument("--index", type=Path)
    parser.add_argument("--model")
    arguments = parser.parse_args()
    quiet()
    generators: dict[str, Generator] = {}
    for engine in ("llama.cpp", "transformers"):
        settings = load_settings(index=arguments.index, model=arguments.model, engine=engine)
        start = time.perf_counter()
        generators[engine] = load_generator(settings)
        print(f"{engine}: loaded in {time.perf_counter() - start:.1f} s", flush=True)
    pipeline = load_pipeline(load_settings(index=arguments.index, model=arguments.model))
    runs: dict[str, list[Run]] = {engine: [] for engine in generators}
    for question in arguments.questions:
        evidence = pipeline.find(question)
        for engine, generator in generators.items():
            run = measure(generator, question, evidence)
            runs[engine].append(run)
            print(
                f"{engine:>12}: first word {run.first_word:.1f} s, whole {run.whole:.1f} s, "
                f"{run.prompt_tokens} + {run.new_tokens} tokens: {question}",
                flush=True,
            )
    fast, slow = runs["llama.cpp"][1:], runs["transformers"][1:]  # the first of each warms up
    if fast:
        first = statistics.median(
            s.first_word / f.first_word for f, s in zip(fast, slow, strict=True)
        )
        whole = statistics.median(s.whole / f.whole for f, s in zip(fast, slow, strict=True))
        print(
            f"transformers over llama.cpp, median of {len(fast)}: first word {first:.2f}, "
            f"whole answer {whole:.2f}"
        )


if __name__ == "__main__":
    main()
