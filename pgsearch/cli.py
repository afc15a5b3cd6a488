"""The command line: `pgsearch <command>`.

A command is a module pgsearch/commands/<name>.py (check_plans.py is `check-plans`); it is found by being there, and has

    SUMMARY: str                                                  one line for the list of commands
    EXAMPLE: str                                                  one or more lines that can be typed, shown by --help
    def add_arguments(parser: argparse.ArgumentParser) -> None    its own arguments
    def run(arguments: argparse.Namespace) -> int                 the work; returns the exit code

Every command also has --dsn and --json (arguments.dsn, arguments.json). A command connects to
`arguments.dsn or pgsearch.database.dsn.default_dsn()` and speaks through pgsearch/commands/_output.py. Only the module
of the command that was typed is imported (SUMMARY, a plain string, is read from the text of the others); what is slow
to import (numpy, sklearn) is imported inside run().

Exit codes: 0 done, and all of it; 1 an error that is told in one sentence (raise PgsearchError), or something was
refused or failed; 2 wrong usage; 3 nothing went wrong, but work is left; 130 interrupted, 143 terminated.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from pgsearch import commands
from pgsearch.commands._output import note
from pgsearch.errors import PgsearchError, translated


class Command(Protocol):
    """What a module in pgsearch/commands offers."""

    SUMMARY: str
    EXAMPLE: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show Korean shows question marks instead of ending the program.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    given = list(sys.argv[1:] if argv is None else argv)
    if given and not given[0].startswith("-") and given[0] not in commands.NAMES:
        near = difflib.get_close_matches(given[0], commands.NAMES, n=1)
        note(f"pgsearch: there is no command {given[0]}")
        note(
            "".join(
                ["hint: ", *(f"did you mean pgsearch {name}? " for name in near), "pgsearch --help lists all commands"]
            )
        )
        return 2
    try:
        arguments = _parser(given).parse_args(_with_words(given))
        with translated():
            code = _command(arguments.command).run(arguments)
        sys.stdout.flush()
    except PgsearchError as error:
        return _tell(str(error), getattr(error, "hint", None))
    except KeyboardInterrupt:
        note("interrupted")
        return 130
    except BrokenPipeError:
        # The reader (head, less) has seen enough; without this the interpreter complains once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _tell(f"{error.filename or 'The system'}: {error.strerror or error}", None)
    except Exception as error:
        # imported late: the list of commands needs no driver
        import psycopg

        if isinstance(error, psycopg.Error):
            return _tell(error.diag.message_primary or str(error), error.diag.message_hint)
        if os.environ.get("PGSEARCH_TRACEBACK"):
            import traceback

            traceback.print_exc()
        return _tell(
            f"This is a mistake in pgsearch: {type(error).__name__}: {error}",
            "Set PGSEARCH_TRACEBACK=1 to see where, and report it.",
        )
    return code


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pgsearch",
        description="Hybrid search, its log and its learning loop, inside the PostgreSQL you already run.",
        epilog="example:\n  pgsearch ingest docs/ --collection handbook\n  pgsearch search 'electric car subsidy'",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    choice = parser.add_subparsers(dest="command", metavar="command", required=True)
    # Importing one command instead of all keeps each of them quick, and none the list of them.
    typed = [name for name in commands.NAMES if given[:1] == [name]]
    for name in () if typed else commands.NAMES:
        choice.add_parser(name, help=_summary(name))
    for name in typed:
        command = _command(name)
        own = choice.add_parser(
            name,
            help=command.SUMMARY,
            description=command.SUMMARY,
            epilog="example:\n" + "\n".join(f"  {line}" for line in command.EXAMPLE.strip().splitlines()),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        own.add_argument(
            "--dsn",
            help="database, as postgresql://user@host/database (default: PGSEARCH_DSN, else the embedded server)",
        )
        own.add_argument("--json", action="store_true", help="print the answer as JSON")
        command.add_arguments(own)
    return parser


def _with_words(given: Sequence[str]) -> list[str]:
    """What was typed, with -words of a query (-xzf) as words: our own options are all long, but for -h.

    For argparse a word with a blank is no option.
    """
    if not {"search", "search-code", "check-plans"}.intersection(given[:1]):
        return list(given)
    words = list(given[: given.index("--")]) if "--" in given else list(given)
    return [f"{word} " if re.match("-[^-h]", word) else word for word in words] + list(given[len(words) :])


def _command(name: str) -> Command:
    return cast(Command, importlib.import_module(f"pgsearch.commands.{name.replace('-', '_')}"))


def _summary(name: str) -> str:
    """SUMMARY of a command that is not imported."""
    module = Path(*commands.__path__, f"{name.replace('-', '_')}.py")
    lines = module.read_text(encoding="utf-8").splitlines()
    return str(ast.literal_eval(next(line.partition(" = ")[2] for line in lines if line.startswith("SUMMARY = "))))


def _tell(message: str, hint: str | None) -> int:
    note(f"pgsearch: {' '.join(message.split())}")
    if hint:
        note(f"hint: {' '.join(hint.split())}")
    return 1
