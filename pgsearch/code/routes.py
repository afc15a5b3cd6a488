"""Routes of FastAPI, Flask, Starlette and Django applications, read from the code: each file's part, and the whole.

A path is spread over files: a decorator has its end, the router a prefix, and the place that includes the router
another one. A file's part is read once (`read_routing`); `whole_routes` joins the parts.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pgsearch.code.facts import Import, Inclusion, RouteUse, Routing
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
    "DefaultRouter": "",
    "SimpleRouter": "",
}
# What the methods of a view set of Django's REST framework answer, at the path of the set and at that of one of it.
_ACTIONS = {
    "of set": {"list": "GET", "create": "POST"},
    "of one": {"retrieve": "GET", "update": "PUT", "partial_update": "PATCH", "destroy": "DELETE"},
}
# Decorators of Django's function views, and of its REST framework's, with the methods that they let through.
# what marks a text for translation, as Django does with paths
_TRANSLATIONS = frozenset({"_", "gettext", "gettext_lazy", "pgettext_lazy"})
_ALLOWING = {"require_GET": ["GET"], "require_POST": ["POST"], "require_safe": ["GET", "HEAD"]}
# What may be a setting or a constant; {id} is a parameter.
_NAMED = re.compile(r"\{([A-Za-z_]\w*(?:\.\w+)+|[A-Z][A-Z0-9_]+)\}")
_LONGEST_CONSTANT = 100  # characters
_URLS = "urlpatterns"
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


def read_routing(tree: ast.Module) -> tuple[Routing, list[Import]]:
    """What one file says of routes, and the files that it includes by a name in quotes."""
    reader = _Reader(tree)
    reader.read(tree.body, ())
    return reader.routing, reader.imports


def whole_routes(
    routings: Mapping[str, Routing],
    resolve: Callable[[str, str], tuple[str, str] | None],
    methods_of_class: Callable[[str, str], list[str] | None],
) -> list[Route]:
    """All routes of a repository, each once, in order of path and line.

    `resolve(path, dotted)` finds where a name of a file is defined: (path, name) or None.
    `methods_of_class(path, name)` are the members of a class, None for everything else.
    """

    def said(path: str, text: str) -> str:
        """The text with what it names filled in, as far as some file says it."""

        def value(found: re.Match[str]) -> str:
            parts = found[1].split(".")
            for end in range(len(parts), 0, -1):
                place = resolve(path, ".".join(parts[:end]))
                if place is not None and place[0] in routings:
                    constant = routings[place[0]].constants.get(".".join([place[1], *parts[end:]]))
                    if constant is not None:
                        return constant
            return found[0]

        return _NAMED.sub(value, text) if "{" in text else text

    parents: dict[tuple[str, str], list[tuple[tuple[str, str], Inclusion]]] = {}
    for path, routing in sorted(routings.items()):
        for inclusion in routing.inclusions:
            inclusion = replace(inclusion, prefix=said(path, inclusion.prefix))
            child = _router_key(path, inclusion.child, routings, resolve)
            parent = _router_key(path, inclusion.parent, routings, resolve)
            parents.setdefault(child, []).append((parent, inclusion))

    def prefixes(key: tuple[str, str], depth: int) -> list[str]:
        path, name = key
        own = said(path, routings[path].routers.get(name, "")) if path in routings else ""
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
            theirs = routings.get(place[0], Routing())
            actions: list[RouteUse] = []
            if use.methods and use.methods[0] in _ACTIONS:
                members = methods_of_class(*place)
                methods = [verb for action, verb in _ACTIONS[use.methods[0]].items() if action in (members or ())]
                if use.methods[0] == "of set":
                    actions = [action for action in theirs.actions if action.router == place[1]]
            else:
                methods = (
                    use.methods
                    or theirs.answers.get(place[1])
                    or [verb.upper() for verb in members or () if verb in _VERBS]
                    or ["GET"]
                )
            for prefix in prefixes(_router_key(path, use.router, routings, resolve), 0):
                whole = _joined(prefix, said(path, use.path))
                for method in methods:
                    route = Route(method, whole, *place, use.line, use.end_line, use.docstring)
                    routes.setdefault((method, whole, *place), route)
                for action in actions:
                    below, handler = _joined(whole, action.path), (place[0], action.handler)
                    for method in action.methods:
                        route = Route(method, below, *handler, action.line, action.end_line, action.docstring)
                        routes.setdefault((method, below, *handler), route)
    return list(routes.values())


def inherited_methods(base: str) -> list[str]:
    """What the generic views of Django and of its REST framework answer, which stands in none of their classes."""
    name = base.rpartition(".")[2]
    if name in ("ModelViewSet", "ReadOnlyModelViewSet"):
        return ["list", "retrieve", *(["create", "update", "partial_update", "destroy"] if name[0] == "M" else [])]
    if name.endswith("ModelMixin"):
        action = name.removesuffix("ModelMixin").lower()
        return ["update", "partial_update"] if action == "update" else [action]
    if name.endswith("APIView"):
        words = {
            "List": ["get"],
            "Retrieve": ["get"],
            "Create": ["post"],
            "Update": ["put", "patch"],
            "Destroy": ["delete"],
        }
        return list(dict.fromkeys(verb for word, verbs in words.items() if word in name for verb in verbs))
    return ["get", "post"] if name in ("CreateView", "UpdateView", "DeleteView", "FormView") else []


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
        self.imports: list[Import] = []
        self._constants: dict[str, str] = {}
        self._nameless = 0
        for statement in tree.body:
            self._note_constants(statement)
        self.routing.constants = {
            name: text
            for name, text in self._constants.items()
            if len(text) <= _LONGEST_CONSTANT and not any(character.isspace() for character in text)
        }

    def _note_constants(self, statement: ast.stmt) -> None:
        """Strings by their names: of the file, of a class, of its object, of what a function gives back."""
        target, value = _single_target(statement), getattr(statement, "value", None)
        if target is not None and value is not None:
            text = self._text(value)
            if text is not None and text != f"{{{_dotted(value)}}}":
                self._constants[target] = text
            elif isinstance(value, ast.Call) and (made := _dotted(value.func)) is not None:
                self._note_alike(target, made)
        elif isinstance(statement, ast.ClassDef):
            for base in statement.bases:
                self._note_alike(statement.name, _dotted(base) or "")
            for inner in statement.body:
                name, value = _single_target(inner), getattr(inner, "value", None)
                text = self._text(value) if name is not None and value is not None else None
                if text is not None:
                    self._constants[f"{statement.name}.{name}"] = text
        elif isinstance(statement, ast.FunctionDef):
            returned = [_called_or_named(one.value) for one in ast.walk(statement) if isinstance(one, ast.Return)]
            for made in (*returned, _dotted(statement.returns) if statement.returns is not None else None):
                self._note_alike(statement.name, made or "")

    def _note_alike(self, name: str, other: str) -> None:
        """What stands under the other name stands under this one."""
        inside = f"{other}."
        for known in [key for key in self._constants if other and key.startswith(inside)]:
            self._constants.setdefault(f"{name}.{known.removeprefix(inside)}", self._constants[known])

    def read(self, body: Iterable[ast.stmt], scope: tuple[str, ...]) -> None:
        statements = list(body)
        for statement in statements:
            self._read_assignment(statement, scope)
        for statement in statements:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                self._read_decorators(statement, scope)
                if not scope and (answered := _answered(statement)):
                    self.routing.answers[statement.name] = answered
                self.read(statement.body, (*scope, statement.name))
                self._read_factory(statement, scope)
            elif isinstance(statement, ast.ClassDef):
                for decorator in statement.decorator_list:
                    self._read_decorator(decorator, statement, scope)
                self._read_view(statement, scope)
                self.read(statement.body, (*scope, statement.name))
            elif isinstance(statement, ast.For):
                self._read_loop(statement, scope)
            elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                self._read_call(statement.value, scope, {})
            elif isinstance(statement, ast.AugAssign) and _dotted(statement.target) == _URLS:
                self.routing.routers.setdefault(_URLS, "")
                self._read_urls(statement.value, _URLS, scope)
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
        if target == _URLS or (isinstance(value, ast.List) and any(_is_url_call(item) for item in value.elts)):
            self.routing.routers[key] = ""
            self._read_urls(value, key, scope)
        elif isinstance(value, ast.Call):
            kind = _last_name(value.func)
            if kind in _ROUTERS:
                self.routing.routers[key] = self._keyword(value, _ROUTERS[kind]) or ""
                for keyword in value.keywords:
                    if keyword.arg == "routes":
                        self._read_list(keyword.value, key, scope)
        elif isinstance(value, ast.List | ast.Tuple) and any(_is_route_call(item) for item in value.elts):
            self.routing.routers[key] = ""
            self._read_list(value, key, scope)

    def _read_factory(self, function: _Function, scope: tuple[str, ...]) -> None:
        """A function that gives back a router stands for it."""
        for inner in ast.walk(function):
            named = inner.value if isinstance(inner, ast.Return) else None
            key = _key((*scope, function.name), named.id) if isinstance(named, ast.Name) else None
            if key in self.routing.routers:
                made = _key(scope, function.name)
                self.routing.routers[made] = ""
                self.routing.inclusions.append(Inclusion(made, key, ""))
                return

    def _read_urls(self, value: ast.expr, router: str, scope: tuple[str, ...]) -> None:
        """Django's lists of path() and re_path(), nested by include(), joined by +."""
        for entry in _entries(value):
            if isinstance(entry, ast.Call) and _is_url_call(entry):
                self._read_url(entry, router, scope)
            elif isinstance(entry, ast.Call):
                # i18n_patterns(path(...), ...), format_suffix_patterns(urlpatterns)
                for item in entry.args:
                    if _is_url_call(item) or isinstance(item, ast.List):
                        self._read_urls(item, router, scope)
            elif (named := _dotted(entry)) is not None and named.endswith(".urls"):
                self.routing.inclusions.append(Inclusion(router, self._known(named.removesuffix(".urls"), scope), ""))

    def _read_url(self, call: ast.Call, router: str, scope: tuple[str, ...]) -> None:
        path = self._argument(call, 0, "route")
        view = _argument_node(call, 1, "view")
        if path is None or view is None:
            return
        if _last_name(call.func) != "path":
            path = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"{\1}", path.removeprefix("^").removesuffix("$"))
            path = re.sub(r"\((?:[^()]|\([^()]*\))*\)", "{}", path).replace("\\", "")
        if not isinstance(view, ast.Call) or _last_name(view.func) != "include":
            methods: list[str] = []
            while isinstance(view, ast.Call) and _last_name(view.func) != "as_view":
                # login_required(view), cache_page(60)(view), require_POST(view), require_http_methods(["PUT"])(view)
                if not view.args:
                    return
                methods = _allowed(view.func) or methods
                view = view.args[0]
            if isinstance(view, ast.Call) and view.args and isinstance(view.args[0], ast.Dict):
                # of a view set: {"get": "list", "post": "create"}
                methods = methods or [
                    verb.upper() for verb in _strings(ast.List(elts=[key for key in view.args[0].keys if key]))
                ]
            # urls of the admin site, which its package makes
            if _last_name(view) == "urls":
                return
            self._use(router, path, methods, view, call, scope)
            return
        included = view.args[0] if view.args else None
        if isinstance(included, ast.Tuple) and included.elts:
            included = included.elts[0]
        if isinstance(included, ast.List):
            self._nameless += 1
            nested = _key(scope, f"included {self._nameless}")
            self.routing.routers[nested] = ""
            self._read_urls(included, nested, scope)
            self.routing.inclusions.append(Inclusion(router, nested, path))
        elif isinstance(included, ast.Constant) and isinstance(included.value, str):
            self._nameless += 1
            nested = f"included {self._nameless}"
            self.imports.append(Import(nested, included.value, _URLS))
            self.routing.inclusions.append(Inclusion(router, nested, path))
        elif included is not None and (named := _dotted(included)) is not None:
            known = self._known(named.removesuffix(".urls"), scope)
            child = known if known in self.routing.routers else f"{named}.{_URLS}" if "." in named else named
            self.routing.inclusions.append(Inclusion(router, child, path))

    def _read_list(self, value: ast.expr, router: str, scope: tuple[str, ...]) -> None:
        """Starlette's lists of Route and Mount, nested or by name, joined by + or *."""
        for entry in _entries(value):
            if isinstance(entry, ast.Call):
                self._read_route(entry, router, scope)
            elif (named := _dotted(entry)) is not None:
                self.routing.inclusions.append(Inclusion(router, self._known(named, scope), ""))

    def _read_route(self, call: ast.Call, router: str, scope: tuple[str, ...]) -> None:
        kind = _last_name(call.func)
        path = self._argument(call, 0, "path")
        if path is None:
            return
        if kind in ("Route", "APIRoute", "WebSocketRoute"):
            endpoint = _argument_node(call, 1, "endpoint")
            methods = ["WEBSOCKET"] if kind == "WebSocketRoute" else self._methods(call)
            self._use(router, path, methods, endpoint, call, scope)
        elif kind == "Mount":
            self._nameless += 1
            mount = _key(scope, f"mount {self._nameless}")
            self.routing.routers[mount] = ""
            self.routing.inclusions.append(Inclusion(router, mount, path))
            inside = _argument_node(call, 2, "routes")
            app = _argument_node(call, 1, "app")
            if inside is not None:
                self._read_list(inside, mount, scope)
            elif app is not None and isinstance(app, ast.Call) and _last_name(app.func) in _ROUTERS:
                nested = _argument_node(app, 0, "routes")
                if nested is not None:
                    self._read_list(nested, mount, scope)
            elif app is not None and (named := _dotted(app)) is not None:
                self.routing.inclusions.append(Inclusion(mount, self._known(named, scope), ""))

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

    def _read_view(self, node: ast.ClassDef, scope: tuple[str, ...]) -> None:
        """`http_method_names` of a view, and what a view set has marked by `@action`."""
        name = ".".join((*scope, node.name))
        for inner in node.body:
            if _single_target(inner) == "http_method_names" and (named := _strings(getattr(inner, "value", None))):
                self.routing.answers[name] = [verb.upper() for verb in named if verb.lower() not in ("head", "options")]
            if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for call in inner.decorator_list:
                if not isinstance(call, ast.Call) or _last_name(call.func) != "action":
                    continue
                given = {keyword.arg: keyword.value for keyword in call.keywords}
                of_one = isinstance(given.get("detail"), ast.Constant) and bool(ast.literal_eval(given["detail"]))
                path = self._keyword(call, "url_path") or inner.name
                self.routing.actions.append(
                    RouteUse(
                        name,
                        f"{'{pk}/' if of_one else ''}{clean(path)}/",
                        [verb.upper() for verb in _strings(given.get("methods"))] or ["GET"],
                        f"{name}.{inner.name}",
                        call.lineno,
                        inner.end_lineno or inner.lineno,
                        first_paragraph(clean(ast.get_docstring(inner) or ""), 600),
                    )
                )

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
            # a router that a function makes in place is known by the function
            named = _called_or_named(child)
            if named is None:
                return
            if verb == "mount":
                prefix = self._argument(call, 0, "path")
            else:
                prefix = self._keyword(call, "prefix" if verb == "include_router" else "url_prefix")
            replaces = verb == "register_blueprint" and prefix is not None
            self.routing.inclusions.append(Inclusion(router, self._known(named, scope), prefix or "", replaces))
        elif verb == "register" and router in self.routing.routers and len(call.args) > 1:
            path = self._argument(call, 0, "prefix")
            if path is not None:
                self._use(router, f"{path}/", ["of set"], call.args[1], call, scope)
                self._use(router, f"{path}/{{pk}}/", ["of one"], call.args[1], call, scope)
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
        if isinstance(node, ast.Call) and _last_name(node.func) in _TRANSLATIONS and len(node.args) == 1:
            return self._text(node.args[0])
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self._text(node.left), self._text(node.right)
            return left + right if left is not None and right is not None else None
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
            texts = [(self._text(part), part) for part in parts]
            return "".join(f"{{{clean(ast.unparse(part))}}}" if text is None else text for text, part in texts)
        if isinstance(node, ast.Call):
            # Field(default="/api"), os.getenv("PREFIX", "/api")
            given = next((keyword.value for keyword in node.keywords if keyword.arg == "default"), None)
            if (
                given is None
                and _last_name(node.func) in ("getenv", "get", "env", "config", "getattr")
                and node.args[1:]
            ):
                given = node.args[-1]
            if given is None and _last_name(node.func) in ("Field", "str") and node.args:
                given = node.args[0]
            return self._text(given) if isinstance(given, ast.Constant) else None
        named = _dotted(node) or _dotted_through_call(node)
        return None if named is None else self._constants.get(named, f"{{{named}}}")


def _answered(function: _Function) -> list[str]:
    """The methods that a function view takes: as its decorators say, else as it asks the request; of others nothing."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    if not arguments or arguments[0].arg != "request":
        return []
    for decorator in function.decorator_list:
        if allowed := _allowed(decorator):
            return allowed
    asked: dict[str, None] = {}
    for inner in ast.walk(function):
        if isinstance(inner, ast.Call) and _last_name(inner.func) == "HttpResponseNotAllowed" and inner.args:
            if allowed := _strings(inner.args[0]):
                return [verb.upper() for verb in allowed]
        elif isinstance(inner, ast.Compare) and _dotted(inner.left) == "request.method":
            asked.update(dict.fromkeys(_strings(inner.comparators[0])))
        elif isinstance(inner, ast.Match) and _dotted(inner.subject) == "request.method":
            values = [
                one.value for case in inner.cases for one in ast.walk(case.pattern) if isinstance(one, ast.MatchValue)
            ]
            asked.update(dict.fromkeys(_strings(ast.List(elts=values))))
    return [verb for verb in dict.fromkeys(("GET", *asked)) if verb.lower() in _VERBS] if asked else []


def _allowed(decorator: ast.expr) -> list[str]:
    """The methods that a decorator of Django lets through; none where it says nothing of them."""
    call = decorator if isinstance(decorator, ast.Call) else None
    name = _last_name(call.func if call is not None else decorator)
    if name in ("require_http_methods", "api_view") and call is not None:
        given = call.args[0] if call.args else next((keyword.value for keyword in call.keywords), None)
        return [verb.upper() for verb in _strings(given)]
    return _ALLOWING.get(name, [])


def _strings(node: ast.expr | None) -> list[str]:
    """The strings of a list that is written down, or the one string."""
    entries = node.elts if isinstance(node, ast.List | ast.Tuple | ast.Set) else [node]
    return [one.value for one in entries if isinstance(one, ast.Constant) and isinstance(one.value, str)]


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


def _called_or_named(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Call):
        node = node.func
    return _dotted(node) if node is not None else None


def _dotted_through_call(node: ast.expr) -> str | None:
    """`get_settings.PREFIX` of `get_settings().PREFIX`."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Call):
        return None
    made = _dotted(node.value.func)
    return f"{made}.{node.attr}" if made is not None else None


def _entries(value: ast.expr) -> Iterator[ast.expr]:
    """The entries of a list, of lists in it, and of those that operators join."""
    if isinstance(value, ast.List | ast.Tuple):
        for item in value.elts:
            yield from _entries(item)
    elif isinstance(value, ast.Starred):
        yield from _entries(value.value)
    elif isinstance(value, ast.BinOp):
        yield from _entries(value.left)
        yield from _entries(value.right)
    else:
        yield value


def _is_url_call(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and _last_name(node.func) in ("path", "re_path", "url")
        and _argument_node(node, 1, "view") is not None
    )


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
