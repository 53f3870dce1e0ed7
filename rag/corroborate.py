"""Other articles that say what an answer says, cited beside the passage that it was written from.

What several outlets say, each by itself, is worth more to a reader than what one of them says; and
an answer that names one of four articles tells of a fourth of what is known. Found by rules
(rag/verify) and, where a sentence says it in other words, by the support model; the language model
is not called. Copies of one wire story are one voice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from index.sentences import sentence_spans
from index.types import Hit, Passage
from rag.markers import DraftSentence
from rag.reading.words import content_words
from rag.types import Citation, Sentence, SupportModel
from rag.verify import check
from rag.verify.sentence import SUPPORTED

MOST_CITED = 4
"""Articles that a sentence cites at most: more are no surer, and hide what it says."""

SURELY = 0.7
"""How likely the support model must find that a sentence in other words says it. Chosen on
development questions: docs/LOG.md."""


def corroborate(
    sentences: Sequence[Sentence],
    hits: Sequence[Hit],
    others: Sequence[Hit],
    model: SupportModel | None = None,
) -> tuple[list[Sentence], list[Hit]]:
    """The sentences, each with citations of other articles that say all of it, and the hits with
    the places of these behind them, scored 0: none of them was judged.

    `hits` are what the sentences cite, by number; `others` what else was found, best first.
    """
    numbered = list(hits)
    places = sentences_by_article([*hits, *others])
    return [_with_others(one, numbered, places, model) for one in sentences], numbered


def sentences_by_article(hits: Iterable[Hit]) -> dict[str, list[Hit]]:
    """The sentences of the hits, each once, by article in the hits' order."""
    found: dict[str, dict[int, Hit]] = {}
    for hit in hits:
        passage = hit.passage
        for start, end in sentence_spans(passage.text, passage.article.language or "en"):
            place = Passage(passage.article, passage.start + start, passage.start + end)
            found.setdefault(passage.article.id, {}).setdefault(
                place.start, replace(hit, passage=place, score=0.0)
            )
    return {id_: list(places.values()) for id_, places in found.items()}


def cite(place: Passage, numbered: list[Hit]) -> Citation:
    """A citation of a sentence, whose passage is put behind the others where none holds it."""
    for number, hit in enumerate(numbered, start=1):
        passage = hit.passage
        if passage.article.id == place.article.id and (
            passage.start <= place.start and place.end <= passage.end
        ):
            return Citation(number, passage, place.start, place.end)
    numbered.append(Hit(place, 0.0))
    return Citation(len(numbered), place, place.start, place.end)


def _with_others(
    sentence: Sentence,
    numbered: list[Hit],
    places: dict[str, list[Hit]],
    model: SupportModel | None,
) -> Sentence:
    citations = list(sentence.citations)
    heard = {citation.passage.article.id for citation in citations}
    heard |= {copy.article_id for c in citations for copy in numbered[c.number - 1].copies}
    for article_id, stating in places.items():
        copies = {copy.article_id for hit in stating for copy in hit.copies}
        if len(citations) >= MOST_CITED or article_id in heard or copies & heard:
            continue
        saying = next((hit for hit in stating if _says(sentence.text, hit, model)), None)
        if saying is not None:
            citations.append(cite(saying.passage, numbered))
            heard |= {article_id, *copies}
    return replace(sentence, citations=tuple(citations))


def _says(text: str, hit: Hit, model: SupportModel | None) -> bool:
    """Whether a sentence of an article says by itself all that is said: in the same words or, as
    the model tells, in others ("His successor is Jason Droege"), under the title of its article."""
    if check(DraftSentence(text, (1,)), [hit]).verdict != "supported":
        return False
    said = set(content_words(text))
    if len(said.intersection(content_words(hit.passage.text))) >= SUPPORTED * len(said):
        return True
    if model is None:
        return False
    read = f"{hit.passage.article.title}. {hit.passage.text}"
    return model.supports(text, [read])[0] >= SURELY
