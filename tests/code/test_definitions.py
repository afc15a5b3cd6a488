"""What is read from files of other languages than Python."""

from __future__ import annotations

from contextlib import suppress

import pytest

from pgsearch.code.chunks import cut_module
from pgsearch.code.definitions import read_definitions
from pgsearch.code.facts import ModuleFacts, UnreadableSourceError, packed, unpacked
from pgsearch.code.nodes import code_nodes
from pgsearch.code.repository import language_of

SOURCES = {
    "src/useAuth.ts": """/** Hooks. */

import {login} from "./login";

/**
 * Logs a user in.
 * @param name who
 */
export const useAuth = (name: string): User => {
  return login(name);
};
export interface User extends Base<string> { name: string }
export type Id = string | number;
enum Color { Red }
export default class Auth extends Base implements Service {
  // Signs in.
  async signIn(id: Id): Promise<void> { this.check(); }
  private check() {}
  handler = () => {};
}
function twice(a: string): void;
function twice(a: any) {
  return 1;
}
export const Button = React.memo(function Button(p) { return null; });
""",
    "shop.js": """const {a} = require('./a');
/** Runs it. */
exports.run = async () => { a(); };
Shop.prototype.open = function () { this.close(); };
class Foo { static bar() {} }
const api = { find() {}, all: () => 1 };
""",
    "src/com/acme/Orders.java": """package com.acme;

import com.acme.store.Store;

/**
 * Orders of the {@link Shop}.
 *
 * @author somebody
 */
@Service
public class Orders extends Base<String> implements Closeable {
    /** Finds one. */
    @Override
    public Order find(Long id) { return store.find(id); }
    private void hide() {}
    enum State { NEW }
    record Pair(int a) {}
}
""",
    "Store.kt": """package com.acme

/** A store. */
class Store(private val db: Db) : Base(), Service {
    /** Puts. */
    fun put(x: String): Int = db.put(x)

    companion object {
        fun make(): Store = Store(Db())
    }
}

interface Service

object Single {
    fun go() {}
}
""",
    "Line.kt": """package acme

class Line(val x: Int) { fun go() = "a }"; fun on(): String = "${x }" }
class Point { companion object { fun make() = Point() } }
abstract class Base { abstract fun run(): Int }

@Service
@Named("b")
class Last
data class Next(val x: Int)
""",
    "New.kt": """context(log: Logger) fun first() {}

context(logger: Logger, c: Map<String, () -> Unit>)
private fun second(): Int { return 1 }

class Third {
    val items: List<Int>
        field = mutableListOf()
    fun g(x: Any) = when (x) {
        is Int if x > 1 -> 1
        else -> 2
    }
    val s = $$\"\"\"cost $5 if a -> b\"\"\"
    fun h() { if (a) b() else c { x -> y } }
}
""",
    "spaces.ts": "namespace Shop { export function open() {} }\ndeclare module 'x' { export function shut(): void; }\n",
    "store/store.go": """// Package store keeps things.
package store

// Store keeps items.
type Store struct{ db *DB }

// Open opens it.
func Open(path string) (*Store, error) { return newStore(path), nil }

// Get gets.
func (s *Store) Get(id ID) int { return 0 }

func (l List[T]) Len() int { return 0 }
""",
    "src/lib.rs": """//! Parses.

/// A parser.
#[derive(Debug)]
pub struct Parser<T> { x: T }

impl<T> Parser<T> {
    /// Makes it.
    pub fn new(x: T) -> Self { helper() }
}
impl<T> fmt::Display for Parser<T> { fn fmt(&self) {} }
pub trait Run { fn run(&self) {} }
pub mod inner { pub fn deep() {} }
macro_rules! my { () => {} }
""",
    "shop.c": """/* Copyright somebody. */
#define MOST(a, b) ((a) > (b) ? (a) : (b))

/* A point. */
struct point { int x; };
typedef struct { int a; } box_t;

/**
 * \\brief Opens it.
 * \\param p path
 */
int *shop_open(const char *p) {
  return helper(1);
}
#ifdef OTHER
static void only_here(void) {}
#endif
struct point the_point;
void unsaid(int);
""",
    "shop.hpp": """namespace acme {
/* Says it. */
int said(int x);
class Shop : public Base<int> {
 public:
  int open(int x) const { return go(x); }
  void later();
};
template <typename T> T twice(T t) { return t; }
}
""",
    "inner.cpp": """namespace acme::inner::inline v1 {
template <typename T> concept Addable = requires(T t) { t + t; };
class Box {};
}
""",
    "shop.cpp": """#include "shop.hpp"
namespace acme {
// Later on.
void Shop::later() { twice<int>(1); }
Shop::~Shop() {}
}
""",
}

FOUND = {
    "src/useAuth.ts": [
        "function useAuth 5-11: Logs a user in.",
        "interface User 12-12",
        "type Id 13-13",
        "enum Color 14-14",
        "class Auth 15-20",
        "method Auth.signIn 16-17: Signs in.",
        "method Auth.check 18-18",
        "method Auth.handler 19-19",
        "function twice 22-24",
        "function Button 25-25",
    ],
    "shop.js": [
        "function run 2-3: Runs it.",
        "method Shop.open 4-4",
        "class Foo 5-5",
        "method Foo.bar 5-5",
        "method api.find 6-6",
        "method api.all 6-6",
    ],
    "src/com/acme/Orders.java": [
        "class Orders 5-18: Orders of the Shop.",
        "method Orders.find 12-14: Finds one.",
        "method Orders.hide 15-15",
        "enum Orders.State 16-16",
        "class Orders.Pair 17-17",
    ],
    "Store.kt": [
        "class Store 3-11: A store.",
        "method Store.put 5-6: Puts.",
        "method Store.make 9-9",
        "interface Service 13-13",
        "class Single 15-17",
        "method Single.go 16-16",
    ],
    "Line.kt": [
        "class Line 3-3",
        "method Line.go 3-3",
        "method Line.on 3-3",
        "class Point 4-4",
        "method Point.make 4-4",
        "class Base 5-5",
        "method Base.run 5-5",
        "class Last 7-9",
        "class Next 10-10",
    ],
    "New.kt": [
        "function first 1-1",
        "function second 4-4",
        "class Third 6-15",
        "method Third.g 9-12",
        "method Third.h 14-14",
    ],
    "spaces.ts": ["function Shop.open 1-1", "function x.shut 2-2"],
    "store/store.go": [
        "struct Store 4-5: Store keeps items.",
        "function Open 7-8: Open opens it.",
        "method Store.Get 10-11: Get gets.",
        "method List.Len 13-13",
    ],
    "src/lib.rs": [
        "struct Parser 3-5: A parser.",
        "method Parser.new 8-9: Makes it.",
        "method Parser.fmt 11-11",
        "trait Run 12-12",
        "method Run.run 12-12",
        "function inner.deep 13-13",
        "macro my 14-14",
    ],
    "shop.c": [
        "macro MOST 2-2",
        "struct point 4-5: A point.",
        "struct box_t 6-6",
        "function shop_open 8-14: Opens it.",
        "function only_here 16-16",
    ],
    "shop.hpp": [
        "function acme.said 2-3: Says it.",
        "class acme.Shop 4-8",
        "method acme.Shop.open 6-6",
        "function acme.twice 9-9",
    ],
    "inner.cpp": ["type acme.inner.v1.Addable 2-2", "class acme.inner.v1.Box 3-3"],
    "shop.cpp": ["method acme.Shop.later 3-4: Later on.", "method acme.Shop.~Shop 5-5"],
}


def facts(path: str) -> ModuleFacts:
    return read_definitions(path, language_of(path) or "", SOURCES[path])


@pytest.mark.parametrize("path", SOURCES)
def test_definitions_have_kind_name_lines_and_what_is_said_of_them(path: str) -> None:
    said = [
        f"{one.kind} {one.name} {one.line}-{one.end_line}{f': {one.docstring}' if one.docstring else ''}"
        for one in facts(path).symbols
    ]

    assert said == FOUND[path]


@pytest.mark.parametrize("path", SOURCES)
def test_every_line_is_in_one_chunk_in_order_and_facts_come_back(path: str) -> None:
    found = facts(path)

    for longest in (4000, 60):
        chunks = cut_module(found, SOURCES[path], longest)
        text = [line for chunk in chunks for line in chunk.content.split("\n") if line.strip()]
        whole = "".join("".join(text).split())
        assert whole == "".join(SOURCES[path].split())
        assert {chunk.symbol for chunk in chunks} <= {found.name, *(found.qualified(one.name) for one in found.symbols)}
    assert unpacked(packed(found)) == found


def test_signatures_bases_calls_and_decorators_are_read() -> None:
    of_ts, of_java = (
        {one.name: one for one in facts(path).symbols} for path in ("src/useAuth.ts", "src/com/acme/Orders.java")
    )

    assert of_ts["useAuth"].signature == "useAuth = (name: string): User"
    assert of_ts["useAuth"].calls == ["login"]
    assert of_ts["Auth"].bases == ["Base", "Service"]
    assert of_ts["Auth.signIn"].calls == ["self.check"]
    assert not of_ts["Auth.check"].public
    assert of_java["Orders"].decorators == ["Service"]
    assert of_java["Orders"].bases == ["Base", "Closeable"]
    assert of_java["Orders"].members == ["find", "hide", "State", "Pair"]
    assert of_java["Orders.find"].signature == "public Order find(Long id)"
    assert facts("src/com/acme/Orders.java").qualified("Orders.find") == "com.acme.Orders.find"
    assert facts("store/store.go").docstring == "Package store keeps things."
    assert facts("src/lib.rs").docstring == "Parses."
    assert facts("shop.c").docstring == ""


def test_what_scripts_import_is_counted_in_the_file_that_defines_it() -> None:
    files = {
        "src/hooks/useAuth.ts": "export function useAuth() {}\n",
        "src/index.ts": "export {useAuth as auth} from './hooks/useAuth';\nexport * from './hooks/useAuth';\n",
        "src/a.tsx": "import {useAuth} from '@/hooks/useAuth';\nexport const A = () => <p>{useAuth()}</p>;\n",
        "src/b.tsx": "import {auth} from '.';\nimport {A} from './a';\nexport default () => <A x={auth()}/>;\n",
        "src/c.js": "const {useAuth} = require('./hooks/useAuth');\nexports.c = () => useAuth();\n",
    }

    nodes = code_nodes(
        [read_definitions(path, language_of(path) or "", text) for path, text in files.items()],
        dict.fromkeys(files, "hash"),
    )

    degrees = {node["node_id"]: node["metadata"]["in_degree"] for node in nodes}
    assert degrees["src/hooks/useAuth.ts::useAuth"] >= 5
    assert degrees["src/a.tsx::A"] == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.ts", "class { ( ] function f( {"),
        ("a.go", ""),
        ("a.rs", "fn " * 3000),
        ("a.js", "(" * 20_000),
        ("a.js", "var x=1;" * 20_000),
        ("a.c", "int f(" + "int a, " * 5000 + ") {}"),
        ("a.java", "class A {" * 3000),
    ],
    ids=["broken", "empty", "words", "nested", "minified", "long", "classes"],
)
def test_no_text_is_too_bad_to_be_read(path: str, source: str) -> None:
    with suppress(UnreadableSourceError):
        found = read_definitions(path, language_of(path) or "", source)
        assert found.lines == source.count("\n") + 1
