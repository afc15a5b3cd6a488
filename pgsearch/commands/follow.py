"""`pgsearch follow`: keep a table searchable, from what is in it now to what comes."""

from __future__ import annotations

import argparse
import dataclasses

from pgsearch.client import Client
from pgsearch.client.calls import inner
from pgsearch.client.calls.sources import FollowedTable
from pgsearch.commands._output import progress_bar, say, say_json, say_records
from pgsearch.commands._stopping import stopping
from pgsearch.commands.work import BATCH
from pgsearch.database.dsn import default_dsn
from pgsearch.errors import InvalidValueError
from pgsearch.exports.reports import shown

SUMMARY = "keep the rows of a table as pages of a collection, or show what is followed"
EXAMPLE = """
pgsearch follow public.articles --collection articles --title title --content body --metadata author,published_at
pgsearch follow                                    # what is followed, and how far behind it is
pgsearch follow public.articles --stop
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", nargs="?", metavar="TABLE", help="with its schema; none: show what is followed")
    parser.add_argument("--collection", metavar="NAME", help="where the pages go (default: the name of the table)")
    parser.add_argument("--id", metavar="COLUMNS", help="what a row is known by (default: the primary key)")
    parser.add_argument("--title", metavar="COLUMN", help="a column, '{several,columns}', or an expression over them")
    parser.add_argument("--content", metavar="COLUMN", help="as --title: the text that is split into chunks")
    parser.add_argument("--chunks", metavar="COLUMN", help="instead of --content: a JSON array of chunks")
    parser.add_argument("--tags", metavar="COLUMN", help="an array, a JSON array, or a text between commas")
    parser.add_argument("--source", metavar="COLUMN", help="where the page comes from")
    parser.add_argument("--metadata", metavar="COLUMNS", default="", help="columns to filter by, between commas")
    parser.add_argument("--format", choices=("text", "markdown", "code"), default="text", help="of the content")
    parser.add_argument("--no-split", action="store_true", help="the content is one chunk as it is")
    parser.add_argument("--immediate", action="store_true", help="store changes in the statement that makes them")
    parser.add_argument(
        "--watch-table",
        action="append",
        default=[],
        metavar="TABLE=COLUMNS",
        help="for a view: a table whose changes change it, and its columns that hold the id; several times",
    )
    security = parser.add_mutually_exclusive_group()
    security.add_argument(
        "--respect-row-security",
        action="store_const",
        const=True,
        dest="respect_row_security",
        help="of a table with row level security, show to each only what he may read there",
    )
    security.add_argument(
        "--ignore-row-security",
        action="store_const",
        const=False,
        dest="respect_row_security",
        help="of a table with row level security, show everything to everybody who may search",
    )
    parser.add_argument("--stop", action="store_true", help="follow the table no longer; its pages stay")


def run(arguments: argparse.Namespace) -> int:
    """Each batch of the load is committed by itself; the same command goes on where it was interrupted: exit code 3."""
    with Client(arguments.dsn or default_dsn()) as client:
        if arguments.table is None:
            return _show(client.list_followed(), arguments)
        if arguments.stop:
            client.unfollow_table(arguments.table, arguments.collection)
            say(f"{arguments.table} is not followed any more; its pages stay")
            return 0
        return _follow(client, arguments)


def _show(followed: list[FollowedTable], arguments: argparse.Namespace) -> int:
    columns = [field.name for field in dataclasses.fields(FollowedTable)]
    if arguments.json:
        say_json(followed)
        return 0
    rows = [[shown(getattr(row, name)) for name in columns] for row in followed]
    say_records(columns, rows, as_json=False)
    return 0


def _follow(client: Client, arguments: argparse.Namespace) -> int:
    collection = arguments.collection or arguments.table.rpartition(".")[2]
    resumed = any(
        row.collection == collection and row.table_name == arguments.table and row.loading
        for row in client.list_followed()
    )
    if not resumed:
        client.follow_table(
            arguments.table,
            collection,
            id=arguments.id,
            title=arguments.title,
            content=arguments.content,
            chunks=arguments.chunks,
            tags=arguments.tags,
            source=arguments.source,
            metadata=[name.strip() for name in arguments.metadata.split(",") if name.strip()],
            format=arguments.format,
            split=not arguments.no_split,
            mode="immediate" if arguments.immediate else "queued",
            watch=dict(_watched(given) for given in arguments.watch_table),
            respect_row_security=arguments.respect_row_security,
            load=False,
        )
    total = client.run(inner.estimated_rows(arguments.table))
    with progress_bar() as bar, stopping() as stop:
        loading = bar.add_task(f"loading {arguments.table}", total=total)
        while not stop.is_set():
            (done,) = client.work(BATCH, collection=collection)
            (row,) = [row for row in client.list_followed() if row.collection == collection]
            bar.update(loading, completed=row.loaded_rows, total=max(total, row.loaded_rows))
            if row.loading and row.reason and not (done.stored or done.unchanged or done.refused):
                raise InvalidValueError(f"{arguments.table} cannot be read: {row.reason}.", hint="Mend it, and go on.")
            if not row.loading:
                break
    if arguments.json:
        say_json(row)
    else:
        state = "loaded so far; the same command goes on" if row.loading else "loaded, and followed from now on"
        say(f"{arguments.table}: {row.loaded_rows:,} rows {state}; {row.refused:,} refused")
    return 3 if row.loading else 1 if row.refused else 0


def _watched(given: str) -> tuple[str, list[str]]:
    table, separator, columns = given.partition("=")
    if not separator:
        raise InvalidValueError(
            f"--watch-table {given} names no columns.", hint="Such as --watch-table public.comments=article_id"
        )
    return table, columns.split(",")
