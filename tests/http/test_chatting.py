"""Chat: by extracts, by a model that works and by one that does not, bit by bit, and once more."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest

from tests.http.conftest import Site, problem
from tests.http.model_server import ModelServer, Plan, chatting

QUESTION = "전기차 보조금은 누가 지급하나요?"


def ask(site: Site, message: str = QUESTION, path: str = "/api/chat/", **more: Any) -> dict[str, Any]:
    answer = site.client.post(path, json={"message": message, **more})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in answer.iter_lines():
        if line:
            yield json.loads(line.removeprefix("data: "))


def stream(site: Site, message: str = QUESTION, **more: Any) -> list[dict[str, Any]]:
    with site.client.stream("POST", "/api/chat/stream", json={"message": message, **more}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        return list(events(answer))


def messages(site: Site, conversation_id: str) -> list[dict[str, Any]]:
    answer = site.client.get(f"/api/conversations/{conversation_id}", params={"session_id": conversation_id})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["messages"]
    return found


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with chatting() as server:
        yield server


@pytest.fixture
def asking_a_model(serve: Callable[..., Site], model: ModelServer) -> Site:
    return serve(
        "--chat-model",
        "openai:small",
        OPENAI_BASE_URL=model.url,
        OPENAI_API_KEY="the-key",
        PGSEARCH_CHAT_TIMEOUT="2",
        PGSEARCH_CHAT_MODELS="openai:large",
    )


def test_without_a_model_the_answer_is_made_of_sentences_of_the_sources(site: Site) -> None:
    told = ask(site, collection_name="wiki", user_id="kim", reasoning_level="low", llm_params={"temperature": 0.7})

    assert told["answered"] is True
    assert told["method"] == told["llm_model"] == "extracts"
    assert "환경부와 지방자치단체가 지급한다. [1]" in told["answer"]
    assert told["sources"][0]["external_id"] == "subsidy"
    assert [one["number"] for one in told["sources"]] == list(range(1, len(told["sources"]) + 1))
    assert told["retrieval_info"]["retrieved_count"] == len(told["sources"])
    assert told["retrieval_info"]["query"] == QUESTION
    assert told["performance"]["response_time_ms"] >= told["performance"]["retrieval_time_ms"] > 0
    assert told["conversation_id"]


def test_what_the_collection_does_not_have_is_not_answered(site: Site) -> None:
    told = ask(site, "Zebrafish xylophones?")

    assert told["answered"] is False
    assert told["method"] == "none"
    assert told["answer"].startswith("This collection cannot answer that.")
    assert ask(site, "스파게티 요리 방법은?")["answer"].startswith("이 자료에서는 답을 찾을 수 없습니다.")


def test_a_turn_is_logged_with_its_search_and_read_by_its_owner(site: Site) -> None:
    told = ask(site)
    question, answer = messages(site, told["conversation_id"])

    assert (question["role"], question["content"]) == ("user", QUESTION)
    assert (answer["role"], answer["content"]) == ("assistant", told["answer"])
    assert answer["message_id"] == told["message_id"]
    assert answer["query_id"] == told["query_id"]
    with psycopg.connect(site.dsn) as connection:
        row = connection.execute(
            "select conversation_id, application from pgsearch.queries where query_id = %s", [told["query_id"]]
        ).fetchone()
    assert row == (told["conversation_id"], "pgsearch serve")


def test_a_stream_is_the_same_bit_by_bit(site: Site) -> None:
    start, *deltas, end = stream(site)

    assert start["type"] == "start"
    assert end["type"] == "end"
    assert "".join(one["content"] for one in deltas) == end["answer"]
    assert start["sources"] == end["sources"]
    assert start["message_id"] == end["message_id"]
    assert messages(site, end["conversation_id"])[1]["content"] == end["answer"]


def test_a_model_gets_numbered_passages_and_what_was_said_before(asking_a_model: Site, model: ModelServer) -> None:
    first = ask(asking_a_model, llm_params={"temperature": 0.2, "max_tokens": 50, "top_p": 0.9})
    second = ask(asking_a_model, "보조금은 얼마인가요?", conversation_id=first["conversation_id"])

    assert first["answer"] == "Subsidies come from the ministry [1]."
    assert (first["method"], first["llm_model"]) == ("model", "openai:small")
    assert first["performance"]["token_count"] == 7
    asked = model.requests[0]
    assert (asked["model"], asked["temperature"], asked["max_tokens"], asked["top_p"]) == ("small", 0.2, 50, 0.9)
    assert "[1] 전기차 보조금\n" in asked["messages"][-1]["content"]
    assert [one["role"] for one in model.requests[1]["messages"]] == ["system", "user", "assistant", "user"]
    assert model.requests[1]["messages"][1]["content"] == QUESTION
    assert second["conversation_id"] == first["conversation_id"]
    assert model.keys == ["Bearer the-key"] * 2
    assert "the-key" not in asking_a_model.log.read_text()


def test_a_request_chooses_among_the_models_that_are_known(asking_a_model: Site, model: ModelServer) -> None:
    assert ask(asking_a_model, llm_model="openai:large")["llm_model"] == "openai:large"
    assert ask(asking_a_model, llm_model="extracts")["method"] == "extracts"
    told = problem(asking_a_model.client.post("/api/chat/", json={"message": "x", "llm_model": "openai:dear"}), 422)
    assert told["hint"] == "Known ones: openai:small, openai:large, extracts."
    assert [one["model"] for one in model.requests] == ["large"]


def test_what_a_model_streams_comes_as_it_is_said(asking_a_model: Site) -> None:
    _, *deltas, end = stream(asking_a_model)

    assert [one["content"] for one in deltas] == ["Subsidies ", "come from ", "the ministry [1]."]
    assert end["answer"] == "Subsidies come from the ministry [1]."


@pytest.mark.parametrize(
    ("plan", "error_type"),
    [
        (Plan(status=429), "model_http_429"),
        (Plan(status=500), "model_http_500"),
        (Plan(body="<html>no events</html>"), "model_failed"),
        (Plan(body="data: {broken\n\n"), "model_failed"),
        (Plan(body='data: {"error": {"message": "out of memory"}}\n\n'), "model_failed"),
        (Plan(words=()), "model_failed"),
        (Plan(cut_at=0), "model_failed"),
    ],
    ids=["429", "500", "no events", "no JSON", "error event", "silent", "cut"],
)
def test_where_the_model_gives_nothing_the_extracts_answer(
    asking_a_model: Site, model: ModelServer, plan: Plan, error_type: str
) -> None:
    model.plans = [plan, plan]
    told = ask(asking_a_model)

    assert told["method"] == "extracts"
    assert "환경부" in told["answer"]
    assert told["notes"][-1].startswith("The answer is made of extracts, because the model gave none.")
    assert messages(asking_a_model, told["conversation_id"])[1]["error_type"] == error_type


def test_what_came_before_a_model_broke_off_is_kept_and_marked(asking_a_model: Site, model: ModelServer) -> None:
    model.plans = [Plan(cut_at=2)]
    *_, end = stream(asking_a_model)

    assert end["answer"] == "Subsidies come from "
    assert end["notes"][-1].startswith("The answer is not whole.")
    assert messages(asking_a_model, end["conversation_id"])[1]["error_type"] == "model_failed"


def test_when_the_client_goes_the_model_is_left_and_the_turn_logged(asking_a_model: Site, model: ModelServer) -> None:
    model.plans = [Plan(stall_at=2)]
    with asking_a_model.client.stream("POST", "/api/chat/stream", json={"message": QUESTION}) as answer:
        told = events(answer)
        start, first, second = next(told), next(told), next(told)

    assert model.left.wait(10)
    until = time.monotonic() + 10
    found: list[dict[str, Any]] = []
    while not found and time.monotonic() < until:
        time.sleep(0.05)
        if asking_a_model.client.get(
            f"/api/conversations/{start['conversation_id']}", params={"session_id": start["session_id"]}
        ).is_success:
            found = messages(asking_a_model, start["conversation_id"])
    assert found[1]["content"] == first["content"] + second["content"]
    assert found[1]["error_type"] == "cancelled"


def test_an_answer_is_made_once_more_and_logged_as_such(asking_a_model: Site, model: ModelServer) -> None:
    first = ask(asking_a_model)
    model.plans = [Plan(words=("Another ", "answer."))]
    answer = asking_a_model.client.post(
        "/api/chat/regenerate", json={"conversation_id": first["conversation_id"], "message_id": first["message_id"]}
    ).json()

    assert answer["answer"] == "Another answer."
    assert answer["is_regeneration"] is True
    said = messages(asking_a_model, first["conversation_id"])
    assert [one["role"] for one in said] == ["user", "assistant", "assistant"]
    assert [one["is_regeneration"] for one in said] == [False, False, True]
    assert said[2]["parent_message_id"] == said[0]["message_id"]
    assert QUESTION in model.requests[-1]["messages"][-1]["content"]
    assert len(model.requests[-1]["messages"]) == 2


def test_a_conversation_stays_with_its_collection(site: Site) -> None:
    first = ask(site, collection_name="wiki")
    here = {"conversation_id": first["conversation_id"]}
    again = site.client.post("/api/chat/regenerate", json=here).json()

    assert ask(site, **here)["collection_name"] == again["collection_name"] == "wiki"
    assert again["sources"] == first["sources"]


def test_messages_stand_in_the_order_in_which_they_were_asked(site: Site) -> None:
    first = ask(site)
    for _ in range(4):
        ask(site, conversation_id=first["conversation_id"])
    said = messages(site, first["conversation_id"])

    assert [one["role"] for one in said] == ["user", "assistant"] * 5
    assert [one["parent_message_id"] for one in said[1::2]] == [one["message_id"] for one in said[::2]]


def test_who_leaves_the_user_out_is_not_that_user(site: Site) -> None:
    mine = ask(site, user_id="kim")
    here = mine["conversation_id"]
    site.client.get("/api/conversations", params={"user_id": "kim"})

    problem(site.client.get(f"/api/conversations/{here}", params={"session_id": here}), 404)
    problem(site.client.post("/api/chat/", json={"message": QUESTION, "conversation_id": here}), 404)
    problem(site.client.post("/api/chat/regenerate", json={"conversation_id": here}), 404)
    assert ask(site, conversation_id=here, user_id="kim")["conversation_id"] == here


@pytest.mark.parametrize("path", ["/api/chat/", "/api/chat/stream"])
def test_a_conversation_of_others_is_not_there(site: Site, path: str) -> None:
    mine = ask(site, user_id="mine", session_id="my session")
    messages_of = {"message": QUESTION, "conversation_id": mine["conversation_id"]}
    # known only once it is stored
    site.client.get("/api/conversations", params={"user_id": "mine"})

    problem(site.client.post(path, json={**messages_of, "user_id": "yours"}), 404)
    problem(site.client.post(path, json={**messages_of, "session_id": "your session"}), 404)
    problem(site.client.post(path, json=messages_of), 404)
    assert ask(site, **(messages_of | {"user_id": "mine"}), path=path if path == "/api/chat/" else "/api/chat/")


def test_there_is_nothing_to_make_once_more_of_others_or_of_nothing(site: Site) -> None:
    mine = ask(site, user_id="owner")
    again = {"conversation_id": mine["conversation_id"]}

    for body in (
        again | {"user_id": "thief"},
        {"conversation_id": "nowhere"},
        again | {"user_id": "owner", "message_id": "none of it"},
    ):
        problem(site.client.post("/api/chat/regenerate", json=body), 404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": ""},
        {"message": "   "},
        {"message": "a\0b"},
        {"message": "x" * 20_000},
        {"message": 5},
        {"message": "x", "conversation_id": ""},
        {"message": "x", "conversation_id": "c" * 300},
        {"message": "x", "reasoning_level": "deep"},
        {"message": "x", "llm_params": {"temperature": "hot"}},
        {"message": "x", "llm_params": {"top_p": 7}},
        {"message": "x", "user_id": "a\0b"},
    ],
    ids=["nothing", "empty", "blank", "NUL", "long", "number", "no id", "long id", "level", "hot", "top_p", "user"],
)
@pytest.mark.parametrize("path", ["/api/chat/", "/api/chat/stream"])
def test_a_wrong_question_is_refused_before_anything_is_said(site: Site, path: str, body: dict[str, Any]) -> None:
    problem(site.client.post(path, json=body), 422)


def test_an_unknown_collection_is_no_event_but_a_problem(site: Site) -> None:
    for path in ("/api/chat/", "/api/chat/stream"):
        told = problem(site.client.post(path, json={"message": "x", "collection_name": "nowhere"}), 404)
        assert told["code"] == "PS001"


def test_fields_that_are_not_known_do_no_harm(site: Site) -> None:
    assert ask(site, stream=False, theme="dark")["answered"] is True
