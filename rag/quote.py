"""An answer in a passage's own words: to yes or no, and where what the model wrote fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.sentences import sentence_spans
from index.types import Hit, Passage
from rag.judge import judge, worth_reading
from rag.markers import DraftSentence
from rag.types import Generator, Sentence
from rag.verify import check, known_names, names


def best_quote(
    question: str, judged: Sequence[Hit], generator: Generator, failed: Sequence[Sentence] = ()
) -> tuple[list[Hit], list[Sentence]]:
    """The sentence of the judged passages that most likely answers, and the passage it is from.

    Each is judged by itself. One that mentions, with what comes before it, less than half of the
    question's names is no candidate, nor is one that `failed` cites. Both lists are empty where
    nothing is left.
    """
    cited = {citation.quote for sentence in failed for citation in sentence.citations}
    named = names(question)
    owners = {
        sentence: hit
        for hit in worth_reading(question, judged)
        for sentence in _sentences(hit.passage)
        if sentence.text not in cited and _mentions(named, hit, sentence.text)
    }
    alone = [replace(hit, passage=sentence) for sentence, hit in owners.items()]
    best = worth_reading(question, judge(question, alone, generator))[:1]
    if not best:
        return [], []
    sentence = best[0].passage
    hit = owners[sentence]
    return [hit], [check(DraftSentence(sentence.text, (1,)), [hit])]


def _mentions(asked: Sequence[str], hit: Hit, text: str) -> bool:
    known = known_names(text, hit)
    return 2 * sum(name in known for name in asked) >= len(asked)


def _sentences(passage: Passage) -> list[Passage]:
    spans = sentence_spans(passage.text, passage.article.language or "en")
    return [
        Passage(passage.article, passage.start + start, passage.start + end) for start, end in spans
    ]
