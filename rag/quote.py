"""An answer in a passage's own words, for when what the model wrote of them fails."""

from __future__ import annotations

from collections.abc import Sequence

from index.sentences import sentence_spans
from index.types import Hit, Passage
from rag.asked import kinds_asked, offer
from rag.judge import worth_reading
from rag.markers import DraftSentence
from rag.types import Sentence
from rag.verify import check, known_names, names
from rag.words import content_words


def best_quote(
    question: str, judged: Sequence[Hit], failed: Sequence[Sentence] = ()
) -> tuple[list[Hit], list[Sentence]]:
    """The sentence of the judged passages that most likely answers, and the passage it is from.

    A sentence that mentions, with what comes before it, less than half of the question's names is
    no candidate, nor is one that `failed` cites; of equals the sentence of the better judged
    passage wins. Both lists are empty where nothing is left.
    """
    cited = {citation.quote for sentence in failed for citation in sentence.citations}
    kinds = kinds_asked(question)
    asked, named = set(content_words(question)), names(question)

    def rank(hit: Hit, text: str) -> float:
        shared = len(asked.intersection(content_words(text))) / max(len(asked), 1)
        return hit.score + shared + sum(offer(kind, question, text) for kind in kinds)

    candidates = [
        (hit, text)
        for hit in worth_reading(question, judged)
        for text in _sentences(hit.passage)
        if text not in cited and _mentions(named, hit, text)
    ]
    if not candidates:
        return [], []
    hit, text = max(candidates, key=lambda candidate: rank(*candidate))
    return [hit], [check(DraftSentence(text, (1,)), [hit])]


def _mentions(asked: Sequence[str], hit: Hit, text: str) -> bool:
    known = known_names(text, hit)
    return 2 * sum(name in known for name in asked) >= len(asked)


def _sentences(passage: Passage) -> list[str]:
    spans = sentence_spans(passage.text, passage.article.language or "en")
    return [passage.text[start:end] for start, end in spans]
