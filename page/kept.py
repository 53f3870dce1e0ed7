"""One question and its answer as JSON and back: whole, with the passages that it quotes.

So a conversation can be read on whatever becomes of the index. Of an article no more is kept than
its passage, with one character on each side, which says that the article goes on.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from corpus.article import Article
from index.types import Copy, Hit, Passage
from page.chat import Exchange
from rag.narrow import Named, Scope
from rag.types import Answer, Citation, Claim, Disagreement, Sentence, Timings


@dataclass(slots=True)
class _Passages:
    """The passages of an answer, each once, by their places in a list."""

    places: dict[Passage, int] = field(default_factory=dict)

    def place(self, passage: Passage) -> int:
        return self.places.setdefault(passage, len(self.places))

    def rows(self) -> list[dict[str, Any]]:
        return [_passage(passage) for passage in self.places]


def to_json(exchange: Exchange) -> str:
    """All that is shown of an exchange."""
    passages = _Passages()
    answer = exchange.answer
    row: dict[str, Any] = {
        "question": exchange.question,
        "scope": _scope(exchange.scope),
        "judged": exchange.judged,
        "draft": exchange.draft if answer is None else "",
        "hits": [_hit(hit, passages) for hit in exchange.hits or ()],
        "answer": None if answer is None else _answer(answer, passages),
        "passages": passages.rows(),
    }
    return json.dumps(row, ensure_ascii=False)


def from_json(text: str, number: int) -> Exchange:
    """The exchange again, as it was kept, at its place in the chat."""
    row = json.loads(text)
    passages = [
        Passage(Article(**one["article"]), one["start"], one["end"]) for one in row["passages"]
    ]
    hits = tuple(_hit_again(one, passages) for one in row["hits"])
    answer = None if row["answer"] is None else _answer_again(row, hits, passages)
    return Exchange(
        number,
        row["question"],
        _scope_again(row["scope"]),
        hits=hits or None,
        draft=row["draft"],
        answer=answer,
        notice=None,
        judged=row["judged"],
        stage="settled",
    )


def _scope(scope: Scope) -> dict[str, Any]:
    days = {name: day and day.isoformat() for name, day in _days(scope).items()}
    kept = {"outlets": scope.outlets, "articles": scope.articles, "literal": scope.literal}
    return {**kept, **days}


def _days(scope: Scope) -> dict[str, date | None]:
    return {"first": scope.first, "last": scope.last, "as_of": scope.as_of}


def _scope_again(row: dict[str, Any]) -> Scope:
    first, last, as_of = (row[name] and date.fromisoformat(row[name]) for name in _days(Scope()))
    # A turn that was kept before single articles could be chosen names none.
    articles = tuple(Named(*one) for one in row.get("articles", ()))
    return Scope(tuple(row["outlets"]), first, last, as_of, row["literal"], articles)


def _passage(passage: Passage) -> dict[str, Any]:
    first = max(0, passage.start - 1)
    body = passage.article.body[first : passage.end + 1]
    start = passage.start - first
    article = asdict(replace(passage.article, body=body))
    return {"article": article, "start": start, "end": start + passage.end - passage.start}


def _hit(hit: Hit, passages: _Passages) -> dict[str, Any]:
    copies = [asdict(copy) for copy in hit.copies]
    return {"passage": passages.place(hit.passage), "score": hit.score, "copies": copies}


def _hit_again(row: dict[str, Any], passages: Sequence[Passage]) -> Hit:
    copies = tuple(Copy(**copy) for copy in row["copies"])
    return Hit(passages[row["passage"]], row["score"], copies=copies)


def _answer(answer: Answer, passages: _Passages) -> dict[str, Any]:
    """Without the question and the passages found, which stand beside it."""
    return {
        "sentences": [_sentence(one, passages) for one in answer.sentences],
        "disagreements": [
            {
                "about": one.about,
                "kind": one.kind,
                "claims": [
                    {
                        "value": claim.value,
                        "note": claim.note,
                        "citation": _citation(claim.citation, passages),
                    }
                    for claim in one.claims
                ],
            }
            for one in answer.disagreements
        ],
        "abstained": answer.abstained,
        "raw": answer.raw,
        "timings": asdict(answer.timings),
        "model": answer.model,
        "index_version": answer.index_version,
        "understood": answer.understood,
        "as_of": answer.as_of.isoformat() if answer.as_of else None,
        "note": answer.note,
        "confidence": answer.confidence,
        "quoted": answer.quoted,
        "preferred": answer.preferred,
    }


def _sentence(sentence: Sentence, passages: _Passages) -> dict[str, Any]:
    return {
        "text": sentence.text,
        "verdict": sentence.verdict,
        "support": sentence.support,
        "why": sentence.why,
        "citations": [_citation(one, passages) for one in sentence.citations],
    }


def _citation(citation: Citation, passages: _Passages) -> dict[str, int]:
    """`start` and `end` count from the beginning of the passage."""
    begin = citation.passage.start
    return {
        "number": citation.number,
        "passage": passages.place(citation.passage),
        "start": citation.quote_start - begin,
        "end": citation.quote_end - begin,
    }


def _citation_again(row: dict[str, int], passages: Sequence[Passage]) -> Citation:
    passage = passages[row["passage"]]
    start, end = passage.start + row["start"], passage.start + row["end"]
    return Citation(row["number"], passage, start, end)


def _answer_again(
    row: dict[str, Any], hits: tuple[Hit, ...], passages: Sequence[Passage]
) -> Answer:
    known = dict(row["answer"])
    known["sentences"] = tuple(
        Sentence(**{**one, "citations": _citations_again(one["citations"], passages)})
        for one in known["sentences"]
    )
    known["disagreements"] = tuple(
        Disagreement(one["about"], _claims_again(one["claims"], passages), one["kind"])
        for one in known["disagreements"]
    )
    known["timings"] = Timings(**known["timings"])
    known["as_of"] = date.fromisoformat(known["as_of"]) if known["as_of"] else None
    return Answer(question=row["question"], hits=hits, **known)


def _citations_again(
    rows: Sequence[dict[str, int]], passages: Sequence[Passage]
) -> tuple[Citation, ...]:
    return tuple(_citation_again(one, passages) for one in rows)


def _claims_again(rows: Sequence[dict[str, Any]], passages: Sequence[Passage]) -> tuple[Claim, ...]:
    return tuple(
        Claim(one["value"], _citation_again(one["citation"], passages), one["note"]) for one in rows
    )
