"""A server of the tools: what they answer once and in few words, their errors in the words of the functions."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import ValidationError

from pgsearch.database.deploy import client_version
from pgsearch.http.problems import Worded, worded
from pgsearch.http.services import Services
from pgsearch.mcp.tools import INSTRUCTIONS, tools
from pgsearch.uuids import uuid7

APPLICATION = "pgsearch mcp"

_LOG = logging.getLogger("pgsearch.mcp")
_MOST_FIELDS = 5


def make_server(services: Services, *, session_id: str | None = None) -> MCPServer[Any]:
    """The server over services that somebody else opens and closes; searches are logged with the session, if any."""
    server = _Server(
        "pgsearch",
        title="pgsearch",
        version=client_version(),
        instructions=INSTRUCTIONS,
        # nothing ever changes that one could be told of
        subscriptions=False,
        log_level="WARNING",
    )
    server.seconds = services.settings.seconds
    context = {"application": APPLICATION, **({} if session_id is None else {"session_id": session_id})}
    for name, (title, tool) in tools(services, context).items():
        reads = name != "log_feedback"
        server.add_tool(
            tool,
            name,
            title,
            annotations=ToolAnnotations(
                title=title, read_only_hint=reads, destructive_hint=False, idempotent_hint=reads, open_world_hint=False
            ),
        )
    return server


class _Server(MCPServer[Any]):
    seconds = 30.0

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """As MCPServer, which tells errors in words of its own and every answer twice, indented."""
        known = next((list(tool.parameters["properties"]) for tool in self._tools() if tool.name == name), None)
        if known is None:
            raise ToolError(f'There is no tool "{name}". Hint: Known ones: {", ".join(t.name for t in self._tools())}.')
        if unknown := [key for key in arguments if key not in known]:
            raise ToolError(f'{name} has no argument "{unknown[0][:100]}". Hint: Known ones: {", ".join(known)}.')
        try:
            async with asyncio.timeout(self.seconds):
                answer = await super().call_tool(name, arguments, context)
        except TimeoutError:
            raise ToolError("The answer took too long.") from None
        except UnexpectedToolError as error:
            cause = error.__cause__
            raise ToolError(_sentence(worded(cause if isinstance(cause, Exception) else error, str(uuid7())))) from None
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(_of_fields(error.__cause__)) from None
            raise
        if isinstance(answer, CallToolResult) and answer.structured_content is not None:
            text = json.dumps(answer.structured_content, ensure_ascii=False, separators=(",", ":"))
            answer.content = [TextContent(type="text", text=text)]
        return answer

    def _tools(self) -> list[Any]:
        return self._tool_manager.list_tools()


def _sentence(told: Worded) -> str:
    code = f" ({told.code})" if told.code else ""
    hint = f" Hint: {told.hint}" if told.hint else ""
    return f"{told.detail.rstrip('.')}{code}.{hint}"


def _of_fields(error: ValidationError) -> str:
    told = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:_MOST_FIELDS]]
    return "; ".join(told) + "."
