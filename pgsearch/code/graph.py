"""Who uses whom in a repository: names of one file resolved to definitions of others, as far as the code alone tells.

Resolved are imports (relative ones, aliases, `import *`, names that a package passes on), names of the same file,
methods through `self`, `super()` and base classes, and receivers whose class the facts know. What stays open, such as a
method of a parameter without annotation, is left out: a graph that guesses would make every `get` and `run` important.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from posixpath import normpath

from pgsearch.code.facts import Import, ModuleFacts, Symbol

_DEEPEST = 10  # classes above a class
_SCRIPTS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")

Place = tuple[str, str]
"""A file and a qualified name in it; the name "" is the file itself."""


def node_id(place: Place) -> str:
    """A file is known by its path, what it defines by path::name."""
    path, name = place
    return f"{path}::{name}" if name else path


class CodeGraph:
    """Calls and imports among the files of a repository.

    `package` is the name of the root folder, by which files import each other when the root is a package itself.
    """

    def __init__(self, modules: Iterable[ModuleFacts], package: str = "") -> None:
        self._modules = {facts.path: facts for facts in modules}
        self._symbols: dict[Place, Symbol] = {
            (facts.path, symbol.name): symbol for facts in self._modules.values() for symbol in facts.symbols
        }
        self._bindings: dict[str, dict[str, Import]] = {}
        self._stars: dict[str, list[Import]] = {}
        for facts in self._modules.values():
            self._bindings[facts.path] = {one.bound: one for one in facts.imports if one.bound not in ("", "*")}
            self._stars[facts.path] = [one for one in facts.imports if one.bound == "*"]
        self._by_name = _dotted_names(self._modules, package)
        self._resolved: dict[Place, Place | None] = {}
        self._calls: dict[Place, list[Place]] = {}
        self._imports: dict[str, list[str]] = {}
        self._in_degree = self._counted()

    def calls(self, place: Place) -> list[Place]:
        """What a symbol, or the top level of a file, calls within the repository, in order of the calls."""
        return self._calls.get(place, [])

    def imports(self, path: str) -> list[str]:
        """Files of the repository that a file imports from."""
        return self._imports.get(path, [])

    def in_degree(self, place: Place) -> int:
        """How many places use it: symbols that call it and files that import it, each once, itself not counted.

        Of a file: how many files import from it.
        """
        return self._in_degree.get(place, 0)

    def resolve(self, path: str, dotted: str) -> Place | None:
        """Where a dotted name of a file is defined; a variable has a place, too, though it is no symbol."""
        key = (path, dotted)
        if key not in self._resolved:
            # imports may go in circles: whoever comes by here again meanwhile finds nothing
            self._resolved[key] = None
            if path in self._modules:
                self._resolved[key] = self._looked_up(path, dotted)
        return self._resolved[key]

    def symbol(self, place: Place) -> Symbol | None:
        return self._symbols.get(place)

    def member(self, place: Place, name: str) -> Place | None:
        """A method of a class, its own or inherited."""
        return self._member(place, name, 0)

    def _counted(self) -> Mapping[Place, int]:
        users: dict[Place, set[Place]] = defaultdict(set)
        for path, facts in sorted(self._modules.items()):
            imported: dict[str, None] = {}
            for one in facts.imports:
                for target in self._imported(path, one):
                    if target[0] != path:
                        imported[target[0]] = None
                        users[target[0], ""].add((path, ""))
                        users[target].add((path, ""))
            self._imports[path] = list(imported)
            self._count_calls((path, ""), "", facts.calls, users)
            for symbol in facts.symbols:
                inside = symbol.name.rpartition(".")[0] if symbol.kind == "method" else ""
                self._count_calls((path, symbol.name), inside, symbol.calls, users)
        return {place: len(found - {place}) for place, found in users.items()}

    def _count_calls(self, caller: Place, inside: str, calls: list[str], users: dict[Place, set[Place]]) -> None:
        found: dict[Place, None] = {}
        for call in calls:
            target = self._called(caller[0], inside, call)
            if target is not None and target != caller:
                found[target] = None
                users[target].add(caller)
        if found:
            self._calls[caller] = list(found)

    def _called(self, path: str, inside: str, call: str) -> Place | None:
        head, _, rest = call.partition(".")
        if head == "self" and inside:
            found = self.member((path, inside), rest)
        elif head == "super()" and inside:
            found = self._inherited((path, inside), rest, 0)
        else:
            found = self.resolve(path, call)
        return found if found in self._symbols else None

    def _inherited(self, place: Place, name: str, depth: int) -> Place | None:
        symbol = self._symbols.get(place)
        if symbol is None or depth > _DEEPEST:
            return None
        for base in symbol.bases:
            parent = self.resolve(place[0], base)
            if parent is not None and parent != place:
                found = self._member(parent, name, depth + 1)
                if found is not None:
                    return found
        return None

    def _member(self, place: Place, name: str, depth: int) -> Place | None:
        path, outer = place
        own = (path, f"{outer}.{name}")
        return own if own in self._symbols else self._inherited(place, name, depth)

    def _looked_up(self, path: str, dotted: str) -> Place | None:
        head, _, rest = dotted.partition(".")
        if (path, dotted) in self._symbols:
            return path, dotted
        if (path, head) in self._symbols:
            return self._member((path, head), rest, 0) if rest else (path, head)
        one = self._bindings[path].get(head)
        if one is not None:
            return self._through(path, one, rest)
        for star in self._stars[path]:
            module = self._module(path, star.module, star.level)
            if module is not None and module != path:
                found = self.resolve(module, dotted)
                if found in self._symbols:
                    return found
        return None

    def _through(self, path: str, one: Import, rest: str) -> Place | None:
        """What `rest` is, seen through an import."""
        if path.endswith(_SCRIPTS):
            return self._through_script(path, one, rest)
        if one.name is None:
            dotted = f"{one.module}.{rest}" if rest else one.module
            # the longest part that is a module; what remains is a name in it
            parts = dotted.split(".")
            for end in range(len(parts), 0, -1):
                module = self._module(path, ".".join(parts[:end]), 0)
                if module is not None:
                    return self._named_in(module, ".".join(parts[end:])) if parts[end:] else (module, "")
            return None
        submodule = self._module(path, f"{one.module}.{one.name}".lstrip("."), one.level)
        module = self._module(path, one.module, one.level)
        if module is not None and module != path:
            found = self._named_in(module, f"{one.name}.{rest}" if rest else one.name)
            if found is not None and (found in self._symbols or submodule is None):
                return found
        if submodule is not None and submodule != path:
            return self._named_in(submodule, rest) if rest else (submodule, "")
        return None

    def _through_script(self, path: str, one: Import, rest: str) -> Place | None:
        """The same in JavaScript, where a module is a file; without a module it is what the file calls otherwise."""
        module = self._module(path, one.module, 0) if one.module else path
        if module is None or (one.module and module == path):
            return None
        if one.name is None:
            return self._named_in(module, rest) if rest else (module, "")
        found = self.resolve(module, f"{one.name}.{rest}" if rest else one.name)
        # `exports.find` of a module that is required as a whole
        if found is None and one.name == "default":
            found = self.resolve(module, rest) if rest else (module, "default")
        return found or (self._named_in(module, one.name) if not rest else None)

    def _named_in(self, module: str, dotted: str) -> Place | None:
        """What a name of a file is; one that nothing defines is taken for a variable of the file."""
        found = self.resolve(module, dotted)
        return (module, dotted) if found is None and "." not in dotted else found

    def _imported(self, path: str, one: Import) -> list[Place]:
        if one.bound == "*":
            module = self._module(path, one.module, one.level)
            return [(module, "")] if module is not None else []
        if one.name is None:
            module = self._module(path, one.module, 0)
            return [(module, "")] if module is not None else []
        target = self._through(path, one, "")
        module = self._module(path, one.module, one.level)
        found = [target] if target is not None else []
        # a name that a package passes on is a use of both, the package and the file that defines it
        if module is not None and (target is None or target[0] != module):
            found.append((module, ""))
        return found

    def _module(self, path: str, dotted: str, level: int) -> str | None:
        if path.endswith(_SCRIPTS):
            return next((one for one in _script_files(path, dotted) if one in self._modules), None)
        if level:
            folder = PurePosixPath(path).parent
            for _ in range(level - 1):
                folder = folder.parent
            return self._file(str(folder / dotted.replace(".", "/")) if dotted else str(folder))
        if "." not in dotted:
            # a script finds its neighbours; no other short name may be taken for a file somewhere deep down
            beside = self._file(str(PurePosixPath(path).parent / dotted))
            return self._by_name.get(dotted) or beside
        return self._by_name.get(dotted)

    def _file(self, stem: str) -> str | None:
        stem = stem.removeprefix("./")
        for path in (f"{stem}.py", f"{stem}/__init__.py" if stem not in (".", "") else "__init__.py"):
            if path in self._modules:
                return path
        return None


def _script_files(path: str, module: str) -> Iterator[str]:
    """What a module of JavaScript may be called; `@/` and `~/` are the folder of the sources."""
    folder = PurePosixPath(path).parent
    if module.startswith("."):
        places = [normpath(str(folder / module))]
    elif module.startswith(("@/", "~/")):
        places = [str(above / inside / module[2:]) for above in (folder, *folder.parents) for inside in ("", "src")]
    else:
        return
    for place in places:
        yield place
        stem = place.removesuffix(".js").removesuffix(".jsx").removesuffix(".mjs")
        for suffix in _SCRIPTS:
            yield f"{stem}{suffix}"
        for suffix in _SCRIPTS:
            yield f"{place}/index{suffix}".removeprefix("./")


def _dotted_names(modules: Mapping[str, ModuleFacts], package: str) -> dict[str, str]:
    """Files by the names under which they can be imported.

    That is the path from the topmost folder that is a package, from the root, and, when nothing else ends so, every
    shorter path of two names or more, because `app.api` may lie in `backend/app/api.py`.
    """
    names: dict[str, str] = {}
    endings: dict[str, set[str]] = defaultdict(set)
    inside = f"{package}." if package and "__init__.py" in modules else ""
    if inside:
        names[package] = "__init__.py"
    for path, facts in sorted(modules.items()):
        stem = PurePosixPath(path).with_suffix("")
        if not path.endswith((".py", ".pyi")):
            # Java and Kotlin import what a file is called by in its package
            if facts.module and path.endswith((".java", ".kt")):
                names.setdefault(f"{facts.module}.{stem.name}", path)
            continue
        parts = stem.parts[:-1] if stem.name == "__init__" else stem.parts
        if not parts:
            continue
        names.setdefault(".".join(parts), path)
        if inside:
            names.setdefault(f"{inside}{'.'.join(parts)}", path)
        top = len(stem.parts) - 1
        while top > 0 and "/".join((*stem.parts[:top], "__init__.py")) in modules:
            top -= 1
        if parts[top:] and (top < len(stem.parts) - 1 or stem.parts[:-1] in (("src",), ("lib",))):
            names.setdefault(".".join(parts[top:]), path)
        for start in range(1, len(parts) - 1):
            endings[".".join(parts[start:])].add(path)
    for name, paths in endings.items():
        if len(paths) == 1:
            names.setdefault(name, next(iter(paths)))
    return names
