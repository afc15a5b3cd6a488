"""`pgsearch faq`: what many ask, with the best answer that was given."""

from __future__ import annotations

import argparse

from pgsearch.client import Client
from pgsearch.commands._output import excerpt, note, say, say_json, say_table
from pgsearch.commands._period import add_selection
from pgsearch.database.dsn import default_dsn

SUMMARY = "questions that several asked, with the best answer that was given"
EXAMPLE = """
pgsearch faq
pgsearch faq --collection handbook --min-sessions 5 --md > faq.md
"""

_QUESTION = 80
_ANSWER = 160


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_selection(parser)
    parser.add_argument("--min-sessions", type=int, default=3, metavar="N", help="that must have asked it (3)")
    parser.add_argument("--top", type=int, default=20, metavar="N", help="how many questions (20)")
    parser.add_argument("--md", action="store_true", help="as a page in Markdown, with whole answers")


def run(arguments: argparse.Namespace) -> int:
    """Nothing that several asked is an answer too: the exit code is 0."""
    with Client(arguments.dsn or default_dsn()) as client:
        found = client.faq_candidates(
            arguments.collection,
            arguments.since,
            arguments.until,
            min_sessions=arguments.min_sessions,
            top_n=arguments.top,
        )
    if arguments.json:
        say_json(found)
    elif arguments.md:
        for one in found:
            say(f"## {' '.join(one.question.split())}\n\n{one.answer or '(No answer is kept.)'}\n")
    elif not found:
        note(f"Nothing that {arguments.min_sessions} sessions asked.")
    else:
        say_table(
            ("question", "sessions", "helpful", "best answer"),
            [
                (
                    excerpt(one.question, _QUESTION),
                    f"{one.sessions:g}",
                    f"{one.helpful:g}",
                    excerpt(one.answer, _ANSWER),
                )
                for one in found
            ],
        )
    return 0
