"""`pgsearch deploy`: bring a database to this version."""

from __future__ import annotations

import argparse
import os
import sys

from pgsearch.commands._output import note, say, say_json
from pgsearch.database.deploy import deploy
from pgsearch.database.script import deploy_script

SUMMARY = "create or update everything pgsearch needs in a database"
EXAMPLE = """
pgsearch deploy
pgsearch deploy --dsn postgresql://me@localhost/wiki
pgsearch deploy --print > pgsearch.sql                         # for psql, where there is no Python
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--force", action="store_true", help="re-create all functions, also when the database seems up to date"
    )
    parser.add_argument(
        "--extensions", metavar="SCHEMA", help="where vector and pg_trgm are made if they are missing (default: public)"
    )
    parser.add_argument("--print", action="store_true", help="print the whole of it as SQL, and connect to nothing")


def run(arguments: argparse.Namespace) -> int:
    if arguments.print:
        sys.stdout.write(deploy_script(extensions=arguments.extensions))
        return 0
    dsn = arguments.dsn or os.environ.get("PGSEARCH_DSN")
    if not dsn:
        # imported late: it comes with an extra
        from pgsearch import embedded

        dsn = embedded.start()
    done = deploy(dsn, force=arguments.force, extensions=arguments.extensions, progress=lambda line: note(f"  {line}"))
    if done.to_reanalyze:
        note(
            f"Rows of {', '.join(done.to_reanalyze)} are analysed as an older version did. Searches ask for both forms"
            " until `pgsearch maintain` has analysed them anew."
        )
    if arguments.json:
        say_json(done)
    elif done.changed:
        say(f"deployed pgsearch {done.version}: {len(done.migrations)} migrations, {done.functions} functions")
    else:
        say(f"pgsearch {done.version} is up to date: {done.functions} functions")
    return 0
