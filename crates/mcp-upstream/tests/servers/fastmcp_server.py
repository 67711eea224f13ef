"""A server made with FastMCP, over stdio, streamable HTTP or the older HTTP+SSE.

python fastmcp_server.py stdio|http|sse

Over HTTP it listens on a free port and prints `LISTENING <port>`.
"""

import asyncio
import socket
import sys
from typing import Literal

import uvicorn
from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from pydantic import BaseModel, Field

server = FastMCP("fastmcp", version="1.0.0", instructions="Use it in tests.")


class Part(BaseModel):
    name: str
    parts: list["Part"] = Field(default_factory=list, description="Parts of this part")


@server.tool
def assemble(part: Part, depth: Literal[1, 2, 3] = 1) -> Part:
    """Puts parts together; its schema refers to itself."""
    return Part(name=f"{part.name} x{depth}", parts=[part])


@server.tool(tags={"text"}, annotations={"readOnlyHint": True})
def shout(text: str) -> str:
    """Says it louder."""
    return text.upper()


@server.tool
async def count(steps: int, context: Context) -> int:
    """Counts and reports progress."""
    for step in range(1, steps + 1):
        await context.report_progress(step, steps)
    return steps


@server.tool
def fail() -> str:
    """Fails."""
    raise ToolError("as it must")


async def listen(transport: Literal["http", "sse"]) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"LISTENING {listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(server.http_app(transport=transport), log_level="error")
    await uvicorn.Server(config).serve(sockets=[listener])


if sys.argv[1] == "stdio":
    server.run("stdio", show_banner=False)
else:
    asyncio.run(listen(sys.argv[1]))
