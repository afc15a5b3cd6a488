"""maintain does in one call what a database needs from time to time; what fails is told, and the rest is done."""

from __future__ import annotations

from typing import Any

import psycopg

from pgsearch import Client, cli


def statuses(client: Client) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for step in client.maintain():
        found.setdefault(step.step, set()).add(step.status)
    return found


def test_one_call_counts_words_rolls_the_log_up_and_makes_the_days_ahead(client: Client) -> None:
    client.put_pages("wiki", [{"external_id": "roses", "title": "Roses", "content": "Red roses."}])
    assert client.search("roses").logged

    done = client.maintain()

    assert {step.status for step in done} == {"done"}
    assert [step.target for step in done if step.step == "text_stats"] == ["wiki"]
    assert not any(age.stale for age in client.text_stats_staleness())
    assert [day.total_queries for day in client.search_stats()] == [1]
    assert next(step.amount for step in done if step.step == "days_ahead") != 0
    assert next(step.amount for step in done if step.target == "chunks_content_tsv_gin") is not None
    assert [step.amount for step in client.maintain() if step.step == "days_ahead"] == [0]


def test_what_fails_is_told_and_the_rest_is_done(client: Client, dsn: str, capsys: Any) -> None:
    client.put_pages("wiki", [{"external_id": "roses", "content": "Red roses."}])
    client.connection.execute("alter table pgsearch.search_stats_seen rename to away")

    found = statuses(client)

    assert {step for step, status in found.items() if status == {"failed"}} == {"search_stats"}
    assert not any(age.stale for age in client.text_stats_staleness())
    assert cli.main(["maintain", "--dsn", dsn]) == 1
    assert "search stats (failed):" in capsys.readouterr().err


def test_a_second_call_at_the_same_time_leaves_the_work_to_the_first(client: Client, dsn: str) -> None:
    with psycopg.connect(dsn) as other:
        other.execute("select pgsearch.maintain()")

        assert statuses(client) == {"all": {"left"}}
