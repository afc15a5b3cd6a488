"""`pgsearch serve`: the functions over HTTP, with answers to questions."""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import replace
from pathlib import Path

from pgsearch.chat.settings import ChatSettings
from pgsearch.commands._output import note, say, say_json
from pgsearch.conversation_log.environment import settings_of_environment
from pgsearch.database.deploy import deploy
from pgsearch.database.dsn import default_dsn
from pgsearch.delivery.spools import is_writable, spool_of
from pgsearch.errors import InvalidValueError, from_extra

SUMMARY = "serve searches, chat and statistics over HTTP, and a console for people"
EXAMPLE = """
pgsearch serve
PGSEARCH_CHAT_MODEL=ollama:gemma3 pgsearch serve --port 8080
PGSEARCH_TOKEN=$(openssl rand -hex 32) pgsearch serve --host 0.0.0.0 --origin https://wiki.example.org
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: 127.0.0.1); any other needs PGSEARCH_TOKEN to be set",
    )
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one (default: 8000)")
    parser.add_argument("--deploy", action="store_true", help="first bring the database to this version")
    parser.add_argument(
        "--origin", action="append", default=[], metavar="URL", help="web page that may ask too (CORS); may be repeated"
    )
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="name of this server, where it has no token"
    )
    parser.add_argument("--pool-size", type=int, default=10, metavar="N", help="connections at most (default: 10)")
    parser.add_argument(
        "--rate", type=float, metavar="N", help="requests a second of one client (default: 100, on 127.0.0.1 any)"
    )
    parser.add_argument("--max-bytes", type=int, default=1_000_000, metavar="N", help="of a request (default: 1000000)")
    parser.add_argument(
        "--body-timeout",
        type=float,
        default=10.0,
        metavar="S",
        help="seconds in which a request must come (default: 10)",
    )
    parser.add_argument(
        "--spool",
        type=Path,
        metavar="FOLDER",
        help="where what is logged waits while the database is away (default: a folder in PGSEARCH_HOME)",
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=30.0,
        metavar="S",
        help="seconds in which it is answered, chat apart (default: 30)",
    )
    parser.add_argument(
        "--chat-model",
        metavar="NAME",
        help="openai:NAME, ollama:NAME ... (default: PGSEARCH_CHAT_MODEL, else extracts)",
    )
    parser.add_argument("--passages", type=int, metavar="N", help="how many an answer is made of (default: 5)")
    parser.add_argument("--prompt", type=Path, metavar="FILE", help="what the model is told, instead of our own words")


def run(arguments: argparse.Namespace) -> int:
    """Ends when the process is told to: exit code 0."""
    with from_extra("server", "Serving HTTP needs FastAPI, uvicorn, Jinja2 and prometheus-client"):
        from pgsearch.console.app import create_app
        from pgsearch.http.serving import serve
        from pgsearch.http.settings import ServerSettings, token_of_environment
    chat = ChatSettings.from_environment(
        model=arguments.chat_model,
        passages=arguments.passages,
        prompt=arguments.prompt.read_text(encoding="utf-8") if arguments.prompt else None,
    )
    settings = ServerSettings(
        dsn="",
        host=arguments.host,
        port=arguments.port,
        origins=tuple(arguments.origin),
        hosts=tuple(arguments.allow_host),
        pool_size=arguments.pool_size,
        rate=arguments.rate,
        body_bytes=arguments.max_bytes,
        body_seconds=arguments.body_timeout,
        seconds=arguments.timeout,
        chat=chat,
        conversations=settings_of_environment(),
        token=token_of_environment("PGSEARCH_TOKEN"),
        admin_token=token_of_environment("PGSEARCH_ADMIN_TOKEN"),
    )
    dsn = arguments.dsn or default_dsn()
    spool = arguments.spool or spool_of(dsn)
    if not is_writable(spool):
        if arguments.spool is not None:
            raise InvalidValueError(f"No file can be written in {spool}.", hint="Give a folder of this user.")
        note(f"no file can be written in {spool}: what is logged while the database is away waits in memory")
        spool = None
    if arguments.deploy:
        deployed = deploy(dsn)
        note(f"pgsearch {deployed.version} is deployed")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)

    def started(address: str) -> None:
        if arguments.json:
            say_json({"address": address, "chat": chat.model or "extracts"})
        else:
            say(f"pgsearch listens on {address} (a console for people; for programs: {address}/docs)")
        sys.stdout.flush()

    settings = replace(settings.at(dsn), spool=spool)
    serve(create_app(settings), settings, started)
    return 0
