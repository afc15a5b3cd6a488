"""Writes docs/functions.md from the comments in a database that was deployed to: `make docs`.

The comments are the source, since whoever works with psql reads them too (`\\df+ pgsearch.*`); sql/README.md says how
they are written, and has the names of the sections.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from pgsearch import embedded
from pgsearch.database.deploy import deploy

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "functions.md"
WIDTH = 100

_HEAD = """# Functions

All are in schema `pgsearch`, and the README shows the dozen that a first application needs.
Python's `Client` and `AsyncClient` have a method of the same name for each that a client calls.
Examples run after `make demo`; those that change something want `begin; ... rollback;` around.

This file is written by `make docs` from the comments in the database; `\\df+ pgsearch.*` shows the
same.
"""

_FUNCTIONS: LiteralString = """
select p.proname::text,
       split_part(d.file, '/', 1),
       pg_get_function_arguments(p.oid),
       coalesce(
           'TABLE(' || (select string_agg(a.attname || ' ' || format_type(a.atttypid, null), ', ' order by a.attnum)
                          from pg_type as t
                               join pg_attribute as a on a.attrelid = t.typrelid
                         where t.oid = p.prorettype
                           and p.proretset
                           and a.attnum > 0
                           and not a.attisdropped) || ')',
           pg_get_function_result(p.oid)),
       obj_description(p.oid, 'pg_proc')
  from pg_proc as p
       join pgsearch.deployed_functions as d on d.name = p.proname
 where p.pronamespace = 'pgsearch'::regnamespace
   and left(p.proname, 1) <> '_'
 order by 1
"""

# What begins a paragraph of its own, whatever the line before ends with.
_PARAGRAPH = re.compile(r"Arguments\b|Returns\b|Errors?\b|[A-Z][\w ]{2,30}:")


@dataclass(frozen=True)
class Function:
    """A public function as the catalog knows it."""

    name: str
    room: str
    arguments: str
    result: str
    comment: str

    @property
    def signature(self) -> str:
        """The call with an argument a line, and what comes back."""
        arguments = _separate(self.arguments)
        outs = [argument.removeprefix("OUT ") for argument in arguments if argument.startswith("OUT ")]
        ins = [re.sub(r" DEFAULT (.*)$", _default, argument) for argument in arguments if argument[:4] != "OUT "]
        listed = "\n".join(f"    {argument}," for argument in ins).rstrip(",")
        columns = ", ".join(outs) or re.sub(r"^TABLE\((.*)\)$", r"\1", self.result)
        table = columns if outs or self.result.startswith("TABLE(") else ""
        returns = f"table ({table})" if table else self.result.replace("SETOF", "setof")
        call = f"{self.name}(\n{listed}\n)" if listed else f"{self.name}()"
        wrapped = textwrap.wrap(f") returns {returns}", WIDTH, subsequent_indent="    ", break_on_hyphens=False)
        return call + "\n".join(wrapped).removeprefix(")")

    @property
    def text(self) -> str:
        """The section of this function."""
        words, _, example = self.comment.partition("\nExample:\n")
        parts = [f"### {self.name}", f"```sql\n{self.signature}\n```", *_paragraphs(words)]
        if example:
            parts.append(f"```sql\n{example}\n```")
        return "\n\n".join(parts)


def _default(found: re.Match[str]) -> str:
    value = re.sub(r"::[\w\s\[\]]+$", "", found[1])
    return f" default {'null' if value == 'NULL' else value}"


def _separate(arguments: str) -> list[str]:
    """Arguments one by one; commas stand in defaults too."""
    return [argument for argument in re.split(r", (?=(?:OUT |VARIADIC )?\w+ [\w\"])", arguments) if argument]


def _paragraphs(words: str) -> list[str]:
    """Paragraphs and lists of a comment in Markdown, wrapped."""
    blocks: list[str] = []
    for line in words.splitlines():
        continued = line.startswith("  ") or (
            blocks and not line.startswith("- ") and not blocks[-1].startswith("- ") and not _PARAGRAPH.match(line)
        )
        if blocks and continued:
            blocks[-1] += f" {line.strip()}"
        else:
            blocks.append(line)
    parts: list[str] = []
    for block in blocks:
        if block == "Arguments:":
            continue
        wrapped = _wrapped(block)
        if block.startswith("- ") and parts and parts[-1].startswith("- "):
            parts[-1] += f"\n{wrapped}"
        else:
            parts.append(wrapped)
    return parts


def _wrapped(block: str) -> str:
    item = re.match(r"- (\w+(?:(?:, | and )\w+(?=[ ,:]))*)(.*)", block)
    if item:
        block = "- " + re.sub(r"\w+(?<!\band)", lambda name: f"`{name[0]}`", item[1]) + item[2]
    block = block.replace("<", "&lt;")
    lines = textwrap.wrap(
        block,
        WIDTH,
        subsequent_indent="  " if item else "",
        break_long_words=False,
        break_on_hyphens=False,
    )
    # what begins a list or a quote in Markdown is a sign in a formula here
    return "\n".join([lines[0], *(re.sub(r"^(\s*)([-+*>#]|\d+[.)]) ", r"\1\\\2 ", line) for line in lines[1:])])


def rooms() -> dict[str, str]:
    """What each folder of sql/ owns, in their order, as sql/README.md has it."""
    text = (ROOT / "sql" / "README.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, flags=re.MULTILINE))


def render(connection: psycopg.Connection[Any]) -> str:
    """docs/functions.md as it should be for the functions of this database."""
    functions = [Function(*row) for row in connection.execute(_FUNCTIONS)]
    contents, sections = [], []
    for room, owns in rooms().items():
        here = [function for function in functions if function.room == room]
        links = ", ".join(f"[{function.name}](#{function.name})" for function in here)
        contents.append(
            textwrap.fill(
                f"- **{room}**: {links}", WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
            )
        )
        sections.append("\n\n".join([f"## {room}: {owns}", *(function.text for function in here)]))
    return "\n\n".join([_HEAD.rstrip(), "\n".join(contents), *sections]) + "\n"


def main() -> None:
    with embedded.temporary() as dsn:
        deploy(dsn)
        with psycopg.connect(dsn) as connection:
            TARGET.write_text(render(connection), encoding="utf-8")


if __name__ == "__main__":
    main()
