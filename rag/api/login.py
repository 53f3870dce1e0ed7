"""The page on which a person logs in, and the way out again."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import parse_qs

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from rag.api.access import COOKIE, SignedIn, check_origin, cookie_of
from rag.api.paths import route_path
from rag.api.problems import Problem
from rag.people import SESSION_S

PATHS = ("/login", "/logout")
WRONG = "Name and password do not belong together."
_MOST = 10_000  # bytes of a form
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Byline</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; font: 16px/1.5 Georgia, serif; }
body { display: grid; place-items: center; min-height: 90vh; margin: 0; }
form { display: grid; gap: .6rem; width: min(20rem, 90vw); }
h1 { margin: 0; } p { margin: 0; min-height: 1.5em; }
input, button { font: inherit; padding: .5rem; }
</style></head><body><form method="post"><h1>Byline</h1>{form}</form></body></html>"""
_IN = """<p role="alert">{told}</p>
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" maxlength="80" required autofocus>
<label for="password">Password, or a key</label>
<input id="password" name="password" type="password" autocomplete="current-password"
 maxlength="1000" required>
<button>Log in</button>"""
_OUT = "<button>Log out</button>"


class Login:
    """Answers the paths of PATHS."""

    def __init__(self, access: SignedIn) -> None:
        self.access = access
        self._hashing = anyio.CapacityLimiter(2)  # each takes 64 MB

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises Problem for another site's form, and for who tries too often."""
        request, headers = Request(scope, receive), Headers(scope=scope)
        check_origin(scope, headers)
        if route_path(scope) == "/logout":
            response = await self._out(request, headers)
        elif scope["method"] == "POST":
            response = await self._in(request)
        else:
            response = _form("")
        await response(scope, receive, send)

    async def _in(self, request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > _MOST:
                raise Problem(413, "This is no name and password.")
        fields = parse_qs(body.decode("utf-8", "replace"))
        name, password = (fields.get(field, [""])[0] for field in ("name", "password"))
        self.access.tried(request.scope)
        session = await anyio.to_thread.run_sync(
            self.access.people.log_in, name, password, limiter=self._hashing
        )
        if session is None:
            return _form(WRONG, 401)
        response = RedirectResponse(_root(request), 303)
        response.set_cookie(
            COOKIE,
            session,
            max_age=SESSION_S,
            path=_root(request),
            secure=request.url.scheme == "https",
            httponly=True,
            samesite="lax",
        )
        return response

    async def _out(self, request: Request, headers: Headers) -> Response:
        if request.method != "POST":
            return _page(_OUT)
        await anyio.to_thread.run_sync(self.access.people.log_out, cookie_of(headers)[:200])
        response = RedirectResponse(f"{_root(request)}login", 303)
        response.delete_cookie(COOKIE, path=_root(request))
        return response


def told(problem: Problem) -> Response:
    """What went wrong, for whoever opens the page."""
    detail = escape(str(problem.detail))
    return _page(f'<p role="alert">{detail}</p>', problem.status_code, problem.headers)


def _root(request: Request) -> str:
    return f"{request.scope.get('root_path', '').rstrip('/')}/"


def _form(told: str, status: int = 200) -> HTMLResponse:
    return _page(_IN.replace("{told}", escape(told)), status)


def _page(form: str, status: int = 200, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
    safe = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return HTMLResponse(_PAGE.replace("{form}", form), status, {**(headers or {}), **safe})
