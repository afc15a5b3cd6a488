"""The whole path of a query: by words, by meaning, by titles, together."""

from __future__ import annotations

from typing import Any

import pytest

from pgsearch import Client
from pgsearch.client.calls import Fusion, SearchMode
from pgsearch.client.calls.search import Hit
from tests.conftest import Select
from tests.library import CARS, DATABASES, LEARNING, POLITICS, embed
from tests.refusals import refused

MODES: tuple[SearchMode, ...] = ("auto", "fts", "vector", "lexical")
FUSIONS: tuple[Fusion, ...] = ("adaptive", "convex", "distribution", "legacy", "rrf", "rrf_boost", "weighted")


def pages(hits: list[Hit]) -> list[str]:
    return [hit.external_id for hit in hits]


# The three queries of the seed documents


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize(
    ("query", "embedding", "page"),
    [
        ("윤석열 탄핵 절차", POLITICS, "impeachment"),
        ("전기차 보조금", CARS, "subsidy"),
        ("딥러닝 옵티마이저", LEARNING, "optimizer"),
    ],
)
def test_the_three_queries_of_the_seeds_find_their_pages(
    library: Client, query: str, embedding: tuple[float, ...], page: str, fusion: Fusion
) -> None:
    assert pages(library.search_hybrid(query, fusion=fusion))[0] == page
    assert pages(library.search_hybrid(query, embedding, collections="wiki", fusion=fusion))[0] == page


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("query", "embedding", "page"),
    [
        ("윤석열 탄핵 절차", POLITICS, "impeachment"),
        ("전기차 보조금", CARS, "subsidy"),
        ("딥러닝 옵티마이저", LEARNING, "optimizer"),
    ],
)
def test_every_mode_finds_them(
    library: Client, query: str, embedding: tuple[float, ...], page: str, mode: SearchMode
) -> None:
    assert pages(library.search_hybrid(query, embedding, collections="wiki", search_mode=mode))[0] == page


# Modes


def test_fts_finds_by_words_alone(library: Client) -> None:
    assert pages(library.search_hybrid("tsvector", CARS, collections="wiki", search_mode="fts")) == ["postgres"]


def test_vector_finds_by_meaning_alone(library: Client) -> None:
    hits = library.search_hybrid("tsvector", CARS, collections="wiki", search_mode="vector")
    assert pages(hits)[:2] == ["subsidy", "car-chargers"]


def test_lexical_finds_by_titles_alone(library: Client) -> None:
    assert pages(library.search_hybrid("Postgers", CARS, collections="wiki", search_mode="lexical")) == ["postgres"]
    assert library.search_hybrid("tsvector", CARS, collections="wiki", search_mode="lexical") == []


def test_auto_brings_together_what_words_meaning_and_titles_find(library: Client) -> None:
    hits = library.search_hybrid("tsvector 전기챠 보조굼", POLITICS, collections="wiki")
    assert {"postgres", "subsidy", "impeachment"} <= set(pages(hits))


def test_a_misspelt_title_is_found_in_auto(library: Client) -> None:
    assert pages(library.search_hybrid("Postgers", collections="wiki"))[0] == "postgres"


def test_a_page_that_every_signal_finds_comes_before_those_that_one_finds(library: Client) -> None:
    for fusion in FUSIONS:
        hits = library.search_hybrid("전기차 보조금", CARS, collections="wiki", fusion=fusion)
        assert pages(hits)[0] == "subsidy", fusion


@pytest.mark.parametrize("fusion", FUSIONS)
def test_a_chunk_with_both_words_ranks_above_a_chunk_with_the_titles_word_only(client: Client, fusion: Fusion) -> None:
    client.put_pages(
        "w", [{"external_id": "long", "title": "Long", "chunks": ["alpha", "beta two", "gamma", "delta four"]}]
    )
    hits = client.search_hybrid("long delta", fusion=fusion, search_mode="fts")

    assert hits[0].content == "delta four"


# What a hit carries


def test_a_hit_carries_its_page_and_chunk(
    library: Client, library_ids: dict[str, int], library_chunks: dict[str, list[int]]
) -> None:
    hit = library.search_hybrid("tsvector", collections="wiki")[0]

    assert (hit.rank, hit.page_id, hit.chunk_id) == (1, library_ids["postgres"], library_chunks["postgres"][0])
    assert (hit.collection, hit.external_id, hit.title) == ("wiki", "postgres", "PostgreSQL")
    assert hit.heading == "PostgreSQL"
    assert hit.content.startswith("PostgreSQL finds words")
    assert "<mark>tsvector</mark>" in hit.snippet
    assert hit.tags == ["database"]
    assert hit.source == "handbook"
    assert hit.metadata == {"team": "databases"}
    assert hit.hit_chunks == 1
    assert hit.context is None


def test_ranks_count_from_one_and_scores_go_down(library: Client) -> None:
    for fusion in FUSIONS:
        hits = library.search_hybrid("전기차 보조금 index car", CARS, collections="wiki", fusion=fusion)

        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert hits[0].display_score == 1
        assert all(0 < hit.display_score <= 1 for hit in hits)


def test_a_hit_says_why_it_is_there(library: Client) -> None:
    hits = {hit.external_id: hit for hit in library.search_hybrid("보조금 index Charging", CARS, collections="wiki")}

    assert "vector" in hits["subsidy"].match_reason
    assert hits["postgres"].match_reason.startswith("content")
    assert hits["optimizer"].match_reason == "vector"
    assert {"text", "vector"} <= set(hits["subsidy"].signals)


def test_metadata_of_the_chunk_is_shown_with_that_of_the_page(client: Client) -> None:
    client.put_pages(
        "w", [{"external_id": "a", "metadata": {"a": 1, "b": 1}, "chunks": [{"content": "zinc", "metadata": {"b": 2}}]}]
    )
    assert client.search_hybrid("zinc")[0].metadata == {"a": 1, "b": 2}


def test_the_snippet_is_safe_to_put_into_a_page(client: Client) -> None:
    client.put_pages("w", [{"external_id": "a", "content": "<img src=x onerror=alert(1)> zinc"}])
    (hit,) = client.search_hybrid("zinc img onerror")

    assert "<img" not in hit.snippet
    assert hit.content == "<img src=x onerror=alert(1)> zinc"


def test_the_length_of_snippets_may_be_chosen(library: Client) -> None:
    (none,) = library.search_hybrid("battery", collections="wiki", options={"snippet_length": 0})
    (short,) = library.search_hybrid("battery", collections="wiki", options={"snippet_length": 30})

    assert none.snippet == ""
    assert len(short.snippet.replace("<mark>", "").replace("</mark>", "")) <= 36


# Order and size


@pytest.mark.parametrize("fusion", FUSIONS)
def test_the_same_search_gives_the_same_order(client: Client, fusion: Fusion) -> None:
    client.put_pages("w", [{"external_id": str(n), "title": "Zinc", "content": "zinc ore"} for n in range(30)])
    client.register_model("m", 2)
    embed(client, "m", {str(n): [1.0, 1.0] for n in range(30)})
    client.set_default_model("w", "m")
    first = client.search_hybrid("zinc", [1, 1], top_k=20, fusion=fusion)
    ids = [hit.chunk_id for hit in first]

    assert first == client.search_hybrid("zinc", [1, 1], top_k=20, fusion=fusion)
    assert ids == sorted(ids)
    assert ids[:5] == [hit.chunk_id for hit in client.search_hybrid("zinc", [1, 1], top_k=5, fusion=fusion)]


def test_eight_hits_are_given_unless_another_number_is_asked_for(client: Client) -> None:
    client.put_pages("w", [{"external_id": str(n), "content": "zinc"} for n in range(300)])

    assert len(client.search_hybrid("zinc")) == 8
    for top_k in (0, 1, 250):
        assert len(client.search_hybrid("zinc", top_k=top_k)) == top_k


# Filters hold in every signal


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("filter", "allowed"),
    [
        ({"tags": ["법"]}, {"impeachment", "subsidy"}),
        ({"any_tags": ["정치", "database"]}, {"impeachment", "postgres"}),
        ({"source": "encyclopedia"}, {"impeachment", "car-chargers"}),
        ({"source": ["encyclopedia", "nowhere"]}, {"impeachment", "car-chargers"}),
        ({"metadata": {"team": "cars"}}, {"subsidy", "car-chargers"}),
        ({"external_ids": ["optimizer"]}, {"optimizer"}),
        ({"tags": ["nobody has this"]}, set()),
    ],
)
def test_a_filter_holds_in_every_signal(
    library: Client, mode: SearchMode, filter: dict[str, Any], allowed: set[str]
) -> None:
    query = "윤석열 보조금 옵티마이저 PostgreSQL Charging"
    found = pages(library.search_hybrid(query, CARS, collections="wiki", search_mode=mode, filter=filter))

    # too much of that page's long title is missing from the query for its spelling to be like it
    assert set(found) == (allowed - {"impeachment"} if mode == "lexical" else allowed)


@pytest.mark.parametrize("mode", MODES)
def test_a_collection_holds_in_every_signal(client: Client, mode: SearchMode) -> None:
    for collection in ("one", "two"):
        client.put_pages(collection, [{"external_id": "a", "title": "Zinc", "content": "zinc"}])
    client.register_model("m", 2)
    embed(client, "m", {"a": [1.0, 0.0]})
    client.set_default_model("one", "m")
    hits = client.search_hybrid("zinc", [1, 0], collections="one", search_mode=mode)

    assert [hit.collection for hit in hits] == ["one"]
    both = client.search_hybrid("zinc", [1, 0], collections=["one", "two"], search_mode=mode)
    assert {hit.collection for hit in both} == {"one", "two"}


# Requirements hold whoever found the candidate


@pytest.mark.parametrize("mode", MODES)
def test_an_excluded_word_is_in_no_hit(library: Client, mode: SearchMode) -> None:
    query = "전기차 PostgreSQL Charging 윤석열 -보조금 -tsvector"
    found = pages(library.search_hybrid(query, CARS, collections="wiki", search_mode=mode))

    assert found
    assert not {"subsidy", "postgres"} & set(found)


@pytest.mark.parametrize("mode", MODES)
def test_a_required_word_is_in_every_hit(library: Client, mode: SearchMode) -> None:
    found = pages(library.search_hybrid("Charging PostgreSQL +battery", CARS, collections="wiki", search_mode=mode))
    assert found == ["car-chargers"]


@pytest.mark.parametrize("mode", MODES)
def test_a_required_phrase_is_in_every_hit(library: Client, mode: SearchMode) -> None:
    found = pages(library.search_hybrid('Charging "charging station"', CARS, collections="wiki", search_mode=mode))
    assert found == ["car-chargers"]


def test_a_phrase_that_stands_nowhere_counts_as_its_words_and_a_note_says_so(library: Client) -> None:
    result = library.search('battery "station charging"', collections="wiki", search_mode="fts")
    assert [hit.external_id for hit in result.hits] == ["car-chargers"]
    assert 'No chunk has "station charging" word for word: the words count alone.' in result.notes

    standing = library.search('battery "charging station"', collections="wiki", search_mode="fts")
    assert [hit.external_id for hit in standing.hits] == ["car-chargers"]
    assert standing.notes == []


def test_a_phrase_stands_nowhere_when_only_another_collection_has_it(client: Client) -> None:
    client.put_pages("w", [{"external_id": "here", "content": "zinc roof and copper"}])
    client.put_pages("v", [{"external_id": "there", "content": "copper roof"}])

    assert pages(client.search_hybrid('zinc "copper roof"', collections="w")) == ["here"]
    assert pages(client.search_hybrid('zinc "copper roof"')) == ["there"]


@pytest.mark.parametrize(
    "query",
    [
        '"station charging"',
        '"station charging" -battery',
        '"station charging" "car electric"',
        '+"station charging" battery',
        "+nowhere battery",
        'battery "station charging" +nowhere',
    ],
)
def test_what_is_asked_for_with_a_sign_or_alone_stays_required(library: Client, query: str) -> None:
    assert library.search_hybrid(query, collections="wiki", search_mode="fts") == []


def test_an_excluded_phrase_stays_excluded_beside_a_loosened_one(library: Client) -> None:
    found = pages(library.search_hybrid('index "station charging" -"a GIN index"', collections="wiki"))
    assert "car-chargers" in found
    assert "postgres" not in found


def test_a_loosened_phrase_is_no_syntax(library: Client) -> None:
    found = pages(library.search_hybrid('index "GIN OR -tsvector"', collections="wiki", search_mode="fts"))
    assert found == ["postgres"]


def test_a_phrase_of_stop_words_is_neither_required_nor_loosened(client: Client) -> None:
    client.create_collection("w", text_config="english")
    client.put_pages("w", [{"external_id": "roof", "content": "zinc roof"}])

    result = client.search('zinc "of the"', search_mode="fts")
    assert [hit.external_id for hit in result.hits] == ["roof"]
    assert result.notes == []


def test_exclusions_alone_filter_what_the_vectors_find(library: Client) -> None:
    found = pages(library.search_hybrid("-보조금", CARS, collections="wiki"))
    assert found[0] == "car-chargers"
    assert "subsidy" not in found


def test_a_page_found_by_its_title_is_shown_by_a_chunk_that_meets_the_requirements(client: Client) -> None:
    client.put_pages("w", [{"external_id": "long", "title": "Long", "chunks": ["alpha one", "beta two", "gamma"]}])

    for query, content in (('"beta two" long', "beta two"), ("long -alpha", "beta two"), ("long +gamma", "gamma")):
        hits = client.search_hybrid(query, search_mode="lexical")
        assert [hit.content for hit in hits] == [content], query


@pytest.mark.parametrize("mode", MODES)
def test_the_operator_and_wants_every_word_in_every_hit(library: Client, mode: SearchMode) -> None:
    options = {"operator": "and"}
    found = pages(
        library.search_hybrid("charging battery", CARS, collections="wiki", search_mode=mode, options=options)
    )
    # by spelling, "battery" is in no title, but the chunk of the page that is found has both words
    assert set(found) <= {"car-chargers"}
    assert found or mode == "lexical"
    assert library.search_hybrid("charging 보조금", CARS, collections="wiki", search_mode=mode, options=options) == []


@pytest.fixture
def many(client: Client) -> Client:
    client.put_pages("many", [{"external_id": str(n), "content": f"alpha text {n}"} for n in range(260)])
    client.register_model("m", 3)
    client.set_default_model("many", "m")
    missing = client.list_missing_embeddings("m")
    client.put_embeddings(
        "m",
        [chunk.chunk_id for chunk in missing],
        [chunk.content_hash for chunk in missing],
        [(1.0, float(n), 0.0) for n in range(len(missing))],
    )
    client.refresh_text_stats("many")
    return client


@pytest.mark.parametrize(
    ("embedding", "asked", "brought"),
    [
        ((1.0, 0.0, 0.0), {}, 120),
        ((1.0, 0.0, 0.0), {"options": {"candidates": None}}, 120),
        ((1.0, 0.0, 0.0), {"options": {"candidates": 40}}, 40),
        ((1.0, 0.0, 0.0), {"fusion": "rrf"}, 200),
        (None, {}, 200),
    ],
    ids=["adaptive", "null", "a number", "another strategy", "words alone"],
)
def test_words_and_vectors_together_take_fewer_candidates(
    many: Client, embedding: tuple[float, ...] | None, asked: dict[str, Any], brought: int
) -> None:
    found = many.search("alpha", embedding, collections="many", **asked)

    assert found.candidates["vector" if embedding else "text"] == brought


def test_fewer_candidates_leave_no_hit_out(many: Client) -> None:
    at_once = many.search("alpha", (1.0, 0.0, 0.0), collections="many", top_k=260).hits
    pages = [
        hit.external_id
        for offset in range(0, 260, 65)
        for hit in many.search("alpha", (1.0, 0.0, 0.0), collections="many", top_k=65, options={"offset": offset}).hits
    ]

    assert pages == [hit.external_id for hit in at_once]
    assert len(set(pages)) == 260


# Windows and the rule of all keywords


@pytest.mark.parametrize("query", ["alpha beta", "+alpha beta"])
def test_what_has_no_embedding_yet_is_found_by_its_words_however_many_are_asked_for(client: Client, query: str) -> None:
    client.put_pages(
        "w", [{"external_id": str(n), "content": f"alpha {'beta ' * (n % 3)}text {n}"} for n in range(150)]
    )
    client.register_model("m", 3)
    client.set_default_model("w", "m")
    missing = client.list_missing_embeddings("m")[:20]
    client.put_embeddings(
        "m", [c.chunk_id for c in missing], [c.content_hash for c in missing], [(1.0, n / 10, 0.0) for n in range(20)]
    )
    client.refresh_text_stats("w")

    hits = client.search_hybrid(query, (1.0, 0.0, 0.0), top_k=140, options={"candidates": 20})

    assert len(hits) == 140


def test_as_many_hits_as_asked_for_come_though_a_requirement_refuses_the_nearest(client: Client) -> None:
    client.put_pages(
        "w", [{"external_id": str(n), "content": f"alpha {'beta' if n >= 60 else 'gamma'} {n}"} for n in range(150)]
    )
    client.register_model("m", 3)
    client.set_default_model("w", "m")
    missing = client.list_missing_embeddings("m")
    client.put_embeddings(
        "m",
        [c.chunk_id for c in missing],
        [c.content_hash for c in missing],
        [(1.0, float(n), 0.0) for n in range(len(missing))],
    )
    client.refresh_text_stats("w")

    hits = client.search_hybrid("alpha +beta", (1.0, 0.0, 0.0), top_k=60, options={"candidates": 60})

    assert len(hits) == 60


def test_a_window_shows_the_neighbours_of_each_hit(library: Client) -> None:
    (hit,) = library.search_hybrid("tulips", collections="guides", options={"window": 1}, search_mode="fts")

    assert hit.content == "Tulips bloom early in spring."
    assert hit.context is not None
    assert hit.context.split("\n\n") == [
        "Roses want sun and deep soil.",
        "Tulips bloom early in spring.",
        "Water the garden in the evening.",
    ]


def test_required_keywords_must_all_stand_in_the_window(client: Client) -> None:
    client.put_pages("w", [{"external_id": "a", "chunks": ["alpha one", "beta two", "gamma three", "delta four"]}])

    def found(query: str, window: int) -> list[str]:
        options = {"window": window, "require_keywords": True}
        return sorted(hit.content for hit in client.search_hybrid(query, options=options))

    assert found("alpha beta", 0) == []
    assert found("alpha beta", 1) == ["alpha one", "beta two"]
    assert found("alpha gamma", 1) == []
    assert found("alpha gamma", 2) == ["alpha one", "gamma three"]
    assert found("alpha zebra", 10) == []
    assert found("alpha one", 0) == ["alpha one"]


def test_the_rule_of_all_keywords_holds_for_what_the_vectors_find(library: Client) -> None:
    options = {"require_keywords": True}
    found = pages(library.search_hybrid("전기차 환경부", CARS, collections="wiki", options=options))
    assert found == ["subsidy"]


def test_the_rule_of_all_keywords_lets_stop_words_be(library: Client) -> None:
    options = {"require_keywords": True, "window": 0}
    found = library.search_hybrid("the roses in the spring", collections="guides", options=options)
    assert [hit.content for hit in found] == ["Prune roses before spring comes."]


# Grouping


@pytest.mark.parametrize("fusion", FUSIONS)
def test_grouped_by_page_each_page_comes_once_by_its_best_chunk(library: Client, fusion: Fusion) -> None:
    query = "roses spring garden onions"
    flat = library.search_hybrid(query, collections="guides", fusion=fusion, top_k=20)
    grouped = library.search_hybrid(query, collections="guides", fusion=fusion, options={"group_by_page": True})

    assert len(pages(flat)) > len(set(pages(flat)))
    assert pages(grouped) == list(dict.fromkeys(pages(flat)))
    best = {page: next(hit for hit in flat if hit.external_id == page) for page in pages(flat)}
    assert [(hit.chunk_id, hit.score) for hit in grouped] == [
        (best[page].chunk_id, best[page].score) for page in pages(grouped)
    ]
    assert grouped[0].hit_chunks == pages(flat).count(pages(grouped)[0])


# Nothing to search for


@pytest.mark.parametrize("query", ["", "   ", "the of and", "?!...", "-roses", "-" * 33, '"', None])
def test_a_query_without_words_finds_nothing_and_a_notice_says_why(library: Client, query: str | None) -> None:
    heard: list[str] = []
    library.connection.add_notice_handler(lambda diag: heard.append(str(diag.message_primary)))
    rows = library.connection.execute(
        "select * from pgsearch.search_hybrid(%s, collections => '{guides}')", [query]
    ).fetchall()

    assert rows == []
    assert any("quer" in note for note in heard), heard


# Refusals


@pytest.mark.parametrize(
    ("arguments", "sqlstate", "names"),
    [
        ("collections => '{nope}'", "PS001", "guides, wiki"),
        ("collections => '{wiki,nope}'", "PS001", "nope"),
        ("collections => '{}'", "PS001", ""),
        ("collections => array[null]", "PS001", "null"),
        ("search_mode => 'semantic'", "PS002", "auto or hybrid (all signals), fts, vector, lexical or trgm"),
        ("search_mode => null", "PS002", "null"),
        ("fusion => 'nope'", "PS002", "adaptive, convex"),
        ('options => \'{"fusion": "nope"}\'', "PS002", "adaptive, convex"),
        ('options => \'{"operator": "nope"}\'', "PS002", "or, and"),
        ("options => '{\"nope\": 1}'", "PS002", "candidates"),
        ("filter => '{\"nope\": 1}'", "PS002", "any_tags"),
        ("top_k => -1", "PS003", "-1"),
        ("top_k => 1001", "PS003", "1000"),
        ("top_k => 2147483647", "PS003", "1000"),
        ("top_k => null", "PS003", "null"),
        ("options => '[]'", "PS003", "object"),
        ("options => 'null'", "PS003", "object"),
        ("filter => '[]'", "PS003", "object"),
        ("embedding => '[1,2,3]', collections => '{wiki}'", "PS004", "3 dimensions"),
        ("embedding => '[1,2,3,4]', options => '{\"model\": \"nope\"}'", "PS008", "subjects"),
    ],
)
def test_what_cannot_be_searched_is_refused(select: Select, arguments: str, sqlstate: str, names: str) -> None:
    for function in ("search_hybrid", "search"):
        with refused(sqlstate, names=names):
            select(f"select pgsearch.{function}('roses', {arguments})")


def test_null_options_and_filters_are_none(library: Client, select: Select) -> None:
    rows = select("select chunk_id from pgsearch.search_hybrid('roses', filter => null, options => null)")
    assert [row[0] for row in rows] == [hit.chunk_id for hit in library.search_hybrid("roses")]


def test_the_settings_of_the_search_do_not_reach_the_session(library: Client) -> None:
    statement = (
        "select current_setting('hnsw.ef_search'), current_setting('hnsw.iterative_scan'), current_setting('jit'),"
        " current_setting('enable_seqscan'), current_setting('search_path'), current_setting('enable_indexscan')"
    )
    library.search_hybrid("index", DATABASES, collections="wiki")
    before = library.connection.execute(statement).fetchall()
    with library.connection.transaction():
        library.search_hybrid("index", DATABASES, collections="wiki", top_k=900)
        assert library.connection.execute(statement).fetchall() == before
    assert before[0][:2] == ("40", "off")


def test_a_search_works_in_a_read_only_transaction(library: Client) -> None:
    with library.connection.transaction():
        library.connection.execute("set transaction read only")
        assert library.search_hybrid("roses")


def test_an_empty_database_gives_no_hits(client: Client) -> None:
    assert client.search_hybrid("anything") == []
    assert client.search("anything").notes
