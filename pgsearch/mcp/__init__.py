"""Searching for assistants that speak MCP (the Model Context Protocol); needs the extra `mcp`.

tools.py is what an assistant may call and what it is told about it, server.py makes a server of the tools and words
their errors, transports.py runs it over stdin and stdout, or over HTTP with the guard and the tokens of pgsearch/http.
The package of the protocol is `mcp`; this room is always named in full, as pgsearch.mcp.
"""
