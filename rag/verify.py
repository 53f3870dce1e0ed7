"""Checking a draft's sentences against the passages, and mending or dropping what fails.

A sentence stands when one passage holds each of its numbers, each of its names, and most of its
other words. A citation that fails is replaced by a passage that supports the sentence; a sentence
that no passage supports is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.sentences import sentence_spans
from index.types import Hit
from rag.markers import DraftSentence
from rag.prompt import heading
from rag.quantities import missing_quantities
from rag.types import Citation, Sentence, Verdict
from rag.words import STOP_WORDS, content_words, words

SUPPORTED = 0.6
"""Share of a sentence's content words that its passage must hold to count as supported."""

PARTLY = 0.4
"""Below this share a sentence is unsupported. Both were chosen on development data: docs/LOG.md."""

ANTECEDENT = 400
"""Characters before a passage where the names may stand that its pronouns mean."""

_CAPITALISED = re.compile(r"[A-Z][\w&.’'-]*[\w]|[A-Z]\b")
_ALIASES = {"u.s": "us", "u.k": "uk", "america": "us", "britain": "uk", "american": "us"}


@dataclass(frozen=True, slots=True)
class _Support:
    """How far one passage carries one sentence: 0 when a number or a name is missing."""

    number: int
    share: float


def check(draft: DraftSentence, hits: Sequence[Hit]) -> Sentence:
    """The sentence with its verdict and the citations that carry it.

    Citations that support it are kept; where none does, the best passage that does takes their
    place. A sentence that no passage supports comes back `unsupported` and without citations.
    """
    supports = [_Support(n, _share(draft.text, hit)) for n, hit in enumerate(hits, start=1)]
    standing = [s for s in supports if s.share >= PARTLY]
    if not standing:
        best = max((s.share for s in supports), default=0.0)
        return Sentence(draft.text, (), "unsupported", best)
    kept = [s for s in standing if s.number in draft.numbers]
    kept = kept or [max(standing, key=lambda s: s.share)]
    share = max(s.share for s in kept)
    verdict: Verdict = "supported" if share >= SUPPORTED else "partly"
    citations = tuple(_citation(draft.text, s.number, hits[s.number - 1]) for s in kept)
    return Sentence(draft.text, citations, verdict, round(share, 3))


def _share(text: str, hit: Hit) -> float:
    """The share of the sentence's content words in the passage, or 0 for a wrong number or name.

    A name that stands only before the passage may be whom its pronoun means, or somebody else: then
    the passage must hold most of what the sentence says.
    """
    source = f"{heading(hit)}\n{hit.passage.text}"
    claimed = content_words(text)
    named = names(text)
    if not claimed or missing_quantities(text, source):
        return 0.0
    known = known_names(hit.passage.text, hit)
    if any(name not in known for name in named):
        return 0.0
    held = set(content_words(source))
    share = sum(word in held for word in claimed) / len(claimed)
    inside = {alias(word) for word in words(source)}
    return share if share >= SUPPORTED or all(name in inside for name in named) else 0.0


def known_names(text: str, hit: Hit) -> set[str]:
    """The words that a name in `text`, of the hit's passage, may be: its own, those of the heading,
    and those shortly before the passage, which its pronouns may mean."""
    passage = hit.passage
    before = passage.article.body[max(passage.start - ANTECEDENT, 0) : passage.start]
    source = f"{heading(hit)}\n{before}\n{passage.article.author or ''}\n{text}"
    return {alias(word) for word in words(source)}


def names(text: str) -> list[str]:
    """The words of the names in a sentence, lower case: capitalised ones that do not begin it."""
    return [word for name in whole_names(text) for word in name]


def whole_names(text: str) -> list[list[str]]:
    """As `names`, with the words that stand together, such as "Alexandr Wang", in one list."""
    found: list[list[str]] = []
    end = -1
    for match in _CAPITALISED.finditer(text):
        begins = not text[: match.start()].strip("\"'“‘( ")
        kept = [
            alias(word)
            for word in words(match[0])
            if word.lower() not in STOP_WORDS and not begins and not word[0].isdigit()
        ]
        if kept and text[end : match.start()] == " ":
            found[-1] += kept
        elif kept:
            found.append(kept)
        genitive = match[0].endswith(("'s", "’s"))  # "Scale AI's Wang" is two names
        end = match.end() if kept and not genitive else -1
    return found


def alias(word: str) -> str:
    """A name as it is compared: lower case, without its genitive, one word for one country."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    return _ALIASES.get(word, word)


def _citation(text: str, number: int, hit: Hit) -> Citation:
    """A citation whose quote is the sentence of the passage that shares most with the claim."""
    passage = hit.passage
    claimed = set(content_words(text))

    def shared(span: tuple[int, int]) -> float:
        sentence = passage.text[span[0] : span[1]]
        overlap = len(claimed.intersection(content_words(sentence)))
        return overlap - 2.0 * len(missing_quantities(text, sentence))

    spans = sentence_spans(passage.text, passage.article.language or "en")
    start, end = max(spans, key=shared)
    return Citation(number, passage, passage.start + start, passage.start + end)
