"""Providers of embeddings: which one a name means, what is asked of it, and what a wrong answer becomes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pgsearch.errors import InvalidValueError, UnknownNameError
from pgsearch.models.embedders import EmbeddingFailedError, RefusedTextError, embed_each, embed_query
from pgsearch.models.http_endpoint import EndpointError
from pgsearch.models.names import embedder_for, why_no_embedder
from pgsearch.models.providers import ProviderSettings, settings_for
from pgsearch.models.providers.http import HttpEmbedder
from tests.client.http_server import Answer, Request, Server, embeddings, serving, vector


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PGSEARCH_PROVIDER", "PGSEARCH_PROVIDERS", "OPENAI_BASE_URL", "OPENAI_API_KEY", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PGSEARCH_HOME", str(tmp_path))
    monkeypatch.setattr("pgsearch.models.http_endpoint.time.sleep", lambda seconds: None)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def embedder(server: Server, **settings: Any) -> HttpEmbedder:
    return HttpEmbedder(ProviderSettings("openai", "m", server.url, **settings))


def table(tmp_path: Path, text: str) -> None:
    (tmp_path / "providers.toml").write_text(text)


# which provider a name means


def test_a_prefix_names_the_provider() -> None:
    openai = settings_for("openai:text-embedding-3-small")
    ollama = settings_for("ollama:bge-m3:latest")
    local = settings_for("st:/models/e5")

    assert openai == ProviderSettings(
        "openai", "text-embedding-3-small", "https://api.openai.com/v1", key_variable="OPENAI_API_KEY"
    )
    assert ollama == ProviderSettings("ollama", "bge-m3:latest", "http://localhost:11434/v1")
    assert local == ProviderSettings("st", "/models/e5")


@pytest.mark.parametrize("model", ["text-embedding-3-small", "BAAI/bge-m3", "other:thing", "openai:", "openai"])
def test_a_plain_name_has_no_provider_until_one_is_said(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_for(model) is None
    assert embedder_for(model) is None
    assert "PGSEARCH_PROVIDER" in why_no_embedder(model)

    given = settings_for(model, "ollama")
    monkeypatch.setenv("PGSEARCH_PROVIDER", "openai")
    by_environment = settings_for(model)

    assert given is not None
    assert (given.provider, given.model) == ("ollama", model)
    assert by_environment is not None
    assert (by_environment.provider, by_environment.model) == ("openai", model)


def test_the_environment_moves_the_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gateway/v1")
    monkeypatch.setenv("OLLAMA_HOST", "gpu:11434")

    assert [getattr(settings_for(f"{name}:m"), "base_url", None) for name in ("openai", "ollama")] == [
        "http://gateway/v1",
        "http://gpu:11434/v1",
    ]


def test_the_table_of_models_says_the_rest(tmp_path: Path) -> None:
    table(
        tmp_path,
        """
        ["intfloat/multilingual-e5-small"]
        provider = "openai"
        base_url = "http://tei:8080/v1"
        key_variable = "TEI_KEY"
        query_prefix = "query: "
        document_prefix = "passage: "
        batch_size = 32
        timeout = 5

        ["short"]
        provider = "openai"
        model = "text-embedding-3-large"
        dimensions = 256
        """,
    )

    assert settings_for("intfloat/multilingual-e5-small") == ProviderSettings(
        "openai",
        "intfloat/multilingual-e5-small",
        "http://tei:8080/v1",
        "TEI_KEY",
        "query: ",
        "passage: ",
        batch_size=32,
        timeout=5,
    )
    short = settings_for("short")
    assert short is not None
    assert (short.model, short.base_url, short.key_variable, short.dimensions) == (
        "text-embedding-3-large",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        256,
    )


@pytest.mark.parametrize(
    ("text", "error", "named"),
    [
        ("[m", InvalidValueError, "not TOML"),
        ("[m]\nbase_url = 'http://x'", InvalidValueError, "names no provider"),
        ("m = 1", InvalidValueError, "names no provider"),
        ("[m]\nprovider = 'azure'", UnknownNameError, "azure"),
        ("[m]\nprovider = 'openai'\napi_key = 'sk-x'", UnknownNameError, "api_key"),
        ("[m]\nprovider = 'openai'\nbatch_size = '8'", InvalidValueError, "batch_size"),
        ("[m]\nprovider = 'openai'\nbatch_size = 0", InvalidValueError, "batch_size"),
        ("[m]\nprovider = 'openai'\nattempts = true", InvalidValueError, "attempts"),
        ("[m]\nprovider = 'openai'\nquery_prefix = 1", InvalidValueError, "query_prefix"),
    ],
)
def test_a_table_that_is_wrong_is_refused_by_name(
    tmp_path: Path, text: str, error: type[Exception], named: str
) -> None:
    table(tmp_path, text)
    with pytest.raises(error, match=named):
        settings_for("m")


def test_an_unknown_provider_or_a_lost_table_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownNameError, match="azure"):
        settings_for("m", "azure")
    monkeypatch.setenv("PGSEARCH_PROVIDERS", "/nowhere/providers.toml")
    with pytest.raises(InvalidValueError, match="PGSEARCH_PROVIDERS"):
        settings_for("m")


def test_one_model_is_one_embedder_and_a_hurried_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    patient = embedder_for("ollama:m")
    assert embedder_for("ollama:m") is patient
    assert embedder_for("ollama:m", hurried=True) is not patient
    monkeypatch.setenv("OLLAMA_HOST", "elsewhere")
    assert embedder_for("ollama:m") is not patient


# what is asked, and what the answer becomes


def test_texts_become_vectors_in_their_order(server: Server) -> None:
    texts = ["one", "three", "한국어", ""]
    assert embedder(server).embed(texts) == [vector(text or " ") for text in texts]
    (request,) = server.requests
    assert request.path == "/v1/embeddings"
    assert request.payload == {"model": "m", "input": ["one", "three", "한국어", " "], "encoding_format": "float"}
    assert "Authorization" not in request.headers


def test_a_request_holds_so_many_texts_and_so_many_characters(server: Server) -> None:
    texts = ["a" * 10, "b" * 10, "c" * 10, "d" * 95, "e" * 200, "f"]
    assert embedder(server, batch_size=2, batch_characters=100).embed(texts) == [vector(text) for text in texts]
    assert [[text[0] for text in request.payload["input"]] for request in server.requests] == [
        ["a", "b"],
        ["c"],
        ["d"],
        ["e"],
        ["f"],
    ]


def test_prefixes_dimensions_and_length_are_as_the_settings_say(server: Server) -> None:
    model = embedder(server, query_prefix="query: ", document_prefix="passage: ", dimensions=3, longest_text=14)
    model.embed(["roses and tulips"])
    embed_query(model, "roses")
    assert [request.payload["input"] for request in server.requests] == [["passage: roses"], ["query: roses"]]
    assert {request.payload["dimensions"] for request in server.requests} == {3}


def test_shuffled_answers_are_put_in_order(server: Server) -> None:
    def shuffled(request: Request) -> Answer:
        answer = embeddings(request)
        answer.body["data"].reverse()
        return answer

    server.usual = shuffled
    assert embedder(server).embed(["a", "bb", "ccc"]) == [vector(text) for text in ("a", "bb", "ccc")]


def answered(data: Any) -> Answer:
    return Answer(body={"data": data})


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (answered([{"index": 0, "embedding": [1, 2, 3]}]), "1 embeddings for 2 texts"),
        (answered([{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]), "indexes"),
        (answered([{"index": 0, "embedding": [1]}, {"index": 7, "embedding": [1]}]), "indexes"),
        (answered([{"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1, 2]}]), "2 dimensions instead of 1"),
        (answered([{"index": 0, "embedding": "AAAA"}, {"index": 1, "embedding": "AAAA"}]), "no list of numbers"),
        (answered([{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]), "no list of numbers"),
        (answered(None), "no list of embeddings"),
        (Answer(body={"object": "list"}), "no list of embeddings"),
    ],
)
def test_vectors_that_are_not_those_asked_for_are_an_error(server: Server, answer: Answer, named: str) -> None:
    server.script = [answer]
    with pytest.raises(EndpointError, match=named) as caught:
        embedder(server).embed(["a", "b"])
    assert not caught.value.temporary


def test_other_dimensions_than_before_are_an_error(server: Server) -> None:
    model = embedder(server)
    model.embed(["a"])
    server.script = [answered([{"index": 0, "embedding": [1.0] * 7}])]
    with pytest.raises(EndpointError, match="7 dimensions instead of 3"):
        model.embed(["b"])


def refusing(what: str, status: int = 400) -> Any:
    def answer(request: Request) -> Answer:
        if any(what in text for text in request.payload["input"]):
            return Answer(status, {"error": {"message": "maximum context length is 8192 tokens"}})
        return embeddings(request)

    return answer


def test_a_text_that_is_refused_costs_only_itself_and_is_named(server: Server) -> None:
    server.usual = refusing("x" * 50)
    texts = [f"text {n}" for n in range(16)]
    texts[11] = "x" * 9000
    outcomes = embed_each(embedder(server), texts)

    assert [at for at, outcome in enumerate(outcomes) if isinstance(outcome, Exception)] == [11]
    assert [outcomes[at] for at in (0, 15)] == [vector(texts[0]), vector(texts[15])]
    assert isinstance(outcomes[11], RefusedTextError)
    for part in ("Text 11", "9,000 characters", "maximum context length is 8192 tokens"):
        assert part in str(outcomes[11])
    assert len(server.requests) <= 12
    with pytest.raises(RefusedTextError, match="Text 11"):
        embedder(server).embed(texts)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_batch_that_is_too_large_is_halved_and_not_asked_for_again(server: Server, status: int) -> None:
    def small_only(request: Request) -> Answer:
        if len(request.payload["input"]) > 8:
            return Answer(status, {"error": "batch size > maximum allowed batch size 8"})
        return embeddings(request)

    server.usual = small_only
    model = embedder(server)
    texts = [f"text {n}" for n in range(20)]

    assert model.embed(texts) == [vector(text) for text in texts]
    server.requests.clear()
    assert model.embed(texts) == [vector(text) for text in texts]
    assert {len(request.payload["input"]) for request in server.requests} <= set(range(1, 9))


def test_a_wrong_model_is_not_taken_for_many_bad_texts(server: Server) -> None:
    server.usual = lambda request: Answer(400, {"error": {"message": "unknown parameter"}})
    with pytest.raises(EndpointError, match="unknown parameter"):
        embed_each(embedder(server), [f"text {n}" for n in range(100)])
    assert len(server.requests) == 2


# embedders of somebody else


class Picky:
    def __init__(self, *bad: str) -> None:
        self.bad = bad
        self.asked: list[int] = []

    def embed(self, texts: Any) -> list[list[float]]:
        self.asked.append(len(texts))
        if any(bad in text for text in texts for bad in self.bad):
            raise RuntimeError("cannot")
        return [vector(text) for text in texts]


def test_any_embedder_is_asked_for_halves_until_the_bad_text_is_alone() -> None:
    picky = Picky("7")
    outcomes = embed_each(picky, [f"text {n}" for n in range(64)])
    assert [at for at, outcome in enumerate(outcomes) if isinstance(outcome, RuntimeError)] == [
        n for n in range(64) if "7" in str(n)
    ]
    picky = Picky("63")
    embed_each(picky, [f"text {n}" for n in range(64)])
    assert len(picky.asked) == 13


def test_an_embedder_that_fails_on_everything_is_found_out_soon() -> None:
    broken = Picky("")
    with pytest.raises(EmbeddingFailedError, match="cannot"):
        embed_each(broken, [f"text {n}" for n in range(1000)])
    assert len(broken.asked) < 40


def test_texts_that_all_fail_are_at_fault_when_a_harmless_one_works() -> None:
    outcomes = embed_each(Picky("text"), [f"text {n}" for n in range(30)])
    assert all(isinstance(outcome, RuntimeError) for outcome in outcomes)


def test_a_query_goes_the_usual_way_where_there_is_no_other() -> None:
    assert embed_query(Picky(), "roses") == vector("roses")
