"""Questions about code: what is found, by which signal, which node explains it, and how it is weighted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from pgsearch.client.calls.search import CodeHit
from pgsearch.errors import (
    EmbeddingMismatchError,
    InvalidValueError,
    UnknownCollectionError,
    UnknownModelError,
    UnknownNameError,
)
from tests.clones import cloned
from tests.conftest import Server

# one dimension a subject: running, searching, users, documents
RUN, SEARCH, USERS, DOCUMENTS = ([float(n == at) for n in range(4)] for at in range(4))
SIGNALS = {"graph", "lexical", "semantic_large_node", "semantic_small_code", "semantic_small_node"}


def chunk(symbol: str, line: int, content: str) -> Mapping[str, Any]:
    return {"content": content, "metadata": {"symbol": symbol, "line": line, "end_line": line + 5}}


def node(kind: str, node_id: str, page: str, summary: str, embedding: list[float], **metadata: Any) -> dict[str, Any]:
    return {
        "node_id": node_id,
        "node_type": kind,
        "summary": summary,
        "source_table": "pages",
        "source_id": page,
        "metadata": metadata,
        "embedding": embedding,
    }


PAGES: list[Mapping[str, Any]] = [
    {
        "external_id": "app/loop.py",
        "title": "app/loop.py",
        "tags": ["core"],
        "chunks": [
            chunk("loop.BaseEventLoop", 1, "class BaseEventLoop:\n    'Runs callbacks.'"),
            chunk("loop.BaseEventLoop.run_in_executor", 11, "def run_in_executor(self, f): return self.pool.submit(f)"),
            chunk("loop.BaseEventLoop.call_soon", 21, "def call_soon(self, f): self.ready.append(f)"),
            chunk("loop.executor_warning", 31, "def executor_warning(): log.error('executor shut down')"),
        ],
    },
    {
        "external_id": "app/api.py",
        "title": "app/api.py",
        "chunks": [
            chunk("api.find", 1, "@router.post('/search')\ndef find(q): return engine.ask(q)"),
            chunk("api.user", 11, "@router.get('/{id}')\ndef user(id): return db.get(id)"),
        ],
    },
    {
        "external_id": "README.md",
        "title": "Readme",
        "chunks": ["Install it with pip.", "The engine asks, the loop runs, the api answers."],
    },
]

NODES = [
    node("symbol", "loop.BaseEventLoop", "app/loop.py", "class BaseEventLoop. Runs callbacks.", RUN,
         qualified_name="loop.BaseEventLoop", name="BaseEventLoop", line=1, importance_score=0.6, in_degree=40),
    node("symbol", "loop.BaseEventLoop.run_in_executor", "app/loop.py", "method run_in_executor. Runs it in a pool.",
         RUN,
         qualified_name="loop.BaseEventLoop.run_in_executor", name="run_in_executor", line=11, importance_score=0.3),
    node("symbol", "loop.BaseEventLoop.call_soon", "app/loop.py", "method call_soon.", RUN,
         qualified_name="loop.BaseEventLoop.call_soon", name="call_soon", line=21),
    node("symbol", "api.find", "app/api.py", "function find.", SEARCH, qualified_name="api.find", name="find", line=1),
    node("route", "POST /api/search", "app/api.py", "POST /api/search route handled by find", SEARCH,
         route="/api/search", method="POST", handler="find", name="find", qualified_name="api.find", line=1,
         importance_score=0.8),
    node("route", "GET /api/users/{id}", "app/api.py", "GET /api/users/{id} route handled by user", USERS,
         route="/api/users/{id}", method="GET", handler="user", name="user", qualified_name="api.user", line=11,
         importance_score=0.8),
    node("doc", "README.md", "README.md", "readme README.md: how engine, loop and api hang together", DOCUMENTS),
]  # fmt: skip


def fill(client: Client) -> None:
    """A repository of two modules and a readme, with a small model; nodes of all, chunk vectors by their nodes."""
    client.put_pages("repo", PAGES)
    client.register_model("small", 4)
    client.register_model("large", 2)
    client.put_nodes("repo", "small", NODES)
    missing = client.list_missing_embeddings("small")
    subjects: dict[str, list[float]] = {"app/loop.py": RUN, "README.md": DOCUMENTS}
    pages = dict(client.connection.execute("select page_id, external_id from pgsearch.pages").fetchall())
    client.put_embeddings(
        "small",
        [row.chunk_id for row in missing],
        [row.content_hash for row in missing],
        [subjects.get(pages[row.page_id]) or (SEARCH if "search" in row.content else USERS) for row in missing],
    )
    client.set_default_model("repo", "small")


@pytest.fixture(scope="module")
def repo(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Client]:
    """The repository, for tests that only read."""
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        fill(client)
        yield client


@pytest.fixture
def own_repo(client: Client) -> Client:
    """The repository, for tests that change it."""
    fill(client)
    return client


def symbols(hits: list[CodeHit]) -> list[str | None]:
    return [hit.metadata.get("symbol") for hit in hits]


def outcome(client: Client, query: str, embedding: list[float] | None = None, **options: Any) -> dict[str, Any]:
    ((found,),) = client.connection.execute(
        "select pgsearch._search_code(%s, %s, '{repo}', 8, '{}', %s::jsonb)",
        [query, None if embedding is None else str(embedding), json.dumps(options)],
    ).fetchall()
    assert isinstance(found, dict)
    return found


# What is found


@pytest.mark.parametrize(
    ("query", "symbol", "node_id"),
    [
        ("run_in_executor", "loop.BaseEventLoop.run_in_executor", "loop.BaseEventLoop.run_in_executor"),
        ("BaseEventLoop.run_in_executor 함수 어디?", "loop.BaseEventLoop.run_in_executor",
         "loop.BaseEventLoop.run_in_executor"),
        ("runInExecutor", "loop.BaseEventLoop.run_in_executor", "loop.BaseEventLoop.run_in_executor"),
        ("where is run in executor of base event loop?", "loop.BaseEventLoop.run_in_executor",
         "loop.BaseEventLoop.run_in_executor"),
        ("run_in_excutor", "loop.BaseEventLoop.run_in_executor", "loop.BaseEventLoop.run_in_executor"),
        ("BaseEventLoop class?", "loop.BaseEventLoop", "loop.BaseEventLoop"),
        ("base event loop", "loop.BaseEventLoop", "loop.BaseEventLoop"),
        ("BaseEvntLop class?", "loop.BaseEventLoop", "loop.BaseEventLoop"),
        ("POST /api/search API where?", "api.find", "POST /api/search"),
        ("/api/search 어디?", "api.find", "POST /api/search"),
        ("POST /v2/api/search", "api.find", "POST /api/search"),
        ("GET /api/users/42 API where?", "api.user", "GET /api/users/{id}"),
        ("/api/users/:user_id 어디", "api.user", "GET /api/users/{id}"),
        ("where is /users/<int:id> handled", "api.user", "GET /api/users/{id}"),
    ],
)  # fmt: skip
def test_words_alone_find_symbols_and_routes_by_name(repo: Client, query: str, symbol: str, node_id: str) -> None:
    hits = repo.search_code(query, collections="repo")
    assert (symbols(hits)[0], hits[0].node_id) == (symbol, node_id)


def test_a_chunk_is_one_hit_however_many_nodes_it_has(repo: Client) -> None:
    hits = repo.search_code("POST /api/search find", SEARCH, collections="repo", top_k=50)
    assert len({hit.chunk_id for hit in hits}) == len(hits)
    assert hits[0].node_id == "POST /api/search"
    assert hits[0].summary == "POST /api/search route handled by find"
    assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))


def test_the_summary_is_found_by_its_meaning_where_no_word_agrees(repo: Client) -> None:
    (hit, *_) = repo.search_code("xyzzy", USERS, collections="repo")
    assert hit.node_id == "GET /api/users/{id}"
    assert set(hit.signals) - {"boosts"} == {"graph", "lexical", "semantic_small_code", "semantic_small_node"}
    assert hit.match_reason == "summary+code"


def test_a_document_is_one_hit_of_its_page_by_its_best_chunk(repo: Client) -> None:
    hits = repo.search_code("how do engine, loop and api hang together?", DOCUMENTS, collections="repo")
    assert hits[0].classified_as == "STRUCTURE" or hits[0].classified_as == "GENERAL"
    assert hits[0].external_id == "README.md"
    assert hits[0].content.startswith("The engine")
    assert [hit.node_id for hit in hits if hit.external_id == "README.md"].count("README.md") == 1


def test_a_chunk_without_a_node_is_found_by_its_text(repo: Client) -> None:
    (hit, *_) = repo.search_code('"executor shut down" log where?', collections="repo")
    assert hit.metadata["symbol"] == "loop.executor_warning"
    assert (hit.node_id, hit.node_type, hit.summary) == (None, None, None)
    assert hit.classified_as == "LOG_LOCATION"


def test_requirements_exclusions_and_filters_hold_for_what_nodes_found(repo: Client) -> None:
    assert "api.find" not in symbols(repo.search_code("/api/search -find", SEARCH, collections="repo"))
    assert symbols(repo.search_code("/api/search +call_soon", SEARCH, collections="repo")) == [
        "loop.BaseEventLoop.call_soon"
    ]
    hits = repo.search_code("/api/search", SEARCH, collections="repo", filter={"tags": ["core"]})
    assert {hit.external_id for hit in hits} == {"app/loop.py"}


def test_names_that_are_excluded_are_not_asked_for(repo: Client) -> None:
    hits = repo.search_code("event loop -call_soon", collections="repo")
    assert "loop.BaseEventLoop.call_soon" not in symbols(hits)


# How it is weighed


def test_the_contributions_of_a_hit_times_its_boosts_are_its_score(repo: Client) -> None:
    for hit in repo.search_code("base event loop run", RUN, collections="repo", top_k=50):
        boosts = hit.signals.get("boosts", {})
        fused = sum(signal["contribution"] for name, signal in hit.signals.items() if name != "boosts")
        assert hit.score == pytest.approx(fused * boosts.get("importance", 1) * boosts.get("llm_summary", 1))
        for name, signal in hit.signals.items():
            if name != "boosts":
                assert {"weight", "contribution"} < set(signal)
                assert {"score", "rank"} <= set(signal) or "stands_in" in signal
                assert 0 <= signal["contribution"] <= signal["weight"] + 1e-9


def test_importance_lifts_by_ten_per_cent_at_most_and_a_language_model_by_three(own_repo: Client) -> None:
    (before,) = own_repo.search_code("POST /api/search", collections="repo", top_k=1)
    assert before.signals["boosts"] == {"importance": pytest.approx(1.08)}

    route = next(n for n in NODES if n["node_id"] == "POST /api/search")
    better = {**route, "summary_method": "llm", "summary": "POST /api/search asks the engine."}
    own_repo.put_nodes("repo", "small", [better])
    (after,) = own_repo.search_code("POST /api/search", collections="repo", top_k=1)
    assert after.signals["boosts"] == {"importance": pytest.approx(1.08), "llm_summary": pytest.approx(1.03)}
    assert after.summary == "POST /api/search asks the engine."


def test_in_degree_counts_on_a_logarithmic_scale(repo: Client) -> None:
    hits = {hit.node_id: hit for hit in repo.search_code("x", RUN, collections="repo", top_k=50)}
    # 0.5 × ln 41 / ln 101 + 0.5 × 0.6
    assert hits["loop.BaseEventLoop"].signals["graph"]["score"] == pytest.approx(0.7023, abs=1e-4)
    assert hits["loop.BaseEventLoop.call_soon"].signals["graph"]["score"] == 0


def test_signals_that_take_no_part_give_their_weight_to_the_others(repo: Client) -> None:
    everything = outcome(repo, "/api/search 어디?", SEARCH)
    assert everything["query_type"] == "API_LOCATION"
    ((stored,),) = repo.connection.execute(
        "select weights from pgsearch.query_types where query_type = 'API_LOCATION'"
    ).fetchall()
    weights = everything["weights"]
    assert set(weights) == SIGNALS - {"semantic_large_node"}
    assert sum(weights.values()) == pytest.approx(1, abs=1e-5)
    assert weights["semantic_small_node"] / weights["lexical"] == pytest.approx(
        stored["semantic_small_node"] / stored["lexical"], rel=1e-4
    )
    # graph knows nothing of the question
    assert weights["graph"] == pytest.approx(stored["graph"])

    words = outcome(repo, "/api/search 어디?")
    assert words["weights"] == {
        "graph": pytest.approx(stored["graph"]),
        "lexical": pytest.approx(1 - stored["graph"]),
    }
    assert any("No embedding" in note for note in words["notes"])


def test_the_type_and_the_weights_that_a_caller_gives_win(repo: Client) -> None:
    assert {hit.classified_as for hit in repo.search_code("api", query_type="STRUCTURE")} == {"STRUCTURE"}
    found = outcome(repo, "/api/search 어디?", SEARCH, query_type="GENERAL", weights={"graph": 0, "lexical": 3})
    assert found["query_type"] == "GENERAL"
    assert found["weights"]["graph"] == 0
    assert found["weights"]["lexical"] > 0.8


def test_another_type_of_question_may_give_another_order(repo: Client) -> None:
    def first(weights: Mapping[str, float]) -> str | None:
        none = dict.fromkeys(SIGNALS, 0)
        hits = repo.search_code("call soon", SEARCH, collections="repo", options={"weights": {**none, **weights}})
        return symbols(hits)[0]

    assert first({"lexical": 1}) == "loop.BaseEventLoop.call_soon"
    assert first({"semantic_small_node": 1}) == "api.find"
    assert first({"graph": 1}) == "loop.BaseEventLoop"


# The large model


def test_nodes_of_a_large_model_take_part_when_its_vector_is_given(own_repo: Client) -> None:
    route = next(n for n in NODES if n["node_id"] == "GET /api/users/{id}")
    own_repo.put_nodes("repo", "large", [{**route, "embedding": [0, 1]}])

    (hit, *_) = own_repo.search_code("xyzzy", USERS, large_embedding=[0, 1], collections="repo")
    assert hit.node_id == "GET /api/users/{id}"
    assert hit.signals["semantic_large_node"]["score"] == pytest.approx(1)
    found = outcome(own_repo, "xyzzy", USERS, large_embedding="[0,1]")
    assert "semantic_large_node" in found["signals"]
    assert next(h["chunk_id"] for h in found["hits"]) == hit.chunk_id


def test_a_node_without_a_large_vector_is_judged_by_its_small_one(own_repo: Client) -> None:
    route = next(n for n in NODES if n["node_id"] == "GET /api/users/{id}")
    own_repo.put_nodes("repo", "large", [{**route, "embedding": [0, 1]}])

    # the only node with a large vector is no answer to this question, however near it is to the large one
    hits = own_repo.search_code("base event loop", RUN, large_embedding=[0, 1], collections="repo")
    assert hits[0].node_id == "loop.BaseEventLoop"
    large = hits[0].signals["semantic_large_node"]
    assert large["stands_in"] == "semantic_small_node"
    assert large["contribution"] == pytest.approx(large["weight"] * 1)


def test_a_chunk_without_a_node_is_judged_by_its_code_and_by_the_name_it_defines(repo: Client) -> None:
    (hit, *_) = repo.search_code("executor_warning() 함수 어디?", RUN, collections="repo")
    assert (hit.metadata["symbol"], hit.node_id) == ("loop.executor_warning", None)
    assert hit.signals["semantic_small_node"]["stands_in"] == "semantic_small_code"
    assert hit.signals["lexical"]["score"] >= 3


def test_which_large_model_is_meant_must_be_clear(own_repo: Client) -> None:
    assert any("further model" in note for note in outcome(own_repo, "a", RUN, large_embedding="[0,1]")["notes"])
    own_repo.register_model("huge", 2)
    own_repo.put_nodes("repo", "large", [{**NODES[0], "embedding": [0, 1]}])
    own_repo.put_nodes("repo", "huge", [{**NODES[0], "embedding": [1, 0]}])
    with pytest.raises(UnknownModelError, match="huge, large"):
        own_repo.search_code("a", RUN, large_embedding=[0, 1])
    hits = own_repo.search_code("a", RUN, large_embedding=[0, 1], options={"large_model": "large"})
    (chosen,) = (hit for hit in hits if hit.node_id == NODES[0]["node_id"])
    assert chosen.signals["semantic_large_node"]["score"] == pytest.approx(1)


# The shape of the answer, and its limits


def test_the_answer_has_the_keys_of_a_search_and_its_own(repo: Client) -> None:
    found = outcome(repo, "run_in_executor", RUN)
    ((search,),) = repo.connection.execute("select pgsearch.search('run_in_executor')").fetchall()
    # what the log adds to a search, code search gets from it too
    assert set(found) - {"query_type", "weights"} <= set(search) | {"query_id", "logged"}
    assert {
        "search_mode",
        "signals",
        "fusion",
        "confidence",
        "approximate",
        "notes",
        "timings",
        "candidates",
        "hits",
    } <= (set(found))
    assert found["search_mode"] == "code"
    assert found["confidence"] >= 0.95
    assert {"total_ms", "names_ms", "vector_ms"} <= set(found["timings"])
    hits = search["hits"][0]
    assert set(hits) | {"node_id", "node_type", "summary", "query_type"} == set(found["hits"][0])


def test_the_same_question_has_the_same_answer(repo: Client) -> None:
    once, again = (repo.search_code("event loop api", RUN, collections="repo", top_k=50) for _ in range(2))
    assert once == again
    assert [hit.chunk_id for hit in repo.search_code("event loop api", RUN, top_k=3)] == [h.chunk_id for h in once[:3]]


def test_options_of_a_search_hold_here_too(repo: Client) -> None:
    hits = repo.search_code("event loop", RUN, collections="repo", options={"group_by_page": True})
    assert len({hit.page_id for hit in hits}) == len(hits)
    (hit,) = repo.search_code("call_soon", top_k=1, options={"window": 1, "snippet_length": 0})
    assert hit.snippet == ""
    assert "run_in_executor" in (hit.context or "")
    kept = repo.search_code("return self", RUN, collections="repo", options={"require_keywords": True})
    assert symbols(kept) == ["loop.BaseEventLoop.run_in_executor"]
    notes = outcome(repo, "a", RUN, diversity=0.5)["notes"]
    assert any("diversity" in note for note in notes)


@pytest.mark.parametrize(
    ("query", "embedding", "kept"),
    [("run_in_executor engine", None, "loop.BaseEventLoop.run_in_executor"), ("pudding", SEARCH, "POST /api/search")],
    ids=["name", "summary"],
)
@pytest.mark.parametrize("options", [{}, {"distinct": True}], ids=str)
def test_hits_below_the_least_relevance_are_left_out(
    repo: Client, query: str, embedding: list[float] | None, kept: str, options: dict[str, bool]
) -> None:
    everything = repo.search_code(query, embedding, top_k=100, options=options)
    cut = {**options, "min_relevance": 0.9, "facets": ["collection"]}
    rows = repo.search_code(query, embedding, top_k=100, options=cut)
    answer = repo.search(query, embedding, search_mode="code", top_k=1, options=cut)

    # what explains a chunk, its name or its summary, speaks for it
    assert [hit.chunk_id for hit in rows] == [hit.chunk_id for hit in everything if (hit.relevance or 0) >= 0.9]
    assert rows[0].node_id == kept
    assert len(rows) < len(everything)
    assert [hit.chunk_id for hit in answer.hits] == [rows[0].chunk_id]
    assert answer.total == len(rows)
    assert answer.facets is not None
    assert sum(of.count for of in answer.facets["collection"]) == len(rows)
    assert any("below the relevance" in note for note in answer.notes)


def test_nothing_to_search_for_finds_nothing_and_says_why(repo: Client) -> None:
    for query in ("", "   ", "-", "?!"):
        assert outcome(repo, query)["hits"] == []
        assert len(outcome(repo, query)["notes"]) >= 2
    assert repo.search_code("") == []
    assert repo.search_code("a", top_k=0) == []


def test_a_collection_without_nodes_is_searched_by_its_chunks(client: Client) -> None:
    client.put_pages("plain", [{"external_id": "a", "content": "def zebra(): pass"}])
    (hit,) = client.search_code("zebra", collections="plain")
    assert (hit.external_id, hit.node_id) == ("a", None)
    assert set(hit.signals) == {"lexical"}


def test_a_zero_vector_is_left_out_and_that_is_said(repo: Client) -> None:
    found = outcome(repo, "call_soon", [0.0] * 4)
    assert "semantic_small_node" not in found["signals"]
    assert any("zero vector" in note for note in found["notes"])


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda c: c.search_code("a", query_type="NOPE"), UnknownNameError),
        (lambda c: c.search_code("a", query_type="'; drop schema pgsearch; --"), UnknownNameError),
        (lambda c: c.search_code("a", options={"weights": {"text": 1}}), UnknownNameError),
        (lambda c: c.search_code("a", options={"weight": {}}), UnknownNameError),
        (lambda c: c.search_code("a", filter={"nope": 1}), UnknownNameError),
        (lambda c: c.search_code("a", options={"weights": {"lexical": -1}}), InvalidValueError),
        (lambda c: c.search_code("a", options={"weights": {"lexical": "much"}}), InvalidValueError),
        (lambda c: c.search_code("a", options={"weights": [1]}), InvalidValueError),
        (lambda c: c.search_code("a", options={"large_embedding": "[x]"}), InvalidValueError),
        (lambda c: c.search_code("a", top_k=-1), InvalidValueError),
        (lambda c: c.search_code("a", top_k=1001), InvalidValueError),
        (lambda c: c.search_code("a", collections="nope"), UnknownCollectionError),
        (lambda c: c.search_code("a", [1.0], collections="repo"), EmbeddingMismatchError),
        (lambda c: c.search_code("a", [float("nan")] * 4, collections="repo"), InvalidValueError),
        (
            lambda c: c.search_code("a", RUN, large_embedding=[1.0], options={"large_model": "large"}),
            EmbeddingMismatchError,
        ),
        (lambda c: c.search_code("a", RUN, large_embedding=[1.0], options={"large_model": "x"}), UnknownModelError),
    ],
)
def test_bad_input_is_refused_by_name(repo: Client, call: Callable[[Client], object], error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        call(repo)
    assert getattr(caught.value, "hint", None) or isinstance(caught.value, InvalidValueError)


@pytest.mark.parametrize(
    "query",
    ["'", "\\", "a\\'b", "/{}/<>/:", "((((", "`" * 50, "_" * 900, "a." * 500, "/a" * 499, "\x01", "'; drop table x; --",
     "a'b:c&d|e!f", "GET " * 250, "가" * 1000, "İstanbul ß", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "x" * 5000],
)  # fmt: skip
def test_no_question_is_too_odd(repo: Client, query: str) -> None:
    repo.search_code(query, RUN, collections="repo")


def test_names_may_hold_anything(own_repo: Client) -> None:
    odd = "it's \\ odd & (a|b):*"
    own_repo.put_nodes("repo", "small", [{**NODES[2], "node_id": odd, "metadata": {"name": odd, "line": 21}}])
    assert own_repo.search_code(odd, collections="repo")


def test_null_stands_for_nothing_given(repo: Client) -> None:
    ((count,),) = repo.connection.execute(
        "select count(*) from pgsearch.search_code('call_soon', null, null, null, null, 8, null, null)"
    ).fetchall()
    assert count >= 1


# What every search does, a search of code does too


def test_a_quoted_phrase_that_stands_nowhere_counts_as_its_words(repo: Client) -> None:
    phrase = '"pool submit executor" return'
    found = outcome(repo, phrase)
    ((search,),) = repo.connection.execute("select pgsearch.search(%s)", [phrase]).fetchall()
    (told,) = (note for note in found["notes"] if "word for word" in note)
    assert told in search["notes"]

    # also where every word has to stand in a hit
    kept = repo.search_code('"self return" def', options={"require_keywords": True})
    assert symbols(kept) == ["loop.BaseEventLoop.run_in_executor"]


def test_a_reranker_chooses_the_chunk_that_a_page_is_shown_by(own_repo: Client) -> None:
    own_repo.connection.execute(
        "create function public.last_first(query text, chunk_ids bigint[])"
        " returns table (chunk_id bigint, score float8) language sql"
        " as 'select c, c::float8 from unnest(chunk_ids) as c'"
    )
    options = {"group_by_page": True, "rerank": "public.last_first"}
    (plain,) = own_repo.search_code("BaseEventLoop", filter={"tags": ["core"]}, options={"group_by_page": True})
    (turned,) = own_repo.search_code("BaseEventLoop", filter={"tags": ["core"]}, options=options)
    assert plain.metadata["symbol"] == "loop.BaseEventLoop"
    assert turned.chunk_id > plain.chunk_id


def test_an_approximate_ranking_is_told_as_in_every_search(repo: Client, client: Client) -> None:
    assert "The text ranking is approximate, as asked." in outcome(repo, "event loop", exact=False)["notes"]

    client.put_pages("many", [{"external_id": str(n), "content": "the same " * (1 + n % 7)} for n in range(1500)])
    client.refresh_text_stats()
    sampling = {"max_rows": 300, "candidates": 10}
    ((search,),) = client.connection.execute(
        "select pgsearch.search('the same', options => %s::jsonb)", [json.dumps(sampling)]
    ).fetchall()
    result = client.search("the same", search_mode="code", options=sampling)
    (told,) = (note for note in result.notes if "sample" in note)
    assert [note for note in search["notes"] if "sample" in note] == [told]

    said: list[str] = []
    client.connection.add_notice_handler(lambda notice: said.append(notice.message_primary or ""))
    assert client.search_code("the same", options=sampling)
    assert said == [told]


def test_a_zero_vector_tells_nothing_and_changes_nothing(repo: Client) -> None:
    without, zero = (repo.search_code("event loop", given, collections="repo") for given in (None, [0.0] * 4))
    assert without == zero


# The whole of a repository


WHOLE = [
    "전체 구조는?",
    "how is this project organised?",
    "overall architecture?",
    "how do the parts fit together?",
    "이 프로젝트의 구조를 설명해줘",
]


def put_documents(client: Client, kinds: Mapping[str, str]) -> None:
    """Documents with words of their own, each with a node of its kind, and a module that speaks of structure."""
    client.put_pages("whole", [{"external_id": path, "content": "Install it with pip."} for path in kinds])
    said = "structure architecture of this project, organised so that its parts fit together, 전체 구조 프로젝트"
    client.put_pages("whole", [{"external_id": f"app/{name}.py", "content": said} for name in ("trap", "main")])
    client.put_nodes(
        "whole",
        "",
        [
            {
                "node_id": path,
                "node_type": "doc",
                "doc_type": kind,
                "summary": f"{kind} {path}",
                "source_table": "pages",
                "source_id": path,
                "metadata": {},
            }
            for path, kind in kinds.items()
        ]
        + [
            {
                "node_id": f"app.{name}",
                "node_type": "symbol",
                "summary": f"module {name}",
                "source_table": "pages",
                "source_id": f"app/{name}.py",
                "metadata": {"kind": "module", "name": name, "importance_score": importance},
            }
            for name, importance in (("trap", 0.1), ("main", 0.9))
        ],
    )


def test_a_question_about_the_whole_finds_the_documents_about_it_whatever_their_words(client: Client) -> None:
    put_documents(client, {"README.md": "readme", "docs/design.md": "design", "docs/adr/one.md": "adr"})
    for question in WHOLE:
        hits = client.search_code(question, collections="whole")
        assert {hit.classified_as for hit in hits} == {"STRUCTURE"}
        assert (hits[0].external_id, hits[0].node_type) == ("README.md", "doc"), question
        assert {"docs/design.md", "docs/adr/one.md"} <= {hit.external_id for hit in hits[:5]}, question
        assert hits[0].match_reason == "document"
        assert hits[0].signals["boosts"]["document"] == 1.2
        assert "README.md" not in {
            hit.external_id for hit in client.search_code("where is foo defined", collections="whole")
        }

    (only,) = client.search_code(WHOLE[0], collections="whole", filter={"external_ids": ["docs/design.md"]})
    assert only.external_id == "docs/design.md"


def test_where_there_is_no_document_the_most_important_modules_are_found(client: Client) -> None:
    put_documents(client, {})
    client.put_pages("whole", [{"external_id": f"app/{name}.py", "content": "pass"} for name in ("trap", "main")])
    client.put_nodes(
        "whole",
        "",
        [
            {
                "node_id": f"app.{name}",
                "node_type": "symbol",
                "summary": f"module {name}",
                "source_table": "pages",
                "source_id": f"app/{name}.py",
                "metadata": {"kind": "module", "name": name, "importance_score": importance},
            }
            for name, importance in (("trap", 0.1), ("main", 0.9))
        ],
    )
    hits = client.search_code("전체 구조는?", collections="whole")
    assert [hit.external_id for hit in hits] == ["app/main.py", "app/trap.py"]


def test_the_further_model_of_the_nodes_is_asked_where_its_embedder_is_known(
    own_repo: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Fixed:
        def embed(self, texts: list[str]) -> list[list[float]]:
            return [[1.0, 0.0] for _ in texts]

    own_repo.put_nodes("repo", "large", [{**NODES[3], "embedding": [1.0, 0.0]}])
    known: dict[str | None, Any] = {"large": Fixed()}
    asked: list[str | None] = []

    def embedder_for(name: str | None, *_: Any, **__: Any) -> Any:
        asked.append(name)
        return known.get(name)

    monkeypatch.setattr("pgsearch.client.registered.embedder_for", embedder_for)
    hits = own_repo.search_code("find", SEARCH, collections="repo")
    assert asked == ["large"]
    assert any("semantic_large_node" in hit.signals for hit in hits)

    known.clear()
    assert not any("semantic_large_node" in hit.signals for hit in own_repo.search_code("find", SEARCH))
    asked.clear()
    own_repo.search_code("find", SEARCH, large_embedding=[0.0, 1.0])
    assert asked == []
