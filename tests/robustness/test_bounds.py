"""What is too much is refused in words, and what may be much is answered."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest

from pgsearch import Client
from tests.refusals import refused

TOO_MUCH = {
    "a partition of a day that no time has": ("select pgsearch.ensure_partitions('5874897-12-31')", "9990"),
    "partitions from infinity": ("select pgsearch.ensure_partitions('-infinity', '2026-01-01')", "-infinity"),
    "an id of no time": ("select pgsearch.uuid7('infinity')", "infinity"),
    "an id of before 1970": ("select pgsearch.uuid7('1969-12-31')", "1970"),
    "an id of after its bits": ("select pgsearch.uuid7('20000-01-01')", "10888"),
    "statistics until before there is time": (
        "select * from pgsearch.search_stats(until => '4714-11-24 BC 00:00 UTC')",
        "9999",
    ),
    "a roll-up until the end of time": ("select * from pgsearch.refresh_search_stats(until => '294276-12-31')", "9999"),
    "no coin": ("select * from pgsearch.interleave('{a,b}', '{b,c}', null)", "seed"),
    "a score that is infinite": (
        "select * from pgsearch.legacy_scores('{a}', '{1}', '{1}', '{Infinity}', '{1}')",
        "text_scores",
    ),
    "a score that is no number": (
        "select * from pgsearch.boost_factors('a', '{a}', '{1}', '{1}', '{NaN}', '{1}')",
        "title_scores",
    ),
    "a setting nearer to nothing than numbers go": (
        """select * from pgsearch.search_hybrid('a', options => '{"boosts": {"title": 1e-400}}')""",
        "1e-50",
    ),
    "a name as long as a book": ("select pgsearch.register_model(repeat('x', 256), 3)", "255"),
    "a query set without a name": ("select pgsearch.create_query_set('', 'manual')", "1 to 255"),
    "an experiment of too long a name": ("select pgsearch.create_experiment(repeat('x', 256), 'ab_test', '[]')", "255"),
    "judgments of too long a name": ("select pgsearch.put_judgments(repeat('x', 256), '[]')", "255"),
    "a configuration of too long a name": (
        "select pgsearch.put_configuration(repeat('x', 256), 'wiki', '{}')",
        "255",
    ),
    "a learned model of too long a name": (
        "select pgsearch.put_learned_model(repeat('x', 256), 'reranker', '', '{}', '{}')",
        "255",
    ),
    "a time that no calendar has": (
        """select pgsearch.log_search('{"query": "a", "ts": "2026-02-30T00:00:00Z"}')""",
        "zone",
    ),
    "a zone that no place has": (
        """select pgsearch.log_search('{"query": "a", "ts": "2026-01-01T00:00:00+99:99"}')""",
        "zone",
    ),
    "a place that is a word": (
        """select pgsearch.log_feedback(pgsearch.uuid7(), context => '{"position_xy": {"x": "a"}}')""",
        "numbers x and y",
    ),
}


@pytest.mark.parametrize(("statement", "names"), TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_what_is_too_much_is_refused(library: Client, statement: str, names: str) -> None:
    with library.connection.transaction(force_rollback=True), refused("PS003", names=names):
        library.connection.execute(statement.encode())


LONG = " ".join(f"{n:x}{n * 7919:x}" for n in range(2000))


def test_a_query_that_no_index_holds_is_refused_for_a_set_and_for_judgments(library: Client) -> None:
    with library.connection.transaction(force_rollback=True):
        library.connection.execute("select pgsearch.create_query_set('a', 'manual')")
        with refused("PS003", names="2000 bytes"), library.connection.transaction():
            library.connection.execute("select pgsearch.add_queries('a', %s)", (["short", LONG],))
        with refused("PS003", names="1600"), library.connection.transaction():
            judgments = json.dumps([{"query": LONG, "doc_id": "b", "rating": 1}])
            library.connection.execute("select pgsearch.put_judgments('a', %s)", (judgments,))


@pytest.mark.parametrize("sampling", ["random", "pptss", "topn", "failures"])
def test_a_query_that_no_index_holds_is_left_out_of_a_set_that_is_drawn(library: Client, sampling: str) -> None:
    with library.connection.transaction(force_rollback=True):
        library.create_collection("asked")
        for query in ("zebra", LONG):
            entry = json.dumps({"query": query, "results": [], "collection": "asked"})
            library.connection.execute("select pgsearch.log_search(%s)", (entry,))
        ((taken,),) = library.connection.execute(
            "select pgsearch.create_query_set('a', %s, collection => 'asked')", (sampling,)
        ).fetchall()
        assert taken == 1


@pytest.mark.parametrize(
    "call",
    [
        "legacy_scores('{battery}', i.page_ids, i.chunk_ids, i.tiny, i.tiny)",
        "boost_factors('battery', '{battery}', i.chunk_ids, i.page_ids, i.tiny, i.tiny)",
        "neighbour_scores(i.page_ids, i.chunk_ids, '{1e100,-1e100,5e-324,0,1}', '{wiki}')",
    ],
)
def test_scores_nearer_to_nothing_than_products_go_are_nothing(library: Client, call: str) -> None:
    rows = library.connection.execute(
        f"""
        select count(*)
          from (select array_agg(page_id) as page_ids,
                       array_agg(chunk_id) as chunk_ids,
                       array_agg(5e-324::float8) as tiny
                  from pgsearch.chunks
                 where collection = 'wiki') as i,
               pgsearch.{call} as x
        """.encode()
    ).fetchall()
    assert rows[0][0] > 0


def interleaved(library: Client, *arguments: object) -> list[Any]:
    statement = "select id, team from pgsearch.interleave(%s::text[], %s::text[], %s) order by place"
    return library.connection.execute(statement, arguments).fetchall()


def test_long_rankings_are_interleaved_and_each_id_is_taken_once(library: Client) -> None:
    first, second = [f"w{n}" for n in range(60_000)], [f"w{n}" for n in range(0, 120_000, 2)]
    rows = interleaved(library, first, second, 3)
    assert {id for id, _ in rows} == {*first, *second}
    assert len(rows) == len({*first, *second})
    for team, ranking in ((1, first), (2, second)):
        places = {id: at for at, id in enumerate(ranking)}
        picks = [places[id] for id, of in rows if of == team]
        assert picks == sorted(picks)


def test_rankings_are_read_in_order_whatever_their_form(library: Client) -> None:
    assert [id for id, _ in interleaved(library, "[5:6]={a,b}", "{{c,null},{a,d}}", 1)] in (
        ["a", "c", "b", "d"],
        ["c", "a", "b", "d"],
        ["c", "a", "d", "b"],
        ["a", "c", "d", "b"],
    )
    assert interleaved(library, None, ["a"], 0) == [("a", 2)]
    assert interleaved(library, None, None, 0) == []


def test_thousands_of_bad_entries_are_told_one_by_one(library: Client) -> None:
    entries = json.dumps([{"type": "event", "action_name": "click", "position": -1}] * 3000)
    with library.connection.transaction(force_rollback=True):
        ((told,),) = library.connection.execute("select pgsearch.log_batch(%s)", (entries,)).fetchall()
    assert [refusal["index"] for refusal in told["rejected"]] == list(range(3000))
    assert told["stored"] == 0


def test_thousands_of_searches_of_one_user_in_one_moment_are_told_apart(library: Client) -> None:
    entries = json.dumps(
        [{"type": "search", "query": f"q{n:05}", "user_id": "u", "results": ["1"]} for n in range(10_000)]
    )
    with library.connection.transaction(force_rollback=True):
        # a comparison of each with each takes minutes
        library.connection.execute("set local statement_timeout = '60s'")
        ((told,),) = library.connection.execute("select pgsearch.log_batch(%s)", (entries,)).fetchall()
        assert told["stored"] == 10_000
        ((failures,),) = library.connection.execute(
            "select count(*) from pgsearch.search_failures where user_id = 'u' and failure_reason = 'user_reformulated'"
        ).fetchall()
        assert failures == 10_000 - 1


NO_NAMES = [
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
]


@pytest.mark.parametrize("name", NO_NAMES)
def test_what_is_no_name_of_a_function_is_refused(library: Client, name: str) -> None:
    with refused("PS003", names=name):
        library.connection.execute("select pgsearch.set_log_privacy(mask => %s)", (name,))
    with refused("PS003", names=name):
        library.connection.execute(
            "select pgsearch.search_hybrid('roses', options => %s)", (json.dumps({"rerank": name}),)
        )
    with library.connection.transaction(force_rollback=True):
        # as an older version may have let it in
        library.connection.execute("update pgsearch.log_settings set mask = %s", (name,))
        with refused("PS003", names=name), library.connection.transaction():
            library.connection.execute("""select pgsearch.log_search('{"query": "a"}')""")


def test_a_word_of_a_thousand_syllables_is_read(library: Client) -> None:
    run = "".join(chr(0xAC00 + 7 * n) for n in range(984)) + "은무엇인가요"
    statement = "select lexeme, weight from pgsearch._korean_weights(%s)"
    weights = dict(library.connection.execute(statement, (run,)).fetchall())
    assert weights[run[:2]] == 1
    assert weights["가요"] == 0


def test_a_transaction_survives_every_refusal(library: Client) -> None:
    with pytest.raises(psycopg.Error):
        library.connection.execute("select pgsearch.uuid7('infinity')")
    assert library.search("battery").hits
