"""The API as one application."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from rag.api import problems
from rag.api.articles import article_routes
from rag.api.chat import chat_routes
from rag.api.jobs import index_routes, job_routes
from rag.api.metrics import Metrics
from rag.api.parts import Parts
from rag.api.search import search_routes
from rag.api.state import state_routes

MCP = "/mcp"
PATHS = ("/v1/", "/health", "/ready", "/metrics", "/openapi.json", MCP)
OPEN = ("/health", "/ready")
"""Paths that nobody needs a key for."""
DESCRIPTION = """Cited answers from news articles, by a local model.

`POST /v1/chat/completions` is as OpenAI's: their clients work unchanged. Errors are problem details
(RFC 9457). Every response has an `X-Request-ID`, the one that was sent or a new one."""


def is_of_api(path: str) -> bool:
    """Whether a path is the API's; all others are the page's."""
    return any(path == one or (one.endswith("/") and path.startswith(one)) for one in PATHS)


def create_api(parts: Parts, metrics: Metrics) -> FastAPI:
    app = FastAPI(
        title="Byline",
        description=DESCRIPTION,
        version=_version(),
        openapi_url="/openapi.json",
        docs_url=None,  # these pages load scripts from the web
        redoc_url=None,
        redirect_slashes=False,
    )
    routers = (
        chat_routes(parts),
        search_routes(parts),
        article_routes(parts),
        job_routes(parts),
        index_routes(parts),
        state_routes(parts, metrics),
    )
    for router in routers:
        app.include_router(router)
    problems.install(app, routers, metrics.request_error)
    schema: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not schema:
            schema.update(_documented(app, parts.options.asks_who))
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def _documented(app: FastAPI, asks_who: bool) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
    )
    parts = schema.setdefault("components", {})
    parts.setdefault("schemas", {})["Problem"] = problems.SCHEMA
    if asks_who:
        parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for path, operations in schema["paths"].items():
            if path not in OPEN:
                for operation in operations.values():
                    operation["security"] = [{"key": []}]
    return schema


def _version() -> str:
    try:
        return version("byline")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "0"
