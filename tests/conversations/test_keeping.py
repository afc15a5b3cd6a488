"""Which texts are kept, why, and for how long; figures never go by it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.conversations.conftest import Talk
from tests.refusals import refused

# without a reason to be kept, none is
NOTHING_BY_CHANCE: dict[str, Any] = {"sample_rate": 0}


def settings(talk: Talk, collection: str | None = None, **given: Any) -> dict[str, Any]:
    return dict(talk.value("select pgsearch.set_chat_settings(%s, %s)", Jsonb(given), collection))


def judged(talk: Talk, conversation: str) -> dict[str, Any]:
    (row,) = talk.rows("select * from pgsearch.should_save_conversation(%s)", conversation)
    return row


REASONS: dict[str, tuple[list[dict[str, Any]], str, str]] = {
    "error": ([{"error_type": "timeout"}], "error", "high"),
    "regeneration": ([{"is_regeneration": True}], "regeneration", "high"),
    "five turns": ([{}] * 5, "turns", "medium"),
    "four turns": ([{}] * 4, "not_sampled", "low"),
    "a score below .5": ([{"top_scores": [0.49, 0.1]}], "low_score", "high"),
    "a score of .5": ([{"top_scores": [0.5, 0.1]}], "not_sampled", "low"),
    "one low score of two": ([{"retrieval_score": 0.9}, {"retrieval_score": 0.1}], "low_score", "high"),
    "scores of another scale": ([{"top_scores": [12.5, 0.1]}], "not_sampled", "low"),
    "nothing known": ([{}], "not_sampled", "low"),
    "an error before all else": ([{"error_type": "a", "is_regeneration": True, "retrieval_score": 0}], "error", "high"),
}


@pytest.mark.parametrize("case", REASONS)
def test_what_went_wrong_or_went_on_is_kept(talk: Talk, case: str) -> None:
    turns, reason, priority = REASONS[case]
    settings(talk, **NOTHING_BY_CHANCE)
    for turn in turns:
        talk.turn(conversation="c", **turn)
    save = reason != "not_sampled"
    texts = talk.contents("c")

    assert judged(talk, "c") == {"save": save, "reason": reason, "weight": 1.0 if save else None, "priority": priority}
    talk.end()
    row = talk.conversation("c")
    assert (row["is_sampled"], row["sampling_reason"], row["retention_priority"]) == (save, reason, priority)
    assert row["finalized_at"] is not None
    assert talk.contents("c") == (texts if save else [])
    assert row["message_count"] == 2 * len(turns) == talk.value("select count(*) from pgsearch.messages")


def test_the_confidence_of_the_search_is_the_score_of_its_answer(talk: Talk) -> None:
    settings(talk, **NOTHING_BY_CHANCE)
    sure = talk.client.log_search({"query": "roses", "confidence": 0.9, "results": ["1"]})
    unsure = talk.client.log_search({"query": "tulips", "confidence": 0.2, "results": ["1"]})
    good, bad = talk.turn(query_id=sure), talk.turn(query_id=unsure)
    talk.end()

    assert (talk.conversation(good)["min_score"], talk.conversation(good)["sampling_reason"]) == (0.9, "not_sampled")
    assert (talk.conversation(bad)["min_score"], talk.conversation(bad)["sampling_reason"]) == (0.2, "low_score")


def test_everything_is_kept_unless_somebody_says_otherwise(talk: Talk) -> None:
    conversation = talk.turn()
    talk.end()

    assert talk.conversation(conversation)["sampling_reason"] == "sample"
    assert talk.conversation(conversation)["sample_weight"] == 1
    assert len(talk.contents(conversation)) == 2


def test_a_share_is_kept_by_the_id_and_stands_for_the_others(talk: Talk) -> None:
    settings(talk, sample_rate=0.2)
    batch = [
        {"type": "message", "role": "user", "content": "a", "conversation_id": f"c{number}"} for number in range(1000)
    ]
    talk.client.log_batch(batch)
    before = {
        row["conversation_id"]: row["save"]
        for row in talk.rows(
            "select c.conversation_id, s.save from pgsearch.conversations as c"
            " cross join pgsearch.should_save_conversation(c.conversation_id) as s"
        )
    }
    ended = talk.end()
    rows = talk.rows("select conversation_id, is_sampled, sample_weight from pgsearch.conversations")

    assert ended["finalized"] == 1000
    assert {row["conversation_id"]: row["is_sampled"] for row in rows} == before
    kept = [row for row in rows if row["is_sampled"]]
    assert 150 < len(kept) == ended["saved"] < 250
    assert {row["sample_weight"] for row in kept} == {5.0}
    # the same die everywhere: these two are drawn alike by any server
    die = "select (hashtextextended(%s, 0) & 1073741823) / 1073741824.0 < 0.2"
    assert [before["c1"], before["c2"]] == [talk.value(die, "c1"), talk.value(die, "c2")]
    assert talk.value("select count(*) from pgsearch.messages") == 1000
    assert talk.value("select count(*) from pgsearch.message_contents") == len(kept)


def test_a_conversation_ends_after_half_an_hour_of_silence(talk: Talk) -> None:
    still = talk.turn(days_ago=29 / 1440)
    silent = talk.turn(days_ago=31 / 1440)
    talk.value("select pgsearch.finalize_conversations()")

    assert talk.conversation(still)["finalized_at"] is None
    assert talk.conversation(silent)["finalized_at"] is not None


def test_the_silence_is_a_setting_of_each_collection(talk: Talk) -> None:
    settings(talk, collection="wiki", idle_minutes=5)
    of_wiki = talk.turn(days_ago=10 / 1440, collection="wiki")
    of_guides = talk.turn(days_ago=10 / 1440, collection="guides")
    talk.value("select pgsearch.finalize_conversations()")

    assert talk.conversation(of_wiki)["finalized_at"] is not None
    assert talk.conversation(of_guides)["finalized_at"] is None


def test_a_later_message_opens_a_conversation_again(talk: Talk) -> None:
    settings(talk, **NOTHING_BY_CHANCE)
    conversation = talk.turn()
    talk.end()
    talk.turn("and tulips?", "too", conversation=conversation, error_type="cut off")

    assert talk.conversation(conversation)["finalized_at"] is None
    talk.end(conversation)
    row = talk.conversation(conversation)
    assert (row["sampling_reason"], row["total_turns"]) == ("error", 2)
    # what went is gone, what came since is kept
    assert talk.contents(conversation) == ["and tulips?", "too"]


def test_ending_again_changes_nothing(talk: Talk) -> None:
    conversation = talk.turn()
    talk.end()
    row = talk.conversation(conversation)

    assert talk.end() == dict.fromkeys(
        ("finalized", "saved", "contents_removed", "contents_expired", "conversations_expired"), 0
    )
    assert talk.conversation(conversation) == row


@pytest.mark.parametrize(
    ("sqlstate", "given", "collection"),
    [
        ("PS003", {"sample_rate": 1.1}, None),
        ("PS003", {"sample_rate": "a"}, None),
        ("PS003", {"long_turns": 1.5}, None),
        ("PS002", {"colour": 1}, None),
        ("PS001", {"sample_rate": 1}, "nobody"),
    ],
    ids=["too much", "text", "half a turn", "unknown", "no collection"],
)
def test_a_setting_that_cannot_be_is_refused(
    talk: Talk, sqlstate: str, given: dict[str, Any], collection: str | None
) -> None:
    with refused(sqlstate):
        settings(talk, collection, **given)
    assert settings(talk) == talk.client.default_settings()["chat"]


def test_settings_stand_for_all_until_a_collection_has_its_own(talk: Talk) -> None:
    settings(talk, sample_rate=0.5, idle_minutes=10)
    settings(talk, "wiki", sample_rate=0.1)

    assert {key: settings(talk, "wiki")[key] for key in ("sample_rate", "idle_minutes")} == {
        "sample_rate": 0.1,
        "idle_minutes": 10,
    }
    assert settings(talk, "guides")["sample_rate"] == 0.5


# How long


def days(talk: Talk, parent: str) -> list[date]:
    return [
        row["day"]
        for row in talk.rows("select day from pgsearch.list_partitions() where parent = %s and expired", parent)
    ]


def long_ago(talk: Talk, number: int, **context: Any) -> str:
    """A turn of so many days ago, whatever is kept."""
    day = (datetime.now(UTC) - timedelta(days=number)).date()
    talk.value("select pgsearch.ensure_partitions(%s, %s)", day, day)
    return talk.turn(days_ago=number, **context)


def test_texts_go_after_a_month_and_those_of_failures_after_three(talk: Talk) -> None:
    old, failed, recent = long_ago(talk, 32), long_ago(talk, 32, error_type="timeout"), talk.turn()
    ended = talk.value("select pgsearch.finalize_conversations()")

    assert ended["contents_expired"] == 2
    assert [len(talk.contents(each)) for each in (old, failed, recent)] == [0, 2, 2]
    assert talk.value("select count(*) from pgsearch.messages") == 6


def test_messages_and_conversations_go_after_three_months_a_day_at_a_time(talk: Talk) -> None:
    conversation = long_ago(talk, 95)
    ended = talk.value("select pgsearch.finalize_conversations()")

    assert ended["conversations_expired"] == 1
    assert talk.rows("select * from pgsearch.conversations where conversation_id = %s", conversation) == []
    for parent in ("messages", "message_contents"):
        (day,) = days(talk, parent)
        assert talk.value("select pgsearch.drop_partition(%s)", f"{parent}_p{day:%Y%m%d}") is True
    for parent in ("queries", "events"):
        talk.value("select pgsearch.drop_partition(%s)", f"{parent}_p{day:%Y%m%d}")


def test_how_long_is_a_setting(talk: Talk) -> None:
    talk.value(
        "select pgsearch.set_log_retention(keep_contents => '2 days', keep_contents_high => '3 days',"
        " keep_messages => '5 days')"
    )
    conversation = talk.turn(days_ago=2.99)
    assert talk.value("select pgsearch.finalize_conversations()")["contents_expired"] in (0, 2)
    talk.value("select pgsearch.set_log_retention(keep_contents => '1 day')")
    talk.value("select pgsearch.finalize_conversations()")
    assert talk.contents(conversation) == []
    with refused("PS003"):
        talk.value("select pgsearch.set_log_retention(keep_contents => '1 hour')")
    with refused("PS003", names="older"):
        talk.turn(days_ago=6)


def test_where_an_archive_is_required_nothing_leaves_before_it_was_verified(talk: Talk) -> None:
    talk.value("select pgsearch.set_log_retention(require_archive => true)")
    conversation = long_ago(talk, 95)
    day = (datetime.now(UTC) - timedelta(days=95)).date()
    partition = f"message_contents_p{day:%Y%m%d}"

    def archived(rows: int, verified: bool) -> None:
        talk.connection.execute(
            "insert into pgsearch.log_archives (day, kind, path, rows, contents, bytes, sha256, verified_at)"
            " values (%s, 'messages', 'a.jsonl', %s, %s, 1, repeat('0', 64), case when %s then now() end)"
            " on conflict (day, kind) do update"
            " set rows = excluded.rows, contents = excluded.contents, verified_at = excluded.verified_at",
            [day, rows, rows, verified],
        )

    for rows, verified in ((None, False), (2, False), (1, True)):
        if rows is not None:
            archived(rows, verified)
        talk.value("select pgsearch.finalize_conversations()")
        assert len(talk.contents(conversation)) == 2
        assert talk.value("select pgsearch.drop_partition(%s)", partition) is False
    archived(2, True)
    assert talk.value("select pgsearch.finalize_conversations()")["contents_expired"] == 2
    assert talk.value("select pgsearch.drop_partition(%s)", partition) is True
    for parent in ("messages", "queries", "events"):
        talk.value("select pgsearch.drop_partition(%s)", f"{parent}_p{day:%Y%m%d}")


# Consent, and being forgotten


def test_who_refuses_leaves_figures_and_no_text(talk: Talk) -> None:
    conversation = talk.turn(user_id="lee")
    talk.value("select pgsearch.summarize_conversation(%s)", conversation)
    other = talk.turn(user_id="kim")
    outcome = talk.value("select pgsearch.set_consent('lee', false)")
    later = talk.turn(user_id="lee")
    talk.end()

    assert outcome == {"conversations": 1, "contents_removed": 2}
    assert [len(talk.contents(each)) for each in (conversation, later, other)] == [0, 0, 2]
    assert talk.conversation(conversation)["summary"] is None
    assert talk.conversation(later)["sampling_reason"] == "no_consent"
    assert talk.value("select count(*) from pgsearch.messages") == 6
    talk.value("select pgsearch.set_consent('lee', true)")
    assert len(talk.contents(talk.turn(user_id="lee"))) == 2


def test_a_message_may_say_that_it_is_not_to_be_kept(talk: Talk) -> None:
    conversation = talk.turn(consent=False)

    assert talk.contents(conversation) == []
    # a refusal stands for the whole conversation
    talk.turn(conversation=conversation, consent=True)
    assert talk.contents(conversation) == []


def test_where_consent_is_required_silence_is_none(talk: Talk) -> None:
    talk.value("select pgsearch.set_log_privacy(require_consent => true)")
    silent, agreed = talk.turn(user_id="lee"), talk.turn(user_id="kim", consent=True)
    talk.end()

    assert (talk.contents(silent), len(talk.contents(agreed))) == ([], 2)
    assert talk.conversation(silent)["sampling_reason"] == "no_consent"


@pytest.mark.parametrize("user_id", ["", "x" * 256, None], ids=["empty", "long", "null"])
def test_consent_of_nobody_is_refused(talk: Talk, user_id: str | None) -> None:
    with refused("PS003"):
        talk.value("select pgsearch.set_consent(%s::text, true)", user_id)


def test_who_asks_to_be_forgotten_is(talk: Talk) -> None:
    conversation = talk.turn(user_id="lee")
    other = talk.turn(user_id="kim")
    talk.value("select pgsearch.get_conversation(%s, reader => 'root')", conversation)
    talk.value("select pgsearch.set_consent('lee', true)")
    talk.value("select count(*) from pgsearch.refresh_chat_stats()")
    hashed = talk.value("select pgsearch.hash_user('lee')")
    forgotten = talk.client.forget("lee")

    assert {key: forgotten[key] for key in ("messages", "conversations")} == {"messages": 2, "conversations": 1}
    for table in (
        "conversations",
        "messages",
        "message_contents",
        "chat_consents",
        "conversation_reads",
        "chat_usage_daily",
    ):
        rows = talk.value(f"select coalesce(jsonb_agg(to_jsonb(t))::text, '') from pgsearch.{table} as t")
        assert hashed not in rows
        assert conversation not in rows
    assert len(talk.contents(other)) == 2
    assert talk.value("select sum(total_queries)::integer from pgsearch.chat_stats_daily") == 2


def test_a_refusal_outlives_being_forgotten(talk: Talk) -> None:
    talk.value("select pgsearch.set_consent('lee', false)")
    talk.client.forget("lee")

    assert talk.contents(talk.turn(user_id="lee")) == []
