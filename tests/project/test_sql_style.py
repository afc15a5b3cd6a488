"""The style of sql/ and migrations/ inside function bodies, where the linter sees only a string."""

from __future__ import annotations

import re

from pgsearch import _sources

_COMMENT_OR_TEXT = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'", re.DOTALL)
_KEYWORD = re.compile(
    r"\b(?:SELECT|FROM|WHERE|JOIN|LEFT|RIGHT|INNER|OUTER|CROSS|LATERAL|ON|USING|GROUP|ORDER|BY|HAVING|LIMIT|OFFSET|UNION|ALL"
    r"|EXCEPT|INTERSECT|WITH|RECURSIVE|AS|AND|OR|NOT|IN|IS|NULL|TRUE|FALSE|CASE|WHEN|THEN|ELSE|END|BEGIN|DECLARE|RETURN|RETURNS"
    r"|QUERY|EXECUTE|PERFORM|RAISE|EXCEPTION|IF|ELSIF|LOOP|FOR|FOREACH|WHILE|EXIT|CONTINUE|INSERT|INTO|VALUES|UPDATE|SET|DELETE"
    r"|CREATE|REPLACE|FUNCTION|PROCEDURE|TABLE|INDEX|LANGUAGE|STABLE|VOLATILE|IMMUTABLE|PARALLEL|SAFE|UNSAFE|STRICT|COALESCE"
    r"|GREATEST|LEAST|TEXT|INTEGER|BIGINT|BOOLEAN|JSONB|FLOAT8|DEFAULT|ARRAY|DISTINCT|EXISTS|ANY|OVER|PARTITION)\b"
)


def files() -> dict[str, str]:
    sources = _sources.find()
    return {f"sql/{name}": text for name, text in sources.functions.items()} | {
        f"migrations/{name}": text for name, text in sources.migration_texts.items()
    }


def blank(found: re.Match[str]) -> str:
    """As many lines as there were, so that line numbers stay right."""
    return "\n" * found.group().count("\n")


def test_keywords_are_lowercase_inside_bodies_too() -> None:
    shouted = [
        f"{name}:{number}: {word}"
        for name, text in files().items()
        for number, line in enumerate(_COMMENT_OR_TEXT.sub(blank, text).splitlines(), start=1)
        for word in _KEYWORD.findall(line)
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
