"""What disagreements of sources are found, and how many invented: `python -m eval.disagreement`.

The answer is given, a sentence of an article that states it, and what is measured is how it is
held against everything else that a search finds: by the rules alone or, with --engine or --model,
by what the language model reads in single articles, too. So the figures hold for right answers.
Gold questions of both splits on the sample articles and, with --data or BYLINE_EVAL_DATA, RAMDocs,
where each question brings its own documents.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
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
from index.types import Embedder, Hit, Passage
from rag.commands.terminal import quiet
from rag.differences.disagreement import tell_differences
from rag.differences.voices import Reader, asks_one_value
from rag.evidence import candidates, choose
from rag.facts.claims import asked
from rag.judging.look import look
from rag.limits import Limits
from rag.load import load_generator
from rag.question.followup import with_context
from rag.settings import SAMPLE_ARTICLES, Settings, load_settings
from rag.types import Citation, Disagreement, Generator, Sentence, Turn

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


Read = Callable[[str, Sequence[Hit]], Reader]
"""Makes, of a question and what was found for it, what the model reads single articles with."""


def reader_of(embedder: Embedder, generator: Generator, limits: Limits) -> Read:
    """The evidence is chosen and judged as it is for an answer (rag/pipeline.py)."""

    def read(query: str, hits: Sequence[Hit]) -> Reader:
        ranked = candidates(query, hits, embedder, limits.budget.candidates)
        found = choose(ranked, limits.budget)
        seen = look(query, found, ranked, generator, limits)
        return Reader(seen.judged, ranked, generator, seen.unread)

    return read


def gold_examples(
    questions: Iterable[Question], index: Searches, count: int, read: Read | None = None
) -> Iterator[Example]:
    """Gold questions answered by each of their gold sentences that a search finds, one after the
    other: told of is what any of them is told of. A question of which none is found gives none."""
    for question in questions:
        query = with_context(question.question, [Turn(past, "") for past in question.history])
        retrieved = index.search(query, count)
        answers = list(_stating(retrieved, question.sentences.__contains__))
        if answers:
            disagrees = TAG in question.tags
            source = f"gold {question.split}"
            yield _example(source, question, query, disagrees, answers, retrieved, read)


def of_one_voice(cases: Iterable[Case]) -> Iterator[Case]:
    """Of questions with one accepted answer, the right documents alone, where there are several:
    all of them state it."""
    for case in cases:
        right = tuple(one for one in case.articles if one.id in case.question.article_ids)
        if len(right) > 1 and len({answer.casefold() for answer in case.question.answers}) == 1:
            yield Case(replace(case.question, wrong_answers=()), right)


def own_examples(cases: Iterable[Case], source: str, read: Read | None = None) -> Iterator[Example]:
    """Questions over documents of their own, answered by the first sentence of a right document
    that holds an accepted answer. They disagree where the set lists several values, right or not.
    """
    for case in cases:
        question = case.question
        hits = [Hit(Passage(one, 0, len(one.body)), 1.0) for one in case.articles]
        right = [hit for hit in hits if hit.passage.article.id in question.article_ids]
        answers = list(_stating(right, partial(contains_answer, answers=question.answers)))
        listed = {value.casefold() for value in (*question.answers, *question.wrong_answers)}
        if answers:
            query, differ = question.question, len(listed) > 1
            yield _example(source, question, query, differ, answers[:1], hits, read)


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
    read: Read | None,
) -> Example:
    found = _told(query, answers, others, None)
    if found is None and read is not None and asks_one_value(query):
        found = _told(query, answers, others, read(query, others))
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


def _told(
    query: str,
    answers: Sequence[tuple[Hit, Citation]],
    others: Sequence[Hit],
    reader: Reader | None,
) -> Disagreement | None:
    """What is told of the first of the answers that anything is told of."""
    told = (
        tell_differences(query, [Sentence(c.quote, (c,), "supported", 1.0)], [hit], others, reader)
        for hit, c in answers
    )
    return next((one.disagreements[0] for one in told if one.disagreements), None)


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
    parser.add_argument("--engine", help="the engine of the model that reads single articles")
    parser.add_argument("--model", help="the model that reads single articles")
    parser.add_argument("--split", choices=("dev", "test"), help="one half of each set only")
    parser.add_argument("--set", choices=("gold", "ramdocs"), help="one of the sets only")
    parser.add_argument("--limit", type=int, help="so many questions of each set's half at most")
    arguments = parser.parse_args(argv)
    quiet()
    settings = load_settings(index=CACHE / "gold", engine=arguments.engine, model=arguments.model)
    embedder = embedder_of(settings)
    reads = arguments.engine or arguments.model
    read = reader_of(embedder, load_generator(settings), Limits()) if reads else None
    splits = (arguments.split,) if arguments.split else ("dev", "test")
    examples: list[Example] = []
    for split in splits:
        if arguments.set != "ramdocs":
            examples += _gold(settings, embedder, split, arguments.limit, read)
        folder = arguments.data or settings.eval_data
        if folder and arguments.set != "gold":
            cases = read_cases(folder, "ramdocs")[split == "test" :: 2][: arguments.limit]
            examples += own_examples(cases, f"ramdocs {split}", read)
            examples += own_examples(of_one_voice(cases), f"ramdocs {split}, one voice", read)
    if arguments.examples:
        kept = [asdict(example) for example in examples]
        arguments.examples.write_text(json.dumps(kept, indent=1, ensure_ascii=False))
    print(json.dumps(figures(examples), indent=2))


def _gold(
    settings: Settings, embedder: Embedder, split: str, limit: int | None, read: Read | None
) -> Iterator[Example]:
    from corpus.read import read_articles

    articles = read_articles([SAMPLE_ARTICLES]).articles
    ensure_suite_index(settings.index, articles, str(SAMPLE_ARTICLES), embedder)
    with closing(Index.open(settings.index, embedder)) as index:
        answerable = [one for one in load_questions() if one.answerable and one.split == split]
        yield from gold_examples(answerable[:limit], index, settings.retrieved, read)


if __name__ == "__main__":
    main()
