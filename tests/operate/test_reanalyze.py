"""A database whose rows an older version analysed is searched right before, while and after they are analysed anew."""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
import pytest

from pgsearch import Client
from pgsearch.database.deploy import Deployment, deploy
from pgsearch.database.sources import find_sources
from pgsearch.upkeep.maintenance import maintain
from tests.refusals import refused

# what the migration made, undone; the functions that it changed are made by the first migration again
_BEFORE: LiteralString = """
drop table pgsearch.reanalysis;
alter table pgsearch.collection_stats drop column analysis;
delete from pgsearch._yoyo_migration where migration_id = '0015_words_and_wholes';
update pgsearch.deployment set digest = 'older';
"""

_PAGES = {
    "1": ("Security bulletin", "We patched CVE-2026-2332 in the mail gateway."),
    "2": ("Build", "The script writes quarterly_report.final.pdf to spring.datasource.url."),
    "3": ("C# guide", "How we write C# in the tools team."),
    "4": ("전기차 보조금", "전기차를 사면 2026년 11월 28일까지 보조금을 준다."),
    "5": ("Plain", "A report of the fishing net."),
    "6": ("Mail", "Ask ops-team@lab.example.org, or run -2332."),
}

# what both analyses find, whichever rows are analysed by which: query, and who is found
_ALWAYS = {
    "+gateway": {"1"},
    "+spring.datasource.url": {"2"},
    '"CVE-2026-2332"': {"1"},
    "+quarterly_report.final.pdf": {"2"},
    "+ops-team@lab.example.org": {"6"},
    '"전기차 보조금"': {"4"},
    "script report gateway -quarterly_report.final.pdf": {"1", "5"},
    "gateway script -CVE-2026-2332": {"2"},
    "전기차 script -보조금": {"2"},
}
# what only the new one does
_AFTERWARDS = {
    "+report": {"2", "5"},
    "+2332": {"1", "6"},
    "+lab.example.org": {"6"},
    "gateway -2332": set[str](),
    '"2026-11-28"': {"4"},
    "+C#": {"3"},
}


def found(client: Client, query: str) -> set[str]:
    return {hit.external_id for hit in client.search(query, collections="wiki", options={"candidates": 50}).hits}


def right(client: Client, expected: dict[str, set[str]]) -> dict[str, set[str]]:
    return {query: found(client, query) & (hits | set(_PAGES)) for query, hits in expected.items()}


def value(connection: psycopg.Connection[Any], statement: LiteralString) -> Any:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def _progress(connection: psycopg.Connection[Any]) -> list[Any]:
    statement = "select relation, last_key, rows_done from pgsearch.reanalysis order by relation"
    return connection.execute(statement).fetchall()


@pytest.fixture
def older(dsn: str) -> str:
    """A database as the version before left it, with pages, nodes and texts of conversations."""
    migrations = find_sources().migration_texts
    with Client(dsn) as client:
        connection = client.connection
        connection.execute(_BEFORE)
        connection.execute(migrations["0001_text_analysis"].encode())
        client.create_collection("wiki", text_config="english")
        client.put_pages(
            "wiki",
            [
                {"external_id": external_id, "title": title, "content": content}
                for external_id, (title, content) in _PAGES.items()
            ],
        )
        assert value(connection, "select content_tsv @@ '-2332'::tsquery from pgsearch.chunks where content ~ 'CVE'")
        connection.execute(
            """
            insert into pgsearch.semantic_nodes (repo_id, node_id, node_type, summary, model, metadata)
            values ('wiki', 'csv.read_v2', 'symbol', 'Reads a crème of 2,000 rows.', '', '{"name": "read_v2"}');
            insert into pgsearch.lexeme_stats
            select 'wiki', s.word, s.ndoc from ts_stat('select content_tsv from pgsearch.chunks') as s;
            insert into pgsearch.collection_stats
                   (collection, chunks, total_tokens, last_chunk_id, checksum, refreshed_at)
            select 'wiki', count(*), 60, max(c.chunk_id),
                   sum(pgsearch._text_checksum(c.chunk_id, c.content_hash, c.text_config)), now()
              from pgsearch.chunks as c
            """
        )
    return dsn


def test_searches_are_right_before_while_and_after_rows_are_analysed_anew(older: str) -> None:
    done = deploy(older)
    assert isinstance(done, Deployment)
    assert done.to_reanalyze == ("chunks", "pages", "semantic_nodes")

    with Client(older) as client:
        connection = client.connection
        assert right(client, _ALWAYS) == _ALWAYS
        (check,) = [check for check in client.doctor() if check.check_name == "analysis of older rows"]
        assert (check.status, check.fix) == ("warn", "pgsearch maintain")

        # page by page: old and new rows stand side by side
        steps = 0
        while batch := connection.execute("select * from pgsearch.reanalyze(2)").fetchall():
            steps += 1
            assert right(client, _ALWAYS) == _ALWAYS, batch
        assert steps > 5
        assert right(client, _ALWAYS | _AFTERWARDS) == _ALWAYS | _AFTERWARDS

        # the searches are back to one analysis, and the statistics know
        assert client.parse_query("CVE-2026-2332")[0].lexemes == ["cve", "2026", "2332", "cveǁ2026ǁ2332"]
        assert client.text_stats_staleness("wiki")[0].stale
        assert client.refresh_text_stats("wiki")[0].change == "all"
        assert not client.text_stats_staleness("wiki")[0].stale
        assert client.refresh_text_stats("wiki")[0].change == "none"
        assert value(
            connection,
            "select bool_and(content_tsv = pgsearch._analyze_chunk(text_config, heading, content))"
            " from pgsearch.chunks",
        )
        assert value(
            connection, "select bool_and(title_tsv = pgsearch._analyze(text_config, title)) from pgsearch.pages"
        )
        assert value(
            connection,
            "select bool_and(summary_tsv = pgsearch._analyze_node(text_config, node_id, summary, metadata))"
            " from pgsearch.semantic_nodes",
        )


def test_what_is_ended_in_the_middle_goes_on_where_it_was(older: str) -> None:
    deploy(older)
    with Client(older) as client:
        connection = client.connection
        for _ in range(5):
            connection.execute("select pgsearch.reanalyze(2)")
        before = _progress(connection)

        with connection.transaction(force_rollback=True):
            connection.execute("select pgsearch.reanalyze(2)")
        assert _progress(connection) == before

    report = maintain(older)

    assert report.warnings == []
    assert 0 < report.amount("reanalysis") < len(_PAGES) * 2 + 1
    assert len(report.targets("text_stats")) == 1
    with Client(older) as client:
        assert right(client, _ALWAYS | _AFTERWARDS) == _ALWAYS | _AFTERWARDS
        assert "analysis of older rows" not in {check.check_name for check in client.doctor()}
    assert deploy(older).to_reanalyze == ()


def test_a_new_database_has_nothing_to_analyse_anew_and_asks_for_one_analysis(client: Client, dsn: str) -> None:
    assert client.connection.execute("select * from pgsearch.reanalyze()").fetchall() == []
    assert deploy(dsn).to_reanalyze == ()
    assert client.parse_query("CVE-2026-2332")[0].lexemes == ["cve", "2026", "2332", "cveǁ2026ǁ2332"]


def test_texts_of_conversations_are_found_by_new_words_when_their_index_is_made_anew(older: str) -> None:
    with Client(older) as client:
        question = "where is quarterly_report.final.pdf"
        client.log_turn(question, "in the share", conversation_id="c1", context={"user_id": "lee"})
    assert "message_contents" in deploy(older).to_reanalyze
    with Client(older) as client:
        listed = [
            [talk.conversation_id for talk in client.list_conversations(reader="op", query=query)]
            for query in ("quarterly_report.final.pdf", "quarterly")
        ]
        assert listed[0] == ["c1"]
    maintain(older)
    with Client(older) as client:
        for query in ("quarterly_report.final.pdf", "quarterly", "report"):
            assert [talk.conversation_id for talk in client.list_conversations(reader="op", query=query)] == ["c1"]


def test_how_many_rows_at_once_is_bounded(client: Client) -> None:
    with refused("PS003", names="most_rows"):
        client.connection.execute("select pgsearch.reanalyze(0)")
