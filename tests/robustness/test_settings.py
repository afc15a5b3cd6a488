"""What a session, a role or a database has set changes how fast an answer comes, never what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server
from tests.library import put_library

# one of every kind: each mode, each fusion, each filter, what explains a search, what is put, logged and counted
CALLS: tuple[LiteralString, ...] = (
    "select * from pgsearch.search_hybrid('전기차 보조금은 어떻게 받나요?', %(cars)s)",
    "select * from pgsearch.search_hybrid('전기차 보조금', collections => '{wiki}')",
    "select * from pgsearch.search_hybrid('electric car battery', %(cars)s, '{wiki}', 'vector')",
    "select * from pgsearch.search_hybrid('Postgers SQL', null, '{wiki}', 'lexical')",
    "select * from pgsearch.search_hybrid('\"running shoes\" -tulips +runner', null, '{guides}', 'fts')",
    "select * from pgsearch.search_hybrid('a needle in the hay', null, '{hay}', top_k => 50)",
    "select * from pgsearch.search_pages('보조금 제12조', %(cars)s, fusion => 'rrf_boost')",
    "select * from pgsearch.search_pages('보조금', %(cars)s, fusion => 'legacy')",
    "select * from pgsearch.search_hybrid('보조금', %(cars)s, '{wiki}', fusion => 'convex',"
    ' options => \'{"window": 1, "diversity": 0.5}\')',
    "select page_id, round(extract(epoch from now()) / 60 - days * 1440)"
    " from pgsearch._page_ages(array(select page_id from pgsearch.pages), 30, 'day') where page_id > 8",
    "select * from pgsearch.search_hybrid('보조금', %(cars)s, fusion => 'distribution')",
    "select * from pgsearch.search_hybrid('보조금', %(cars)s, fusion => 'weighted')",
    "select * from pgsearch.search_hybrid('hay', collections => '{hay}', filter => '{\"any_tags\": [\"even\"]}')",
    "select * from pgsearch.search_hybrid('hay', collections => '{hay}', filter => '{\"tags\": [\"even\"]}')",
    "select * from pgsearch.search_hybrid('hay', collections => '{hay}', filter => '{\"metadata\": {\"third\": 1}}')",
    "select * from pgsearch.search_bm25('hay needle', 50, '{hay}')",
    "select * from pgsearch.search_fts('hay needle', 50, '{hay}')",
    "select * from pgsearch.search_lexical('Heystack', 50, '{hay}')",
    "select * from pgsearch.search_vector(%(cars)s, model => 'subjects')",
    "select * from pgsearch.candidate_pages('hay', collections => '{hay}')",
    "select * from pgsearch.candidate_signals('보조금 전기차', %(cars)s)",
    "select * from pgsearch.parse_query(%(query)s)",
    "select pgsearch.normalize_query('  Où   EST\tla ＡＢＣ  ')",
    "select pgsearch.classify_query('where is POST /users/{id} handled?')",
    "select pgsearch.snippet(%(content)s, '{전기,기차,run}', '{보조금}')",
    "select * from pgsearch.split_content(%(document)s, 'markdown', 100)",
    "select stage, expected_index from pgsearch.explain_search('전기차 보조금', %(cars)s)",
    "select pgsearch.explain_hit('전기차 보조금', (select min(chunk_id) from pgsearch.chunks)) - 'timings'",
    "select pgsearch.search('전기차 보조금', %(cars)s, context => '{\"log\": false}') - '{query_id,timings}'::text[]",
    "select check_name, status from pgsearch.doctor() where check_name !~ '^(shared_buffers|random|jit|mainten)'",
    "select * from pgsearch.text_stats_staleness()",
    "select * from pgsearch.list_models()",
    "select * from pgsearch.search_code('where is GET /subsidies/7?', collections => '{wiki}')",
    "select name, summary_tsv::text from pgsearch.semantic_nodes",
    "select extract(epoch from pgsearch._ubi_time('\"2024-02-03T04:05:06\"'))",
    "select pgsearch._route_path('/users/<int:id>/'), pgsearch._split_identifiers(%(path)s)",
)

WRITES: tuple[LiteralString, ...] = (
    "select status from pgsearch.put_pages('new', %(pages)s)",
    "select content_tsv::text, heading, content from pgsearch.chunks where collection = 'new' order by ordinal",
    "select title_tsv::text from pgsearch.pages where collection = 'new'",
    "select pgsearch.log_search(%(entry)s) is not null",
    "select ts, user_query, hit_scores from pgsearch.queries",
    'select pgsearch.log_turn(\'one?\', \'two\', \'c\', context => \'{"user_id": "lee", "session_id": "s",'
    ' "retrieval_score": 0.12345678901234567, "ts": "2026-11-28T10:00:00+00"}\') is not null',
    "select ts, role, retrieval_score from pgsearch.messages order by role",
    "select content, pgsearch.get_conversation('c', session_id => 's') is null from pgsearch.message_contents"
    " order by content",
    "select partition, day, expired from pgsearch.list_partitions()",
    "select detail from pgsearch.doctor() where check_name ~ 'partitions'",
    "select count(*) from pgsearch.refresh_search_stats()",
    "select * from pgsearch.search_stats('', '2026-11-01', '2026-11-02')",
    "select pgsearch.put_query_embedding('subjects', 'Où EST', '[1,0,0,0]')",
    "select pgsearch.cached_query_embedding('subjects', 'où  est')",
    "select pgsearch.grant_rights('pg_monitor', '{search,log,read_log}')",
)

# as parameters, since how a session reads a literal is its own affair
GIVEN: dict[str, str] = {
    "cars": "[0,1,0,0]",
    "query": '"전기차 보조금" -없다 +심판 OR 제12조 back\\slash',
    "path": "a\\b.HTTPServer",
    "content": "<b>전기차</b> 보조금은 \\ '환경부'가   running shoes",
    "document": (
        "# 제목\n\nOne sentence is as long as that. 둘째 문장은 조금 더 길다. "
        "Dr. No went to C:\\temp and never came back.\n\n"
        "---\n\n- first of all the points of this list\n- second of all the points of this list\n\n```\ncode\n```\n"
    ),
    "entry": json.dumps(
        {
            "query": "back\\slash 전기차",
            "ts": "2026-11-01T09:00:00+09:00",
            "results": [{"chunk_id": 1, "score": 0.1234567890123456}],
        }
    ),
    "pages": json.dumps(
        [
            {
                "external_id": "a",
                "title": "전기차 back\\slash",
                "content": "# 전기차\n\n보조금은 어떻게 받나요? It's C:\\temp\\new. Dr. Kim's \u3000space.",
                "tags": ["x\\y"],
                "metadata": {"day": "2024-02-03"},
            }
        ]
    ),
}

SETTINGS: dict[str, dict[str, str]] = {
    "standard_conforming_strings": {"standard_conforming_strings": "off"},
    "strings, with a warning": {"standard_conforming_strings": "off", "escape_string_warning": "off"},
    "backslash_quote": {"backslash_quote": "off"},
    "gin_fuzzy_search_limit": {"gin_fuzzy_search_limit": "1"},
    "extra_float_digits": {"extra_float_digits": "-15"},
    "array_nulls": {"array_nulls": "off"},
    "quote_all_identifiers": {"quote_all_identifiers": "on"},
    "default_text_search_config": {"default_text_search_config": "pg_catalog.german"},
    "row_security": {"row_security": "off"},
    "serializable": {"default_transaction_isolation": "serializable"},
    "work_mem": {"work_mem": "64kB", "hash_mem_multiplier": "1"},
    "jit": {"jit": "on", "jit_above_cost": "0", "jit_inline_above_cost": "0", "jit_optimize_above_cost": "0"},
    "generic plans": {"plan_cache_mode": "force_generic_plan"},
    "custom plans": {"plan_cache_mode": "force_custom_plan"},
    "no index scans": {"enable_indexscan": "off", "enable_bitmapscan": "off", "enable_indexonlyscan": "off"},
    "no sequential scans": {"enable_seqscan": "off"},
    "no parallel workers": {"max_parallel_workers_per_gather": "0"},
    "parallel": {"debug_parallel_query": "on"},
    "search_path, empty": {"search_path": ""},
    "search_path, temporary first": {"search_path": "pg_temp, public"},
    "read only": {"default_transaction_read_only": "on"},
    "DateStyle, German": {"DateStyle": "German, DMY", "TimeZone": "Asia/Kolkata"},
    "DateStyle, SQL": {"DateStyle": "SQL, DMY", "TimeZone": "America/New_York"},
    "DateStyle, Postgres": {"DateStyle": "Postgres, MDY", "TimeZone": "Asia/Seoul"},
    "IntervalStyle": {"IntervalStyle": "sql_standard"},
    "bytea_output": {"bytea_output": "escape"},
    "xml": {"xmloption": "document", "xmlbinary": "hex"},
    "transform_null_equals": {"transform_null_equals": "on"},
    "no joins": {"enable_hashjoin": "off", "enable_mergejoin": "off", "enable_nestloop": "off"},
    "no pruning": {"enable_partition_pruning": "off", "constraint_exclusion": "on"},
    "plpgsql, variables": {"plpgsql.variable_conflict": "use_variable"},
    "plpgsql, columns": {"plpgsql.variable_conflict": "use_column"},
    "plpgsql, extra errors": {"plpgsql.extra_errors": "all"},
    "hnsw": {"hnsw.ef_search": "1", "hnsw.iterative_scan": "off", "hnsw.max_scan_tuples": "1"},
    "pg_trgm, all": {"pg_trgm.similarity_threshold": "0", "pg_trgm.word_similarity_threshold": "0"},
    "pg_trgm, none": {
        "pg_trgm.similarity_threshold": "1",
        "pg_trgm.word_similarity_threshold": "1",
        "pg_trgm.strict_word_similarity_threshold": "1",
    },
    "planner": {"join_collapse_limit": "1", "from_collapse_limit": "1", "geqo_threshold": "2"},
    "no sorting": {"enable_sort": "off", "enable_incremental_sort": "off", "enable_material": "off"},
    "no hashing": {"enable_hashagg": "off", "enable_memoize": "off"},
    "max_stack_depth": {"max_stack_depth": "100kB"},
    "timeouts": {"lock_timeout": "1s", "idle_in_transaction_session_timeout": "1min", "statement_timeout": "1min"},
    "check_function_bodies": {"check_function_bodies": "off"},
    "replica": {"session_replication_role": "replica"},
    "locale": {"lc_messages": "C", "lc_numeric": "C", "lc_monetary": "C", "lc_time": "C"},
    "messages": {"client_min_messages": "error", "log_min_messages": "debug1"},
    "storage": {"default_toast_compression": "pglz", "default_table_access_method": "heap"},
}


ROUTE: dict[str, Any] = {
    "node_id": "GET /subsidies/{id}",
    "node_type": "route",
    "summary": "GET /subsidies/{id} shows a subsidy.",
    "source_table": "pages",
    "source_id": "subsidy",
    "metadata": {"route": "/subsidies/{id}", "method": "GET", "importance_score": 0.7},
}


@pytest.fixture(scope="module")
def settled_dsn(pg_server: Server, pg_template: NoopExecutor) -> Iterator[str]:
    """The library and 200 pages that are alike, with every index settled."""
    with cloned(pg_server, pg_template.template_dbname) as dsn:
        with Client(dsn) as client:
            put_library(client)
            client.put_pages(
                "hay",
                [
                    {
                        "external_id": str(number),
                        "title": f"Haystack {number}",
                        "content": f"hay and straw and {'a needle ' * (number % 40 == 0)} number {number}",
                        "tags": ["straw", "even" if number % 2 == 0 else "odd"],
                        "metadata": {"third": number % 3, "day": f"2024-01-{number % 28 + 1:02}"},
                    }
                    for number in range(200)
                ],
            )
            client.connection.execute('update pgsearch.pages set metadata = metadata || \'{"day": "2024-01-02"}\'')
            client.put_nodes("wiki", "", [ROUTE])
            client.refresh_text_stats()
            client.connection.execute("vacuum analyze")
        yield dsn


def answers(dsn: str, settings: dict[str, str], *, writes: bool) -> dict[str, Any]:
    """What each call gives back in a new session with the settings, and how each went that changes something."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name, setting in settings.items():
            connection.execute("select pg_catalog.set_config(%s, %s, false)", [_known(connection, name), setting])
        found: dict[str, Any] = {}
        with connection.transaction(force_rollback=True):
            for call in CALLS + (WRITES if writes else ()):
                cursor = connection.cursor(binary=True)
                cursor.execute(call, GIVEN)
                found[call] = cursor.fetchall()
    return found


def _known(connection: psycopg.Connection[Any], name: str) -> str:
    older = name == "debug_parallel_query" and connection.info.server_version < 160000
    return "force_parallel_mode" if older else name


@pytest.fixture(scope="module")
def expected(settled_dsn: str) -> dict[str, Any]:
    found = answers(settled_dsn, {}, writes=True)
    assert [call for call in found if not found[call]] == []
    return found


@pytest.mark.parametrize("setting", SETTINGS)
def test_no_setting_of_a_session_changes_an_answer(settled_dsn: str, expected: dict[str, Any], setting: str) -> None:
    found = answers(settled_dsn, SETTINGS[setting], writes=setting != "read only")
    assert [call for call in found if found[call] != expected[call]] == []


def test_a_session_that_changes_its_mind_gets_the_same_answers(settled_dsn: str, expected: dict[str, Any]) -> None:
    """Plans and parsed bodies are kept for a session, whatever was set when they were made."""
    with psycopg.connect(settled_dsn, autocommit=True) as connection:
        for setting in ("off", "on", "off"):
            connection.execute("select set_config('standard_conforming_strings', %s, false)", [setting])
            with connection.transaction(force_rollback=True):
                found = {
                    call: connection.cursor(binary=True).execute(call, GIVEN).fetchall() for call in CALLS + WRITES
                }
            assert [call for call in found if found[call] != expected[call]] == []
