"""Routes of Express and its kin, and of annotations: Spring, NestJS, JAX-RS, Micronaut.

What one file says is read here; `whole_routes` joins the files, as it does for Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pgsearch.code.facts import Import, Inclusion, ModuleFacts, RouteUse, Routing, Symbol

if TYPE_CHECKING:
    from tree_sitter import Node

_VERBS = frozenset({"get", "post", "put", "delete", "patch", "head", "options", "all"})
_MAKERS = re.compile(
    r"(?:express|fastify|Fastify|(?:[\w$]+\.|require\([^()]*\)\.)?Router|KoaRouter|Hono|restify\.createServer)"
)
# names that applications give to routers which a function is handed
_USUAL = re.compile(r"app|server|fastify|router|routes|\w+Router|\w+_router")
# what a prefix is called that another file says
_PREFIX_NAME = re.compile(r"^[\w.]*(?:prefix|base|path|version|root)[\w.]*$", re.IGNORECASE)
_MAPPINGS = {
    **{f"{verb.title()}Mapping": verb.upper() for verb in ("get", "post", "put", "delete", "patch")},
    **{verb.title(): verb.upper() for verb in _VERBS},
    **{verb.upper(): verb.upper() for verb in _VERBS - {"all"}},
}
_CONTROLLERS = frozenset({"RestController", "Controller", "RequestMapping", "Path", "RestControllerAdvice"})
_CONSTANT = re.compile(r"\b(\w+)\s*(?::\s*String\s*|:\s*string\s*)?=\s*[\"']([^\"']*)[\"']")


def read_script_routes(root: Node, facts: ModuleFacts) -> Routing:
    """`app.get("/x", ..., handler)`, `router.route("/x").post(handler)`, `app.use("/prefix", router)`."""
    routing = Routing()
    calls = list(_calls(root))
    constants = _constants(_text(root))
    # routers that a function is handed, with the functions
    handed: dict[str, set[str]] = {}
    for node in calls:
        maker = node.parent
        if maker is not None and maker.type == "variable_declarator" and (prefix := _made(node, constants)) is not None:
            routing.routers[_text(maker.child_by_field_name("name"))] = prefix
    for node in calls:
        function = _function(node)
        if function is None or function.type not in ("member_expression", "subscript_expression"):
            continue
        verb = _text(function.child_by_field_name("property") or function.child_by_field_name("index")).strip("'\"`")
        # of Koa
        verb = "delete" if verb == "del" else verb
        receiver = function.child_by_field_name("object")
        arguments = _arguments(node)
        # one path, or a list of them
        held = arguments[0].named_children if arguments and arguments[0].type == "array" else arguments[:1]
        paths = [path for one in held if (path := _path(one, constants)) is not None]
        chained = _chained(receiver, constants)
        if chained is not None:
            receiver, paths = chained[0], [chained[1]]
        name = _text(receiver)
        if name not in routing.routers and not _USUAL.fullmatch(name):
            continue
        if verb == "route" and arguments and arguments[0].type == "object":
            routing.uses += _described(arguments[0], name, node, constants)
            continue
        if paths and name in routing.routers and len(arguments) > 2 and not paths[0].startswith(("/", "*", "(")):
            # the name of a route of Koa
            second = _path(arguments[1], constants)
            paths = [second] if second is not None and second.startswith("/") else paths
        if verb in _VERBS and paths and len(arguments) > (chained is None):
            if name not in routing.routers and not paths[0].startswith(("/", "*")):
                continue
            handler = _handler(arguments[-1])
            if handler is not None:
                if name not in routing.routers and (owner := _handed_to(node, name)):
                    handed.setdefault(name, set()).add(owner)
                routing.uses += [
                    RouteUse(
                        name,
                        path,
                        ["ANY" if verb == "all" else verb.upper()],
                        handler,
                        node.start_point.row + 1,
                        node.end_point.row + 1,
                        _comment(node),
                    )
                    for path in paths
                ]
        elif verb in ("use", "register") and arguments:
            if not paths and len(arguments) > 1 and _PREFIX_NAME.search(_text(arguments[0])):
                paths = [f"/{{{_text(arguments[0])}}}"]
            prefixes = paths or [_prefix_option(arguments[-1], constants) or ""]
            for one in arguments:
                child = _child(one, facts.imports)
                if child is not None:
                    routing.inclusions += [Inclusion(name, child, prefix.rstrip("/")) for prefix in prefixes]
    for name, owners in handed.items():
        # which of several it was handed by, a name does not tell
        if owners == {"default"}:
            facts.imports.append(Import("default", "", name))
        elif len(owners) == 1:
            routing.inclusions.append(Inclusion(owners.pop(), name, ""))
    return routing


def _made(node: Node, constants: dict[str, str]) -> str | None:
    """The prefix of a router where it is made: `new Router({ prefix: "/x" })`, `new Hono().basePath("/x")`."""
    function = _function(node)
    if function is not None and function.type == "member_expression":
        maker = function.child_by_field_name("object")
        given = _arguments(node)
        if (
            _text(function.child_by_field_name("property")) == "basePath"
            and maker is not None
            and maker.type in ("call_expression", "new_expression")
            and given
            and _made(maker, constants) is not None
        ):
            return (_path(given[0], constants) or "").rstrip("/")
    if not _MAKERS.fullmatch(_text(function)):
        return None
    return next((prefix.rstrip("/") for one in _arguments(node) if (prefix := _prefix_option(one, constants))), "")


def _described(described: Node, router: str, node: Node, constants: dict[str, str]) -> Iterator[RouteUse]:
    """`fastify.route({ method: "GET", url: "/x", handler })`."""
    said: dict[str, Node] = {}
    for pair in described.named_children:
        value = pair.child_by_field_name("value") if pair.type == "pair" else pair
        name = pair.child_by_field_name("key") or pair.child_by_field_name("name") or pair
        if value is not None:
            said[_text(name).strip("'\"")] = value
    place, method, handler = said.get("url") or said.get("path"), said.get("method"), said.get("handler")
    path = _path(place, constants) if place is not None else None
    if path is None or method is None or handler is None:
        return
    verbs = re.findall(r"[\"'`]([A-Za-z]+)[\"'`]", _text(method))
    if verbs:
        answers = "" if handler.type == "method_definition" else _handler(handler) or ""
        first, last = node.start_point.row + 1, node.end_point.row + 1
        yield RouteUse(router, path, [verb.upper() for verb in verbs], answers, first, last, _comment(node))


def _handed_to(node: Node, name: str) -> str:
    """The function around a call whose first parameter has this name: "default" where it is the module, "" for none."""
    one = node.parent
    while one is not None:
        parameters = one.child_by_field_name("parameters") or one.child_by_field_name("parameter")
        first = next(iter(parameters.named_children), parameters) if parameters is not None else None
        if first is not None and _text(first.child_by_field_name("pattern") or first) == name:
            outer = one.parent
            if outer is not None and outer.type == "variable_declarator":
                return _text(outer.child_by_field_name("name"))
            is_module = outer is not None and (
                outer.type == "export_statement"
                or (outer.type == "assignment_expression" and _text(outer).startswith(("module.exports", "exports =")))
            )
            return _text(one.child_by_field_name("name")) or ("default" if is_module else "")
        one = one.parent
    return ""


def read_annotated_routes(routing: Routing, annotated: Iterable[tuple[Symbol, str, str]], source: str) -> None:
    """Methods with an annotation of a path, below that of their class."""
    known = list(annotated)
    constants = dict(_CONSTANT.findall(source))
    prefixes: dict[str, list[str]] = {}
    for symbol, _, before in known:
        if symbol.kind in ("class", "interface"):
            names = set(symbol.decorators)
            if names & _CONTROLLERS and "FeignClient" not in names:
                prefixes[symbol.name] = _paths(before, ("RequestMapping", "Path", "Controller"), constants) or [""]
    for symbol, owner, before in known:
        if owner not in prefixes:
            continue
        methods = [_MAPPINGS[name] for name in symbol.decorators if name in _MAPPINGS]
        if "RequestMapping" in symbol.decorators:
            methods += re.findall(r"(?:RequestMethod\.|method\s*=\s*\W*)([A-Z]+)\b", before) or ["GET"]
        paths = _paths(before, (*_MAPPINGS, "RequestMapping", "Path"), constants) or [""]
        for path in paths if methods else ():
            for prefix in prefixes[owner]:
                whole = "/".join(part.strip("/") for part in (prefix, path) if part.strip("/"))
                routing.uses.append(
                    RouteUse(
                        "",
                        f"/{whole}",
                        ["ANY" if method == "ALL" else method for method in methods],
                        symbol.name,
                        symbol.line,
                        symbol.end_line,
                        symbol.docstring,
                    )
                )


def _paths(text: str, names: Iterable[str], constants: dict[str, str]) -> list[str]:
    """Paths in the arguments of the annotations of these names."""
    found: list[str] = []
    for one in re.finditer(
        rf"@(?:\w+\.)*(?:{'|'.join(names)})\s*\(((?:[^()\"'`]|\"[^\"]*\"|'[^']*'|`[^`]*`|\([^()]*\))*)\)", text
    ):
        said = one[1]
        named = re.search(r"\b(?:value|path|uri)\s*[=:]\s*(.*)", said, re.DOTALL)
        if named:
            said = named[1]
        elif re.match(r"\s*\w+\s*[=:]", said):
            continue
        said = re.split(r",\s*\w+\s*[=:]", said)[0]
        # a path may have braces of its own
        said = re.sub(r"(\"[^\"]*\"|'[^']*'|`[^`]*`)|^\s*arrayOf\(|[{}\[\]()]", lambda one: one[1] or "", said)
        for part in re.split(r",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", said):
            pieces = re.findall(r"\"([^\"]*)\"|'([^']*)'|`([^`]*)`|([A-Za-z_][\w.]*)", part)
            path = "".join(
                "".join(strings) or (constants.get(name.rpartition(".")[2], f"{{{name}}}") if name else "")
                for *strings, name in pieces
            )
            if pieces:
                # ${api.prefix:/api} of Spring, whose default is said here
                found.append(re.sub(r"\$\{([\w.-]+)(?::([^{}]*))?\}", lambda key: key[2] or f"{{{key[1]}}}", path))
    return list(dict.fromkeys(found))


def _calls(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.type in ("call_expression", "new_expression"):
            yield one
        waiting.extend(reversed(one.named_children))


def _function(node: Node) -> Node | None:
    return node.child_by_field_name("function") or node.child_by_field_name("constructor")


def _arguments(node: Node) -> list[Node]:
    held = node.child_by_field_name("arguments")
    return [one for one in (held.named_children if held is not None else ()) if one.type != "comment"]


def _constants(source: str) -> dict[str, str]:
    """Texts that the file gives a name, as variables and as keys of objects."""
    named = dict(re.findall(r"\b(\w+)\s*:\s*[\"'`]([^\"'`\n]*)[\"'`]", source))
    named |= dict(_CONSTANT.findall(source)) | dict(re.findall(r"\b(\w+)\s*=\s*`([^`\n]*)`", source))
    return {name: _filled(text, named) for name, text in named.items()}


def _filled(text: str, constants: dict[str, str]) -> str:
    """A template with what is known in the places of names."""
    return re.sub(
        r"\$\{\s*([\w.]+)\s*\}", lambda found: constants.get(found[1].rpartition(".")[2], f"{{{found[1]}}}"), text
    )


def _chained(receiver: Node | None, constants: dict[str, str]) -> tuple[Node | None, str] | None:
    """Router and path of `router.route("/x").get(...).post(...)`, seen from the last of them."""
    while receiver is not None and receiver.type == "call_expression":
        function = _function(receiver)
        if function is None or function.type != "member_expression":
            return None
        if _text(function.child_by_field_name("property")) == "route":
            given = _arguments(receiver)
            path = _path(given[0], constants) if given else None
            return (function.child_by_field_name("object"), path) if path is not None else None
        receiver = function.child_by_field_name("object")
    return None


def _path(node: Node, constants: dict[str, str]) -> str | None:
    """A text as it is written, by a name that the file gives it, or put together of such; None of anything else."""
    if node.type in ("as_expression", "satisfies_expression", "parenthesized_expression") and node.named_children:
        return _path(node.named_children[0], constants)
    if node.type == "regex":
        return re.sub(r"^\^|\$$|\\(?=/)", "", _text(node.child_by_field_name("pattern")))
    if node.type in ("string", "template_string"):
        return re.sub(r"\$\{([^{}]*)\}", r"{\1}", _filled(_text(node)[1:-1], constants))
    if node.type in ("identifier", "member_expression"):
        return constants.get(_text(node).rpartition(".")[2])
    if node.type == "binary_expression" and _text(node.child_by_field_name("operator")) == "+":
        sides = [node.child_by_field_name(side) for side in ("left", "right")]
        said = [(_path(side, constants), _text(side)) for side in sides if side is not None]
        return "".join(path if path is not None else f"{{{name}}}" for path, name in said)
    return None


def _handler(node: Node) -> str | None:
    """The name of what answers, "" of a function that has none; of a wrapper what is wrapped."""
    if node.type == "identifier" or (node.type == "member_expression" and re.fullmatch(r"[\w$.]+", _text(node))):
        return _text(node)
    if node.type in ("arrow_function", "function_expression", "function"):
        return _text(node.child_by_field_name("name"))
    if node.type == "call_expression":
        inner = [handler for one in _arguments(node) if (handler := _handler(one)) is not None]
        return inner[-1] if inner else ""
    if node.type == "array":
        return _handler(node.named_children[-1]) if node.named_children else None
    return None


def _child(node: Node, imports: list[Import]) -> str | None:
    """A router by its name; a module that is required in place gets one."""
    if node.type == "identifier":
        return _text(node)
    if node.type == "member_expression" and re.fullmatch(r"[\w$]+(?:\.[\w$]+)*", _text(node)):
        # router.routes() of Koa aside, a member is a router of a module
        return _text(node)
    if node.type != "call_expression":
        return None
    function = _function(node)
    required = re.fullmatch(r"require\(\s*[\"'`]([^\"'`]+)[\"'`]\s*\)", _text(node))
    if required is not None:
        bound = f"required {len(imports)}"
        imports.append(Import(bound, required[1], "default"))
        return bound
    if function is not None and function.type == "member_expression" and _text(function).endswith(".routes"):
        return _text(function.child_by_field_name("object"))
    return None


def _prefix_option(node: Node, constants: dict[str, str]) -> str | None:
    for pair in node.named_children if node.type == "object" else ():
        if pair.type == "pair" and _text(pair.child_by_field_name("key")).strip("\"'") == "prefix":
            value = pair.child_by_field_name("value")
            return _path(value, constants) if value is not None else None
    return None


def _comment(node: Node) -> str:
    statement = node
    while statement.parent is not None and statement.type != "expression_statement":
        statement = statement.parent
    before = statement.prev_named_sibling
    if before is None or before.type != "comment" or before.end_point.row != statement.start_point.row - 1:
        return ""
    return " ".join(
        re.sub(r"^\s*(?:/\*+|//|\*)\s?|\*/\s*$", "", line).strip() for line in _text(before).splitlines()
    ).strip()[:600]


def _text(node: Node | None) -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""
