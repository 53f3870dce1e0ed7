"""The API and a page behind one door, as one ASGI application."""

from __future__ import annotations

from starlette.types import ASGIApp

from rag.api.application import create_api
from rag.api.gate import Access, Gate, ThisMachine
from rag.api.metrics import Metrics
from rag.api.parts import Parts


def beside(page: ASGIApp, parts: Parts, access: Access | None = None) -> Gate:
    """The page with the API beside it; without `access`, for this machine alone."""
    metrics = Metrics(parts.line)
    return Gate(create_api(parts, metrics), page, access or ThisMachine(), metrics)
