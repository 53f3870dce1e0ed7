"""Checking one sentence against passages.

A sentence stands when one passage holds each of its numbers, dates and names, and most of its other
words; when the words between quotation marks are the article's; and when the passage has the same
roles, the same negations and the same hedges. A citation that fails is replaced by a passage that
supports the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from index.sentences import sentence_spans
from index.types import Hit
from rag.markers import DraftSentence
from rag.prompt import heading
from rag.reading.quantities import missing_quantities
from rag.reading.words import content_words, words
from rag.types import Citation, Sentence, Verdict
from rag.verify.amounts import altered_bound, missing_amount
from rag.verify.carrier import displaced
from rag.verify.dates import day_of, missing_dates, without_dates
from rag.verify.fault import SAYS_NOTHING, SAYS_PART, Fault, shown
from rag.verify.names import alias, known_names, names
from rag.verify.part import part_for_whole
from rag.verify.polarity import dropped_hedge, negation_fault
from rag.verify.quotations import altered_quotation
from rag.verify.roles import (
    acts_on_itself,
    other_doer,
    other_patient,
    swapped_name,
    swapped_roles,
)
from rag.verify.titles import other_title
from rag.verify.tokens import SCALE_WORDS, names_within, read
from rag.verify.valuation import mistaken_value

SUPPORTED = 0.6
"""Share of a sentence's content words that its passage must hold to count as supported."""

PARTLY = 0.4
"""Below this share a sentence is unsupported. Both were chosen on development data: docs/LOG.md."""


_CLAIMS = re.compile(r"(?=;\s)|(?=,\s(?:but|while|whereas|though|although)\s)")
_ORDER: tuple[Verdict | None, ...] = ("unsupported", "partly", "supported")
_LEAST_WORDS = 3
"""Content words of a part of a sentence that may be checked by itself."""
_ALONG = 0.5
"""Share of a claim's words that a sentence must have in their order, for what stands elsewhere in
it to be compared."""
_SAME = 0.5
"""Share of a claim's content words that a sentence must have, for its negations and hedges to be
those of the claim."""
_CARRIER = 0.8
"""Share of what the nearest sentence of a passage has in common with a claim, that another must
have to be one that the claim comes from, too."""
_CLOSE = 0.7
_NEARER = 0.2
"""A sentence of a passage with this share of a claim's words that says otherwise stands against
passages whose sentences have as much less of them."""


@dataclass(frozen=True, slots=True)
class _Support:
    """How far one passage carries one sentence, 0 to 1, and what is wrong; `near` is how far its
    nearest sentence does."""

    number: int
    share: float
    near: float
    fault: Fault | None

    @property
    def stands(self) -> bool:
        return self.share >= PARTLY and not (self.fault and self.fault.grave)

    @property
    def whole(self) -> bool:
        return self.share >= SUPPORTED and self.fault is None


def check(draft: DraftSentence, hits: Sequence[Hit]) -> Sentence:
    """The sentence with its verdict, the citations that carry it and, where it fails, why.

    Citations that support it are kept; where none does, the best passage that does takes their
    place. A sentence that no passage supports comes back `unsupported` and without citations. One
    that drops a hedge of the passage is `partly`: it says the same, but surer than the passage.
    Parts joined by a semicolon, "but" or "while" may be carried by different passages.
    """
    known = names_within(draft.text).union(*(_article_names(hit) for hit in hits))
    whole = _checked(draft, hits, known)
    parts = _parts(draft.text)
    if whole.verdict == "supported" or len(parts) < 2:
        return whole
    checked = [_checked(DraftSentence(part, draft.numbers), hits, known) for part in parts]
    joined = _joined(draft.text, checked)
    return max(whole, joined, key=lambda one: _ORDER.index(one.verdict))


def facts_held(text: str, hits: Sequence[Hit]) -> bool:
    """Whether one of the passages holds all quotations, numbers, dates and names of a sentence,
    whatever it has of its other words."""
    known = names_within(text).union(*(_article_names(hit) for hit in hits))
    return any(
        _stated_fault(text, hit, f"{heading(hit)}\n{hit.passage.text}", 0.0, known) is None
        for hit in hits
    )


def nearest_citation(text: str, hits: Sequence[Hit]) -> Citation:
    """The sentence of the passages that shares most words with a text, as a citation of it."""
    cited = [_citation(text, number, hit) for number, hit in enumerate(hits, start=1)]
    return max(cited, key=lambda one: len(_common(text, one.quote)))


def _parts(text: str) -> list[str]:
    """The claims of a sentence, where it is simple to tell them; a short one stays with another."""
    parts: list[str] = []
    for part in _CLAIMS.split(text):
        if parts and min(len(content_words(one)) for one in (part, parts[-1])) < _LEAST_WORDS:
            parts[-1] += part
        else:
            parts.append(part)
    return parts


def _joined(text: str, parts: Sequence[Sentence]) -> Sentence:
    """A sentence from its checked parts: it stands as its weakest part does."""
    weakest = min(parts, key=lambda part: _ORDER.index(part.verdict))
    citations: dict[int, Citation] = {}
    for part in parts:
        citations |= {one.number: one for one in part.citations if one.number not in citations}
    if weakest.verdict == "unsupported":
        citations = {}
    cited = tuple(citations[number] for number in sorted(citations))
    return Sentence(text, cited, weakest.verdict, weakest.support, weakest.why)


def _checked(draft: DraftSentence, hits: Sequence[Hit], known: frozenset[str]) -> Sentence:
    supports = [_support(draft.text, n, hit, known) for n, hit in enumerate(hits, start=1)]
    nearest = max(supports, key=lambda s: s.near, default=None)
    least = nearest.near - _NEARER if nearest and nearest.fault and nearest.near >= _CLOSE else 0
    standing = [s for s in supports if s.stands and s.near >= least]
    if not standing:
        return _unsupported(draft, supports)
    kept = [s for s in standing if s.number in draft.numbers]
    if not kept or (any(s.fault for s in kept) and not any(s.whole for s in kept)):
        kept = [max(standing, key=lambda s: (s.whole, s.fault is None, s.share))]
    best = max(kept, key=lambda s: (s.whole, s.share))
    citations = tuple(_citation(draft.text, s.number, hits[s.number - 1]) for s in kept)
    if best.whole:
        return Sentence(draft.text, citations, "supported", round(best.share, 3))
    why = best.fault.why if best.fault else SAYS_PART
    return Sentence(draft.text, citations, "partly", round(best.share, 3), why)


def _unsupported(draft: DraftSentence, supports: Sequence[_Support]) -> Sentence:
    """The reason is that of the passage that comes nearest, of the cited ones where there are."""
    cited = [s for s in supports if s.number in draft.numbers] or supports
    nearest = max(cited, key=lambda s: s.near, default=None)
    near = nearest is not None and nearest.share >= PARTLY
    why = nearest.fault.why if nearest and nearest.fault and near else SAYS_NOTHING
    share = max((s.share for s in supports if not s.fault), default=0.0)
    return Sentence(draft.text, (), "unsupported", round(share, 3), why)


def _support(text: str, number: int, hit: Hit, known: frozenset[str]) -> _Support:
    """The share of the sentence's content words in the passage, and the first fault found.

    The words of numbers and dates count as held: where the passage has them in no form, that is a
    fault. Names alone carry a part at most: what is said of them has to be there, too, or a figure.
    """
    source = f"{heading(hit)}\n{hit.passage.text}"
    claimed = _stems(text)
    if not claimed:
        return _Support(number, 0.0, 0.0, None)
    plain, held = _stems(without_dates(text)), _stems(source)
    bare = [word for word in claimed if word in plain and not _is_amount(word)]
    count = sum(word in held for word in bare)
    share = min((count + len(claimed) - len(bare)) / len(claimed), _most(count, len(bare)))
    said = set(bare).difference(*(_stems(name) for name in _named(text, known)))
    if said and said.isdisjoint(held) and len(bare) == len(claimed):
        share = min(share, PARTLY)
    fault = None
    if share >= PARTLY and _plain(text) not in _plain(hit.passage.text):
        fault = _stated_fault(text, hit, source, share, known) or _said_fault(text, hit, known)
    return _Support(number, share, max(_along(text, one) for one in _alike(text, hit)), fault)


def _most(held: int, words: int) -> float:
    """Numbers and dates alone carry nothing: half of the other words have to be there."""
    return 1.0 if not words or held >= words / 2 else held / words


@lru_cache(maxsize=4096)
def _along(text: str, sentence: str) -> float:
    """The share, 0 to 1, of a claim's words that a sentence has in the same order."""
    claimed, held = ([word.stem for word in read(one) if not word.mark] for one in (text, sentence))
    blocks = SequenceMatcher(None, claimed, held, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(claimed) if claimed else 0.0


def _plain(text: str) -> str:
    return " ".join(text.split())


@lru_cache(maxsize=4096)
def _stems(sentence: str) -> frozenset[str]:
    return frozenset(content_words(sentence))


def _is_amount(word: str) -> bool:
    return word[0].isdigit() or word in SCALE_WORDS


def _stated_fault(
    text: str, hit: Hit, source: str, share: float, known: frozenset[str]
) -> Fault | None:
    """Words in quotation marks, a number, a date, a title or a name that the passage does not hold,
    or a sum that it says another thing of."""
    article = hit.passage.article
    quoted = altered_quotation(text, source)
    if quoted is not None:
        return Fault(f"the passage does not say “{shown(quoted)}” word for word")
    numbers = without_dates(source, keep_years=True)
    if fault := missing_amount(without_dates(text), numbers):
        return fault
    if fault := mistaken_value(text, _sentences(hit)) or other_title(text, source):
        return fault
    for one in missing_dates(text, source, day_of(article.published_at)):
        if not (one.is_year and not missing_quantities(one.text, numbers)):
            return Fault(f"the passage does not say {shown(one.text)}")
    return _name_fault(text, hit, source, share, known)


def _name_fault(
    text: str, hit: Hit, source: str, share: float, known: frozenset[str]
) -> Fault | None:
    """A name that neither the passage holds nor what comes before it.

    A name that stands only before the passage may be whom its pronoun means, or somebody else: then
    the passage must hold most of what the sentence says.
    """
    named = _named(text, known)
    there = known_names(hit.passage.text, hit)
    inside = {alias(word) for word in words(source)}
    for name in named:
        if name not in there or (share < SUPPORTED and name not in inside):
            return Fault(f"the passage does not name {shown(name)}")
    return None


def _named(text: str, known: frozenset[str]) -> list[str]:
    """The words of the names in a sentence; that which begins it too if it is `known` as one."""
    plain = without_dates(text).strip()
    first = [alias(word) for word in words(plain)[:1] if word[0].isupper()]
    return [word for word in first if word in known] + names(plain)


def _said_fault(text: str, hit: Hit, known: frozenset[str]) -> Fault | None:
    """Another value or name than the nearest sentence has, roles turned round, a negation more or
    less, a hedge or a bound that was dropped."""
    sentences, carriers = _sentences(hit), _alike(text, hit)
    plain, undated = without_dates(text), [without_dates(one) for one in sentences]
    nearest = without_dates(carriers[0])
    fault = swapped_roles(plain, undated, known) or acts_on_itself(plain, undated, known)
    fault = fault or other_doer(plain, [without_dates(one) for one in carriers], known)
    fault = fault or other_patient(plain, undated, known)
    if not fault and _along(text, carriers[0]) >= _ALONG:
        published = day_of(hit.passage.article.published_at)
        fault = displaced(text, carriers[0], published) or swapped_name(plain, nearest, known)
    fault = fault or part_for_whole(plain, undated)
    fault = fault or altered_bound(plain, nearest)
    fault = fault or altered_bound(plain, without_dates(hit.passage.text))
    if len(_common(text, carriers[0])) < _SAME * len(_stems(text)):
        return fault
    others = [one for one in sentences if one not in carriers]
    grave = fault if fault and fault.grave else negation_fault(text, carriers, others)
    return grave or fault or dropped_hedge(text, carriers)


def _alike(text: str, hit: Hit) -> list[str]:
    """The sentences of a passage that a claim may come from, the nearest first; at least one."""
    sentences = _sentences(hit)
    shared = [len(_common(text, one)) for one in sentences]
    order = sorted(range(len(sentences)), key=lambda place: -shared[place])
    return [sentences[place] for place in order if shared[place] >= _CARRIER * max(shared)][:3]


def _common(text: str, sentence: str) -> set[str]:
    return set(_stems(text)).intersection(_stems(sentence))


def _sentences(hit: Hit) -> tuple[str, ...]:
    return _split(hit.passage.text, hit.passage.article.language or "en")


@lru_cache(maxsize=1024)
def _split(text: str, language: str) -> tuple[str, ...]:
    return tuple(text[start:end] for start, end in sentence_spans(text, language))


def _article_names(hit: Hit) -> frozenset[str]:
    return names_within(f"{hit.passage.article.title}\n{hit.passage.article.body}")


def _citation(text: str, number: int, hit: Hit) -> Citation:
    """A citation whose quote is the sentence of the passage that shares most with the claim."""
    passage = hit.passage

    def shared(span: tuple[int, int]) -> float:
        sentence = passage.text[span[0] : span[1]]
        return len(_common(text, sentence)) - 2.0 * len(missing_quantities(text, sentence))

    spans = sentence_spans(passage.text, passage.article.language or "en")
    start, end = max(spans, key=shared)
    return Citation(number, passage, passage.start + start, passage.start + end)
