"""A database that was deployed before there were conversations keeps what it had, and gets them."""

from __future__ import annotations

from datetime import timedelta

from pgsearch import Client
from pgsearch.database.deploy import deploy

# what the migration made, undone
_BEFORE = """
drop table pgsearch.conversations, pgsearch.messages, pgsearch.message_contents, pgsearch.chat_consents,
    pgsearch.conversation_reads, pgsearch.log_archives, pgsearch.archive_erasures,
    pgsearch.chat_stats_hourly, pgsearch.chat_stats_daily,
    pgsearch.chat_usage_daily, pgsearch.conversation_stats_daily cascade;
drop type pgsearch.listed_conversation cascade;
drop table pgsearch.reformulations_daily;
alter table pgsearch.search_stats_daily drop column application;
alter table pgsearch.search_stats_daily add primary key (day, collection);
drop function pgsearch._percentiles_in_seconds(integer[], float8[]);
alter table pgsearch.log_settings drop column keep_messages, drop column keep_contents,
    drop column keep_contents_high,
    drop column compress_archive_after, drop column keep_archive, drop column require_archive,
    drop column require_consent, drop column chat;
delete from pgsearch.unique_actors where application is not null;
alter table pgsearch.unique_actors drop column source cascade, drop column application;
alter table pgsearch.unique_actors
  add constraint unique_actors_step_starts_at_collection_key unique nulls not distinct (step, starts_at, collection);
alter table pgsearch.search_stats_seen drop constraint search_stats_seen_kind_check;
alter table pgsearch.search_stats_seen
  add constraint search_stats_seen_kind_check check (kind in ('queries', 'events', 'links'));
alter table pgsearch.granted_rights drop constraint granted_rights_right_name_check;
alter table pgsearch.granted_rights
  add constraint granted_rights_right_name_check check (right_name in ('search', 'log', 'read_log'));
delete from pgsearch._yoyo_migration
 where migration_id in ('0012_conversations', '0014_archive', '0031_answered_queries', '0033_applications')
"""


def test_a_deployed_database_with_a_log_is_upgraded(dsn: str) -> None:
    role = "pgsearch_test_talk_before"
    with Client(dsn) as client:
        client.create_collection("wiki")
        for number in range(3):
            client.log_search(
                {
                    "query": f"roses {number}",
                    "collection": "wiki",
                    "user_id": f"u{number}",
                    "session_id": "s",
                    "results": ["1"],
                    "application": "shop",
                }
            )
        client.refresh_search_stats()
        client.set_log_retention(keep_queries=timedelta(days=30))
        client.connection.execute(f"create role {role}".encode())
        client.grant_rights(role, ["log", "read_log"])
        before = client.search_stats()
        # a day that is not in the log any more
        client.connection.execute(
            "insert into pgsearch.search_stats_seen values ('queries', '2020-01-01', '2020-01-01', 5)"
        )
        for statement in _BEFORE.split(";"):
            client.connection.execute(statement.encode())

    deploy(dsn)
    with Client(dsn) as client:
        assert client.search_stats() == before
        seen = client.connection.execute("select day from pgsearch.search_stats_seen where kind = 'queries'")
        assert [str(day) for (day,) in seen] == ["2020-01-01"]
        assert client.connection.execute(
            "select keep_queries::text, keep_messages::text from pgsearch.log_settings"
        ).fetchall() == [("30 days", "90 days")]
        client.log_search({"query": "tulips", "collection": "wiki", "user_id": "u9", "results": ["1"]})
        client.connection.execute(
            'select pgsearch.log_turn(\'a\', \'b\', context => \'{"user_id": "lee", "collection": "wiki"}\')'
        )
        client.refresh_search_stats()
        (stats,) = client.search_stats()
        assert (stats.total_queries, stats.unique_users) == (4, 4)
        # what was logged before is told by application too
        assert [(one.application, one.searches) for one in client.application_usage()] == [("shop", 3), ("", 1)]
        assert client.connection.execute(
            "select total_queries, unique_users from pgsearch.chat_stats()"
        ).fetchall() == [(1, 1)]
        # who had a right has what it consists of now
        granted = client.connection.execute(
            "select has_function_privilege(%s, 'pgsearch._store_messages(jsonb)', 'execute'),"
            " has_table_privilege(%s, 'pgsearch.messages', 'select'),"
            " has_table_privilege(%s, 'pgsearch.message_contents', 'select')",
            [role] * 3,
        ).fetchall()
        assert granted == [(True, True, False)]
        client.connection.execute(f"drop owned by {role}; drop role {role}".encode())
