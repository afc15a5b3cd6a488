"""Values that nobody should send, as expressions of SQL: by the type of an argument, and by its name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

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


def each(key: str, *values: object, **others: object) -> Iterator[dict[str, object]]:
    """An object for each value of the key, beside others."""
    return ({**others, key: value} for value in values)


NEW_YEAR = "2026-01-01T00:00:00Z"

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
        "offset",
        "count_up_to",
        "facets",
        "facet_values",
        "distinct",
    ),
)
INNER = (
    ("bm25", "k1"),
    ("bm25", "b"),
    ("weights", "text"),
    ("boosts", "title"),
    ("adaptive", "information"),
    ("adaptive", "least_exponent"),
    ("adaptive", "heads"),
    ("log", "sample_rate"),
    ("log", "signals_of"),
)

# Parts of an entry of the log.
ENTRIES: Sequence[Mapping[str, object]] = (
    *each("ts", "9999-12-31T23:59:59Z", "2026-99-99T99:99:99Z", "2026-02-30T00:00:00Z", "0000-00-00T00:00Z"),
    *each("ts", "2026-01-01T00:00:00+99:99", "2026-01-01T24:00:00Z", "infinity", 1),
    *each("query_id", "00000000-0000-7000-8000-000000000000", "ffffffff-ffff-7fff-bfff-ffffffffffff"),
    *each("event_id", "00000000-0000-7000-8000-000000000000", "ffffffff-ffff-7fff-bfff-ffffffffffff"),
    *each("confidence", HUGE, SMALL, 5e-324, "a"),
    *each("latency_ms", HUGE, SMALL, 5e-324, "a"),
    *each("dwell_ms", HUGE, SMALL, 5e-324, "a"),
    *each("value", HUGE, SMALL, 5e-324, "a"),
    *each("sample_weight", HUGE, SMALL, 5e-324, "a"),
    *each("position", 2**31 - 1, 2**31, 1.5, 0, HUGE),
    *each("top_k", 2**31 - 1, 2**31, 1.5, 0, HUGE),
    *each("result_count", 2**31 - 1, 2**31, 1.5, 0, HUGE),
    *each("position_xy", {"x": "a", "y": None}, {"x": HUGE, "y": 1}, {"x": SMALL}, {}),
    *each("results", [{"chunk_id": {}, "score": 1e299}], [HUGE, "a", None], [{"chunk_id": 1, "score": SMALL}]),
    *each("collections", [None, {}, [1]], ["wiki", None], []),
    *each("late_interaction_scores", {"max_sims": [None, HUGE]}, {"max_sims": "a"}, {}),
    *each("timings", {"a": "b"}, {"total_ms": HUGE}),
    *each("weights", {"text": HUGE}, {"": None}),
    *each("query", "가" * MANY, "", None, 1, {}),
    *each("user_id", HUGE, "", "x" * 256, {}),
    *each("metadata", {"ubi": {"set": "["}}),
    *each("log", "a"),
)

# Parts of a message of a conversation.
MESSAGES: Sequence[Mapping[str, object]] = (
    *each("role", None, "", "robot", 1, {}),
    *each(
        "content",
        "",
        "가" * MANY,
        "a" * 10 * MANY,
        "a" * (10 * MANY + 1),
        "a b " * MANY,
        1,
        HUGE,
        {},
        None,
        "\ud7ff\ue000😀",
    ),
    *each("conversation_id", "", "x" * 255, "x" * 256, 1, {}, None),
    *each("message_id", "00000000-0000-7000-8000-000000000000", "ffffffff-ffff-7fff-bfff-ffffffffffff", "a", 1),
    *each("parent_message_id", "a", 1, {}, "00000000-0000-7000-8000-000000000000"),
    *each("query_id", "a", 1, "ffffffff-ffff-7fff-bfff-ffffffffffff"),
    *each("ts", "9999-12-31T23:59:59Z", "2026-99-99T99:99:99Z", "0001-01-01T00:00:00Z", "infinity", 1, external_id="a"),
    *each("top_scores", [HUGE], [SMALL], ["a"], [None], [[1]], {}, [0.5] * 1001, [], [-1, 2]),
    *each("retrieval_score", HUGE, SMALL, -1, 1.1, "a"),
    *each("retrieved_docs", [None], [HUGE], "a", {}, [{}] * 1001),
    *each("temperature", HUGE, SMALL, -1, "a"),
    *each("top_p", HUGE, SMALL, -1, 1.5, "a"),
    *each("max_tokens", 2**31, 1.5, -1, HUGE, "a"),
    *each("input_tokens", 10**12, 10**13, 1.5, -1, HUGE, "a"),
    *each("response_time_ms", HUGE, SMALL, 5e-324, -1, 1e15, "a"),
    *each("is_regeneration", 1, "a", None),
    *each("consent", 1, "a", None, False),
    *each("metadata", [], "a", {"a": HUGE}),
    *each("llm_params", [], 1, {"temperature": HUGE}, {"other": [HUGE]}, None),
    *each("retrieval_info", {"top_scores": ["a"]}, {"query": {}}, "a"),
    *each("performance", {"token_count": -1}, {"response_time_ms": "a"}, []),
    *each("log_id", "", "x" * 256, 1, created_at=NEW_YEAR),
    *each("user_id", HUGE, "", "x" * 256, {}),
    *each("log", "a", False),
)

# Parts of a page.
PAGES: Sequence[Mapping[str, object]] = (
    *each("content", "a", "", None, 1, HUGE, {}, "a " * MANY, "가" * MANY, "#" * MANY),
    *each("chunks", [], [None], [1], [HUGE], [{"content": HUGE}], ["a"] * 5_000, ["a" * MANY]),
    *each("chunks", [{"content": "a", "metadata": {"": None}}, "b"]),
    *each("tags", [None, 1, {}], "a", ["a"] * 10_000, ["a" * MANY], content="a"),
    *each("metadata", [1], {"a": HUGE}, {"a": "b" * MANY}, None, content="a"),
    *each("title", HUGE, "가" * MANY, None, "", " ".join(f"w{n}" for n in range(20_000)), content="a"),
    *each("external_id", 1, None, "", "x" * 10_000, {}, content="a"),
    *each("format", "markdown", "x" * MANY, 1, None, content="a"),
    *each("source", "markdown", "x" * MANY, 1, None, content="a"),
)

# Parts of a node.
NODES: Sequence[Mapping[str, object]] = (
    *each("metadata", [1], {"line": HUGE}, {"path": 1, "line": "a"}, {"in_degree": HUGE}, {"in_degree": "a"}),
    *each("metadata", {"path": "a", "line": 10**12}, {"importance_score": HUGE}, {"importance_score": SMALL}),
    *each("embedding", [1, None], [HUGE], "a", [], "[1,0,0,0]", [1, 0, 0, 0]),
    *each("source_id", "a", HUGE, 10**30, 1, source_table="chunks"),
    *each("summary", "가" * MANY, None, "", 1),
    *each("node_id", "가" * MANY, None, "", 1),
    *each("code_hash", "가" * MANY, None, "", 1),
)

# Parts of a variant of an experiment.
VARIANTS: Sequence[Mapping[str, object]] = (
    *each("share", HUGE, SMALL, 0, -1, "a", None),
    *each("options", {"candidates": HUGE}, {"fusion": "rrf"}, [], None),
    *each("configuration", "nobody"),
    *each("name", None, "x" * MANY),
)

# Parts of a record of User Behavior Insights.
RECORDS: Sequence[Mapping[str, object]] = (
    *each("timestamp", "infinity", HUGE, "294277-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "a", None, 1767225600000),
    *each("timestamp", "2026-01-01", "2026-99-01T00:00:00Z", "2026-01-01T00:00:00+99:00"),
    *each("query_response_hit_ids", [None, {}, HUGE], "a", timestamp=NEW_YEAR),
    *each("query_attributes", [1], timestamp=NEW_YEAR),
    *each("user_query", "가" * MANY, timestamp=NEW_YEAR),
    *each("event_attributes", {"position": {"ordinal": HUGE}}, {"position": {"ordinal": "a"}}, timestamp=NEW_YEAR),
    *each("event_attributes", {"position": {"xy": {"x": "a"}}}, {"object": 1, "position": []}, 1, timestamp=NEW_YEAR),
    *each("event_attributes", {"object": {"object_id": {}, "internal_id": HUGE}}, timestamp=NEW_YEAR),
)

# Parts of a learned model.
MODELS: Sequence[Mapping[str, object]] = (
    *each("of_score", HUGE, SMALL, "a", None),
    *each("feature", [1, 0, 0], [HUGE], ["a"], [10**9], "a", []),
    *each("roots", [1], [0], [-1], [10**9], ["a"], "a"),
    *each("weights", {"a": [HUGE]}, {"a": "b"}, {"a": [5e-324]}, [1]),
    *each("classes", [], ["a"], "a", [None]),
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

# By name and type: near to what the argument takes, so that more than its first check is reached.
BY_NAME: Mapping[str, Sequence[str]] = {
    "query text": ("'battery'", "'\"electric car\" -zebra'", "'전기차 보조금'"),
    "content text": (f"repeat('Roses. ', {MANY})", f"repeat('a', {10 * MANY})", f"repeat('가', {10 * MANY})"),
    "document text": tuple(
        f"repeat(E'{part}', {MANY})"
        for part in ("# ", "#", "\\n", "# a\\n", "```", "```\\n", "a. ", "- ", "a\\n\\n", "> ", "|", "def a():\\n", " ")
    ),
    "format text": ("'markdown'", "'text'", "'code'"),
    "collection text": ("'wiki'", "'nobody'", "repeat('x', 255)", "repeat('x', 256)"),
    "collections text[]": ("array['wiki']", "array['wiki', null]", "array['guides', 'wiki', 'wiki']"),
    "text_config text": ("'english'", "'pg_catalog.english'", "'a.b'"),
    "fusion text": ("'rrf'", "'rrf_boost'", "'legacy'", "'weighted'", "'convex'", "'distribution'", "'adaptive'"),
    "search_mode text": ("'fts'", "'lexical'", "'vector'", "'code'"),
    "operator text": ("'and'", "'or'"),
    "model text": ("'subjects'", "'nobody'"),
    "kind text": ("'queries'", "'events'", "'reranker'", "'query_classifier'"),
    "rights text[]": ("array['search']", "array['search', 'log', 'read_log', null]"),
    "role_name text": ("'public'", "'pg_read_all_data'"),
    "partition text": ("'queries_p20200101'", "'pg_class'", "'pgsearch.chunks'", "'queries'"),
    "step text": ("'hour'", "'day'", "'month'", "'all'"),
    "sampling text": ("'random'", "'topn'", "'pptss'", "'failures'", "'manual'"),
    "click_model text": ("'coec'", "'ctr'", "'sdbn'"),
    "experiment_type text": ("'offline'", "'ab_test'", "'interleaving'"),
    # as long as a mark may be: a text may have as many of them as characters
    "mark_open text": ("repeat('&', 1000)",),
    "mark_close text": ("repeat('&', 1000)",),
    "mask text": tuple(map(literal, NAMES)),
    "filter jsonb": objects(
        value
        for key in ("page_ids", "external_ids", "tags", "any_tags", "source", "metadata")
        for value in (
            *each(key, [[1], None, "a"], [1.5], [10**30], None, HUGE, {}, {"a": {"$gt": HUGE}}, [], ""),
            *each(key, list(range(MANY))),
        )
    )
    + objects(
        value
        for key in ("tags", "source", "updated_at", "metadata", "not")
        for value in (
            *each(key, {}, {"exists": 1}, {"in": 1}, {"gte": HUGE}, {"not": {"not": []}}, {"$": 1}, {"": {"gt": None}}),
            *each(
                key, {"a": {"gte": HUGE}}, {"a": {"in": [HUGE, SMALL, None]}}, {"\"'": {"eq": "'\\"}}, {"..": {"lt": 1}}
            ),
            *each(key, {"a": {"contains": [[[]]]}}, {"a": {"gt": "9999-12-31"}}, {"a": {"lt": "0001-01-01"}}),
        )
    )
    + objects(
        ({"or": [{"and": []}, 1]}, {"and": None}, {"or": {"not": {}}}, {"metadata": {"$or": [{}, {"$not": {"a": 1}}]}})
    ),
    "options jsonb": objects(
        (
            *each("rerank", *NAMES, *(f"learned:{name}" for name in NAMES)),
            *(
                value
                for key in OPTIONS
                for value in each(key, None, -1, 0, 1, 1.5, HUGE, SMALL, True, "", "f(", [], {})
            ),
            *({key: value} for key, inner in INNER for value in each(inner, None, -1, 0, SMALL, HUGE, "a", True, [])),
        )
    ),
    "entry jsonb": (
        *objects({"query": "a", **entry} for entry in ENTRIES),
        *objects({"role": "user", "content": "a", **message} for message in MESSAGES),
    ),
    "entries jsonb": (
        *objects(
            [{"type": kind, "query": "a", "action_name": "click", **entry}]
            for kind in ("search", "event")
            for entry in ENTRIES
        ),
        *objects([{"type": "message", "role": "user", "content": "a", **message}] for message in MESSAGES),
    ),
    "context jsonb": objects(
        (*ENTRIES, *MESSAGES, *each("question_id", "a", 1, None), *each("answer_id", "a", 1, None))
    ),
    "settings jsonb": objects(
        value
        for key in ("sample_rate", "min_score", "long_turns", "idle_minutes", "chat", "")
        for value in each(key, None, -1, 0, 1, 1.5, HUGE, SMALL, True, "", [], {})
    ),
    "reader text": ("'root'", "repeat('x', 256)"),
    "dimension text": ("'user'", "'model'"),
    "period text": ("'daily'", "'hourly'"),
    "sampling_reason text": ("'error'", "'sample'"),
    "method text": ("'template'", "'llm'"),
    "pages jsonb": objects([{"external_id": "a", **page}] for page in PAGES),
    "nodes jsonb": objects([{"node_id": "a", "node_type": "symbol", "summary": "a", **node}] for node in NODES),
    "variants jsonb": objects(
        [{"name": "a", **first}, {"name": "b", **second}] for first in VARIANTS for second in ({}, *VARIANTS)
    ),
    "judgments jsonb": objects(
        [judgment]
        for judgment in (
            *each("rating", None, 1, -1, HUGE, SMALL, "a", [1], query="a", doc_id="b"),
            *each("query", "가" * MANY, " ".join(str(n) for n in range(MANY)), 1, rating=1, doc_id="b"),
            *each("doc_id", "가" * MANY, "", 1, rating=1, query="a"),
        )
    ),
    "content jsonb": objects(MODELS),
    "records jsonb": objects(
        [{"query_id": "a", "user_query": "b", "action_name": "click", **record}] for record in RECORDS
    ),
    "content_hashes bytea[]": ("array['\\x00'::bytea]",),
    "embeddings text[]": ("array['[1,0,0,0]']", "array['[1,NaN,0,0]']", "array['[1e999,0,0,0]']", "array['[1,0']"),
    "embedding vector": ("'[1,0,0,0]'",),
}
