"""The Model Context Protocol over stdio: coding agents steer a running simulator with the tools of `tools.py` (extra `[mcp]`)."""

from __future__ import annotations

import json
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp.types import Tool as Offered

from simulator import __version__
from simulator.surface.async_client import AsyncClient
from simulator.surface.client import NotReached, SaidNo
from simulator.surface.tools import FILES, TOOLS, Tool, ToolRefused, file_as_text, refusal

INSTRUCTIONS = """A local simulator of payment service providers, for a merchant's code under test: no real money moves.
make_payment makes a test payment (or run the merchant's own checkout), pay or decline is the buyer, settle delivers webhooks,
advance moves the clock. list_webhooks says what each was answered, get_request why a call was refused, get_why what would help."""


def server_for(client: AsyncClient, workspace: str) -> Server[Any]:
    """Tools that act on what `client` reaches; in `workspace` unless the agent names another."""

    async def list_tools(context: Any, params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[_offered(tool) for tool in TOOLS.values()])

    async def call_tool(context: Any, params: CallToolRequestParams) -> CallToolResult:
        tool = TOOLS.get(params.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"there is no tool {params.name!r}")
        try:
            ask = tool.ask(params.arguments or {}, workspace)
            if tool.name in FILES:
                return _told(file_as_text(await client.file(ask.path)))
            answer = await client.call(ask.method, ask.path, ask.body, **ask.query)
        except ToolRefused as error:
            return _told(str(error), is_error=True)
        except (SaidNo, NotReached) as error:
            return _told(refusal(error), is_error=True)
        return _told("done" if answer is None else json.dumps(answer, ensure_ascii=False))

    return Server(
        "psp-simulator",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _offered(tool: Tool) -> Offered:
    return Offered(
        name=tool.name,
        description=tool.description,
        input_schema=tool.schema,
        annotations=ToolAnnotations(read_only_hint=tool.only_reads, open_world_hint=False),
    )


def _told(text: str, *, is_error: bool = False) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=is_error)


async def serve(url: str, token: str | None, workspace: str) -> None:
    """Serves the tools to an agent, until that closes its end."""
    async with AsyncClient(url, token=token) as client, stdio_server() as (reading, writing):
        server = server_for(client, workspace)
        await server.run(reading, writing, server.create_initialization_options())
