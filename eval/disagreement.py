"""What disagreements of sources are found, and how many invented: `python -m eval.disagreement`.

No language model is loaded: the answer is given, a sentence of an article that states it, and what
is measured is the rules that hold it against everything else that a search finds. So the figures
hold for right answers. Gold questions of both splits on the sample articles and, with --data or
BYLINE_EVAL_DATA, RAMDocs, where each question brings its own documents.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from eval.measure import CACHE, embedder_of, ensure_suite_index
from eval.metrics import contains_answer
from eval.questions import Question, load_questions
from eval.runner import Searches
from eval.sets import Case, read_cases
from eval.statistics import wilson
from index.search import Index
from index.sentences import sentence_spans
from index.types import Hit, Passage
from rag.claims import asked
from rag.disagreement import tell_differences
from rag.followup import with_context
from rag.settings import SAMPLE_ARTICLES, Settings, load_settings
from rag.terminal import quiet
from rag.types import Citation, Sentence, Turn

TAG = "disagreement"


@dataclass(frozen=True, slots=True)
class Example:
    """One answered question: whether its sources disagree, and what was told of it. `comparable`
    says that it asks for a kind of thing that the rules compare; `values` are what was told."""

    source: str
    question: str
    disagrees: bool
    comparable: bool
    kind: str | None
    values: tuple[str, ...]
    known: int  # of the values, those that the set lists as an answer, right or wrong


def gold_examples(questions: Iterable[Question], index: Searches, count: int) -> Iterator[Example]:
    """Gold questions answered by each of their gold sentences that a search finds, one after the
    other: told of is what any of them is told of. A question of which none is found gives none."""
    for question in questions:
        query = with_context(question.question, [Turn(past, "") for past in question.history])
        retrieved = index.search(query, count)
        answers = list(_stating(retrieved, question.sentences.__contains__))
        if answers:
            disagrees = TAG in question.tags
            yield _example(f"gold {question.split}", question, query, disagrees, answers, retrieved)


def own_examples(cases: Sequence[Case], source: str) -> Iterator[Example]:
    """Questions over documents of their own, answered by the first sentence of a right document
    that holds an accepted answer. They disagree where the set lists several values, right or not.
    Every other question is for developing, the rest for measuring."""
    for place, case in enumerate(cases):
        question = case.question
        hits = [Hit(Passage(one, 0, len(one.body)), 1.0) for one in case.articles]
        right = [hit for hit in hits if hit.passage.article.id in question.article_ids]
        answers = list(_stating(right, partial(contains_answer, answers=question.answers)))
        listed = {value.casefold() for value in (*question.answers, *question.wrong_answers)}
        if answers:
            split = "test" if place % 2 else "dev"
            yield _example(
                f"{source} {split}", question, question.question, len(listed) > 1, answers[:1], hits
            )


def _stating(hits: Sequence[Hit], states: Callable[[str], bool]) -> Iterator[tuple[Hit, Citation]]:
    """The sentences that state the answer, each with the hit that holds it, as its only passage."""
    seen: set[str] = set()
    for hit in hits:
        passage = hit.passage
        for start, end in sentence_spans(passage.text, passage.article.language or "en"):
            text = passage.text[start:end]
            if text not in seen and states(text):
                seen.add(text)
                begin = passage.start
                yield hit, Citation(1, passage, begin + start, begin + end)


def _example(
    source: str,
    question: Question,
    query: str,
    disagrees: bool,
    answers: Sequence[tuple[Hit, Citation]],
    others: Sequence[Hit],
) -> Example:
    told = [
        tell_differences(query, [Sentence(c.quote, (c,), "supported", 1.0)], [hit], others)
        for hit, c in answers
    ]
    found = next((one.disagreements[0] for one in told if one.disagreements), None)
    values = tuple(claim.value for claim in found.claims) if found else ()
    listed = (*question.answers, *question.wrong_answers)
    known = sum(
        any(contains_answer(value, (one,)) or contains_answer(one, (value,)) for one in listed)
        for value in values
    )
    return Example(
        source,
        question.question,
        disagrees,
        asked(query) is not None,
        found.kind if found else None,
        values,
        known,
    )


def figures(examples: Sequence[Example]) -> dict[str, dict[str, str]]:
    """For each source the disagreements found of all and of those of a kind that is compared, those
    invented where sources agree, and how many of the values told the set lists; 95% intervals."""
    told: dict[str, dict[str, str]] = {}
    for source in sorted({example.source for example in examples}):
        own = [example for example in examples if example.source == source]
        differing = [example for example in own if example.disagrees]
        compared = [example for example in differing if example.comparable]
        agreeing = [example for example in own if not example.disagrees]
        values = sum(len(example.values) for example in own)
        told[source] = {
            "found": _share([example.kind is not None for example in differing]),
            "found of what is compared": _share([one.kind is not None for one in compared]),
            "invented": _share([example.kind is not None for example in agreeing]),
            "values listed": _shown(sum(example.known for example in own), values),
        }
    return told


def _share(outcomes: Sequence[bool]) -> str:
    return _shown(sum(outcomes), len(outcomes))


def _shown(hits: int, count: int) -> str:
    figure = wilson(hits, count)
    if figure.value is None or figure.low is None or figure.high is None:
        return "0 of 0"
    return f"{hits} of {count}: {figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="the folder that the sets of others lie in")
    parser.add_argument("--examples", type=Path, help="keep what was told here, as JSON")
    arguments = parser.parse_args(argv)
    quiet()
    settings = load_settings(index=CACHE / "gold")
    examples = list(_gold(settings))
    if folder := arguments.data or settings.eval_data:
        examples += own_examples(read_cases(folder, "ramdocs"), "ramdocs")
    if arguments.examples:
        kept = [asdict(example) for example in examples]
        arguments.examples.write_text(json.dumps(kept, indent=1, ensure_ascii=False))
    print(json.dumps(figures(examples), indent=2))


def _gold(settings: Settings) -> Iterator[Example]:
    from corpus.read import read_articles

    articles = read_articles([SAMPLE_ARTICLES]).articles
    embedder = embedder_of(settings)
    ensure_suite_index(settings.index, articles, str(SAMPLE_ARTICLES), embedder)
    with closing(Index.open(settings.index, embedder)) as index:
        answerable = [question for question in load_questions() if question.answerable]
        yield from gold_examples(answerable, index, settings.retrieved)


if __name__ == "__main__":
    main()
