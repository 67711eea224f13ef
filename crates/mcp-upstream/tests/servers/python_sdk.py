"""A server made with the newest Python SDK. It speaks 2026-07-28, and what came before it.

python python_sdk.py stdio|http

Over HTTP it listens on a free port and prints `LISTENING <port>`. The tests expect the same tools of typescript_sdk.mjs.
"""

import asyncio
import socket
import sys
from typing import Annotated

import uvicorn
from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit, Resolve
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

server = MCPServer("python-sdk", version="1.0.0")


class Sum(BaseModel):
    sum: int


class Name(BaseModel):
    name: str


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def add(a: int, b: int) -> Sum:
    """Adds two numbers."""
    return Sum(sum=a + b)


@server.tool(structured_output=False)
def locate(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})], count: int = 1) -> str:
    """Says where it was sent to; the region travels as a header, too."""
    return f"in {region}"


def ask_name() -> Elicit[Name]:
    return Elicit("Who is there?", Name)


@server.tool(structured_output=False)
def greet(name: Annotated[ElicitationResult[Name], Resolve(ask_name)]) -> str:
    """Asks for a name."""
    return f"Hello, {name.data.name}" if isinstance(name, AcceptedElicitation) else "Hello, nobody"


@server.tool(structured_output=False)
async def count(steps: int, context: Context) -> str:
    """Counts and reports progress."""
    for step in range(1, steps + 1):
        await context.report_progress(step, steps)
    return f"counted to {steps}"


@server.tool(structured_output=False)
def fail() -> str:
    """Fails."""
    raise ToolError("as it must")


def hidden() -> str:
    """Was hidden."""
    return "found"


@server.tool(structured_output=False)
async def reveal(context: Context) -> str:
    """Reveals another tool."""
    server.add_tool(hidden, structured_output=False)
    await context.notify_tools_changed()
    return "revealed"


async def listen() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"LISTENING {listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(server.streamable_http_app(), log_level="error")
    await uvicorn.Server(config).serve(sockets=[listener])


if sys.argv[1] == "stdio":
    server.run("stdio")
else:
    asyncio.run(listen())
