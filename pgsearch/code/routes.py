"""Routes of FastAPI, Flask and Starlette applications, read from the code: the parts in each file, and the whole.

A path is spread over files: a decorator has its end, the router a prefix, and the place that includes the router
another one. A file's part is read once (`read_routing`); `whole_routes` joins the parts.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pgsearch.code.facts import Inclusion, RouteUse, Routing
from pgsearch.code.words import clean, first_paragraph

_VERBS = frozenset({"get", "post", "put", "delete", "patch", "head", "options", "trace"})
# Class -> keyword of its own prefix.
_ROUTERS = {
    "FastAPI": "",
    "APIRouter": "prefix",
    "Flask": "",
    "Quart": "",
    "Blueprint": "url_prefix",
    "Starlette": "",
    "Router": "",
}
_DEEPEST = 8  # routers within routers
_MOST_PREFIXES = 64  # ways to one router

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a whole path with the place of its handler; `handler` is a qualified name within `path`."""

    method: str
    route: str
    path: str
    handler: str
    line: int
    end_line: int
    docstring: str


def read_routing(tree: ast.Module, lines: list[str]) -> Routing:
    """What one file says of routes."""
    reader = _Reader(tree)
    reader.read(tree.body, ())
    return reader.routing


def whole_routes(
    routings: Mapping[str, Routing],
    resolve: Callable[[str, str], tuple[str, str] | None],
    methods_of_class: Callable[[str, str], list[str] | None],
) -> list[Route]:
    """All routes of a repository, each once, in order of path and line.

    `resolve(path, dotted)` finds where a name of a file is defined: (path, name) or None.
    `methods_of_class(path, name)` are the members of a class, None for everything else.
    """
    parents: dict[tuple[str, str], list[tuple[tuple[str, str], Inclusion]]] = {}
    for path, routing in sorted(routings.items()):
        for inclusion in routing.inclusions:
            child = _router_key(path, inclusion.child, routings, resolve)
            parent = _router_key(path, inclusion.parent, routings, resolve)
            parents.setdefault(child, []).append((parent, inclusion))

    def prefixes(key: tuple[str, str], depth: int) -> list[str]:
        path, name = key
        own = routings[path].routers.get(name, "") if path in routings else ""
        found: list[str] = []
        for parent, inclusion in parents.get(key, ()) if depth < _DEEPEST else ():
            kept = inclusion.prefix if inclusion.replaces else inclusion.prefix + own
            found.extend(f"{before}{kept}" for before in prefixes(parent, depth + 1))
        return list(dict.fromkeys(found))[:_MOST_PREFIXES] or [own]

    routes: dict[tuple[str, str, str, str], Route] = {}
    for path, routing in sorted(routings.items()):
        for use in routing.uses:
            place = resolve(path, use.handler) or (path, use.handler)
            members = methods_of_class(*place) if not use.methods else None
            methods = use.methods or [verb.upper() for verb in members or () if verb in _VERBS] or ["GET"]
            for prefix in prefixes(_router_key(path, use.router, routings, resolve), 0):
                whole = _joined(prefix, use.path)
                for method in methods:
                    route = Route(method, whole, *place, use.line, use.end_line, use.docstring)
                    routes.setdefault((method, whole, *place), route)
    return list(routes.values())


def _router_key(
    path: str,
    name: str,
    routings: Mapping[str, Routing],
    resolve: Callable[[str, str], tuple[str, str] | None],
) -> tuple[str, str]:
    """A router by the file that makes it and its name there."""
    if name in routings[path].routers:
        return path, name
    found = resolve(path, name.rpartition(":")[2])
    return found if found is not None else (path, name)


def _joined(prefix: str, path: str) -> str:
    whole = f"{prefix.rstrip('/')}/{path.lstrip('/')}" if path else prefix
    return whole if whole.startswith("/") else f"/{whole}"


class _Reader:
    """Walks a file; scopes are the functions that hold a statement, because factories make their apps locally."""

    def __init__(self, tree: ast.Module) -> None:
        self.routing = Routing()
        self._constants: dict[str, str] = {}
        self._nameless = 0
        for statement in tree.body:
            target = _single_target(statement)
            if target is not None and isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
                text = self._text(statement.value)
                if text is not None:
                    self._constants[target] = text

    def read(self, body: Iterable[ast.stmt], scope: tuple[str, ...]) -> None:
        statements = list(body)
        for statement in statements:
            self._read_assignment(statement, scope)
        for statement in statements:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                self._read_decorators(statement, scope)
                self.read(statement.body, (*scope, statement.name))
            elif isinstance(statement, ast.ClassDef):
                for decorator in statement.decorator_list:
                    self._read_decorator(decorator, statement, scope)
                self.read(statement.body, (*scope, statement.name))
            elif isinstance(statement, ast.For):
                self._read_loop(statement, scope)
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                self._read_call(statement.value, scope, {})
            else:
                for name in ("body", "orelse", "finalbody"):
                    self.read(getattr(statement, name, ()), scope)
                for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
                    self.read(part.body, scope)

    def _read_assignment(self, statement: ast.stmt, scope: tuple[str, ...]) -> None:
        """`app = FastAPI()`, `router = APIRouter(prefix=...)`, `routes = [Route(...), ...]`."""
        target = _single_target(statement)
        value = getattr(statement, "value", None)
        if target is None or value is None:
            return
        key = _key(scope, target)
        if isinstance(value, ast.Call):
            kind = _last_name(value.func)
            if kind in _ROUTERS:
                self.routing.routers[key] = self._keyword(value, _ROUTERS[kind]) or ""
                for keyword in value.keywords:
                    if keyword.arg == "routes":
                        self._read_list(keyword.value, key, scope)
        elif isinstance(value, ast.List | ast.Tuple) and any(_is_route_call(item) for item in value.elts):
            self.routing.routers[key] = ""
            self._read_list(value, key, scope)

    def _read_list(self, value: ast.expr, router: str, scope: tuple[str, ...]) -> None:
        """Starlette's lists of Route and Mount, nested or by name, joined by + or *."""
        if isinstance(value, ast.List | ast.Tuple):
            for item in value.elts:
                self._read_list(item, router, scope)
        elif isinstance(value, ast.Starred):
            self._read_list(value.value, router, scope)
        elif isinstance(value, ast.BinOp):
            self._read_list(value.left, router, scope)
            self._read_list(value.right, router, scope)
        elif isinstance(value, ast.Call):
            kind = _last_name(value.func)
            path = self._argument(value, 0, "path")
            if path is None:
                return
            if kind in ("Route", "APIRoute", "WebSocketRoute"):
                endpoint = _argument_node(value, 1, "endpoint")
                methods = ["WEBSOCKET"] if kind == "WebSocketRoute" else self._methods(value)
                self._use(router, path, methods, endpoint, value, scope)
            elif kind == "Mount":
                self._nameless += 1
                mount = _key(scope, f"mount {self._nameless}")
                self.routing.routers[mount] = ""
                self.routing.inclusions.append(Inclusion(router, mount, path))
                inside = _argument_node(value, 2, "routes")
                app = _argument_node(value, 1, "app")
                if inside is not None:
                    self._read_list(inside, mount, scope)
                elif app is not None and isinstance(app, ast.Call) and _last_name(app.func) in _ROUTERS:
                    nested = _argument_node(app, 0, "routes")
                    if nested is not None:
                        self._read_list(nested, mount, scope)
                elif app is not None and (named := _dotted(app)) is not None:
                    self.routing.inclusions.append(Inclusion(mount, self._known(named, scope), ""))
        elif (named := _dotted(value)) is not None:
            self.routing.inclusions.append(Inclusion(router, self._known(named, scope), ""))

    def _read_decorators(self, node: _Function, scope: tuple[str, ...]) -> None:
        for decorator in node.decorator_list:
            self._read_decorator(decorator, node, scope)

    def _read_decorator(self, decorator: ast.expr, node: _Function | ast.ClassDef, scope: tuple[str, ...]) -> None:
        if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
            return
        verb = decorator.func.attr
        receiver = _dotted(decorator.func.value)
        if receiver is None or (verb not in _VERBS and verb not in ("route", "api_route", "websocket")):
            return
        path = self._argument(decorator, 0, "path")
        if path is None and decorator.args:
            return
        router = self._known(receiver, scope)
        # cache.get("key") is no route: a receiver that is not known to be a router needs a path that looks like one
        if path is None or (router not in self.routing.routers and not path.startswith(("/", "{"))):
            return
        if verb in _VERBS:
            methods = [verb.upper()]
        elif verb == "websocket":
            methods = ["WEBSOCKET"]
        else:
            methods = self._methods(decorator) or ["GET"]
        self._add(router, path, methods, ".".join((*scope, node.name)), node)

    def _read_call(self, call: ast.Call, scope: tuple[str, ...], names: Mapping[str, ast.expr]) -> None:
        """`app.include_router(...)` and its kin; `names` are loop variables and what they stand for."""
        if not isinstance(call.func, ast.Attribute):
            return
        parent = _dotted(call.func.value)
        if parent is None:
            return
        router = self._known(parent, scope)
        verb = call.func.attr
        if verb in ("include_router", "register_blueprint", "mount"):
            child = _argument_node(call, 1, "app") if verb == "mount" else call.args[0] if call.args else None
            for keyword in call.keywords:
                if child is None and keyword.arg in ("router", "blueprint"):
                    child = keyword.value
            if isinstance(child, ast.Name) and child.id in names:
                child = names[child.id]
            named = _dotted(child) if child is not None else None
            if named is None:
                return
            if verb == "mount":
                prefix = self._argument(call, 0, "path")
            else:
                prefix = self._keyword(call, "prefix" if verb == "include_router" else "url_prefix")
            replaces = verb == "register_blueprint" and prefix is not None
            self.routing.inclusions.append(Inclusion(router, self._known(named, scope), prefix or "", replaces))
        elif verb in ("add_api_route", "add_route", "add_url_rule", "add_api_websocket_route", "add_websocket_route"):
            path = self._argument(call, 0, "rule" if verb == "add_url_rule" else "path")
            at = 2 if verb == "add_url_rule" else 1
            handler = _argument_node(call, at, "view_func" if verb == "add_url_rule" else "endpoint")
            if handler is None and verb == "add_route":
                handler = _argument_node(call, 1, "route")
            if path is not None:
                methods = ["WEBSOCKET"] if "websocket" in verb else self._methods(call)
                self._use(router, path, methods, handler, call, scope)

    def _read_loop(self, loop: ast.For, scope: tuple[str, ...]) -> None:
        """`for router in (a.router, b.router): app.include_router(router)` is as if each stood there by itself."""
        if isinstance(loop.target, ast.Name) and isinstance(loop.iter, ast.List | ast.Tuple):
            for item in loop.iter.elts:
                for statement in loop.body:
                    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                        self._read_call(statement.value, scope, {loop.target.id: item})
        else:
            self.read(loop.body, scope)

    def _use(
        self,
        router: str,
        path: str,
        methods: list[str],
        endpoint: ast.expr | None,
        call: ast.Call,
        scope: tuple[str, ...],
    ) -> None:
        if isinstance(endpoint, ast.Call) and _last_name(endpoint.func) == "as_view":
            endpoint = endpoint.func.value if isinstance(endpoint.func, ast.Attribute) else None
        named = _dotted(endpoint) if endpoint is not None else None
        if named is not None:
            self.routing.uses.append(
                RouteUse(router, clean(path), methods, named, call.lineno, call.end_lineno or call.lineno)
            )

    def _add(self, router: str, path: str, methods: list[str], handler: str, node: _Function | ast.ClassDef) -> None:
        docstring = first_paragraph(clean(ast.get_docstring(node) or ""), 600)
        line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        self.routing.uses.append(
            RouteUse(router, clean(path), methods, handler, line, node.end_lineno or node.lineno, docstring)
        )

    def _known(self, name: str, scope: tuple[str, ...]) -> str:
        """The key of a router: of the innermost function that has it, else the name as it is."""
        for depth in range(len(scope), -1, -1):
            key = _key(scope[:depth], name)
            if key in self.routing.routers:
                return key
        return name

    def _argument(self, call: ast.Call, at: int, name: str) -> str | None:
        node = _argument_node(call, at, name)
        return self._text(node) if node is not None else None

    def _keyword(self, call: ast.Call, name: str) -> str | None:
        return next((self._text(keyword.value) for keyword in call.keywords if keyword.arg == name), None)

    def _methods(self, call: ast.Call) -> list[str]:
        for keyword in call.keywords:
            if keyword.arg == "methods" and isinstance(keyword.value, ast.List | ast.Tuple | ast.Set):
                found = {text.upper() for item in keyword.value.elts if (text := self._text(item)) is not None}
                return sorted(found)
        return []

    def _text(self, node: ast.expr) -> str | None:
        """A string as far as the file alone says it; what comes from elsewhere stays a {name}."""
        if isinstance(node, ast.Constant):
            return clean(node.value) if isinstance(node.value, str) else None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self._text(node.left), self._text(node.right)
            return left + right if left is not None and right is not None else None
        if isinstance(node, ast.JoinedStr):
            parts = [
                self._text(part.value) if isinstance(part, ast.FormattedValue) else self._text(part)
                for part in node.values
            ]
            return "".join(part for part in parts if part is not None)
        named = _dotted(node)
        return None if named is None else self._constants.get(named, f"{{{named}}}")


def _single_target(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None


def _key(scope: tuple[str, ...], name: str) -> str:
    return f"{'.'.join(scope)}:{name}" if scope else name


def _argument_node(call: ast.Call, at: int, name: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[at] if len(call.args) > at else None


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_route_call(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _last_name(node.func) in ("Route", "APIRoute", "WebSocketRoute", "Mount")


def _dotted(node: ast.expr) -> str | None:
    return ".".join(_names(node)) or None


def _names(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        inner = list(_names(node.value))
        if inner:
            yield from (*inner, node.attr)
    elif isinstance(node, ast.Name):
        yield node.id
