"""`/health`, `/ready` and `/metrics`: what whoever runs the server looks at."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from rag.api import schemas
from rag.api.metrics import Metrics
from rag.api.parts import Parts, Reader
from rag.api.problems import Problem, documented


def state_routes(parts: Parts, metrics: Metrics) -> APIRouter:
    router = APIRouter(tags=["state"])

    @router.get("/health")
    async def health() -> schemas.Health:
        """Whether the server runs at all; nobody needs a key for it."""
        return schemas.Health()

    @router.get(
        "/ready",
        response_model=schemas.Ready,
        responses={503: documented(503)[503], 500: documented()[500]},
    )
    async def ready() -> Any:
        """Whether questions are answered at once: the models are loaded, there is an index, and
        what runs elsewhere is there; `part` names what is not. Nobody needs a key for it."""
        asked = parts.ready()
        await parts.read(asked.check)
        await parts.read(parts.options.check)
        told = await parts.read(asked.describe)
        return {
            "model": told.model,
            "index_version": told.index_version,
            "articles": told.articles,
            "problem": told.problem,
        }

    @router.get(
        "/metrics",
        response_class=Response,
        responses={
            **documented(),
            200: {"content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string"}}}},
        },
    )
    async def figures(who: Reader) -> Response:
        """What is counted, in the form that Prometheus reads."""
        if parts.loading.ready:
            try:
                told = await parts.read(parts.loading.get().describe)
                metrics.index(told, (await parts.read(parts.library.holdings)).bytes)
            except Problem:  # an index that cannot be read hides no other figure
                metrics.index_unreadable()
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router
