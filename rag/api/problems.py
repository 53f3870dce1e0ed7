"""Errors as problem details (RFC 9457), which clients of OpenAI's API read, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from corpus.errors import Away, BylineError
from rag.api.paths import route_path
from rag.line import Crowded
from rag.upkeep.changes import Busy
from rag.upkeep.owners import NotYours
from rag.wording import sentence_for

MEDIA_TYPE = "application/problem+json"
RETRY_S = "10"
"""Seconds after which it makes sense to ask a busy server again."""

SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "What went wrong, as RFC 9457 says; `error` tells the same to clients of OpenAI",
    "type": "object",
    "required": ["type", "title", "status", "detail", "error"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence, to be shown as it is"},
        "part": {"type": "string", "description": "What runs elsewhere and gives no answer"},
        "retry_after": {"type": "integer", "description": "Seconds, as in the header Retry-After"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["place", "reason"],
                "properties": {"place": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
        "error": {
            "type": "object",
            "required": ["message", "type", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "code": {"type": "string"},
            },
        },
    },
}


class Problem(HTTPException):
    """What a request is answered with in the place of what it asked for; `part` is what runs
    elsewhere and is away, if that is why."""

    def __init__(
        self,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        part: str | None = None,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.part = part


def problem_for(error: Exception) -> Problem:
    """What a client is told of an error; of one that nobody foresaw only that there was one."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return Problem(error.status_code, str(error.detail), error.headers)
    if isinstance(error, Away):
        return Problem(503, str(error), {"Retry-After": RETRY_S}, error.part)
    if isinstance(error, Crowded):
        return Problem(503, str(error), {"Retry-After": RETRY_S})
    if isinstance(error, Busy):
        return Problem(409, str(error), {"Retry-After": RETRY_S})
    if isinstance(error, NotYours):
        return Problem(403, str(error))
    return Problem(400 if isinstance(error, BylineError) else 500, sentence_for(error))


def content_of(
    problem: Problem, request_id: str = "", errors: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """The members of a problem."""
    phrase = HTTPStatus(problem.status_code).phrase
    kind = "invalid_request_error" if problem.status_code < 500 else "server_error"
    code = phrase.lower().replace(" ", "_").replace("'", "")
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": phrase,
        "status": problem.status_code,
        "detail": problem.detail,
        "error": {"message": problem.detail, "type": kind, "code": code},
    }
    if problem.part:
        content["part"] = problem.part
    if retry := (problem.headers or {}).get("Retry-After"):
        content["retry_after"] = int(retry)
    if request_id:
        content["request_id"] = request_id
    if errors:
        content["errors"] = list(errors)
    return content


def response_of(
    problem: Problem, request_id: str = "", errors: Sequence[Mapping[str, str]] = ()
) -> JSONResponse:
    return JSONResponse(
        content_of(problem, request_id, errors),
        problem.status_code,
        problem.headers,
        media_type=MEDIA_TYPE,
    )


def install(app: FastAPI, routers: Sequence[APIRouter], heard: Callable[[Exception], None]) -> None:
    """Let every error of an application of these routers be told so. `heard` is told of those that
    are more than a status."""
    routes = [one for router in routers for one in router.routes if isinstance(one, APIRoute)]

    async def told(request: Request, error: Exception) -> JSONResponse:
        problem = problem_for(error)
        if not isinstance(error, HTTPException):
            heard(error)
        if problem.status_code == 405:
            problem.headers = {"Allow": ", ".join(sorted(_methods(routes, request)))}
        return response_of(problem, request.scope.get("request_id", ""))

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        # Without the values: they may be somebody's question.
        errors = [
            {"place": ".".join(map(str, one["loc"])), "reason": one["msg"]}
            for one in error.errors()[:20]
        ]
        reasons = "; ".join(f"{one['place']}: {one['reason']}" for one in errors[:3])
        problem = Problem(422, f"The request is not as the API takes it ({reasons}): correct it.")
        return response_of(problem, request.scope.get("request_id", ""), errors)

    app.add_exception_handler(RequestValidationError, invalid)
    for kind in (HTTPException, BylineError, Exception):
        app.add_exception_handler(kind, told)


def _methods(routes: Sequence[APIRoute], request: Request) -> set[str]:
    """Those of all routes of a path; a router tells those of the first alone."""
    path = route_path(request.scope)
    return {m for one in routes if one.path_regex.match(path) for m in one.methods or ()}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that can fail so, beside what any can."""
    schema = {"$ref": "#/components/schemas/Problem"}
    always = (400, 401, 403, 413, 422, 429, 500)
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in sorted({*always, *statuses})
    }
