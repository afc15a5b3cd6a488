"""The style of sql/ and migrations/ inside function bodies, where the linter sees only a string."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgsearch.database.sources import find_sources

pytestmark = pytest.mark.quick

_COMMENT_OR_TEXT = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
_KEYWORD = re.compile(
    r"\b(?:SELECT|FROM|WHERE|JOIN|LEFT|RIGHT|INNER|OUTER|CROSS|LATERAL|ON|USING|GROUP|ORDER|BY|HAVING|LIMIT|OFFSET|UNION|ALL"
    r"|EXCEPT|INTERSECT|WITH|RECURSIVE|AS|AND|OR|NOT|IN|IS|NULL|TRUE|FALSE|CASE|WHEN|THEN|ELSE|END|BEGIN|DECLARE|RETURN|RETURNS"
    r"|QUERY|EXECUTE|PERFORM|RAISE|EXCEPTION|IF|ELSIF|LOOP|FOR|FOREACH|WHILE|EXIT|CONTINUE|INSERT|INTO|VALUES|UPDATE|SET|DELETE"
    r"|CREATE|REPLACE|FUNCTION|PROCEDURE|TABLE|INDEX|LANGUAGE|STABLE|VOLATILE|IMMUTABLE|PARALLEL|SAFE|UNSAFE|STRICT|COALESCE"
    r"|GREATEST|LEAST|TEXT|INTEGER|BIGINT|BOOLEAN|JSONB|FLOAT8|DEFAULT|ARRAY|DISTINCT|EXISTS|ANY|OVER|PARTITION)\b"
)


def files() -> dict[str, str]:
    sources = find_sources()
    return {f"sql/{name}": text for name, text in sources.functions.items()} | {
        f"migrations/{name}": text for name, text in sources.migration_texts.items()
    }


def blank(found: re.Match[str]) -> str:
    """As many lines as there were, so that line numbers stay right."""
    return "\n" * found.group().count("\n")


def test_keywords_are_lowercase_inside_bodies_too() -> None:
    shouted = [
        f"{name}:{code[: found.start()].count(chr(10)) + 1}: {found.group()}"
        for name, text in files().items()
        for code in [_COMMENT_OR_TEXT.sub(blank, text)]
        for found in _KEYWORD.finditer(code)
    ]

    assert shouted == []


def test_lines_hold_no_tabs_and_end_with_no_spaces() -> None:
    odd = [
        f"{name}:{number}"
        for name, text in files().items()
        for number, line in enumerate(text.splitlines(), start=1)
        if "\t" in line or line != line.rstrip()
    ]

    assert odd == []


def test_every_file_ends_with_one_line_break() -> None:
    assert [name for name, text in files().items() if not text.endswith("\n") or text.endswith("\n\n")] == []


def test_every_file_says_first_what_it_is_and_why() -> None:
    assert [name for name, text in files().items() if not text.startswith("-- ")] == []


# What standard_conforming_strings and backslash_quote decide: the meaning of a backslash in a plain literal, whether
# U&'' is one at all, and whether \' is a quote. A body is read under the settings of whoever calls it.

_LITERAL = re.compile(
    r"--[^\n]*|/\*.*?\*/|\"[^\"]*\""
    r"|(?<![\w$])[eE]'(?P<escaped>(?:[^'\\]|\\.|'')*)'"
    r"|(?P<unicode>(?<![\w$])[uU]&)?'(?P<plain>(?:[^']|'')*)'",
    re.DOTALL,
)
# Applied long ago, and read with the setting on when they are applied; 0010 has the functions in them anew.
_BEFORE = ("migrations/0001_text_analysis", "migrations/0006_semantic_nodes")


def of_two_meanings(text: str) -> list[str]:
    """The literals of a text of SQL that a setting may make another one."""
    found = []
    # a literal goes on after a line break, as the kind that it began as
    joined = re.sub(r"(?<=')[ \t]*\n\s*'", "'", text)
    for literal in _LITERAL.finditer(joined):
        if literal["escaped"] is not None:
            within = re.sub(
                r"\\(.)", lambda escape: {"\\": "\\"}.get(escape[1], " "), literal["escaped"], flags=re.DOTALL
            )
            # one in a statement that is built as text is read as such when it runs
            nested = " " in within and "''" in within and of_two_meanings(within.replace("''", "'"))
            if re.search(r"(?<!\\)(?:\\\\)*\\'", literal["escaped"]) or nested:
                found.append(literal.group())
        elif literal["unicode"] or "\\" in (literal["plain"] or ""):
            found.append(literal.group())
    return found


def test_no_literal_means_something_else_under_another_setting() -> None:
    found = {name: of_two_meanings(text) for name, text in files().items() if name not in _BEFORE}
    assert {name: literals for name, literals in found.items() if literals} == {}


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        (r"select a ~ '\d'", True),
        (r"select a ~ E'\\d'", False),
        (r"select U&'\E000'", True),
        (r"select E'\uE000'", False),
        (r"select E'it\'s'", True),
        (r"select E'it''s \\'", False),
        ("select 'plain'\n       '\\d'", True),
        ("select E'plain'\n        '\\\\d'", False),
        (r"execute E'select a ~ ''\\d'''", True),
        (r"execute E'select a ~ E''\\\\d'''", False),
        (r"-- '\d' in a comment", False),
    ],
)
def test_a_literal_of_two_meanings_is_noticed(text: str, odd: bool) -> None:
    assert bool(of_two_meanings(text)) is odd


def test_no_function_in_the_database_has_a_literal_of_two_meanings(conn: psycopg.Connection[Any]) -> None:
    bodies = conn.execute(
        "select proname, prosrc from pg_proc where pronamespace = 'pgsearch'::regnamespace and prosqlbody is null"
    ).fetchall()
    assert len(bodies) > 200
    assert [name for name, body in bodies if of_two_meanings(body)] == []


def test_every_table_has_a_primary_key(conn: psycopg.Connection[Any]) -> None:
    """Logical replication refuses to delete from a table without one, and then nothing can be maintained."""
    conn.execute("select pgsearch.ensure_partitions()")
    keyless = conn.execute(
        "select c.relname from pg_class as c where c.relnamespace = 'pgsearch'::regnamespace"
        " and c.relkind in ('r', 'p')"
        " and not exists (select from pg_index as i where i.indrelid = c.oid and i.indisprimary and i.indisvalid)"
    ).fetchall()
    assert keyless == []


# Long lines: files that have some are listed with how many, and the list only shrinks.

LONGEST = 140
LONG_LINES = Path(__file__).with_name("long_lines.txt")


def long_lines() -> dict[str, int]:
    """How many lines of each file of sql/ are too long, by the file's name; no two files have the same."""
    found = {
        name.rpartition("/")[2]: sum(len(line) > LONGEST for line in text.splitlines())
        for name, text in find_sources().functions.items()
    }
    return {name: count for name, count in found.items() if count}


def test_no_file_gets_more_long_lines() -> None:
    listed = {name: int(count) for count, name in map(str.split, LONG_LINES.read_text(encoding="utf-8").splitlines())}
    found = long_lines()

    assert {name: count for name, count in found.items() if count > listed.get(name, 0)} == {}, "break the lines"
    fewer = {name: found.get(name, 0) for name, count in listed.items() if found.get(name, 0) < count}
    assert fewer == {}, f"well done: write these counts into {LONG_LINES.name}, and leave out what has none"


def test_names_of_files_tell_them_apart() -> None:
    names = [name.rpartition("/")[2] for name in find_sources().functions]

    assert len(names) == len(set(names))
