"""Saying so when articles state different things: found by rules and, where these find nothing, by
what the model reads in one article at a time (rag/differences/voices.py).

The answer's own value is held against what other articles state of the same thing. Copies of one
wire story are one voice, and so are all sentences of one article.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from corpus.article import Article
from index.browse import day
from index.sentences import sentence_spans
from index.types import Hit, Passage
from rag.corroborate import cite, sentences_by_article
from rag.differences.telling import Voice, about, moment, same, sentence_of
from rag.differences.voices import Reader
from rag.facts.change import came_to_be
from rag.facts.claims import Asked, Stated, asked, claims_of, is_echo, silence, values_of
from rag.facts.values import Relation, Value, figures, relate
from rag.types import Claim, Difference, Disagreement, Sentence
from rag.verify import known_names

MOST_CLAIMS = 12
_FARTHEST = 10
"""Times that one figure may be another: farther apart they measure different things."""
_RANK: dict[Relation, int] = {"same": 0, "compatible": 1, "different": 2}
_WITHDRAWN = re.compile(r"\b(?:retract\w*|withdr[ae]wn?|KILL)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """An answer's sentences with what the sources state differently; `hits` holds all cited."""

    sentences: tuple[Sentence, ...]
    hits: tuple[Hit, ...]
    disagreements: tuple[Disagreement, ...] = ()


def tell_differences(
    query: str,
    sentences: Sequence[Sentence],
    hits: Sequence[Hit],
    others: Sequence[Hit],
    reader: Reader | None = None,
) -> Told:
    """The answer, and one more sentence where other articles state it differently.

    `hits` are what the answer cites, by number; `others` what else was found, best first. A passage
    that a difference cites and `hits` lacks is put after them, with a score of 0: none judged it.
    """
    plain = Told(tuple(sentences), tuple(hits))
    wanted = asked(query)
    voices = _voices(wanted, sentences, [*hits, *others]) if wanted else []
    if not voices and reader is not None:
        voices = _voices_read(query, sentences, hits, reader)
    if not voices:
        return plain
    numbered = list(hits)
    notes = [_note(voice, voices) for voice in voices]
    claims = tuple(
        Claim(" ".join(voice.stated.value.text.split()), cite(voice.hit.passage, numbered), note)
        for voice, note in zip(voices, notes, strict=True)
    )
    standing = [voice for voice, note in zip(voices, notes, strict=True) if note is None]
    kind = _kind(standing)
    found = Disagreement(about(query, wanted), claims, kind)
    sentence = sentence_of(kind, voices, claims)
    return Told((*sentences, sentence), tuple(numbered), (found,))


def _voices(wanted: Asked, sentences: Sequence[Sentence], hits: Sequence[Hit]) -> list[Voice]:
    """What each article states, newest first; nothing where all state the same."""
    own = _own(wanted, sentences, hits)
    if not own:
        return []
    spoken_of = (known_names(voice.hit.passage.text, voice.hit) for voice in own)
    wanted = replace(wanted, beside=frozenset().union(*spoken_of))
    heard = {voice.article.id for voice in own}
    for voice in own:
        heard.update(copy.article_id for copy in voice.hit.copies)
    voices = [voice for voice in own if _relation(own[0], voice) is not None]
    for article_id, stating in sentences_by_article(hits).items():
        copies = {copy.article_id for hit in stating for copy in hit.copies}
        if article_id in heard or copies & heard:
            continue
        if (other := _nearest(wanted, own, stating)) is not None:
            voices.append(other)
            heard |= {article_id, *copies}
    if all(_relation(voices[0], voice) == "same" for voice in voices):
        return []
    return _newest(voices)[:MOST_CLAIMS]


def _voices_read(
    query: str, sentences: Sequence[Sentence], hits: Sequence[Hit], reader: Reader
) -> list[Voice]:
    """As `_voices`, by what the model reads: the answer's first cited sentence, and the others."""
    cited = next((c for sentence in sentences for c in sentence.citations), None)
    if cited is None:
        return []
    place = Passage(cited.passage.article, cited.quote_start, cited.quote_end)
    answer = " ".join(sentence.text for sentence in sentences)
    said = reader.differing(query, answer, replace(hits[cited.number - 1], passage=place))
    voices = [Voice(stated, hit) for stated, hit in said]
    apart = [one for one in voices[1:] if _relation(voices[0], one) not in (None, "same")]
    return _newest([voices[0], *apart]) if apart else []


def _newest(voices: Sequence[Voice]) -> list[Voice]:
    return sorted(voices, key=lambda voice: voice.article.published_at or "", reverse=True)


def _own(wanted: Asked, sentences: Sequence[Sentence], hits: Sequence[Hit]) -> list[Voice]:
    """The answer's value, as each article that it cites states it."""
    voices: dict[str, Voice] = {}
    for sentence in sentences:
        said = _said(wanted, sentence.text, None)
        for citation in sentence.citations:
            article = citation.passage.article
            quoted = _said(wanted, citation.quote, article.published_at)
            place = Passage(article, citation.quote_start, citation.quote_end)
            hit = replace(hits[citation.number - 1], passage=place)
            kept = [one for one in quoted if any(same(one, other) for other in said)]
            telling = [one for one in claims_of(wanted, hit) if one in kept] or kept
            if telling and all(same(telling[0], one) for one in telling):
                voices.setdefault(article.id, Voice(telling[0], hit))
    return list(voices.values())


def _said(wanted: Asked, text: str, published_at: str | None) -> list[Stated]:
    """The values of a sentence or, without any, that it keeps them back."""
    values = values_of(wanted, text, published_at)
    kept_back = None if values else silence(wanted, text)
    return [Stated(kept_back)] if kept_back else values


def _nearest(wanted: Asked, own: Sequence[Voice], sentences: Sequence[Hit]) -> Voice | None:
    """What an article states that is nearest to the answer's value; None where it agrees in a
    sentence that is not about it in so many words, or states nothing comparable."""
    anchor = own[0]
    found = [
        (
            (_RANK[relation], stated.value.is_hidden, _apart(anchor.stated.value, stated.value)),
            place,
            Voice(stated, hit),
        )
        for place, hit in enumerate(sentences)
        if not _is_notice(hit)
        for stated in claims_of(wanted, hit)
        if (relation := _relation(anchor, Voice(stated, hit))) is not None
    ]
    if not found:
        return None
    (rank, *_), _, voice = min(found, key=lambda one: one[:2])
    if rank > 0 and _agrees(wanted, anchor, voice.article):
        return None
    return voice


def _agrees(wanted: Asked, anchor: Voice, article: Article) -> bool:
    """Whether an article states the answer's value anywhere, so that another of its values is most
    likely one of another thing."""
    if anchor.stated.value.is_hidden:
        return False
    if wanted.kind == "person":
        family = anchor.stated.value.words[-1]
        return bool(re.search(rf"\b{re.escape(family)}\b", article.body, re.IGNORECASE))
    if wanted.kind in ("date", "yes or no"):
        return False
    spans = sentence_spans(article.body, article.language or "en")
    texts = (article.body[start:end] for start, end in spans)
    return any(
        same(stated, anchor.stated)
        for text in texts
        if not is_echo(text)
        for stated in values_of(wanted, text, article.published_at)
    )


def _relation(one: Voice, other: Voice) -> Relation | None:
    """How two articles' values compare; None where they are of different things or times."""
    first, second = one.stated, other.stated
    relation = relate(first.value, second.value)
    if relation is None or relation == "same":
        return relation
    if not first.when.fits(second.when):
        return None
    counts = first.value.unit is None and bool(first.nouns and second.nouns)
    if counts and not first.nouns & second.nouns:
        return None
    if relation == "different" and _apart(first.value, second.value) > _FARTHEST:
        return None
    return relation


def _apart(one: Value, other: Value) -> float:
    """How many times one figure is the other, 1 and more; 1 where one of them is none."""
    first, second = sorted((one.middle or 0, other.middle or 0))
    return float(second / first) if first else 1.0


def _is_notice(hit: Hit) -> bool:
    """Whether a sentence is part of its article's notice of a correction: it repeats the error."""
    notice = " ".join((hit.passage.article.correction or "").split())
    return " ".join(hit.passage.text.split()) in notice if notice else False


def _kind(standing: Sequence[Voice]) -> Difference:
    relations = {
        _relation(one, other) for one in standing for other in standing if one is not other
    }
    if "different" in relations:
        return "changed" if _is_change(standing) else "different"
    return "compatible" if "compatible" in relations else "corrected"


def _is_change(standing: Sequence[Voice]) -> bool:
    """Whether there are two values, one of them of later reports alone, and the first of these says
    that it came to be so: then the reports do not contradict each other."""
    newest = standing[0]
    later = [voice for voice in standing if same(voice.stated, newest.stated)]
    earlier = [voice for voice in standing if not same(voice.stated, newest.stated)]
    dates = [[moment(voice.article)[:10] for voice in group] for group in (earlier, later)]
    return (
        all(same(voice.stated, earlier[0].stated) for voice in earlier)
        and all(map(all, dates))
        and max(dates[0]) < min(dates[1])
        and any(came_to_be(voice.hit.passage.text, voice.stated.value) for voice in later)
    )


def _note(voice: Voice, voices: Sequence[Voice]) -> str | None:
    """Why a value no longer stands: its article was withdrawn, or its outlet put it right."""
    article = voice.article
    if article.correction and _WITHDRAWN.search(article.correction):
        return "withdrawn by the outlet"
    for other in voices:
        later = other.article
        if (
            later.correction
            and later.outlet
            and article.outlet
            and later.outlet.casefold() == article.outlet.casefold()
            and moment(later) > moment(article)
            and _relation(voice, other) != "same"
            and _names_value(later.correction, voice.stated.value, other.stated.value)
        ):
            return f"corrected by the outlet on {day(moment(later))}"
    return None


def _names_value(notice: str, *values: Value) -> bool:
    """Whether a notice is about one of the values, not about a name spelt wrongly."""
    told = figures(notice)
    return any(
        value.text in notice or any(relate(value, other) == "same" for other in told)
        for value in values
    )
