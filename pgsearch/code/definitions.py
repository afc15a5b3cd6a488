"""What a file of another language than Python defines and calls, read from its syntax tree.

The grammars call alike things alike, so that one walk reads all of them; what a language has of its own stands in a
function of its own. A tree with errors in it is read as far as it goes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from pgsearch.code.facts import Import, Kind, ModuleFacts, Symbol, UnreadableSourceError
from pgsearch.code.grammars import called, grammars_of, parsed
from pgsearch.code.tree_routes import read_annotated_routes, read_script_routes
from pgsearch.code.words import clean, first_paragraph, one_line

if TYPE_CHECKING:
    from tree_sitter import Node

_KINDS = {
    **dict.fromkeys(
        ("class_declaration", "abstract_class_declaration", "class_specifier", "class_definition", "class"), "class"
    ),
    **dict.fromkeys(("interface_declaration", "annotation_type_declaration"), "interface"),
    **dict.fromkeys(("enum_declaration", "enum_item", "enum_specifier"), "enum"),
    **dict.fromkeys(("struct_item", "struct_specifier", "union_item", "union_specifier"), "struct"),
    **dict.fromkeys(("type_alias_declaration", "type_item", "alias_declaration", "type_alias", "type_spec"), "type"),
    **dict.fromkeys(("method_definition", "method_declaration", "constructor_declaration"), "method"),
    "concept_definition": "type",
    **dict.fromkeys(("macro_definition", "preproc_function_def"), "macro"),
    **dict.fromkeys(
        (
            *("function_declaration", "generator_function_declaration", "function_definition", "function_item"),
            "function_signature",
        ),
        "function",
    ),
    "trait_item": "trait",
    "record_declaration": "class",
    "object_declaration": "class",
}
_HOLDERS = frozenset({"class", "interface", "enum", "struct", "trait"})
# What has a definition in it: that is the node which begins and ends it.
_WRAPPERS = frozenset({"export_statement", "decorated_definition", "template_declaration", "ambient_declaration"})
# What only names what stands in it.
_SPACES = frozenset({"namespace_definition", "internal_module", "module", "mod_item"})
_COMMENTS = frozenset({"comment", "line_comment", "block_comment", "multiline_comment"})
# the grammar of Kotlin may take annotations for an expression where several definitions follow
_ABOVE = _COMMENTS | {"decorator", "attribute_item", "annotation", "annotated_expression"}
_BODIES = frozenset({"class_body", "enum_class_body", "function_body", "field_declaration_list", "block", "enum_body"})
_FUNCTIONS = frozenset({"arrow_function", "function_expression", "function", "generator_function"})
_BASES = frozenset(
    {
        *("superclass", "super_interfaces", "extends_interfaces", "class_heritage", "extends_type_clause"),
        *("base_class_clause", "delegation_specifiers", "argument_list"),
    }
)
_NO_BASE = frozenset({"extends", "implements", "public", "private", "protected", "virtual", "metaclass", "by"})
_CALL = re.compile(r"[\w$]+(?:\.[\w$]+)*!?")
_LAST_IN_LINE = re.compile(rb"(\"(?:[^\"\\\n]|\\.)*\")|(?<=[^\s{;])[ \t](?=\})")
_KOTLIN_CONTEXT = re.compile(rb"^[ \t]*context\s*\((?:[^()]|\([^()]*\))*\)(?=\s*(?:@|[a-z]))", re.MULTILINE)
_NEWER_KOTLIN = re.compile(
    rb"(?P<kept>//[^\n]*|/\*.*?\*/|\"\"\".*?\"\"\"|\"(?:[^\"\\\n]|\\.)*\")"
    rb"|\$\$+(?=\")|(?<=[\w>\"')])[ \t]+if[ \t]+[^\n{}]*?(?=->)"
    rb"|^[ \t]+field[ \t]*(?::[^=\n]*)?=[^\n]*$",
    re.MULTILINE | re.DOTALL,
)
_LICENSE = re.compile(r"licen[sc]e|copyright|\(c\)|spdx|eslint|@ts-|generated|pylint|clang-format|^#!", re.IGNORECASE)
_LONGEST_SIGNATURE = 400  # characters
_LONGEST_DOCSTRING = 600
_LONGEST_NAME = 200
_MOST_CALLS = 200  # a symbol
_MOST_SYMBOLS = 5000
_WIDEST = 300  # characters of a line on average: what is wider was not written by hand


def read_definitions(path: str, language: str, source: str) -> ModuleFacts:
    """Facts of a file, whose `path` is relative to the repository; what no hand wrote defines nothing."""
    lines = source.split("\n")
    if len(source) > _WIDEST * (len(lines) + 10):
        return ModuleFacts(path, len(lines))
    raw = source.encode("utf-8", "replace")
    if language == "kotlin":
        # its grammar takes one for a call
        raw = _KOTLIN_CONTEXT.sub(lambda found: re.sub(rb"[^\n]", b" ", found[0]), raw)
    for grammar in grammars_of(path, language):
        tree = parsed(grammar, raw)
        if not tree.root_node.has_error:
            break
    if grammar == "kotlin" and tree.root_node.has_error:
        # its grammar does not end a definition where the class ends in the same line: class A { fun f() = 1 }
        ended = parsed(grammar, _LAST_IN_LINE.sub(lambda found: found[1] or b";", raw))
        if _errors(ended.root_node) < _errors(tree.root_node):
            tree = ended
    if grammar == "kotlin" and tree.root_node.has_error:
        # nor does it know what is new: guards of when, dollars before a string, fields of a property
        older = _NEWER_KOTLIN.sub(lambda found: found["kept"] or re.sub(rb"[^\n]", b" ", found[0]), raw)
        for text in (older, _LAST_IN_LINE.sub(lambda found: found[1] or b";", older)):
            known = parsed(grammar, text)
            if _errors(known.root_node) < _errors(tree.root_node):
                tree = known
    reader = _Reader(grammar, lines)
    root = tree.root_node
    try:
        reader.read(root, ())
    except RecursionError:
        raise UnreadableSourceError("it is nested too deeply to be read") from None
    reader.resolve_calls(root)
    for symbol in reader.symbols:
        code = "\n".join(lines[symbol.line - 1 : symbol.end_line])
        symbol.code_hash = hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()[:32]
    facts = ModuleFacts(
        path, len(lines), reader.opening(root), reader.symbols, reader.imports, reader.top_calls, module=reader.module
    )
    if language in ("javascript", "typescript"):
        facts.routing = read_script_routes(root, facts)
    if language in ("typescript", "java", "kotlin"):
        read_annotated_routes(facts.routing, reader.annotated, source)
    return facts


class _Reader:
    """Collects the symbols and imports of one file."""

    def __init__(self, grammar: str, lines: list[str]) -> None:
        self.symbols: list[Symbol] = []
        self.imports: list[Import] = []
        self.top_calls: list[str] = []
        self.module = ""
        # classes with what is written before them, and their methods likewise
        self.annotated: list[tuple[Symbol, str, str]] = []
        self._grammar = grammar
        self._lines = lines
        self._named: dict[str, Symbol] = {}
        self._places: list[tuple[int, int, Symbol]] = []

    def read(self, node: Node, scope: tuple[str, ...]) -> None:
        for child in node.named_children:
            self._visit(child, child, scope)

    def _visit(self, node: Node, outer: Node, scope: tuple[str, ...]) -> None:
        kind = node.type
        if kind in _COMMENTS:
            return
        if kind in _WRAPPERS:
            self._read_export(node)
            for child in node.named_children:
                self._visit(child, outer, scope)
        elif kind in _SPACES:
            named = _text(node.child_by_field_name("name")).strip("\"'").replace("::", ".")
            name = re.sub(r"\binline\s+", "", named)
            body = node.child_by_field_name("body")
            if body is not None:
                self.read(body, (*scope, name) if name else scope)
        elif kind == "impl_item":
            self._read_impl(node, scope)
        elif kind in ("lexical_declaration", "variable_declaration"):
            self._read_variables(node, outer, scope)
        elif kind == "expression_statement" and self._is_script:
            self._read_assignment(node, scope)
        elif kind == "import_statement" and self._is_script:
            self._read_import(node)
        elif kind in ("import_declaration", "import_header", "import"):
            self._read_package_import(node)
        elif kind in ("package_declaration", "package_clause", "package_header"):
            self.module = re.sub(r"^\s*package\s+|[;\s].*$", "", _text(node), flags=re.DOTALL)
        elif kind == "type_declaration":
            # several of Go in parentheses begin each where they stand
            alone = len(node.named_children) == 1 and "(" not in [one.type for one in node.children]
            for child in node.named_children:
                self._visit(child, outer if alone else child, scope)
        elif kind == "type_definition":
            self._read_typedef(node, outer, scope)
        elif kind in ("declaration", "field_declaration"):
            self._read_declaration(node, outer, scope)
        elif kind == "public_field_definition" or kind == "field_definition":
            value = node.child_by_field_name("value")
            if value is not None and value.type in _FUNCTIONS:
                self._add(node, outer, "method", _field_name(node), scope, value)
        elif kind in _KINDS:
            self._read_definition(node, outer, scope)
        elif kind == "class_body" or kind not in ("block", "statement_block", "compound_statement", "call_expression"):
            # whatever groups definitions: lists of declarations, branches of the preprocessor, companions
            self.read(node, scope)

    @property
    def _is_script(self) -> bool:
        return self._grammar in ("javascript", "typescript", "tsx")

    def _read_definition(self, node: Node, outer: Node, scope: tuple[str, ...]) -> None:
        kind = _KINDS[node.type]
        body = _body(node)
        if (node.type.endswith("_specifier") and body is None) or _is_overload(node, outer):
            return
        within = scope
        name = _field_name(node)
        if self._grammar in ("c", "c++") and kind == "function":
            name = _declared(node.child_by_field_name("declarator"))
            parts = name.split(".")
            within, name = (*scope, *parts[:-1]), parts[-1]
            if len(parts) > 1:
                kind = "method"
        elif node.type == "method_declaration" and self._grammar == "go":
            receiver = re.search(
                r"([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?\s*\)\s*$", _text(node.child_by_field_name("receiver"))
            )
            within = (*scope, receiver[1]) if receiver else scope
        elif node.type == "type_spec":
            held = node.child_by_field_name("type")
            body = held if held is not None and held.type in ("struct_type", "interface_type") else None
            kind = {"struct_type": "struct", "interface_type": "interface"}.get(held.type if held else "", "type")
        elif node.type == "class_declaration" and self._grammar == "kotlin":
            words = {child.type for child in node.children} | set(_modifiers(node).split())
            kind = "interface" if "interface" in words else "enum" if "enum" in words else "class"
        if kind == "function" and self._named.get(".".join(scope), _NOTHING).kind in _HOLDERS:
            kind = "method"
        if not name:
            return
        symbol = self._add(node, outer, kind, name, within, body)
        if body is not None and kind in _HOLDERS:
            self.read(body, (*within, name))
            if symbol is not None:
                inner = f"{symbol.name}."
                names = [one.name.removeprefix(inner) for one in self.symbols if one.name.startswith(inner)]
                symbol.members = [one for one in dict.fromkeys(names) if "." not in one and not one.startswith("_")]

    def _add(
        self, node: Node, outer: Node, kind: str, name: str, scope: tuple[str, ...], body: Node | None
    ) -> Symbol | None:
        """The symbol; None for what stands already: overloads, of which each has its own route, declarations again."""
        whole = ".".join((*scope, name))
        if len(whole) > _LONGEST_NAME or len(self.symbols) >= _MOST_SYMBOLS:
            return None
        above = [one for one in _above(outer) if one.start_point.row or not _LICENSE.search(_text(one))]
        first = above[-1] if above else outer
        said = [_text(one) for one in reversed(above) if one.type in _COMMENTS]
        line, end_line = first.start_point.row + 1, _last_row(outer) + 1
        annotations = " ".join(
            [*(_text(one) for one in reversed(above) if one.type not in _COMMENTS), _before(node, outer, name)]
        )
        symbol = Symbol(
            whole,
            cast(Kind, kind),
            line,
            end_line,
            _signature(node, body),
            _said(said) or self._docstring(body),
            list(dict.fromkeys(re.findall(r"@(?:[a-z]\w*\.)*(\w+)", annotations))),
            _bases(node),
            private=bool(re.search(r"\bprivate\b", _modifiers(node))) or name.startswith("#"),
        )
        self.annotated.append((symbol, ".".join(scope), annotations))
        if whole in self._named:
            return None
        self.symbols.append(symbol)
        self._named[whole] = symbol
        self._places.append((first.start_byte, outer.end_byte, symbol))
        return symbol

    def _docstring(self, body: Node | None) -> str:
        """The string that a body of Python begins with."""
        if self._grammar != "python" or body is None or not body.named_children:
            return ""
        first = body.named_children[0]
        string = first.named_children[0] if first.type == "expression_statement" and first.named_children else first
        if string.type != "string":
            return ""
        text = re.sub(r"^\w*(\"\"\"|'''|\"|')|(\"\"\"|'''|\"|')$", "", _text(string))
        return first_paragraph(clean(text), _LONGEST_DOCSTRING)

    def opening(self, root: Node) -> str:
        """What a comment at the beginning says of the whole file, and not of the definition below it."""
        if self._grammar == "python":
            return self._docstring(root)
        said: list[Node] = []
        for child in root.named_children:
            if child.type == "hash_bang_line":
                continue
            adjacent = not said or child.start_point.row <= _last_row(said[-1]) + 1
            if child.type in _COMMENTS and adjacent:
                said.append(child)
                continue
            if (
                adjacent
                and child.type not in ("package_clause", "preproc_include")
                and not _text(said[0] if said else child).startswith("//!")
            ):
                return ""
            break
        text = _said([_text(one) for one in said])
        return "" if _LICENSE.search(text) else text

    # Scripts

    def _read_variables(self, node: Node, outer: Node, scope: tuple[str, ...]) -> None:
        for one in node.named_children:
            value = one.child_by_field_name("value") if one.type == "variable_declarator" else None
            if value is None:
                continue
            name = one.child_by_field_name("name")
            required = _required(value)
            if required is not None:
                self._bind_required(name, required)
                continue
            # memo(() => ...), forwardRef(function ...), debounce(...)
            inner = value
            while inner.type == "call_expression":
                arguments = inner.child_by_field_name("arguments")
                given = [a for a in (arguments.named_children if arguments else ()) if a.type in _FUNCTIONS]
                if not given:
                    break
                inner = given[0]
            if name is None or name.type != "identifier":
                continue
            if inner.type in _FUNCTIONS:
                self._add(one, outer, "function", _text(name), scope, inner.child_by_field_name("body"))
            elif inner.type == "class":
                self._add(one, outer, "class", _text(name), scope, inner.child_by_field_name("body"))
                self.read(inner, (*scope, _text(name)))
            elif inner.type == "object":
                self._read_object(inner, (*scope, _text(name)))

    def _read_object(self, node: Node, scope: tuple[str, ...]) -> None:
        for pair in node.named_children:
            value = pair.child_by_field_name("value")
            if pair.type == "method_definition":
                self._add(pair, pair, "method", _field_name(pair), scope, pair.child_by_field_name("body"))
            elif pair.type == "pair" and value is not None and value.type in _FUNCTIONS:
                name = _text(pair.child_by_field_name("key")).strip("\"'")
                if re.fullmatch(r"[\w$]+", name):
                    self._add(pair, pair, "method", name, scope, value.child_by_field_name("body"))

    def _read_assignment(self, node: Node, scope: tuple[str, ...]) -> None:
        """`exports.run = function () {}`, `Shop.prototype.open = ...`, `module.exports = router`."""
        inner = node.named_children[0] if node.named_children else None
        if inner is not None and inner.type in _SPACES:
            self._visit(inner, node, scope)
        if inner is None or inner.type != "assignment_expression":
            return
        left, right = _text(inner.child_by_field_name("left")), inner.child_by_field_name("right")
        if right is None:
            return
        name = re.sub(r"^(?:module\.)?exports\.|^this\.|\.prototype(?=\.)", "", left)
        if re.fullmatch(r"(?:module\.)?exports", name):
            if right.type == "identifier":
                self.imports.append(Import("default", "", _text(right)))
            elif right.type in _FUNCTIONS and (named := _field_name(right)):
                self._add(right, node, "function", named, scope, right.child_by_field_name("body"))
                self.imports.append(Import("default", "", named))
            elif right.type == "object":
                self._read_object(right, scope)
        elif right.type in _FUNCTIONS and re.fullmatch(r"[\w$]+(?:\.[\w$]+)?", name):
            parts = name.split(".")
            kind = "method" if len(parts) > 1 else "function"
            self._add(inner, node, kind, parts[-1], (*scope, *parts[:-1]), right.child_by_field_name("body"))

    def _read_import(self, node: Node) -> None:
        source = _text(node.child_by_field_name("source")).strip("\"'`")
        if not source:
            return
        bound = False
        for clause in node.named_children:
            if clause.type != "import_clause":
                continue
            for one in clause.named_children:
                bound = True
                if one.type == "identifier":
                    self.imports.append(Import(_text(one), source, "default"))
                elif one.type == "namespace_import":
                    self.imports.append(Import(_text(one.named_children[-1]), source, None))
                else:
                    self._bind_each(one, source, "import_specifier")
        if not bound:
            self.imports.append(Import("", source, None))

    def _bind_each(self, node: Node, source: str, kind: str) -> None:
        for one in node.named_children:
            if one.type == kind:
                name = _text(one.child_by_field_name("name"))
                self.imports.append(Import(_text(one.child_by_field_name("alias")) or name, source, name))

    def _bind_required(self, name: Node | None, source: str) -> None:
        if name is not None and name.type == "identifier":
            self.imports.append(Import(_text(name), source, "default"))
        elif name is not None:
            for one in name.named_children:
                given = one.child_by_field_name("key") or one
                bound = one.child_by_field_name("value") or one
                self.imports.append(Import(_text(bound), source, _text(given)))

    def _read_export(self, node: Node) -> None:
        source = _text(node.child_by_field_name("source")).strip("\"'`")
        clause = next((one for one in node.named_children if one.type == "export_clause"), None)
        if clause is not None:
            self._bind_each(clause, source, "export_specifier")
            if not source:
                self.imports = [one for one in self.imports if one.module or one.bound != one.name]
        elif source:
            self.imports.append(Import("*", source, "*"))
        elif any(child.type == "default" for child in node.children):
            value = node.child_by_field_name("value") or node.child_by_field_name("declaration")
            named = _text(value) if value is not None and value.type == "identifier" else _field_name(value)
            if named:
                self.imports.append(Import("default", "", named))

    # Other languages

    def _read_package_import(self, node: Node) -> None:
        if self._grammar in ("java", "kotlin"):
            whole = re.sub(r"^\s*import\s+(?:static\s+)?|\s+as\s+\w+|;.*$", "", _text(node), flags=re.DOTALL).strip()
            module, _, name = whole.rpartition(".")
            if module and re.fullmatch(r"[\w.]+", whole):
                self.imports.append(Import(name, whole, name))

    def _read_impl(self, node: Node, scope: tuple[str, ...]) -> None:
        """`impl Trait for Type`: its functions are methods of the type."""
        name = (
            re.sub(r"<.*", "", _text(node.child_by_field_name("type")), flags=re.DOTALL).replace("::", ".").strip("&' ")
        )
        body = node.child_by_field_name("body")
        trait = re.sub(r"<.*", "", _text(node.child_by_field_name("trait")), flags=re.DOTALL).replace("::", ".")
        owner = self._named.get(".".join((*scope, name)))
        if owner is not None and trait:
            owner.bases.append(trait)
        if body is None:
            return
        for one in body.named_children:
            if one.type == "function_item":
                self._add(one, one, "method", _field_name(one), (*scope, name), one.child_by_field_name("body"))

    def _read_typedef(self, node: Node, outer: Node, scope: tuple[str, ...]) -> None:
        held = node.child_by_field_name("type")
        names = [_declared(one) for one in node.children_by_field_name("declarator")]
        name = names[-1] if names else ""
        if held is None or not name:
            return
        body = held.child_by_field_name("body")
        kind = _KINDS.get(held.type, "type") if body is not None else "type"
        self._add(node, outer, kind, name, scope, body)

    def _read_declaration(self, node: Node, outer: Node, scope: tuple[str, ...]) -> None:
        """`struct shop { ... } the_shop;` defines a type; a prototype counts where something is said of it."""
        held = node.child_by_field_name("type")
        if held is not None and held.type in _KINDS:
            self._read_definition(held, outer, scope)
            return
        declarator = node.child_by_field_name("declarator")
        while declarator is not None and declarator.type == "pointer_declarator":
            declarator = declarator.child_by_field_name("declarator")
        if declarator is None or declarator.type != "function_declarator" or node.type == "field_declaration":
            return
        if any(one.type in _COMMENTS for one in _above(outer)):
            self._add(node, outer, "function", _declared(declarator), scope, None)

    # Calls

    def resolve_calls(self, root: Node) -> None:
        """What is called goes to the innermost symbol that it stands in."""
        places = sorted(self._places, key=lambda place: (place[0], -place[1]))
        waiting = iter(places)
        following = next(waiting, None)
        within: list[tuple[int, int, Symbol]] = []
        for node in called(self._grammar, root):
            at = node.start_byte
            while following is not None and following[0] <= at:
                within.append(following)
                following = next(waiting, None)
            while within and within[-1][1] <= at:
                within.pop()
            name = _called_name(node)
            # <div> is no component
            if name is not None and not (name[0].islower() and "jsx" in str(node.parent and node.parent.type)):
                calls = within[-1][2].calls if within else self.top_calls
                if name not in calls and len(calls) < _MOST_CALLS:
                    calls.append(name)


_NOTHING = Symbol("", "module", 0, 0)


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def _errors(node: Node) -> int:
    tree = str(node)
    return tree.count("(ERROR") + tree.count("(MISSING")


def _last_row(node: Node) -> int:
    """The last row that a node has something in; some comments of Rust end where the next line begins."""
    end = node.end_point
    return end.row - 1 if end.column == 0 and end.row > node.start_point.row else end.row


def _field_name(node: Node | None) -> str:
    if node is None:
        return ""
    name = node.child_by_field_name("name")
    if name is None:
        name = next(
            (one for one in node.named_children if one.type in ("identifier", "simple_identifier", "type_identifier")),
            None,
        )
    text = _text(name)
    return text if re.fullmatch(r"[#~\w$]+", text) else re.sub(r"[^\w$].*", "", text, flags=re.DOTALL)


def _is_overload(node: Node, outer: Node) -> bool:
    """A signature of TypeScript that the function itself follows."""
    following = outer.next_named_sibling if node.type == "function_signature" else None
    if following is None:
        return False
    inner = following.child_by_field_name("declaration") or following
    return inner.type in ("function_signature", "function_declaration") and _field_name(inner) == _field_name(node)


def _declared(node: Node | None) -> str:
    """The name inside a declarator of C: `*(*name)(int)`, `Shop::open`, `operator==`."""
    while node is not None:
        inner = node.child_by_field_name("declarator")
        if inner is None and node.type in ("parenthesized_declarator", "reference_declarator", "attributed_declarator"):
            inner = node.named_children[-1] if node.named_children else None
        if inner is None:
            break
        node = inner
    text = re.sub(r"<[^<>]*>", "", _text(node)).replace("::", ".").strip(".")
    text = re.sub(r"\s+", "", text)
    return text if re.fullmatch(r"[\w~.]+(?:operator\W+)?|operator\W+", text) else re.sub(r"[^\w~.].*", "", text)


def _body(node: Node) -> Node | None:
    body = node.child_by_field_name("body")
    return body if body is not None else next((one for one in node.named_children if one.type in _BODIES), None)


def _above(node: Node) -> Iterator[Node]:
    """Comments and decorators right above, from below to the top."""
    row = node.start_point.row
    one = node.prev_named_sibling
    while one is not None and one.type in _ABOVE and _last_row(one) >= row - 1 and _last_row(one) <= row:
        # a comment at the end of a line of code is that line's
        before = one.prev_named_sibling
        if before is not None and before.type not in _ABOVE and _last_row(before) == one.start_point.row:
            return
        yield one
        row = one.start_point.row
        one = before


def _modifiers(node: Node) -> str:
    words = [
        _text(one)
        for one in node.children
        if one.type in ("modifiers", "accessibility_modifier", "visibility_modifier")
    ]
    return re.sub(r"@\w+(?:\([^()]*\))?", "", " ".join(words))


def _before(node: Node, outer: Node, name: str) -> str:
    """The source before the name: where annotations of Java and decorators of scripts stand."""
    held = [
        _text(one)
        for part in (outer, node)
        for one in part.children
        if one.type in ("modifiers", "decorator", "annotation", "marker_annotation")
    ]
    return " ".join(dict.fromkeys(held)) if name else ""


def _signature(node: Node, body: Node | None) -> str:
    start = node.start_byte
    for one in node.children:
        if one.type in ("modifiers", "decorator"):
            marked = [inner for inner in one.children if inner.type.endswith("annotation")] or (
                [one] if one.type == "decorator" else []
            )
            start = max([start, *(inner.end_byte for inner in marked)])
    raw = node.text or b""
    text = raw[start - node.start_byte : (body.start_byte if body is not None else node.end_byte) - node.start_byte]
    return one_line(re.sub(r"\s*(?:=>|[{=:;])\s*$", "", text.decode("utf-8", "replace")), _LONGEST_SIGNATURE)


def _bases(node: Node) -> list[str]:
    found: list[str] = []
    for one in node.children:
        if one.type in _BASES and node.type not in ("call", "call_expression"):
            text = re.sub(r"<[^<>]*(?:<[^<>]*>[^<>]*)*>|\([^()]*\)|\w+\s*=\s*[\w.]+", "", _text(one)).replace("::", ".")
            if one.type == "argument_list":
                text = re.sub(r"\w+\s*=\s*[\w.]+|\[[^\]]*\]", "", _text(one))
            found += [name for name in re.findall(r"[A-Za-z_][\w.]*", text) if name not in _NO_BASE]
    return list(dict.fromkeys(found))


def _required(node: Node) -> str | None:
    """The module of `require("module")`."""
    if node.type != "call_expression" or _text(node.child_by_field_name("function")) != "require":
        return None
    found = re.fullmatch(r"\(\s*[\"'`]([^\"'`]+)[\"'`]\s*\)", _text(node.child_by_field_name("arguments")))
    return found[1] if found else None


def _called_name(node: Node) -> str | None:
    if node.type == "method_invocation":
        receiver = _text(node.child_by_field_name("object"))
        text = (
            f"{receiver}.{_text(node.child_by_field_name('name'))}"
            if receiver
            else _text(node.child_by_field_name("name"))
        )
    else:
        text = _text(node)
    text = re.sub(r"::<[^<>]*>|<[^<>]*>", "", text).replace("::", ".").replace("->", ".").replace("?.", ".")
    text = re.sub(r"^this\.|^Self\.", "self.", text)
    return text if _CALL.fullmatch(text) and text not in ("require", "super") else None


def _said(comments: list[str]) -> str:
    """The first paragraph of comments, without their marks, and of tags of documentation nothing."""
    lines: list[str] = []
    for comment in comments:
        for line in comment.strip().splitlines():
            bare = re.sub(r"^\s*(?:/\*+!?|//[/!]*|\*+(?!/)|#+)?\s?|\s*\*+/\s*$", "", line.strip().removesuffix("*/"))
            lines.append(re.sub(r"</?\w+[^<>]*>|\{@\w+\s+([^{}]*)\}", r"\1", bare))
    while lines and not lines[0].strip():
        lines.pop(0)
    tagged = next((at for at, line in enumerate(lines) if re.match(r"\s*[@\\](?!brief)\w+", line)), len(lines))
    text = re.sub(r"[@\\]brief\s+", "", "\n".join(lines[:tagged]))
    return first_paragraph(clean(text), _LONGEST_DOCSTRING)
