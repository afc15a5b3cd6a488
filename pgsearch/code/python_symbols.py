"""What a Python file defines and calls, read from its syntax tree: nothing is imported or run."""

from __future__ import annotations

import ast
import builtins
import hashlib
import io
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

from pgsearch.code.facts import Import, ModuleFacts, Symbol, UnreadableSourceError
from pgsearch.code.newer_python import written_as_before
from pgsearch.code.routes import read_routing
from pgsearch.code.words import clean, first_paragraph, one_line

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)
_BUILTINS = frozenset(dir(builtins))
_LONGEST_SIGNATURE = 400  # characters
_LONGEST_DOCSTRING = 600
_MOST_CALLS = 200  # a symbol


def decoded(raw: bytes) -> str:
    """The text of a Python file: by its coding line or mark, else UTF-8, else Latin-1, which reads everything."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        text = raw.decode(encoding)
    except (SyntaxError, LookupError, UnicodeDecodeError):
        text = raw.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse(source: str) -> ast.Module:
    """The syntax tree; UnreadableSourceError for other languages, Python 2, and nesting beyond all measure."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except SyntaxError as error:
        where = f" (line {error.lineno})" if error.lineno else ""
        raise UnreadableSourceError(f"{error.msg}{where}") from None
    except (RecursionError, MemoryError):
        raise UnreadableSourceError("it is nested too deeply to be parsed") from None
    except ValueError as error:
        raise UnreadableSourceError(str(error)) from None


def read_module(path: str, source: str) -> ModuleFacts:
    """Facts of a file, whose `path` is relative to the repository; UnreadableSourceError as parse.

    What only a newer Python understands is read all the same, where the extra `code` is installed.
    """
    try:
        tree = parse(source)
    except UnreadableSourceError:
        before = written_as_before(source)
        if before is None:
            raise
        tree = parse(before)
    try:
        return _facts(path, source, tree)
    except RecursionError:
        raise UnreadableSourceError("it is nested too deeply to be read") from None


def definitions(body: Iterable[ast.stmt]) -> Iterator[Definition]:
    """Classes and functions of a body in their order, also those under `if`, `try` and `with`."""
    for statement in body:
        if isinstance(statement, _DEFINITIONS):
            yield statement
        else:
            yield from definitions(_inner_statements(statement))


def first_line(node: Definition, lines: list[str]) -> int:
    """Where a definition begins: at its first decorator, or the comment right above."""
    line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    comment = " " * node.col_offset + "#"
    while line > 2 and lines[line - 2].startswith(comment):
        line -= 1
    return line


def dotted(node: ast.expr) -> str | None:
    """`a.b.c` of an expression that is one; `Foo().run` is `Foo.run`, `super().run` stays as it is."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    elif isinstance(node, ast.Call) and parts:
        made = dotted(node.func)
        if made == "super":
            parts.append("super()")
        elif made is not None and made.rpartition(".")[2][:1].isupper():
            parts.append(made)
        else:
            return None
    else:
        return None
    return ".".join(reversed(parts))


def _inner_statements(statement: ast.stmt) -> Iterator[ast.stmt]:
    for name in ("body", "orelse", "finalbody"):
        yield from getattr(statement, name, ())
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield from part.body


@dataclass(slots=True)
class _Use:
    """What a body does: filled by one walk over it, which is not in the order of the lines, so calls have theirs."""

    calls: list[tuple[int, int, str]] = field(default_factory=list)
    raises: list[str] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)
    attributes: dict[str, str] = field(default_factory=dict)


def _facts(path: str, source: str, tree: ast.Module) -> ModuleFacts:
    lines = source.split("\n")
    reader = _Reader(lines)
    top = reader.used(_outside_definitions(tree.body), None)
    for node in definitions(tree.body):
        reader.add(node, "")
    routing, included = read_routing(tree)
    own = {symbol.name for symbol in reader.symbols} | {one.bound for one in reader.imports}
    hidden = _BUILTINS - own
    for symbol in reader.symbols:
        code = "\n".join(lines[symbol.line - 1 : symbol.end_line])
        symbol.code_hash = hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()[:32]
        symbol.calls = _worth_keeping(symbol.calls, hidden)
    return ModuleFacts(
        path,
        len(lines),
        _docstring(tree),
        reader.symbols,
        [*reader.imports, *included],
        _worth_keeping(_resolved(top, {}, shadowed=False), hidden),
        routing,
    )


class _Reader:
    """Collects the symbols and imports of one file."""

    def __init__(self, lines: list[str]) -> None:
        self.symbols: list[Symbol] = []
        self.imports: list[Import] = []
        self._lines = lines
        self._seen: set[str] = set()

    def add(self, node: Definition, outer: str) -> None:
        if isinstance(node, ast.ClassDef):
            self._add_class(node, outer)
        else:
            added = self._add_function(node, outer)
            if added is not None:
                symbol, use = added
                symbol.calls = _resolved(use, {})

    def used(self, nodes: Iterable[ast.AST], receiver: str | None) -> _Use:
        """What the nodes do; `receiver` is the name of `self`, which calls spell so."""
        use = _Use()
        for node in nodes:
            if isinstance(node, ast.Call):
                called = dotted(node.func)
                if called is not None:
                    use.calls.append((node.lineno, node.col_offset, _through_self(called, receiver)))
            elif isinstance(node, ast.Name):
                if isinstance(node.ctx, ast.Store):
                    use.bound.add(node.id)
            elif isinstance(node, ast.Assign):
                if len(node.targets) == 1:
                    _note_type(use, node.targets[0], _made(node.value), receiver)
            elif isinstance(node, ast.AnnAssign):
                _note_type(use, node.target, _annotated(node.annotation), receiver)
            elif isinstance(node, ast.Raise):
                raised = _called_or_named(node.exc) if node.exc is not None else None
                if raised is not None and raised.rpartition(".")[2][:1].isupper():
                    use.raises.append(raised)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    self.imports.append(Import(bound, alias.name if alias.asname else bound, None))
                    if not alias.asname and "." in alias.name:
                        # the import of the submodule counts, too, though its parent is what is bound
                        self.imports.append(Import("", alias.name, None))
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    self.imports.append(Import(alias.asname or alias.name, node.module or "", alias.name, node.level))
            elif isinstance(node, _FUNCTIONS):
                use.bound.add(node.name)
        return use

    def _add_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, outer: str) -> tuple[Symbol, _Use] | None:
        """None for what stands already: overloads, setters, and the other half of an `if`."""
        decorators = _decorators(node)
        name = f"{outer}{node.name}"
        if name in self._seen or any(d.rpartition(".")[2] in ("overload", "setter", "deleter") for d in decorators):
            return None
        self._seen.add(name)
        arguments = [*node.args.posonlyargs, *node.args.args]
        bound_to_class = bool(outer) and "staticmethod" not in decorators and bool(arguments)
        use = self.used(_below(node), arguments[0].arg if bound_to_class else None)
        for argument in (*arguments[bound_to_class:], *node.args.kwonlyargs, node.args.vararg, node.args.kwarg):
            if argument is not None:
                use.bound.add(argument.arg)
                kind = _annotated(argument.annotation) if argument.annotation is not None else None
                if kind is not None:
                    use.types.setdefault(argument.arg, kind)
        symbol = Symbol(
            name,
            "method" if outer else "function",
            first_line(node, self._lines),
            node.end_lineno or node.lineno,
            _signature(node, node.name),
            _docstring(node),
            decorators,
            raises=list(dict.fromkeys(use.raises)),
        )
        self.symbols.append(symbol)
        return symbol, use

    def _add_class(self, node: ast.ClassDef, outer: str) -> None:
        name = f"{outer}{node.name}"
        if name in self._seen:
            return
        self._seen.add(name)
        inner = list(definitions(node.body))
        symbol = Symbol(
            name,
            "class",
            first_line(node, self._lines),
            node.end_lineno or node.lineno,
            next((_signature(one, node.name) for one in inner if _is_function(one) and one.name == "__init__"), ""),
            _docstring(node),
            _decorators(node),
            [text for base in node.bases if (text := _called_or_named(_unsubscripted(base)))],
            members=list(dict.fromkeys(one.name for one in inner if not one.name.startswith("_"))),
        )
        self.symbols.append(symbol)
        use = self.used(_outside_definitions(node.body), None)
        symbol.calls = _resolved(use, {}, shadowed=False)

        # what a class holds is often plain from its annotations and from what its methods assign to self
        attributes = dict(use.types)
        methods: list[tuple[Symbol, _Use]] = []
        for one in inner:
            if isinstance(one, ast.ClassDef):
                self._add_class(one, f"{name}.")
                continue
            added = self._add_function(one, f"{name}.")
            if added is not None:
                methods.append(added)
                for attribute, kind in added[1].attributes.items():
                    attributes.setdefault(attribute, added[1].types.get(kind, kind))
        for method, used in methods:
            method.calls = _resolved(used, attributes)


def _resolved(use: _Use, attributes: dict[str, str], *, shadowed: bool = True) -> list[str]:
    """The calls with receivers replaced by their classes; those on other local names are nobody's."""
    calls = []
    for _, _, call in sorted(use.calls):
        head, _, rest = call.partition(".")
        if head == "self" and "." in rest:
            attribute, _, method = rest.partition(".")
            kind = attributes.get(attribute)
            if kind is None or not kind.rpartition(".")[2][:1].isupper():
                continue
            calls.append(f"{kind}.{method}")
        elif head in use.types and rest:
            calls.append(f"{use.types[head]}.{rest}")
        elif not shadowed or head not in use.bound or head == "self":
            calls.append(call)
    return list(dict.fromkeys(calls))


def _worth_keeping(calls: Iterable[str], hidden: frozenset[str]) -> list[str]:
    return [call for call in calls if call.partition(".")[0] not in hidden][:_MOST_CALLS]


def _through_self(called: str, receiver: str | None) -> str:
    head, _, rest = called.partition(".")
    return f"self.{rest}" if head == receiver and rest else called


def _note_type(use: _Use, target: ast.expr, kind: str | None, receiver: str | None) -> None:
    if kind is None:
        return
    if isinstance(target, ast.Name):
        if kind.rpartition(".")[2][:1].isupper():
            use.types.setdefault(target.id, kind)
    elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == receiver:
        use.attributes.setdefault(target.attr, kind)


def _made(value: ast.expr) -> str | None:
    """The class whose object an expression plainly is, or the name of a parameter that is passed on."""
    if isinstance(value, ast.Await):
        value = value.value
    if isinstance(value, ast.Call):
        made = dotted(value.func)
        return made if made is not None and made.rpartition(".")[2][:1].isupper() else None
    if isinstance(value, ast.BoolOp):
        return _made(value.values[-1])
    return value.id if isinstance(value, ast.Name) else None


def _annotated(annotation: ast.expr) -> str | None:
    """The class of an annotation: `Foo`, `Foo | None`, `Optional[Foo]`, `"Foo"`."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        text = annotation.value.removesuffix("| None").strip()
        return text if text.replace(".", "").isidentifier() else None
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        sides = [side for side in (annotation.left, annotation.right) if not _is_none(side)]
        return _annotated(sides[0]) if len(sides) == 1 else None
    if isinstance(annotation, ast.Subscript):
        outer = dotted(annotation.value)
        return _annotated(annotation.slice) if outer in ("Optional", "typing.Optional") else None
    return dotted(annotation)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_function(node: Definition) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(node, _FUNCTIONS)


def _unsubscripted(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Subscript) else node


def _called_or_named(node: ast.expr) -> str | None:
    return dotted(node.func if isinstance(node, ast.Call) else node)


def _decorators(node: Definition) -> list[str]:
    return [text for decorator in node.decorator_list if (text := _called_or_named(decorator))]


def _below(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Everything in the function's body, nested functions included: what they do, it does."""
    for statement in node.body:
        yield from ast.walk(statement)


def _outside_definitions(body: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """Everything in a body but its classes and functions."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, _DEFINITIONS):
            yield node
            waiting.extend(ast.iter_child_nodes(node))


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> str:
    returned = f" -> {ast.unparse(node.returns)}" if node.returns is not None and node.name != "__init__" else ""
    prefix = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    return one_line(f"{prefix}{name}({ast.unparse(node.args)}){returned}", _LONGEST_SIGNATURE)


def _docstring(node: Definition | ast.Module) -> str:
    return first_paragraph(clean(ast.get_docstring(node) or ""), _LONGEST_DOCSTRING)
