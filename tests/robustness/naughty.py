"""Values that nobody should send, as expressions of SQL: by the type of an argument, and by its name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence

MANY = 100_000
"""Elements of an array, characters of a text, that are too many."""


HUGE = "@1e400@"
SMALL = "@1e-400@"
"""Numbers of JSON that no float can hold; `objects` writes them."""


def literal(text: str) -> str:
    """The text as a constant of SQL."""
    return "'" + text.replace("'", "''") + "'"


def objects(values: Iterable[object]) -> tuple[str, ...]:
    """The values as JSON, as constants of SQL."""
    return tuple(literal(re.sub('"@(.*?)@"', r"\1", json.dumps(value, ensure_ascii=False))) for value in values)


# What is no name of a function, of a configuration, of a table.
NAMES = (
    "f(",
    "f(text",
    "f(text)",
    "f()",
    "f[",
    '"',
    "a.b.c.d.e",
    "pg_catalog.int4(",
    "1",
    "varchar(",
    "x y z",
    "é.",
    ".",
    "lower",
)

# Settings of a search, and those inside one.
OPTIONS = (
    *(
        "chunk_size",
        "operator",
        "candidates",
        "model",
        "exact",
        "max_rows",
        "fusion",
        "rrf_k",
        "rerank_oversample",
        "lexical_threshold",
    ),
    *(
        "recency_half_life_days",
        "recency_key",
        "diversity",
        "rerank_head",
        "group_by_page",
        "window",
        "require_keywords",
        "snippet_length",
    ),
)
INNER = (
    ("bm25", "k1"),
    ("bm25", "b"),
    ("weights", "text"),
    ("boosts", "title"),
    ("log", "sample_rate"),
    ("log", "signals_of"),
)

# Parts of an entry of the log.
ENTRIES: Sequence[Mapping[str, object]] = (
    *(
        {"ts": ts}
        for ts in (
            "9999-12-31T23:59:59Z",
            "2026-99-99T99:99:99Z",
            "0000-00-00T00:00Z",
            "2026-01-01T00:00:00+99:99",
            "infinity",
            1,
        )
    ),
    *(
        {key: f"{first}-0000-7000-8000-000000000000"}
        for key in ("query_id", "event_id")
        for first in ("00000000", "ffffffff")
    ),
    *(
        {key: value}
        for key in ("confidence", "latency_ms", "dwell_ms", "value", "sample_weight")
        for value in (HUGE, SMALL, 5e-324, "a")
    ),
    *(
        {key: value}
        for key in ("position", "clicked_rank", "top_k", "result_count")
        for value in (2**31 - 1, 2**31, 1.5, 0, HUGE)
    ),
    *({"position_xy": value} for value in ({"x": "a", "y": None}, {"x": HUGE, "y": 1}, {})),
    *(
        {"results": value}
        for value in ([{"chunk_id": {}, "score": 1e299}], [HUGE, "a", None], [{"chunk_id": 1, "score": SMALL}])
    ),
    *({"collections": value} for value in ([None, {}, [1]], ["wiki", None], [])),
    *({"late_interaction_scores": value} for value in ({"max_sims": [None, HUGE]}, {"max_sims": "a"}, {})),
    *({"timings": value} for value in ({"a": "b"}, {"total_ms": HUGE})),
    *({"weights": value} for value in ({"text": HUGE}, {"": None})),
    *({"query": value} for value in ("가" * MANY, "", None, 1, {})),
    *({"user_id": value} for value in (HUGE, "", "x" * 256, {})),
    {"metadata": {"ubi": {"set": "["}}},
    {"log": "a"},
)

# Parts of a page.
PAGES: Sequence[Mapping[str, object]] = (
    *({"content": value} for value in ("a", "", None, 1, HUGE, {}, "a " * MANY, "가" * MANY, "#" * MANY)),
    *(
        {"chunks": value}
        for value in (
            [],
            [None],
            [1],
            [HUGE],
            [{"content": HUGE}],
            ["a"] * 20_000,
            ["a" * MANY],
            [{"content": "a", "metadata": {"": None}}, "b"],
        )
    ),
    *({"content": "a", "tags": value} for value in ([None, 1, {}], "a", ["a"] * 10_000, ["a" * MANY])),
    *({"content": "a", "metadata": value} for value in ([1], {"a": HUGE}, {"a": "b" * MANY}, None)),
    *(
        {"content": "a", "title": value}
        for value in (HUGE, "가" * MANY, None, "", " ".join(f"w{n}" for n in range(20_000)))
    ),
    *({"content": "a", "external_id": value} for value in (1, None, "", "x" * 10_000, {})),
    *({"content": "a", key: value} for key in ("format", "source") for value in ("markdown", "x" * MANY, 1, None)),
)

# Parts of a node.
NODES: Sequence[Mapping[str, object]] = (
    *(
        {"metadata": value}
        for value in (
            [1],
            {"line": HUGE},
            {"path": 1, "line": "a"},
            {"in_degree": HUGE},
            {"in_degree": "a"},
            {"path": "a", "line": 10**12},
        )
    ),
    *({"embedding": value} for value in ([1, None], [HUGE], "a", [], "[1,0,0,0]", [1, 0, 0, 0])),
    *({"source_id": value, "source_table": "chunks"} for value in ("a", HUGE, 10**30, 1)),
    *({key: value} for key in ("summary", "node_id", "code_hash") for value in ("가" * MANY, None, "", 1)),
)

# Parts of a variant of an experiment.
VARIANTS: Sequence[Mapping[str, object]] = (
    *({"share": value} for value in (HUGE, SMALL, 0, -1, "a", None)),
    *({"options": value} for value in ({"candidates": HUGE}, {"fusion": "rrf"}, [], None)),
    {"configuration": "nobody"},
    {"name": None},
)

# Parts of a record of User Behavior Insights.
RECORDS: Sequence[Mapping[str, object]] = (
    *(
        {"timestamp": value}
        for value in (
            "infinity",
            HUGE,
            "294277-01-01T00:00:00Z",
            "9999-12-31T00:00:00Z",
            "a",
            None,
            "2026-01-01",
            1767225600000,
        )
    ),
    *(
        {"timestamp": "2026-01-01T00:00:00Z", **rest}
        for rest in (
            {"query_response_hit_ids": [None, {}, HUGE]},
            {"query_response_hit_ids": "a"},
            {"query_attributes": [1]},
            {"user_query": "가" * MANY},
            {"event_attributes": {"position": {"ordinal": HUGE}}},
            {"event_attributes": {"position": {"ordinal": "a", "xy": {"x": "a"}}}},
            {"event_attributes": {"object": 1, "position": []}},
            {"event_attributes": {"object": {"object_id": {}, "internal_id": HUGE}}},
            {"event_attributes": 1},
        )
    ),
)

# By type: nothing, empty, repeated, nested, with a first index of its own, extreme, many.
BY_TYPE: Mapping[str, Sequence[str]] = {
    "text": (
        "null",
        "''",
        "' '",
        "'f('",
        "'f(text'",
        "'a.b.c.d'",
        "'\"'",
        "'[(*'",
        "'%s%n$1'",
        "'''; drop schema pgsearch cascade; --'",
        "E'\\\\'",
        "E'\\x01\\x7f'",
        "U&'\\FEFF\\200B\\202E'",
        "U&'I\\0307\\0130\\FDFA'",
        "'1e999'",
        "'-infinity'",
        "'99999999999999999999999999'",
        "'{}'",
        f"repeat('가', {MANY})",
        f"repeat('a b ', {MANY})",
        f"repeat('-\"(', {MANY})",
        f"(select string_agg(md5(n::text), ' ') from generate_series(1, {MANY}) as n)",
    ),
    "text[]": (
        "null",
        "'{}'",
        "array[null]::text[]",
        "array['', ' ', null, 'a', 'a']",
        "array[['a', 'b'], ['c', 'd']]",
        "'[5:6]={a,b}'::text[]",
        "'[-3:-2]={a,b}'::text[]",
        "array['f(', '[', '\\', '{\"a\": [', '1e999', 'NaN']",
        "array[repeat('a', 10000)]",
        f"array[repeat('가', {MANY})]",
        f"array_fill('a'::text, array[{MANY}])",
        f"array_fill(null::text, array[{MANY}])",
        f"array(select md5(n::text) from generate_series(1, {MANY}) as n)",
        f"array(select 'w' || n from generate_series(1, {MANY}) as n)",
        f"(select array_agg('[1,0,0,0]'::text) from generate_series(1, {MANY}))",
    ),
    "bytea[]": (
        "null",
        "'{}'",
        "array[null]::bytea[]",
        f"array_fill('\\x00'::bytea, array[{MANY}])",
        "'[5:5]={a}'::bytea[]",
    ),
    "bigint[]": (
        "null",
        "'{}'",
        "array[null]::bigint[]",
        "'{0,-1,9223372036854775807,-9223372036854775808}'",
        "'{1,1,1}'",
        "'{{1,2},{3,4}}'",
        "'[5:6]={1,2}'",
        "'{1,2}'",
        f"array(select generate_series(1, {MANY}))",
        f"array_fill(1::bigint, array[{MANY}])",
        f"array_fill(null::bigint, array[{MANY}])",
    ),
    "integer[]": (
        "null",
        "'{}'",
        "array[null]::integer[]",
        "'{0,-1,2147483647,-2147483648}'",
        "'{{1,2},{3,4}}'",
        "'[5:6]={1,2}'",
        f"array_fill(1, array[{MANY}])",
    ),
    "double precision[]": (
        "null",
        "'{}'",
        "array[null]::float8[]",
        "'{NaN}'",
        "'{Infinity,-Infinity}'",
        "'{1e308,-1e308}'",
        "'{1e308,1e308}'",
        "'{5e-324,-5e-324}'",
        "'{0,-0}'",
        "'{{1,2},{3,4}}'",
        "'[5:6]={1,2}'",
        "'{1,.5}'",
        f"array(select n / 7::float8 from generate_series(1, {MANY}) as n)",
        f"array_fill(null::float8, array[{MANY}])",
    ),
    "integer": ("null", "0", "1", "-1", "1000", "100000", "2147483647", "-2147483648"),
    "bigint": ("null", "0", "1", "-1", "9223372036854775807", "-9223372036854775808"),
    "double precision": (
        "null",
        "0",
        "1",
        "-1",
        "'NaN'",
        "'Infinity'",
        "'-Infinity'",
        "1.7e308",
        "-1.7e308",
        "5e-324",
        "'-0'",
    ),
    "boolean": ("null", "true", "false"),
    "jsonb": (
        "null",
        "'null'",
        "'true'",
        "'1e400'",
        "'\"\"'",
        "'[]'",
        "'{}'",
        "'[null]'",
        "'[[]]'",
        "'[{}]'",
        "'[1, \"a\", true]'",
        "'{\"\": null}'",
        '\'{"a": {"a": [1e-400, -1e400, null]}}\'',
        "(repeat('[', 5000) || repeat(']', 5000))::jsonb",
        "(repeat('{\"a\":', 5000) || '1' || repeat('}', 5000))::jsonb",
        f"to_jsonb(repeat('a b ', {MANY}))",
        f"(select jsonb_agg(n) from generate_series(1, {MANY}) as n)",
        f"(select jsonb_agg('{{}}'::jsonb) from generate_series(1, {MANY}) as n)",
        f"(select jsonb_object_agg('k' || n, n) from generate_series(1, {MANY}) as n)",
    ),
    "vector": (
        "null",
        "'[1,0,0,0]'",
        "'[0,0,0,0]'",
        "'[1]'",
        "'[3e38,3e38,3e38,3e38]'",
        "'[-3e38,3e38,-3e38,3e38]'",
        "'[1e-38,1e-38,1e-38,1e-38]'",
        "'[1e-44,0,0,0]'",
        "array_fill(1::float4, array[16000])",
    ),
    "interval": (
        "null",
        "'0'",
        "'1 day'",
        "'-1 day'",
        "'1 microsecond'",
        "'178000000 years'",
        "'-178000000 years'",
        "'2147483647 days'",
        "'-2147483648 months 2147483647 days'",
    ),
    "timestamp with time zone": (
        "null",
        "'-infinity'",
        "'infinity'",
        "'0001-01-01 BC'",
        "'4714-11-24 BC 00:00 UTC'",
        "'294276-12-31 23:59:59 UTC'",
        "'1969-12-31'",
        "'epoch'",
        "'10000-01-01'",
        "'20000-01-01'",
        "now()",
        "now() - interval '1 day'",
    ),
    "date": (
        "null",
        "'-infinity'",
        "'infinity'",
        "'4714-11-24 BC'",
        "'0001-01-01 BC'",
        "'5874897-12-31'",
        "'294276-12-31'",
        "'294277-01-01'",
        "'10000-01-01'",
        "'1970-01-01'",
        "current_date",
    ),
    "uuid": (
        "null",
        "'00000000-0000-0000-0000-000000000000'",
        "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        "'ffffffff-ffff-7fff-bfff-ffffffffffff'",
        "'00000000-0000-7000-8000-000000000000'",
        "gen_random_uuid()",
        "pgsearch.uuid7()",
    ),
}

# By name: near to what the argument takes, so that more than its first check is reached.
BY_NAME: Mapping[str, Sequence[str]] = {
    "query": ("'battery'", "'\"electric car\" -zebra'", "'전기차 보조금'"),
    "content": (f"repeat('Roses. ', {MANY})", f"repeat('a', {10 * MANY})", f"repeat('가', {10 * MANY})"),
    "document": tuple(
        f"repeat(E'{part}', {MANY})"
        for part in ("# ", "#", "\\n", "# a\\n", "```", "```\\n", "a. ", "- ", "a\\n\\n", "> ", "|", "def a():\\n", " ")
    ),
    "format": ("'markdown'", "'text'", "'code'"),
    "collection": ("'wiki'", "'nobody'", "repeat('x', 255)", "repeat('x', 256)"),
    "collections": ("array['wiki']", "array['wiki', null]", "array['guides', 'wiki', 'wiki']"),
    "text_config": ("'english'", "'pg_catalog.english'", "'a.b'"),
    "fusion": ("'rrf'", "'rrf_boost'", "'legacy'", "'weighted'", "'convex'", "'distribution'", "'adaptive'"),
    "search_mode": ("'fts'", "'lexical'", "'vector'", "'code'"),
    "operator": ("'and'", "'or'"),
    "model": ("'subjects'", "'nobody'"),
    "kind": ("'queries'", "'events'", "'reranker'", "'query_classifier'"),
    "rights": ("array['search']", "array['search', 'log', 'read_log', null]"),
    "role_name": ("'public'", "'pg_read_all_data'"),
    "partition": ("'queries_p20200101'", "'pg_class'", "'pgsearch.chunks'", "'queries'"),
    "step": ("'hour'", "'day'", "'month'", "'all'"),
    "sampling": ("'random'", "'topn'", "'pptss'", "'failures'", "'manual'"),
    "click_model": ("'coec'", "'ctr'", "'sdbn'"),
    "experiment_type": ("'offline'", "'ab_test'", "'interleaving'"),
    "mask": tuple(map(literal, NAMES)),
    "filter": objects(
        {key: value}
        for key in ("page_ids", "external_ids", "tags", "any_tags", "source", "metadata")
        for value in (
            [[1], None, "a"],
            [1.5],
            [10**30],
            None,
            HUGE,
            {},
            {"a": {"$gt": HUGE}},
            [],
            "",
            list(range(MANY)),
        )
    ),
    "options": (
        *objects({"rerank": name} for name in (*NAMES, *(f"learned:{name}" for name in NAMES))),
        *objects(
            {key: value} for key in OPTIONS for value in (None, -1, 0, 1, 1.5, HUGE, SMALL, True, "", "f(", [], {}, [1])
        ),
        *objects(
            {key: {inner: value}} for key, inner in INNER for value in (None, -1, 0, SMALL, HUGE, "a", True, {}, [])
        ),
    ),
    "entry": objects({"query": "a", **entry} for entry in ENTRIES),
    "entries": objects(
        [{"type": kind, "query": "a", "action_name": "click", **entry}]
        for kind in ("search", "event")
        for entry in ENTRIES
    ),
    "context": objects(ENTRIES),
    "pages": objects([{"external_id": "a", **page}] for page in PAGES),
    "nodes": objects([{"node_id": "a", "node_type": "symbol", "summary": "a", **node}] for node in NODES),
    "variants": objects(
        [{"name": "a", **first}, {"name": "b", **second}] for first in VARIANTS for second in ({}, *VARIANTS)
    ),
    "judgments": objects(
        [{"query": "a", "doc_id": "b", "rating": rating}] for rating in (None, 1, -1, HUGE, SMALL, "a", [1])
    ),
    "records": objects([{"query_id": "a", "user_query": "b", "action_name": "click", **record}] for record in RECORDS),
    "content_hashes": ("array['\\x00'::bytea]",),
    "embeddings": ("array['[1,0,0,0]']", "array['[1,NaN,0,0]']", "array['[1e999,0,0,0]']", "array['[1,0']"),
    "embedding": ("'[1,0,0,0]'",),
}
