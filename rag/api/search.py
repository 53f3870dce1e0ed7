"""`POST /v1/search` and `POST /v1/check`: passages, and anybody's answer, without a new answer."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import anyio.to_thread
from fastapi import APIRouter

from corpus.article import Article
from corpus.fields import Unreadable, article_from
from rag.answer_json import hits_json, sentence_json
from rag.api import schemas
from rag.api.parts import Parts, Reader
from rag.api.problems import Problem, documented
from rag.types import Sentence, SupportModel
from rag.verify import check_answer

NEAREST = 8
"""Passages of the index that each sentence of an answer brings its articles by."""
MOST_SENTENCES = 60


def search_routes(parts: Parts) -> APIRouter:
    router = APIRouter(tags=["search"])
    checks = Checks(parts)

    @router.post("/v1/search", responses=documented(503))
    async def search(body: schemas.SearchRequest, who: Reader) -> schemas.Passages:
        """The passages that bear on a question, best first, without a language model."""
        asked, scope = parts.ready(), body.scope()
        hits = await parts.read(asked.search, body.query, body.k, scope)
        return schemas.Passages(query=body.query, passages=hits_json(hits))  # type: ignore[arg-type]

    @router.post("/v1/check", response_model=schemas.Checked, responses=documented(404, 503))
    async def check(body: schemas.CheckRequest, who: Reader) -> Any:
        """An answer checked sentence by sentence: against the articles that are given or named, or
        those of the index that are nearest."""
        given = [_article(number, one) for number, one in enumerate(body.articles, start=1)]
        sentences = await anyio.to_thread.run_sync(
            partial(checks.check, body.answer, given, body.article_ids), limiter=parts.checking
        )
        return {"sentences": [sentence_json(one) for one in sentences]}

    return router


class Checks:
    """Checks answers, with the support model of the settings beside the rules; from any thread."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._loading = threading.Lock()
        self._loaded = False
        self._model: SupportModel | None = None

    def check(
        self, answer: str, articles: list[Article], ids: list[str] | None = None
    ) -> list[Sentence]:
        """Raises Problem where an article is not there or the answer holds too much."""
        from rag.markers import split_draft

        sentences = split_draft(answer, 0)
        if len(sentences) > MOST_SENTENCES:
            raise Problem(
                400, f"The answer has {len(sentences)} sentences: send {MOST_SENTENCES} at once."
            )
        against = [*articles, *self._named(ids or [])]
        if not against:
            against = self._nearest([one.text for one in sentences])
        if not self._parts.options.support_asks_model:
            return check_answer(answer, against, markers=False, model=self._support())
        with self._parts.line.turn():
            return check_answer(answer, against, markers=False, model=self._support())

    def _named(self, ids: list[str]) -> list[Article]:
        found = []
        for id_ in ids:
            shown = self._parts.library.article(id_)
            if shown is None:
                raise Problem(404, f"The index holds no article {id_[:200]!r}.")
            found.append(shown.article)
        return found

    def _nearest(self, sentences: list[str]) -> list[Article]:
        asked = self._parts.ready()
        hits = [hit for text in sentences for hit in asked.search(text, NEAREST)]
        return list({hit.passage.article.id: hit.passage.article for hit in hits}.values())

    def _support(self) -> SupportModel | None:
        with self._loading:
            if not self._loaded:
                options = self._parts.options
                generator = self._parts.ready().generator if options.support_asks_model else None
                self._model, self._loaded = options.support(generator), True
            return self._model


def _article(number: int, given: schemas.NamedArticle) -> Article:
    fields = {name: value for name, value in given.model_dump().items() if value is not None}
    try:
        return article_from(fields).article
    except Unreadable as error:
        raise Problem(400, f"Article {number} cannot be read: {error}.") from error
