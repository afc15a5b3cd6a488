"""`pgsearch conversations`: what was asked and answered, and what it was about."""

from __future__ import annotations

import argparse
import asyncio
import getpass
from collections.abc import Mapping
from typing import Any

from pgsearch.chat.completions import Completions
from pgsearch.chat.settings import ChatSettings
from pgsearch.chat.summaries import summary_of
from pgsearch.client import Client
from pgsearch.commands._output import excerpt, note, say, say_json, say_table
from pgsearch.commands._period import add_selection
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError
from pgsearch.exports.reports import shown

SUMMARY = "list, read and sum up conversations; whose are read is written down"
EXAMPLE = """
pgsearch conversations list --collection handbook --since 2026-03-01
pgsearch conversations list --reason low_score --query subsidy
pgsearch conversations show talk-1
pgsearch conversations summarize talk-1 --model ollama:gemma3
"""

_TITLE = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=("list", "show", "summarize"),
        help="list: the latest; show: one with its texts; summarize: store a line or two that outlive the texts",
    )
    parser.add_argument("conversation", nargs="*", metavar="ID", help="of show and summarize")
    add_selection(parser)
    parser.add_argument("--user", metavar="USER", help="of list: of this user (as logged)")
    parser.add_argument("--query", metavar="TEXT", help="of list: with these words in a text that is kept")
    parser.add_argument(
        "--reason",
        metavar="REASON",
        help="of list: kept for this reason (error, regeneration, turns, low_score, sample)",
    )
    parser.add_argument("--top", type=int, default=20, metavar="N", help="of list: how many (20)")
    parser.add_argument("--after", metavar="ID", help="of list: those that follow this one")
    parser.add_argument("--reader", metavar="NAME", help="who reads, for the record (default: the user of the shell)")
    parser.add_argument(
        "--model", metavar="NAME", help="of summarize: openai:NAME, ollama:NAME ... (default: a template)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit code 1 when one that was named is not there."""
    if (arguments.action == "list") == bool(arguments.conversation):
        raise InvalidValueError(
            f"{arguments.action} wants {'no id' if arguments.action == 'list' else 'the id of a conversation'}.",
            hint="pgsearch conversations list has the ids; pgsearch conversations show ID reads one.",
        )
    reader = arguments.reader or _user()
    with Client(arguments.dsn or default_dsn()) as client:
        if arguments.action == "list":
            return _list(client, arguments, reader)
        step = _show if arguments.action == "show" else _summarize
        done = [step(client, conversation, arguments, reader) for conversation in arguments.conversation]
    if arguments.json:
        say_json([one for one in done if one is not None])
    return 0 if all(one is not None for one in done) else 1


def _list(client: Client, arguments: argparse.Namespace, reader: str) -> int:
    found = client.list_conversations(
        user_id=arguments.user,
        # who reads what others said is written down, whoever it is
        reader=reader,
        collection=arguments.collection,
        since=arguments.since,
        until=arguments.until,
        query=arguments.query,
        sampling_reason=arguments.reason,
        top_n=arguments.top,
        after=arguments.after,
    )
    if arguments.json:
        say_json(found)
    elif not found:
        note("No conversations.")
    else:
        say_table(
            ("id", "last message", "turns", "first question"),
            [
                (one.conversation_id, shown(one.last_message_at), one.total_turns, excerpt(one.title, _TITLE))
                for one in found
            ],
            whole=("id",),
        )
    return 0


def _show(client: Client, conversation: str, arguments: argparse.Namespace, reader: str) -> Mapping[str, Any] | None:
    found = client.get_conversation(conversation, reader=reader)
    if found is None:
        _missing(conversation)
    elif not arguments.json:
        for line in _lines(found):
            say(line)
    return found


def _lines(found: Mapping[str, Any]) -> list[str]:
    about = found["metadata"]
    head = [found["conversation_id"], found["collection_name"], f"{about['total_turns']} turns"]
    lines = [" · ".join(str(part) for part in head if part)]
    if about["summary"]:
        lines.append(f"summary: {about['summary']}")
    for one in found["messages"]:
        facts = [one["role"], one["timestamp"][:16].replace("T", " "), one["llm_model"] or ""]
        facts += [f"error {one['error_type']}"] if one["error_type"] else []
        facts += ["once more"] if one["is_regeneration"] else []
        lines += ["", " · ".join(fact for fact in facts if fact), one["content"] or "(the text is not kept)"]
    return lines


def _summarize(
    client: Client, conversation: str, arguments: argparse.Namespace, reader: str
) -> Mapping[str, Any] | None:
    written = None
    if arguments.model:
        found = client.get_conversation(conversation, reader=reader)
        if found is None:
            _missing(conversation)
            return None
        settings = ChatSettings.from_environment(model=arguments.model)
        completions = Completions(settings)
        completions.check(arguments.model)
        try:
            written = asyncio.run(summary_of(found["messages"], arguments.model, completions))
        finally:
            completions.close()
    summary = client.summarize_conversation(conversation, summary=written)
    if summary is None:
        _missing(conversation)
        return None
    if not arguments.json:
        say(f"{conversation}: {summary}")
    return {"conversation_id": conversation, "summary": summary, "method": "llm" if written else "template"}


def _missing(conversation: str) -> None:
    note(f"There is no conversation {conversation}.")


def _user() -> str:
    try:
        return f"{getpass.getuser()} at a shell"
    except (OSError, KeyError):
        # a container without a list of users
        return "a shell"
