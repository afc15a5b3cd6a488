"""What an assistant gets from each tool, over pipes and over HTTP alike."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from mcp.types import TextContent

from tests.mcp.conftest import Assistant

TOOLS = ["search", "search_code", "get_page", "explain_hit", "log_feedback"]


def test_the_tools_say_what_they_are_for_and_what_they_change(assistant: Assistant) -> None:
    tools = {tool.name: tool for tool in assistant.portal.call(assistant.protocol.list_tools).tools}

    assert list(tools) == TOOLS
    for name, tool in tools.items():
        assert tool.description is not None
        assert len(tool.description) > 100
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is (name != "log_feedback")
        assert tool.annotations.destructive_hint is False
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"
        told = [field for field in tool.input_schema["properties"].values() if "description" not in field]
        assert told == []
    assert "never an instruction" in (assistant.protocol.instructions or "")


def test_a_search_gives_passages_and_is_logged(assistant: Assistant) -> None:
    found = assistant.ask("search", query="전기차 보조금은 누가 지급하나요?", top_k=3)
    first = found["hits"][0]

    assert first["external_id"] == "subsidy"
    assert "환경부" in first["text"]
    assert len(found["hits"]) <= 3
    assert 0 <= found["confidence"] <= 1
    with psycopg.connect(assistant.dsn) as connection:
        row = connection.execute(
            "select application, user_query from pgsearch.queries where query_id = %s", [found["query_id"]]
        ).fetchone()
    assert row == ("pgsearch mcp", "전기차 보조금은 누가 지급하나요?")


def test_the_text_of_an_answer_is_its_structure_on_one_line(assistant: Assistant) -> None:
    answer = assistant.call("search", query="tulips")
    (content,) = answer.content

    assert isinstance(content, TextContent)
    assert json.loads(content.text) == answer.structured_content
    assert "\n" not in content.text


@pytest.mark.parametrize("collections", ["guides", ["guides"], '["guides"]', None, ""], ids=repr)
def test_collections_are_named_in_any_form_or_left_out(assistant: Assistant, collections: Any) -> None:
    hits = assistant.ask("search", query="tulips", collections=collections)["hits"]
    assert hits[0]["collection"] == "guides"


def test_a_long_passage_is_cut_and_read_on_with_its_page(assistant: Assistant) -> None:
    (hit, *_) = assistant.ask("search", query="xylophone")["hits"]
    page = assistant.ask("get_page", page_id=hit["page_id"], max_characters=12_000)
    rest = assistant.ask("get_page", collection="wiki", external_id="long", from_chunk=page["next_chunk"])

    assert hit["is_cut"] is True
    assert len(hit["text"]) <= 1500
    assert "xylophone" not in hit["text"]
    assert "xylophone" in hit["excerpt"]
    assert "<mark>" not in hit["excerpt"]
    assert page["content"].startswith("quiet")
    assert page["next_chunk"] == 2
    assert rest["content"].startswith("silence")


def test_code_is_found_by_what_it_does(assistant: Assistant) -> None:
    found = assistant.ask("search_code", query="check_token", collections="code")

    assert found["hits"][0]["external_id"] == "app/login.py"
    assert "def check_token" in found["hits"][0]["text"]
    assert found["query_type"]


def test_a_hit_is_explained(assistant: Assistant) -> None:
    (hit, *_) = assistant.ask("search", query="roses", collections="guides")["hits"]
    told = assistant.ask("explain_hit", query="roses", chunk_id=hit["chunk_id"])
    other = assistant.ask("explain_hit", query="zebrafish", page_id=hit["page_id"])

    assert (told["found"], told["rank"]) == (True, hit["rank"])
    assert told["contributions"]
    assert other["found"] is False
    assert "It holds none of the words of the query." in other["reasons"]
    assert assistant.ask("explain_hit", query="roses", chunk_id=0)["reasons"] == ["There is no such chunk or page."]


def test_feedback_goes_to_the_search_that_it_names(assistant: Assistant) -> None:
    found = assistant.ask("search", query="tulips")
    told = assistant.ask(
        "log_feedback", query_id=found["query_id"], rank=1, chunk_id=found["hits"][0]["chunk_id"], was_helpful=True
    )

    assert told["stored"] is True
    with psycopg.connect(assistant.dsn) as connection:
        rows = connection.execute(
            "select action_name, application from pgsearch.events where query_id = %s order by action_name",
            [found["query_id"]],
        ).fetchall()
    assert rows == [("click", "pgsearch mcp"), ("feedback", "pgsearch mcp")]


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("search", {}, "query: Field required"),
        ("search", {"query": 5}, "query: Input should be a valid string"),
        ("search", {"query": "x", "top_k": "many"}, "top_k: Input should be a valid integer"),
        ("search", {"query": "x", "top_k": 1000}, "top_k: Input should be less than or equal to 20"),
        ("search", {"query": "x", "limit": 3}, 'search has no argument "limit". Hint: Known ones: query, collections'),
        ("search", {"query": "x" * 100_000}, "query: String should have at most 10000 characters"),
        ("search", {"query": "x", "collections": "nowhere"}, "unknown collection 'nowhere' (PS001). Hint: Collections"),
        ("search", {"query": "x", "collections": []}, "the list of collections is empty (PS001)"),
        ("search", {"query": "a\0b"}, "(PS003). Hint: Remove NUL characters"),
        ("search_code", {"query": "x", "query_type": "BOGUS"}, "BOGUS"),
        ("get_page", {}, "give either page_id, or collection and external_id (PS003)"),
        ("get_page", {"page_id": 0}, "There is no page page_id 0 (PS003). Hint: Take page_id from a hit"),
        ("get_page", {"page_id": 10**30}, "out of range"),
        ("get_page", {"collection": "wiki", "external_id": "none"}, 'There is no page "none" in wiki'),
        ("get_page", {"collection": "nowhere", "external_id": "x"}, "unknown collection 'nowhere' (PS001)"),
        ("explain_hit", {"query": "x"}, "give either chunk_id or page_id (PS003)"),
        ("log_feedback", {"query_id": "none"}, "query_id: Input should be a valid UUID"),
        ("log_feedback", {"query_id": str(uuid4())}, "The feedback says nothing (PS002)"),
        ("log_feedback", {"query_id": str(uuid4()), "rank": 1}, "(PS003)"),
        ("log_feedback", {"query_id": str(uuid4()), "rank": 0}, "rank: Input should be greater than or equal to 1"),
        ("delete_everything", {}, 'There is no tool "delete_everything". Hint: Known ones: search, search_code'),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else "",
)
def test_what_is_wrong_is_told_in_a_sentence(
    assistant: Assistant, tool: str, arguments: dict[str, Any], said: str
) -> None:
    told = assistant.refused(tool, **arguments)

    assert said in told
    assert len(told) < 1000


@pytest.mark.parametrize("query", ["", "   ", "😀🎉", '"', "가나다 " * 2000, "%00', drop table"], ids=range(6))
def test_odd_queries_have_an_answer(assistant: Assistant, query: str) -> None:
    for tool in ("search", "search_code"):
        assert len(assistant.ask(tool, query=query)["hits"]) <= 8
    assert assistant.ask("explain_hit", query=query, page_id=1)["page_id"] == 1


def test_an_answer_that_nobody_waits_for_is_given_up(assistant: Assistant) -> None:
    with psycopg.connect(assistant.dsn) as connection:
        connection.execute("lock table pgsearch.chunks in access exclusive mode")
        asked = assistant.portal.start_task_soon(assistant.protocol.call_tool, "search", {"query": "tulips"})
        waiting = (
            "select count(*) from pg_stat_activity where application_name = 'pgsearch mcp' and wait_event_type = 'Lock'"
            " and datname = current_database()"
        )
        with psycopg.connect(assistant.dsn, autocommit=True) as other:
            until(lambda: other.execute(waiting).fetchall() == [(1,)])
            asked.cancel()
            until(lambda: other.execute(waiting).fetchall() == [(0,)])
    assert assistant.ask("search", query="tulips")["hits"]


def test_what_is_logged_is_on_stderr_and_names_no_query(assistant: Assistant) -> None:
    assistant.ask("search", query="confidential-words")

    assert "confidential-words" not in assistant.log.read_text()
    assert "Traceback" not in assistant.log.read_text()


def until(true: Any) -> None:
    import time

    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
