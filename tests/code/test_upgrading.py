"""Summaries by a language model, against a real HTTP server that answers as chat endpoints do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pgsearch import Client, cli
from pgsearch.code import index_repository
from pgsearch.code.upgrading import ChatFailedError, plan_upgrade, upgrade_nodes
from pgsearch.errors import InvalidValueError, UnknownCollectionError, UnknownModelError
from pgsearch.models.http_endpoint import Endpoint
from tests.code.conftest import Write

pytest.importorskip("urllib3")

FILES = {
    "api.py": '''from fastapi import APIRouter
router = APIRouter(prefix="/search")


@router.post("/deep")
def deep(query):
    """Search deeply."""
    secret_step_one = query
    return secret_step_one


def shallow(query):
    return query + "only in shallow"
''',
    "README.md": "# Project\n\nSearches.\n",
}


@dataclass
class Chat:
    """What the server was asked, and the statuses that it answers with before it answers well."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    content: object = "Finds documents by their meaning."
    refuse: str | None = None

    def endpoint(self, attempts: int = 3) -> Endpoint:
        return Endpoint(self.url, attempts=attempts, first_wait=0.01)

    @property
    def questions(self) -> list[str]:
        return [request["messages"][1]["content"] for request in self.requests]


@pytest.fixture
def chat() -> Iterator[Chat]:
    state = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.requests.append(request)
            refused = state.refuse is not None and state.refuse in request["messages"][1]["content"]
            status = 400 if refused else state.statuses.pop(0) if state.statuses else 200
            answer = {
                "choices": [{"message": {"role": "assistant", "content": state.content}}],
                "usage": {"prompt_tokens": 300, "completion_tokens": 50},
            }
            body = json.dumps(answer if status == 200 else {"error": {"message": "no"}}).encode()
            self.send_response(status if self.path == "/v1/chat/completions" else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def project(client: Client, repository: Write) -> Path:
    root = repository(FILES)
    index_repository(client, "project", root)
    return root


def summaries(client: Client, model: str = "") -> dict[str, str]:
    """Summaries of a language model in the rows of an embedding model."""
    return dict(
        client.connection.execute(
            "select node_id, summary from pgsearch.semantic_nodes where summary_method = 'llm' and model = %s", (model,)
        ).fetchall()
    )


def test_a_dry_run_shows_nodes_tokens_and_cost_and_asks_nothing(client: Client, project: Path, chat: Chat) -> None:
    plan = plan_upgrade(client, "project", model="", top=2, input_price=0.01, output_price=0.03)

    assert [one.node_id for one in plan.candidates] == ["POST /search/deep api.py::deep", "api.py::deep"]
    assert (plan.nodes, plan.standing, plan.saved) == (5, 0, 0.6)
    assert plan.input_tokens == sum(one.tokens for one in plan.candidates) > 100
    assert plan.cost == pytest.approx((plan.input_tokens * 0.01 + plan.output_tokens * 0.03) / 1000)
    assert plan.cost_of_all == pytest.approx(plan.cost / 2 * 5)
    assert (chat.requests, summaries(client)) == ([], {})


def test_fifty_of_ten_thousand_nodes_save_what_the_plan_says(client: Client, project: Path) -> None:
    client.put_nodes(
        "project", "", [{"node_id": f"n{n}", "node_type": "symbol", "summary": "x"} for n in range(10_000 - 5)]
    )

    assert plan_upgrade(client, "project", model="", top=5).saved == pytest.approx(0.9995)


def test_the_most_important_nodes_get_their_summary_from_their_own_code(
    client: Client, project: Path, chat: Chat
) -> None:
    report = upgrade_nodes(client, "project", chat.endpoint(), "small-chat", model="", top=2)

    assert summaries(client) == {
        "api.py::deep": "function api.deep in api.py: Finds documents by their meaning.",
        "POST /search/deep api.py::deep": "route POST /search/deep in api.py: Finds documents by their meaning.",
    }
    assert (report.upgraded, report.input_tokens, report.output_tokens) == (2, 600, 100)
    assert report.cost == pytest.approx(0.7 * 0.001)
    assert {request["model"] for request in chat.requests} == {"small-chat"}
    assert all("secret_step_one" in question for question in chat.questions)
    assert not any("only in shallow" in question for question in chat.questions)


def test_what_stands_is_not_asked_again_until_its_code_changes(
    client: Client, project: Path, repository: Write, chat: Chat
) -> None:
    upgrade_nodes(client, "project", chat.endpoint(), "chat", model="", top=3)
    again = upgrade_nodes(client, "project", chat.endpoint(), "chat", model="", top=3)
    assert (again.upgraded, again.standing, len(chat.requests)) == (0, 3, 3)

    index_repository(client, "project", project)
    assert len(summaries(client)) == 3, "indexing again leaves the summaries alone"

    repository({"api.py": FILES["api.py"].replace("secret_step_one", "another_step")})
    index_repository(client, "project", project)
    assert "api.py::deep" not in summaries(client)
    assert plan_upgrade(client, "project", model="", top=5).standing < 3
    upgrade_nodes(client, "project", chat.endpoint(), "chat", model="", top=3)
    assert "another_step" in chat.questions[-1]


def test_summaries_are_stored_under_the_larger_model(client: Client, project: Path, chat: Chat) -> None:
    client.register_model("large", 3)

    upgrade_nodes(client, "project", chat.endpoint(), "chat", model="large", top=1)

    assert list(summaries(client, "large")) == ["POST /search/deep api.py::deep"]
    assert summaries(client) == {}
    report = index_repository(client, "project", project)
    assert (report.model, report.nodes_updated) == ("", 0), "a few rows of a larger model are not the nodes' own"


def test_a_busy_server_is_asked_again(client: Client, project: Path, chat: Chat) -> None:
    chat.statuses = [503, 429]

    assert upgrade_nodes(client, "project", chat.endpoint(), "chat", model="", top=1).upgraded == 1
    assert len(chat.requests) == 3


def test_a_node_that_is_refused_keeps_its_template_and_the_others_go_on(
    client: Client, project: Path, chat: Chat
) -> None:
    chat.refuse = "route POST"

    report = upgrade_nodes(client, "project", chat.endpoint(), "chat", model="", top=2)

    assert list(report.failures) == ["POST /search/deep api.py::deep"]
    assert list(summaries(client)) == ["api.py::deep"]


@pytest.mark.parametrize("content", ["", "  \n", None, 7])
def test_an_answer_without_text_is_a_failure(client: Client, project: Path, chat: Chat, content: object) -> None:
    chat.content = content

    report = upgrade_nodes(client, "project", chat.endpoint(), "chat", model="", top=1)

    assert (report.upgraded, len(report.failures), summaries(client)) == (0, 1, {})


def test_a_server_that_stays_down_ends_the_run_and_the_next_one_goes_on(
    client: Client, project: Path, chat: Chat
) -> None:
    chat.statuses = [200, *[500] * 6]
    with pytest.raises(ChatFailedError, match="after 1 summaries"):
        upgrade_nodes(client, "project", chat.endpoint(attempts=2), "chat", model="", top=5)
    assert len(summaries(client)) == 1
    assert len(chat.requests) == 7, "two attempts for each of three nodes, and no more"

    report = upgrade_nodes(client, "project", chat.endpoint(), "chat", model="", top=5)
    assert (report.upgraded, report.standing) == (4, 1)


def test_a_refused_key_ends_the_run_at_once(client: Client, project: Path, chat: Chat) -> None:
    chat.statuses = [401]

    with pytest.raises(ChatFailedError, match="refused the key"):
        upgrade_nodes(client, "project", chat.endpoint(), "chat", model="", top=5)
    assert len(chat.requests) == 1


def test_what_is_unknown_or_out_of_range_is_refused(client: Client, project: Path, chat: Chat) -> None:
    with pytest.raises(UnknownCollectionError):
        plan_upgrade(client, "nowhere", model="")
    with pytest.raises(InvalidValueError):
        plan_upgrade(client, "project", model="", input_price=-1)
    with pytest.raises(UnknownModelError):
        upgrade_nodes(client, "project", chat.endpoint(), "chat", model="no-such-model", top=1)


def test_the_command_plans_and_upgrades(
    dsn: str, project: Path, chat: Chat, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["upgrade-nodes", "--dsn", dsn, "--collection", "project", "--top", "2"]
    assert cli.main([*command, "--dry-run"]) == 0
    planned = capsys.readouterr().out.splitlines()
    assert planned[0].split("\t") == ["node", "type", "searches", "importance", "tokens"]
    assert planned[1].startswith("POST /search/deep api.py::deep\troute\t0\t0.90\t")
    assert "2 of 5 nodes to sum up, 0 stand" in planned[3]
    assert "60.0% of them need no language model" in planned[4]

    assert cli.main([*command, "--dry-run", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["candidates"]) == 2

    assert cli.main(command) == 1
    assert "who shall write" in capsys.readouterr().err
    assert cli.main([*command[:-1], "0", "--dry-run"]) == 1
    assert "--top 0 chooses no node" in capsys.readouterr().err

    assert cli.main([*command, "--chat-url", chat.url, "--chat-model", "chat"]) == 0
    assert "2 nodes summed up by chat, 0 stood already, 0 failed; 700 tokens, $0.0007" in capsys.readouterr().out
