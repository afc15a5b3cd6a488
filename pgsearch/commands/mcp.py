"""`pgsearch mcp`: searches as tools of assistants that speak MCP."""

from __future__ import annotations

import argparse
import logging
import sys

from pgsearch.commands._output import note, say, say_json
from pgsearch.database.deploy import deploy
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import from_extra

SUMMARY = "offer searches to assistants that speak MCP, by stdin and stdout or over HTTP"
EXAMPLE = """
pgsearch mcp
claude mcp add pgsearch -- pgsearch mcp --dsn postgresql://reader@db/wiki
PGSEARCH_TOKEN=$(openssl rand -hex 32) pgsearch mcp --http --port 8001
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--http", action="store_true", help="listen on an address, at /mcp, instead of stdin and stdout"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: 127.0.0.1); any other needs PGSEARCH_TOKEN to be set",
    )
    parser.add_argument("--port", type=int, default=8001, help="0 takes a free one (default: 8001)")
    parser.add_argument("--deploy", action="store_true", help="first bring the database to this version")
    parser.add_argument(
        "--origin", action="append", default=[], metavar="URL", help="web page that may ask too; may be repeated"
    )
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="name of this server, where it has no token"
    )
    parser.add_argument("--pool-size", type=int, default=4, metavar="N", help="connections at most (default: 4)")
    parser.add_argument(
        "--timeout", type=float, default=30.0, metavar="S", help="seconds in which a call is answered (default: 30)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Ends when stdin does, or the process is told to: exit code 0."""
    with from_extra("mcp", "Serving assistants needs the package mcp and what the HTTP server needs"):
        from pgsearch.http.settings import ServerSettings, token_of_environment
        from pgsearch.mcp.transports import run_over_http, run_over_pipes
    settings = ServerSettings(
        dsn="",
        host=arguments.host,
        port=arguments.port,
        origins=tuple(arguments.origin),
        hosts=tuple(arguments.allow_host),
        pool_size=arguments.pool_size,
        seconds=arguments.timeout,
        token=token_of_environment("PGSEARCH_TOKEN"),
    )
    # stdout is for the protocol alone
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name, level in (("psycopg.pool", logging.ERROR), ("mcp", logging.WARNING)):
        logging.getLogger(name).setLevel(level)
    dsn = arguments.dsn or default_dsn()
    if arguments.deploy:
        note(f"pgsearch {deploy(dsn).version} is deployed")
    settings = settings.at(dsn)
    if not arguments.http:
        run_over_pipes(settings)
        return 0

    def started(address: str) -> None:
        if arguments.json:
            say_json({"address": address})
        else:
            say(f"pgsearch listens on {address}")
        sys.stdout.flush()

    run_over_http(settings, started)
    return 0
