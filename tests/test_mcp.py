"""The MCP server by the SDK's own client, over both transports."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import deal
import httpx2
import pytest
from commandline import Byline
from counter import TOLD, Counter, counter
from fakes import HashingEmbedder
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from corpus.errors import BylineError
from index.build import build
from rag.api import serving
from rag.api.access import SignedIn
from rag.api.parts import Options
from rag.api.tools import mcp_server
from rag.database.connect import Database
from rag.people import People

ROOT = Path(__file__).parent.parent
Use = Callable[[Client], Awaitable[None]]


def use(server: Any, act: Use) -> None:
    async def run() -> None:
        async with Client(server, read_timeout_seconds=60) as client:
            await act(client)

    asyncio.run(run())


async def everything(client: Client) -> None:
    """Each tool, right and wrong."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == {"search", "ask", "read_article", "check"}
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools.values())
    found = await told(client, "search", query=deal.QUESTION, k=1)
    [passage] = found["passages"]
    assert passage["article_id"] == "deal"
    answer = await told(client, "ask", question=deal.QUESTION)
    assert answer["answer"] == TOLD
    assert answer["sentences"][0]["citations"][0]["outlet"] == "The Daily"
    early = await told(client, "ask", question=deal.QUESTION, as_of="2024-01-01")
    assert early["as_of"] == "2024-01-01"
    article = await told(client, "read_article", article_id="deal", start=5)
    assert article["body"] == deal.DEAL.body[5:]
    assert article["characters"] == len(deal.DEAL.body)
    checked = await told(client, "check", answer="Meta paid $99 billion for Scale AI.")
    assert [row["verdict"] for row in checked["sentences"]] == ["unsupported"]
    assert "no article 'none'" in await refused(client, "read_article", article_id="none")
    assert "1,001 characters" in await refused(client, "ask", question="x" * 1001)
    assert await refused(client, "search", query="Who?", k=51)


async def told(client: Client, tool: str, **given: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, given)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


async def refused(client: Client, tool: str, **given: Any) -> str:
    result = await client.call_tool(tool, given)
    assert result.is_error
    return str(result.content[0].text)  # type: ignore[union-attr]


def test_over_streamable_http(tmp_path: Path) -> None:
    with counter(tmp_path) as one:
        use(f"{one.url}/mcp", everything)


def test_over_streamable_http_with_a_key(tmp_path: Path) -> None:
    people = People(Database(tmp_path / "people.sqlite"))
    asks = Options(asks_who=True)
    with counter(tmp_path, options=asks, access=SignedIn(people)) as one:
        with pytest.raises(Exception, match=r"."):
            use(f"{one.url}/mcp", everything)
        asyncio.run(with_key(one, people.add_key("ada", "read")))
    people.close()


async def with_key(one: Counter, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False) as http,
        Client(streamable_http_client(f"{one.url}/mcp", http_client=http)) as client,
    ):
        assert (await told(client, "ask", question=deal.QUESTION))["answer"] == TOLD


def test_over_stdio(tmp_path: Path) -> None:
    build([deal.DEAL, deal.CHIEF], HashingEmbedder(), tmp_path / "built")
    server = StdioServerParameters(
        command=sys.executable,
        args=[str(ROOT / "tests" / "mcp_over_stdio.py")],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]),
            "BYLINE_INDEX": str(tmp_path / "built"),
        },
        cwd=tmp_path,
    )
    use(server, everything)


def test_without_the_sdk_it_is_named_and_the_rest_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with counter(tmp_path / "with") as one:
        monkeypatch.setitem(sys.modules, "mcp.server.mcpserver", None)
        with pytest.raises(BylineError, match=r"pip install 'byline\[mcp\]'"):
            mcp_server(one.parts)
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    with counter(tmp_path / "without") as one:
        assert one.client.post("/mcp", json={}).status_code == 404
        assert one.client.get("/v1/models").status_code == 200


def test_how_to_add_it_is_told(byline: Byline) -> None:
    told = byline("mcp", "--how")
    assert told.code == 0
    for client in ("Claude Desktop", "Cursor", "VS Code", "Claude Code", "mcpServers"):
        assert client in told.out
