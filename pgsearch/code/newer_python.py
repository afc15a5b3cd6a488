"""Python that is newer than this interpreter, written as it could be before: the lines stay what they are.

Only what no definition, call or route needs is left out: parameters of types, aliases of types, and what is nested in
f-strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pgsearch.code.grammars import has_grammar, parsed

if TYPE_CHECKING:
    from tree_sitter import Node


# lazy import json
_LAZY = re.compile(rb"^lazy[ \t]+(?=(?:import|from)\b)", re.MULTILINE)
_TEMPLATE = re.compile(rb"[rR]?[tT][rR]?[\"']")


def written_as_before(source: str) -> str | None:
    """The source for an older parser; None where there is nothing newer in it, and without the extra `code`."""
    if not has_grammar("python"):
        return None
    raw = _LAZY.sub(b"", source.encode("utf-8", "replace"))
    edits = sorted(_edits(parsed("python", raw).root_node), reverse=True)
    if not edits and raw == source.encode("utf-8", "replace"):
        return None
    text = bytearray(raw)
    for start, end, instead in edits:
        kept = raw[start:end].count(b"\n") - instead.count(b"\n")
        text[start:end] = instead + b"\n" * kept
    return text.decode("utf-8", "replace")


def _edits(root: Node) -> Iterator[tuple[int, int, bytes]]:
    """First byte, last byte and what stands there instead; none lies in another one."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "type_parameter" and node.parent is not None and node.parent.type.endswith("_definition"):
            yield node.start_byte, node.end_byte, b""
        elif node.type == "type_alias_statement":
            yield node.start_byte, node.end_byte, b"pass"
        elif node.type == "string" and (
            any(_is_nested(child) for child in node.children) or _TEMPLATE.match(node.text or b"")
        ):
            lines = (node.text or b"").count(b"\n")
            yield node.start_byte, node.end_byte, b'"""' + b"\n" * lines + b'"""' if lines else b'""'
        else:
            if node.type == "except_clause":
                yield from _parentheses(node)
            waiting.extend(node.children)


def _is_nested(part: Node) -> bool:
    """Whether an interpolation holds what f-strings could not hold before."""
    text = part.text or b""
    return part.type == "interpolation" and any(mark in text for mark in (b'"', b"'", b"\\", b"\n", b"#"))


def _parentheses(clause: Node) -> Iterator[tuple[int, int, bytes]]:
    """Around several exceptions: `except (A, B):`."""
    named = [child for child in clause.named_children if child.type not in ("block", "comment")]
    if len(named) > 1 and any(child.type == "," for child in clause.children):
        yield named[0].start_byte, named[0].start_byte, b"("
        yield named[-1].end_byte, named[-1].end_byte, b")"
