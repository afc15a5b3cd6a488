"""At a size where it matters, what is read is looked up: no table of messages is read from end to end."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server

CONVERSATIONS = 20_000

# over ten days, ten to a user, two messages each
_FILL = f"""
select pgsearch.ensure_partitions(((now() - interval '10 days') at time zone 'UTC')::date,
                                  (now() at time zone 'UTC')::date + 1);
create table public.said as
select n, 'c' || n as conversation_id, 'u' || n / 10 as user_hash, now() - n * interval '40 seconds' as ts
  from generate_series(1, {CONVERSATIONS}) as n;
insert into pgsearch.conversations (
           conversation_id, session_id, collection, user_hash, started_at, last_message_at, message_count, total_turns,
           finalized_at)
select s.conversation_id, s.user_hash, 'k' || s.n % 50, pgsearch.hash_user(s.user_hash),
       date_trunc('milliseconds', s.ts), date_trunc('milliseconds', s.ts) + interval '1 second', 2, 1,
       case when s.n > 100 then now() end
  from public.said as s;
insert into pgsearch.messages (message_id, ts, conversation_id, session_id, collection, user_hash, role)
select i.id, pgsearch._uuid_time(i.id), s.conversation_id, s.user_hash, 'k' || s.n % 50,
       pgsearch.hash_user(s.user_hash), r.role
  from public.said as s
       cross join (values ('user', 0), ('assistant', 1)) as r(role, later)
       cross join lateral (select pgsearch.uuid7(s.ts + r.later * interval '1 second') as id) as i;
insert into pgsearch.message_contents (message_id, ts, conversation_id, content)
select m.message_id, m.ts, m.conversation_id, 'what about number ' || m.conversation_id || ' and roses'
  from pgsearch.messages as m;
insert into pgsearch.chat_consents select 'v' || n, true from generate_series(1, 5000) as n;
drop table public.said;
vacuum analyze pgsearch.conversations; vacuum analyze pgsearch.messages;
vacuum analyze pgsearch.message_contents; vacuum analyze pgsearch.chat_consents
"""

READS = {
    "one": "select pgsearch.get_conversation('c500', 'u50')",
    "one on record": "select pgsearch.get_conversation('c500', reader => 'ann')",
    "own": "select * from pgsearch.list_conversations('u50')",
    "own by words": "select * from pgsearch.list_conversations('u50', query => 'c501 roses')",
    "of a session": "select * from pgsearch.list_conversations(session_id => 'u50')",
    "of everybody": "select * from pgsearch.list_conversations(reader => 'ann')",
    "of everybody by words": "select * from pgsearch.list_conversations(reader => 'ann', query => 'c777')",
    "of a collection": "select * from pgsearch.list_conversations(reader => 'ann', collection => 'k7')",
    "the next page": "select * from pgsearch.list_conversations(reader => 'ann', after => 'c9000')",
    "whether it is kept": "select * from pgsearch.should_save_conversation('c500')",
    "its end": "select pgsearch.finalize_conversations('c50')",
    "a summary": "select pgsearch.summarize_conversation('c500')",
    "a message": "select pgsearch.log_turn('a', 'b', 'c500', context => '{\"user_id\": \"u50\"}')",
    "consent": "select pgsearch.set_consent('u51', false)",
}
STATISTICS = {
    "chat_stats": "select * from pgsearch.chat_stats()",
    "summary": "select pgsearch.analytics_summary()",
    "timeline": "select * from pgsearch.analytics_timeline(period => 'hourly')",
    "collections": "select * from pgsearch.collection_usage()",
    "scores": "select * from pgsearch.score_distribution()",
    "lengths": "select * from pgsearch.session_lengths()",
    "users": "select * from pgsearch.chat_usage('user')",
    "anomalies": "select 1 + count(*) from pgsearch.anomalies()",
    "hours": "select * from pgsearch.chat_statistics where date = current_date - 1",
}

_TOUCHED = """
select relname, seq_tup_read, coalesce(idx_scan, 0) + seq_scan as scans
  from pg_stat_xact_user_tables
 where schemaname = 'pgsearch'
   and relname ~ '^(messages|message_contents|conversations|chat_consents)(_p|$)'
"""


@pytest.fixture(scope="module")
def large(pg_server: Server, pg_template: NoopExecutor) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        for statement in _FILL.split(";"):
            client.connection.execute(statement.encode())
        client.refresh_search_stats()
        yield client.connection


@pytest.mark.parametrize("read", READS)
def test_what_is_read_is_looked_up(large: psycopg.Connection[tuple[object, ...]], read: str) -> None:
    # what was counted before goes to the server's statistics
    large.execute("select pg_stat_force_next_flush()")
    with large.transaction(force_rollback=True):
        assert large.execute(READS[read].encode()).fetchall()
        touched = large.execute(_TOUCHED.encode()).fetchall()

    assert touched
    # a day has four thousand messages
    assert [row for row in touched if row[1] > 100] == []  # type: ignore[operator]


@pytest.mark.parametrize("statistic", STATISTICS)
def test_statistics_are_read_from_roll_ups(large: psycopg.Connection[tuple[object, ...]], statistic: str) -> None:
    # what was counted before goes to the server's statistics
    large.execute("select pg_stat_force_next_flush()")
    with large.transaction(force_rollback=True):
        assert large.execute(STATISTICS[statistic].encode()).fetchall()
        touched = large.execute(_TOUCHED.encode()).fetchall()

    assert [row for row in touched if row[2]] == []
