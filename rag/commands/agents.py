"""`byline mcp`: what to tell the clients of the MCP server. No logic of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

HOW = """Byline answers agents that speak the Model Context Protocol, with the tools search, ask,
read_article and check.

Claude Desktop (Settings, Developer, Edit Config), Cursor (~/.cursor/mcp.json) and others that read
"mcpServers":

{servers}

VS Code (.vscode/mcp.json):

{vscode}

Claude Code:

    claude mcp add byline -- {command} mcp

While `byline serve` runs, it answers over streamable HTTP, too, without loading the model twice:
http://127.0.0.1:7860/mcp (with a key: Authorization: Bearer ...)."""


def how() -> str:
    """How to add the server to the usual clients of this machine."""
    command = str(Path(sys.argv[0]).absolute())
    one = {"command": command, "args": ["mcp"]}
    return HOW.format(
        servers=_indented({"mcpServers": {"byline": one}}),
        vscode=_indented({"servers": {"byline": {"type": "stdio", **one}}}),
        command=command,
    )


def _indented(value: object) -> str:
    return "\n".join(f"    {line}" for line in json.dumps(value, indent=2).splitlines())
