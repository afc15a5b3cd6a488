"""What a page is called, and what its tags, note and summary say, finds it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from pgsearch.client.calls import Fusion, SearchMode
from pgsearch.client.calls.search import Hit
from tests.clones import cloned
from tests.conftest import Server

FUSIONS: tuple[Fusion, ...] = get_args(Fusion)
QUERY = (1.0, 0.0)

TITLES = {
    "queen": ("Queen", "British rock band formed in London."),
    "dancing": ("Dancing Queen", "A song by ABBA. Dancing Queen, young and sweet."),
    "witch": ("The Witch Queen of New Orleans", "A song by Redbone about a witch queen."),
    "songs": ("Queen songs", "Songs of Queen: Queen played them in every Queen concert. Queen queen queen."),
    "leave": ("휴가", "연차와 병가에 대한 규정."),
    "form": ("휴가 신청서 양식", "휴가를 쓰려면 휴가 신청서를 낸다. 휴가 사유와 휴가 기간을 적는다."),
    "summer": ("여름 휴가 안내", "여름 휴가는 7월부터이며 휴가 중 연락처를 남긴다. 휴가 휴가 휴가."),
    "acdc": ("AC/DC", "An Australian band."),
    "brulee": ("Crème brûlée", "A dessert of cream."),
    "creme": ("Creme brulee recipes", "Creme brulee: creme, creme, brulee, brulee."),
    "c++": ("C++", "A language with classes."),
    "c": ("C", "A language without classes."),
    "c#": ("C#", "A language of Microsoft."),
    "york": ("New York, New York", "A song by Frank Sinatra."),
    "city": ("New York City", "New York is large: New York, New York, New York."),
    "signs": ("!!!", "A dance-punk band."),
}

NAMES = {
    "who": "The Who",
    "bill": "Who pays the bill",
    "it": "IT department",
    "will": "Will Young",
    "don": "Don Quixote",
    "hamlet": "To be or not to be",
    "or": "OR gate",
    "not": "NOT gate",
}

FIELDS: dict[str, dict[str, Any]] = {
    "tagged": {"content": "Nothing much here.", "tags": ["fluxcapacitor", "draft version"]},
    "summed": {"content": "Nothing much here.", "metadata": {"summary": "About a gyroscope of sorts", "team": "boat"}},
    "noted": {"chunks": ["Nothing much here.", "A wombat lives there."], "metadata": {"note": "needs a thermometer"}},
    "korean": {"content": "내용은 다른 이야기이다.", "tags": ["기계학습"], "metadata": {"note": "검토가 필요한 초안"}},
    "plain": {"content": "Much ado, and a wombat.", "metadata": {"summary": None, "note": 7}},
}


def found(hits: list[Hit]) -> list[str]:
    return [hit.external_id for hit in hits]


@pytest.fixture(scope="module")
def pages(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Client]:
    """The pages above in one collection each, `titles` with vectors that like every page but the right one."""
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        client.put_pages(
            "titles", [{"external_id": id, "title": title, "content": text} for id, (title, text) in TITLES.items()]
        )
        client.create_collection("names", text_config="english")
        client.put_pages(
            "names", [{"external_id": id, "title": title, "content": "Some gates."} for id, title in NAMES.items()]
        )
        client.put_pages("fields", [{"external_id": id, "title": "", **page} for id, page in FIELDS.items()])
        client.register_model("far", 2)
        client.set_default_model("titles", "far")
        rows = client.list_missing_embeddings("far")
        of_right = {"queen", "leave", "acdc", "brulee", "c++", "york", "signs"}
        ids = {hit.chunk_id: hit.external_id for hit in client.search_hybrid("a the of 휴가 band", top_k=100)}
        client.put_embeddings(
            "far",
            [row.chunk_id for row in rows],
            [row.content_hash for row in rows],
            [[0.0, 1.0] if ids.get(row.chunk_id) in of_right else [1.0, 0.1] for row in rows],
        )
        for collection in ("titles", "names", "fields"):
            client.refresh_text_stats(collection)
        yield client


# Titles


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("Queen", "queen"),
        ("queen", "queen"),
        (" QUEEN! ", "queen"),
        ('"Queen"', "queen"),
        ("+Queen", "queen"),
        ("Queen -concert", "queen"),
        ("휴가", "leave"),
        ("휴 가", "leave"),
        ("휴가?", "leave"),
        ("ac dc", "acdc"),
        ("creme brulee", "brulee"),
        ("ＣＲÈＭＥ ＢＲÛＬÉＥ", "brulee"),
        ("C++", "c++"),
        ("C#", "c#"),
        ("c", "c"),
        ("new york new york", "york"),
        ("!!!", "signs"),
    ],
    ids=range(17),
)
def test_the_page_that_is_called_as_the_query_is_comes_first(pages: Client, query: str, page: str) -> None:
    modes: tuple[SearchMode, ...] = ("auto", "fts", "lexical")
    for mode in modes:
        first, *_ = pages.search_hybrid(query, collections="titles", search_mode=mode)
        assert (first.external_id, first.match_reason.split("+")[0]) == (page, "title")
        assert found(pages.search_hybrid(query, search_mode=mode))[0] == page
    for fusion in FUSIONS:
        for embedding in (None, QUERY):
            assert found(pages.search_hybrid(query, embedding, collections="titles", fusion=fusion))[0] == page, fusion


def test_the_lift_of_a_title_is_explained_and_can_be_turned_off(pages: Client) -> None:
    def lift(**options: Any) -> float | None:
        (queen,) = (
            hit
            for hit in pages.search_hybrid("Queen", QUERY, collections="titles", top_k=20, options=options)
            if hit.external_id == "queen"
        )
        assert queen.score == pytest.approx(sum(signal["contribution"] for signal in queen.signals.values()))
        lifted: float | None = queen.signals.get("same_title", {}).get("contribution")
        return lifted

    assert (lift() or 0) > 0
    assert lift(boosts={"same_title": 0}) is None

    told = pages.explain_hit("queen!", page_id=pages.search_hybrid("Queen", collections="titles")[0].page_id)
    assert (told["rank"], told["signals"]["title"]) == (1, {"same": True})


def test_a_title_lifts_one_chunk_of_its_page_and_keeps_filters_and_exclusions(client: Client) -> None:
    client.put_pages(
        "w",
        [
            {"external_id": "zinc", "title": "Zinc", "chunks": ["zinc", "zinc, a metal", "other"], "tags": ["metal"]},
            {"external_id": "use", "title": "Uses of zinc", "content": "zinc zinc zinc zinc"},
        ],
    )
    assert found(client.search_hybrid("zinc", top_k=2)) == ["zinc", "use"]
    assert found(client.search_hybrid("zinc", filter={"external_ids": ["use"]})) == ["use"]
    assert found(client.search_hybrid("zinc -metal")) == ["use"]


def test_of_pages_with_one_title_the_spelling_decides_and_none_is_lost(client: Client) -> None:
    client.put_pages(
        "w",
        [
            {"external_id": title, "title": title, "content": "x"}
            for title in ("resume", "Résumé", "RESUME", "Re-su-me")
        ],
    )
    assert found(client.search_hybrid("Résumé"))[0] == "Résumé"
    assert set(found(client.search_hybrid("resume"))) == {"resume", "Résumé", "RESUME", "Re-su-me"}
    assert set(found(client.search_hybrid("resume"))[:2]) == {"resume", "RESUME"}


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("The Who", "who"),
        ('"The Who"', "who"),
        ("IT", "it"),
        ("Don", "don"),
        ("Will", "will"),
        ("to be or not to be", "hamlet"),
        ("To be, or not to be?", "hamlet"),
        ("OR gate", "or"),
    ],
)
@pytest.mark.parametrize("mode", ["auto", "lexical"])
def test_a_query_of_stop_words_looks_titles_up(pages: Client, query: str, page: str, mode: SearchMode) -> None:
    result = pages.search(query, collections="names", search_mode=mode)
    assert found(list(result.hits))[0] == page
    stop_words = query != "OR gate" and mode == "auto"
    assert result.notes == ["The query has only stop words: it was looked up among the titles alone."] * stop_words
    if query.strip('"').lower() == NAMES[page].lower():
        assert found(pages.search_hybrid(query, collections="names", search_mode="fts"))[0] == page


def test_stop_words_that_are_no_title_find_nothing_and_say_why(pages: Client) -> None:
    result = pages.search("of", collections="names", search_mode="fts")
    assert result.hits == []
    assert result.notes == ["The query has only stop words: it was looked up among the titles alone."]


# Tags, note and summary


@pytest.mark.parametrize(
    ("query", "page", "reason"),
    [
        ("fluxcapacitor", "tagged", "tags"),
        ("draft", "tagged", "tags"),
        ("Gyroscope", "summed", "summary"),
        ("thermometer", "noted", "note"),
        ("기계학습", "korean", "tags"),
        ("초안", "korean", "note"),
        ("+thermometer", "noted", "note"),
        ('"a gyroscope"', "summed", "summary"),
        ("+thermometer +wombat", "noted", "content+note"),
    ],
)
def test_a_word_that_stands_only_in_a_field_finds_its_page(pages: Client, query: str, page: str, reason: str) -> None:
    modes: tuple[SearchMode, ...] = ("auto", "fts")
    for mode in modes:
        assert found(pages.search_hybrid(query, search_mode=mode))[0] == page
        for fusion in FUSIONS:
            (hit,) = pages.search_hybrid(query, collections="fields", search_mode=mode, fusion=fusion)
            told = reason.removeprefix("content+") if fusion == "legacy" else reason
            assert (hit.external_id, hit.match_reason) == (page, told), fusion
            assert hit.signals["text"]["fields"] > 0


def test_fields_count_by_their_weights(client: Client) -> None:
    client.put_pages(
        "w",
        [
            {"external_id": "summary", "content": "x", "metadata": {"summary": "zinc"}},
            {"external_id": "note", "content": "x", "metadata": {"note": "zinc"}},
            {"external_id": "tags", "content": "x", "tags": ["zinc alloy"]},
        ],
    )
    hits = client.search_hybrid("zinc", fusion="rrf")
    assert found(hits) == ["tags", "note", "summary"]
    # (k1 + 1) w / (k1 + w) with k1 = 1.2
    worth = [hit.signals["text"]["fields"] for hit in hits]
    assert [part / worth[0] for part in worth] == pytest.approx([1, (2 / 3.2) / (2.5 / 3.7), (1.5 / 2.7) / (2.5 / 3.7)])
    weights = {"weights": {"tags": 0, "note": 1, "summary": 3}}
    assert found(client.search_hybrid("zinc", fusion="rrf", options=weights)) == ["summary", "note"]


def test_what_a_field_says_adds_to_what_the_text_says(client: Client) -> None:
    client.put_pages(
        "w",
        [
            {"external_id": "a", "content": "zinc in a text"},
            {"external_id": "b", "content": "zinc in a text", "metadata": {"summary": "zinc"}},
        ],
    )
    first, second = client.search_hybrid("zinc")
    assert (first.external_id, first.match_reason) == ("b", "content+summary")
    assert (second.external_id, second.match_reason) == ("a", "content")


def test_an_exclusion_holds_for_fields_and_a_filter_too(pages: Client) -> None:
    def asked(query: str, **arguments: Any) -> set[str]:
        return set(found(pages.search_hybrid(query, collections="fields", **arguments)))

    assert asked("nothing") == {"tagged", "summed", "noted"}
    assert asked("nothing -fluxcapacitor") == {"summed", "noted"}
    assert asked("nothing -gyroscope -draft") == {"noted"}
    assert asked("nothing -elephant") == {"tagged", "summed", "noted"}
    assert asked("fluxcapacitor", filter={"external_ids": ["summed"]}) == set()
    assert asked("fluxcapacitor gyroscope", filter={"external_ids": ["summed"]}) == {"summed"}
    assert asked("nothing -fluxcapacitor", filter={"external_ids": ["tagged", "noted"]}) == {"noted"}

    (page,) = (hit for hit in pages.search_hybrid("nothing", collections="fields") if hit.external_id == "tagged")
    told = pages.explain_hit("nothing -fluxcapacitor", page_id=page.page_id, collections="fields")
    assert told["reasons"] == ["The tags, note or summary of its page match the exclusion 'fluxcapacitor'."]
    told = pages.explain_hit("+fluxcapacitor", page_id=page.page_id, collections="fields")
    assert (told["found"], told["missing_lexemes"], told["signals"]["fields"]["names"]) == (True, [], "tags")


def test_a_changed_field_is_searched_as_it_is_now(client: Client) -> None:
    client.put_pages("w", [{"external_id": "a", "content": "x", "tags": ["zinc"]}])
    assert found(client.search_hybrid("zinc")) == ["a"]

    client.put_pages("w", [{"external_id": "a", "content": "x", "tags": ["copper"], "metadata": {"note": "tin"}}])
    assert client.search_hybrid("zinc") == []
    assert found(client.search_hybrid("copper")) == found(client.search_hybrid("tin")) == ["a"]

    client.set_text_config("w", "english")
    assert found(client.search_hybrid("coppers")) == ["a"]
    client.delete_pages("w", ["a"])
    assert client.search_hybrid("copper") == []


def test_the_longest_fields_are_stored(client: Client) -> None:
    tags = [f"{n:0>4}" + "가나다라" * 60 for n in range(255)]
    long = " ".join(f"w{n}" for n in range(60_000))
    client.put_pages(
        "w", [{"external_id": "a", "content": "x", "tags": tags, "metadata": {"note": long, "summary": long}}]
    )
    assert found(client.search_hybrid("w7")) == ["a"]


# Names of modes, and what is told


@pytest.mark.parametrize(("name", "mode"), [("hybrid", "auto"), ("trgm", "lexical")])
def test_a_mode_has_another_name_and_is_logged_by_one(pages: Client, name: SearchMode, mode: SearchMode) -> None:
    asked = pages.search("Qeen", collections="titles", search_mode=name)
    assert asked.search_mode == mode
    assert found(pages.search_hybrid("Qeen", collections="titles", search_mode=name)) == found(list(asked.hits))
    assert found(pages.search_pages("Qeen", collections="titles", search_mode=name))[0] == asked.hits[0].external_id
    with pages.connected() as connection:
        statement = "select search_mode from pgsearch.queries where query_id = %s"
        assert connection.execute(statement, (asked.query_id,)).fetchall() == [(mode,)]


def test_a_collection_without_vectors_is_not_told_of_them(client: Client) -> None:
    client.put_pages("plain", [{"external_id": "0", "title": "Note 0", "content": "Travel expenses are refunded."}])
    for name in ("one", "two"):
        client.register_model(name, 2)
        client.create_collection(name)
        client.set_default_model(name, name)

    assert client.search("travel expenses", collections="plain").notes == []
    assert client.search("travel expenses", QUERY, collections="plain").notes == [
        "The collection has no embedding model: the vector signal is left out."
    ]
    assert client.search("travel", collections="one").notes == [
        "No embedding of the query was given: the vector signal is left out."
    ]

    result = client.search("travel expenses", collections=["plain"], options={"diversity": 0.5})
    assert found(list(result.hits)) == ["0"]
    # one hit has nothing to be compared with anyway
    assert result.notes == []
    told = client.explain_hit("travel", page_id=result.hits[0].page_id, embedding=QUERY, collections="plain")
    assert told["rank"] == 1


@pytest.mark.parametrize("query", ['"draft version" nothing', 'nothing "gyroscope of"', '"검토가 필요한" 내용은'])
def test_a_phrase_that_stands_in_the_fields_alone_is_required(pages: Client, query: str) -> None:
    result = pages.search(query, collections="fields")

    assert len(result.hits) == 1
    assert not any("word for word" in note for note in result.notes)
