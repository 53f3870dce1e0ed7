"""What share of planted faults the checker of answers catches, and of right sentences it flags.

Right sentences are the gold sentences of one split and their rewordings. Each is checked against
all sample articles, as `byline check` does it. Run with `python -m eval.faults`.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.article import Article
from corpus.read import read_articles
from eval.planting import PLANTERS, Context
from eval.questions import load_questions
from eval.rewording import REWORDINGS, small_initial
from rag.load import load_support
from rag.settings import SAMPLE_ARTICLES, load_settings
from rag.types import SupportModel
from rag.verify import Sources, check_answer

AS_IT_STANDS, TWO_JOINED = "as it stands", "two joined by while"
TRIES = 3
"""Faults of one kind that are planted in one sentence, where they differ."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One text that was checked. It is flagged unless all of it is supported."""

    kind: str
    right: bool
    text: str
    origin: str
    verdict: str
    why: str | None
    milliseconds: float

    @property
    def flagged(self) -> bool:
        return self.verdict != "supported"


def gold_sentences(split: str, articles: Sequence[Article]) -> list[tuple[str, Article]]:
    """The gold sentences of a split with their article; of `test`, those that `dev` has not."""
    questions = load_questions()
    held = {s for q in questions if q.split == split for s in q.sentences}
    if split == "test":
        held -= {s for q in questions if q.split == "dev" for s in q.sentences}
    return [
        (sentence, article)
        for sentence in sorted(held)
        for article in articles
        if sentence in article.body
    ]


def trials(
    split: str, articles: Sequence[Article], seed: int = 0, model: SupportModel | None = None
) -> Iterator[Trial]:
    """Every gold sentence of a split, reworded and spoiled in every way that it has place for;
    checked by the rules and, where one is given, the support `model`."""
    sources = Sources(articles)
    gold = gold_sentences(split, articles)
    for place, (sentence, article) in enumerate(gold):
        context = Context(article, articles, random.Random(f"{seed}:{sentence}"))
        for kind, right, text in _variants(sentence, context):
            yield _trial(kind, right, text, sentence, sources, model)
        other, _ = gold[(place + 7) % len(gold)]
        joined = f"{sentence[:-1]}, while {small_initial(other)}"
        yield _trial(TWO_JOINED, True, joined, sentence, sources, model)


def _variants(sentence: str, context: Context) -> Iterator[tuple[str, bool, str]]:
    yield AS_IT_STANDS, True, sentence
    for kind, reword in REWORDINGS.items():
        if text := reword(sentence, context):
            yield kind, True, text
    for kind, plant in PLANTERS.items():
        planted = {plant(sentence, context) for _ in range(TRIES)} - {None, sentence}
        for text in sorted(t for t in planted if t):
            yield kind, False, text


def _trial(
    kind: str, right: bool, text: str, origin: str, sources: Sources, model: SupportModel | None
) -> Trial:
    begin = time.process_time()
    checked = check_answer(text, sources, model=model)
    spent = 1000 * (time.process_time() - begin)
    worst = min(
        checked, key=lambda s: ("unsupported", "partly", "supported").index(s.verdict or "")
    )
    return Trial(kind, right, text, origin, worst.verdict or "", worst.why, spent)


def table(found: Sequence[Trial]) -> str:
    """Flagged and checked by kind, with Wilson's 95% interval; of faults, flagged is caught."""
    from scipy.stats import binomtest

    lines = []
    for right, title in ((False, "faults caught"), (True, "right sentences flagged")):
        groups: dict[str, list[Trial]] = defaultdict(list)
        for trial in found:
            if trial.right == right:
                groups[trial.kind].append(trial)
        groups["all"] = [trial for group in groups.values() for trial in group]
        lines.append(f"{title:<28}{'share':>8}   {'95% interval':<18}{'n':>5}")
        for kind, group in groups.items():
            flagged = sum(trial.flagged for trial in group)
            share = binomtest(flagged, len(group)).proportion_ci(method="wilson")
            interval = f"{share.low:.3f} to {share.high:.3f}"
            lines.append(
                f"  {kind:<26}{flagged / len(group):>8.3f}   {interval:<18}{len(group):>5}"
            )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table of one split; with --wrong, each text that was judged wrongly, too."""
    parser = argparse.ArgumentParser(prog="python -m eval.faults", description=__doc__)
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--support", help="the support model, as byline check --support")
    parser.add_argument("--wrong", action="store_true", help="also print what was judged wrongly")
    options = parser.parse_args(arguments)
    model = load_support(load_settings(support=options.support))
    articles = read_articles([SAMPLE_ARTICLES]).articles
    found = list(trials(options.split, articles, options.seed, model))
    print(table(found))
    spent = sorted(trial.milliseconds for trial in found)
    median = spent[len(spent) // 2]
    print(f"processor milliseconds a text: median {median:.1f}, longest {spent[-1]:.1f}")
    for trial in found if options.wrong else ():
        if trial.flagged == trial.right:
            print(
                f"{trial.kind} [{trial.verdict}: {trial.why}]\n    {trial.text}\n    {trial.origin}"
            )


if __name__ == "__main__":
    main()
