"""The API and a page behind one door, as one ASGI application."""

from __future__ import annotations

from collections.abc import Container
from importlib.util import find_spec

from starlette.types import ASGIApp

from corpus.errors import BylineError
from rag.api.access import Proxy, SignedIn
from rag.api.application import MCP, create_api
from rag.api.gate import Access, Agents, Gate, ThisMachine
from rag.api.metrics import Metrics
from rag.api.parts import Options, Parts
from rag.api.tools import mcp_server
from rag.load import load_support, open_database
from rag.loopback import Addresses, is_loopback
from rag.people import People
from rag.settings import Settings


def beside(
    page: ASGIApp,
    parts: Parts,
    access: Access | None = None,
    trusted: Container[str] = (),
    metrics: Metrics | None = None,
) -> Gate:
    """The page with the API beside it; without `access`, for this machine alone. `metrics` are
    those that its answers are counted by."""
    metrics = metrics or Metrics()
    metrics.watch(parts)
    api = create_api(parts, metrics)
    agents = _agents(parts) if find_spec("mcp") else None
    return Gate(api, page, access or ThisMachine(), metrics, trusted, agents)


def _agents(parts: Parts) -> Agents:
    """The MCP server over streamable HTTP; each request by itself, so that nothing is to be kept
    for clients that leave."""
    from mcp.server.transport_security import TransportSecuritySettings

    server = mcp_server(parts)
    # The gate has looked at hosts and origins, and knows who may ask by others.
    anybody = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    app = server.streamable_http_app(
        streamable_http_path=MCP, stateless_http=True, transport_security=anybody
    )
    return Agents(app, server.session_manager.run)


def options_of(settings: Settings, access: SignedIn | None) -> Options:
    return Options(
        support=lambda generator: load_support(settings, generator=generator),
        support_asks_model=settings.support == "judge",
        question_characters=settings.question_characters,
        asks_who=access is not None,
        check=access.people.any if access else lambda: None,
        log_questions=settings.log_questions,
    )


def access_of(settings: Settings, host: str) -> SignedIn | None:
    """Who may ask where the server listens on an address; None on loopback, where nobody is asked
    unless the settings say so. Raises BylineError where nobody could say who they are."""
    if is_loopback(host) and settings.authentication == "auto":
        return None
    people = People(open_database(settings, settings.people))
    header = settings.proxy_user_header
    if header is None and not people.any():
        people.close()
        raise BylineError(
            f"On {host} others could ask Byline, and nobody can say who they are yet: make a key "
            "(byline keys add NAME) or a password (byline people add NAME), name the header of a "
            "proxy in proxy_user_header, or listen on 127.0.0.1."
        )
    proxy = None
    if header is not None:
        trusted = Addresses(settings.trusted_proxies)
        proxy = Proxy(header, trusted, settings.proxy_right)
    return SignedIn(people, proxy, settings.requests_per_minute)
