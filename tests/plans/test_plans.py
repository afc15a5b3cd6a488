"""Every search path at 50,000 chunks: what it finds, and that it finds it through its index.

The plan is looked at twice: as explain_search reports it, and by the counters of the tables after the search itself has
run, which cannot be wrong about what was read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from pgsearch import Client
from pgsearch.client.calls.search import StagePlan
from pgsearch.errors import PlanCheckError
from tests.plans.corpus import (
    CHUNKS,
    CHUNKS_A_PAGE,
    COLLECTIONS,
    ENGLISH_QUESTION,
    KOREAN_QUESTION,
    PLANTED,
    Array,
    Corpus,
)

pytestmark = pytest.mark.slow

# the first number of a chunk in the collection of one percent
MINUTES = CHUNKS - COLLECTIONS["minutes"]

QUERIES = {
    "a rare English word": "xylophonist",
    "a rare Korean word": "피아노조율사",
    "a common English word": "search",
    "a common Korean word": "검색",
    "common and rare": "the search of xylophonist",
    "a ten-word English question": ENGLISH_QUESTION,
    "a ten-word Korean question": KOREAN_QUESTION,
    "a Korean phrase": '"검색 시스템은"',
    "a requirement and an exclusion": "+search -system data",
}
WIDE: Mapping[str, Mapping[str, Any]] = {
    "everything": {},
    "sixty percent": {"collections": "encyclopedia"},
    "a common tag": {"filter": {"tags": ["usual"]}},
}
# so few rows that the planner may rightly read those and nothing else
NARROW: Mapping[str, Mapping[str, Any]] = {
    "one percent": {"collections": "minutes"},
    "a rare tag": {"filter": {"tags": ["rare"]}},
    "one collection and a source": {"collections": "news", "filter": {"source": "handbook"}},
}
SCOPES = {**WIDE, **NARROW}

queries = pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
scopes = pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES.keys())
wide = pytest.mark.parametrize("scope", WIDE.values(), ids=WIDE.keys())
narrow = pytest.mark.parametrize("scope", NARROW.values(), ids=NARROW.keys())


@pytest.fixture(scope="module")
def near(corpus: Corpus) -> Array:
    """The vector of a query, which lies where texts lie."""
    return corpus.query(12_345)


@contextmanager
def reading(client: Client, *, through: str | None = None) -> Iterator[None]:
    """Nothing inside may read chunks or embeddings from end to end; the index `through` must be used."""
    before = _scans(client)
    yield
    after = _scans(client)
    assert after["seq chunks"] == before["seq chunks"], "chunks were read sequentially"
    assert after["seq embeddings"] == before["seq embeddings"], "embeddings were read sequentially"
    if through is not None:
        assert after[through] > before[through], f"{through} was not used"


def _scans(client: Client) -> dict[str, int]:
    client.connection.execute("select pg_stat_force_next_flush()")
    counts = dict(
        client.connection.execute(
            "select 'seq ' || relname, seq_scan from pg_stat_user_tables where schemaname = 'pgsearch'"
            " union all select indexrelname, idx_scan from pg_stat_user_indexes where schemaname = 'pgsearch'"
        ).fetchall()
    )
    return {str(name): int(scans or 0) for name, scans in counts.items()}


def nodes(plan: StagePlan) -> list[Mapping[str, Any]]:
    """Every node of the plan."""
    found: list[Mapping[str, Any]] = []

    def walk(value: object) -> None:
        if isinstance(value, Mapping):
            if "Node Type" in value:
                found.append(value)
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(plan.plan)
    return found


def chunk_numbers(corpus: Corpus, scope: Mapping[str, Any]) -> set[int]:
    """Numbers of the chunks that the scope allows, computed outside the database."""
    names = scope.get("collections")
    allowed: list[int] = []
    at = 0
    for collection, count in COLLECTIONS.items():
        if names is None or collection == names or collection in (names if isinstance(names, list) else ()):
            allowed += range(at, at + count)
        at += count
    filter = scope.get("filter", {})
    if "tags" in filter:
        rare = filter["tags"] == ["rare"]
        allowed = [n for n in allowed if (n // CHUNKS_A_PAGE % 200 == 0) == rare]
    if "source" in filter:
        allowed = [n for n in allowed if n // CHUNKS_A_PAGE % 2 == 1]
    return set(allowed)


# What explain_search says


@wide
@queries
def test_every_stage_uses_its_index(corpus: Corpus, near: Array, query: str, scope: Mapping[str, Any]) -> None:
    stages = corpus.client.check_plans(query, near.tolist(), **scope)

    *told, search = stages
    assert {"text", "vector", "candidate_pages"} <= {stage.stage for stage in told}
    assert (search.stage, search.uses_index) == ("search", True)
    for stage in told:
        kinds = {str(node["Node Type"]) for node in nodes(stage)}
        expected = {stage.expected_index}
        if stage.stage == "candidate_pages" and "collections" in scope:
            # where nearly every chunk of a collection is to be ranked, its own index does as well
            expected |= {"chunks_collection"}
        assert expected & {node.get("Index Name") for node in nodes(stage)}, stage
        assert not {"Seq Scan", "Parallel Seq Scan"} & kinds, stage
        if stage.stage != "vector":
            assert "Bitmap Index Scan" in kinds, stage


@wide
@pytest.mark.parametrize("query", ["xilophone handbok", "윤석렬 탁핵 절챠"])
def test_misspelt_words_are_looked_up_in_the_trigram_index(
    corpus: Corpus, query: str, scope: Mapping[str, Any]
) -> None:
    (lexical,) = (stage for stage in corpus.client.check_plans(query, **scope) if stage.stage == "lexical")
    assert lexical.expected_index in {node.get("Index Name") for node in nodes(lexical)}


@narrow
@queries
def test_a_narrow_scope_is_read_by_an_index_too(
    corpus: Corpus, near: Array, query: str, scope: Mapping[str, Any]
) -> None:
    stages = corpus.client.check_plans(query, near.tolist(), **scope)

    *told, search = stages
    assert {"text", "vector", "candidate_pages"} <= {stage.stage for stage in told}
    assert (search.stage, search.uses_index) == ("search", True)
    for stage in told:
        scans = [node for node in nodes(stage) if node.get("Relation Name") in ("chunks", "pages", "embeddings")]
        assert scans, stage
        for node in scans:
            assert {"Index Cond", "Recheck Cond", "Order By"} & set(node), f"{stage.stage}: {node}"


def test_the_indexes_are_those_that_the_design_names(corpus: Corpus, near: Array) -> None:
    stages = {
        stage.stage: stage.expected_index for stage in corpus.client.explain_search("search xilophone", near.tolist())
    }
    assert stages == {
        "words": "chunks_content_tsv_gin",
        "text": "chunks_content_tsv_gin",
        "vector": "embeddings_hnsw_1",
        "fields": "pages_fields_tsv_gin",
        "lexical": "pages_title_trgm_gin",
        "candidate_pages": "chunks_content_tsv_gin",
        "search": "indexes only",
    }


def test_a_rare_word_touches_few_rows(corpus: Corpus) -> None:
    for word, places in PLANTED.items():
        text = [stage for stage in corpus.client.explain_search(word) if stage.stage == "text"]
        assert max(stage.rows for stage in text) <= 20 * len(places), word


@pytest.mark.parametrize(
    ("index", "stage"),
    [("chunks_content_tsv_gin", "words"), ("embeddings_hnsw_1", "vector"), ("pages_title_trgm_gin", "lexical")],
)
def test_a_missing_index_is_reported_by_name(corpus: Corpus, near: Array, index: str, stage: str) -> None:
    connection = corpus.client.connection
    with connection.transaction(force_rollback=True):
        connection.execute(f"drop index pgsearch.{index}".encode())
        with pytest.raises(PlanCheckError, match=f"(?i)stage {stage} .*{index}") as caught:
            corpus.client.check_plans("search xilophone", near.tolist())
    assert caught.value.hint
    corpus.client.check_plans("search xilophone", near.tolist())


def test_a_missing_index_is_reported_though_the_stages_before_it_are_well(corpus: Corpus) -> None:
    connection = corpus.client.connection
    with connection.transaction(force_rollback=True):
        connection.execute("drop index pgsearch.pages_title_trgm_gin")
        with pytest.raises(PlanCheckError, match="lexical"):
            corpus.client.check_plans("xilophone handbok")


# What the searches really read, and what they find


@pytest.mark.parametrize("scope", [WIDE["everything"], *NARROW.values()], ids=["everything", *NARROW])
@queries
def test_search_fts_reads_by_an_index_and_finds_as_much_as_a_full_scan(
    corpus: Corpus, query: str, scope: Mapping[str, Any]
) -> None:
    with reading(corpus.client, through=None if scope else "chunks_content_tsv_gin"):
        rows = corpus.client.search_fts(query, top_n=50, **scope)

    allowed = chunk_numbers(corpus, scope)
    assert all(row.chunk_id - 1 in allowed for row in rows)
    assert len(rows) == min(50, len(matching(corpus, query) & allowed))


_MATCHING: dict[str, set[int]] = {}


def matching(corpus: Corpus, query: str) -> set[int]:
    """Numbers of the chunks that match the query, found without any index."""
    if query not in _MATCHING:
        (asked,) = corpus.client.parse_query(query)
        connection = corpus.client.connection
        with connection.transaction():
            connection.execute("set local enable_bitmapscan = off; set local enable_indexscan = off")
            _MATCHING[query] = {
                chunk_id - 1
                for (chunk_id,) in connection.execute(
                    "select chunk_id from pgsearch.chunks where content_tsv @@ pgsearch._any_of(%s::text[])"
                    " and (%s::tsquery is null or content_tsv @@ %s::tsquery)"
                    " and (%s::tsquery is null or not content_tsv @@ %s::tsquery)",
                    [asked.lexemes, asked.required, asked.required, asked.excluded, asked.excluded],
                )
            }
    return _MATCHING[query]


@scopes
@queries
def test_the_hybrid_search_reads_by_its_indexes_and_stays_in_its_scope(
    corpus: Corpus, near: Array, query: str, scope: Mapping[str, Any]
) -> None:
    with reading(corpus.client, through="chunks_content_tsv_gin" if scope in WIDE.values() else None):
        result = corpus.client.search(query, near.tolist(), top_k=50, **scope)

    allowed = chunk_numbers(corpus, scope)
    assert {"text", "vector"} <= set(result.signals)
    assert all(hit.chunk_id - 1 in allowed for hit in result.hits)
    assert result.candidates["text"] == min(120, len(matching(corpus, query) & allowed))
    assert result.candidates["vector"] == 120
    if '"' not in query and "+" not in query:
        assert len(result.hits) == 50


@pytest.mark.parametrize("word", PLANTED)
def test_a_rare_word_finds_exactly_its_chunks(corpus: Corpus, word: str) -> None:
    places = {number + 1 for number in PLANTED[word]}
    required = f"+{word}"

    for found in (
        {row.chunk_id for row in corpus.client.search_fts(required)},
        {hit.chunk_id for hit in corpus.client.search_hybrid(required, search_mode="fts")},
        {hit.chunk_id for hit in corpus.client.search_hybrid(required, search_mode="auto")},
    ):
        assert found == places
    (hit,) = corpus.client.search_hybrid(required, collections="minutes")
    assert hit.chunk_id == max(places)


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("the search of xylophonist", "xylophonist"),
        (f"{ENGLISH_QUESTION} 피아노조율사", "피아노조율사"),
        (f"{KOREAN_QUESTION} 피아노조율사", "피아노조율사"),
    ],
    ids=["English", "English with a Korean word", "Korean"],
)
def test_a_rare_word_outweighs_the_common_words_of_a_question(corpus: Corpus, query: str, word: str) -> None:
    hits = corpus.client.search_hybrid(query, search_mode="fts")
    assert {hit.chunk_id for hit in hits[:3]} == {number + 1 for number in PLANTED[word]}


@scopes
def test_search_vector_reads_by_an_index_and_is_filled(corpus: Corpus, near: Array, scope: Mapping[str, Any]) -> None:
    with reading(corpus.client):
        rows = corpus.client.search_vector(near.tolist(), top_n=50, **scope)

    allowed = chunk_numbers(corpus, scope)
    true = corpus.nearest(near, np.array(sorted(allowed)))[:50]
    assert len(rows) == 50
    assert all(row.chunk_id - 1 in allowed for row in rows)
    assert len({row.chunk_id for row in rows} & set(true)) >= 40
    assert [row.distance for row in rows] == sorted(row.distance for row in rows)


def test_search_vector_without_a_filter_goes_through_hnsw(corpus: Corpus, near: Array) -> None:
    with reading(corpus.client, through="embeddings_hnsw_1"):
        corpus.client.search_vector(near.tolist(), top_n=100)
    with reading(corpus.client, through="embeddings_hnsw_1"):
        corpus.client.search_vector(near.tolist(), top_n=100, collections="encyclopedia")


def test_the_recall_of_the_vector_search_is_high(corpus: Corpus) -> None:
    found = 0
    for number in range(20):
        query = corpus.query(number * 2_501)
        rows = corpus.client.search_vector(query.tolist(), top_n=10)
        found += len({row.chunk_id for row in rows} & set(corpus.nearest(query)[:10]))
    assert found >= 190


@pytest.mark.parametrize("top_n", [1, 40, 41, 200, 700, 1000, 1500])
def test_as_many_neighbours_as_asked_for_come_from_one_percent_of_the_chunks(
    corpus: Corpus, near: Array, top_n: int
) -> None:
    with reading(corpus.client):
        rows = corpus.client.search_vector(near.tolist(), top_n=top_n, collections="minutes")

    assert len(rows) == min(top_n, COLLECTIONS["minutes"])
    assert all(row.chunk_id > MINUTES for row in rows)


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("Xylophone restoration", "Xylophone restoration handbook"),
        ("Xilophone restauration handbok", "Xylophone restoration handbook"),
        ("윤석렬 대통령 탄핵 절차", "윤석열 대통령 탄핵 절차"),
        ("윤석열 탁핵", "윤석열 대통령 탄핵 절차"),
    ],
)
def test_a_misspelt_title_is_found_through_the_trigrams(corpus: Corpus, query: str, title: str) -> None:
    before = _scans(corpus.client)
    with reading(corpus.client, through="pages_title_trgm_gin"):
        first, *_ = corpus.client.search_lexical(query)
    assert _scans(corpus.client)["seq pages"] == before["seq pages"]
    assert corpus.client.connection.execute(
        "select title from pgsearch.pages where page_id = %s", [first.page_id]
    ).fetchall() == [(title,)]


@queries
def test_candidate_pages_reads_by_its_index(corpus: Corpus, query: str) -> None:
    with reading(corpus.client, through="chunks_content_tsv_gin"):
        pages = corpus.client.candidate_pages(query)
    expected = len({number // CHUNKS_A_PAGE for number in matching(corpus, query)})
    assert len(pages) == min(8, expected)


CHOSEN = list(range(1, CHUNKS, 250))

STAGES: Mapping[str, Callable[[Client, Array], object]] = {
    "fts_rank_for_chunk_ids": lambda client, near: client.fts_rank_for_chunk_ids(ENGLISH_QUESTION, CHOSEN),
    "similarity_for_chunk_ids": lambda client, near: client.similarity_for_chunk_ids(
        near.tolist(), [(chunk_id - 1) // CHUNKS_A_PAGE + 1 for chunk_id in CHOSEN], CHOSEN
    ),
    "expand_window": lambda client, near: client.expand_window(CHOSEN, neighbours=2),
    "search_pages": lambda client, near: client.search_pages(KOREAN_QUESTION, near.tolist()),
    "require_keywords": lambda client, near: client.search(
        "search system", near.tolist(), options={"require_keywords": True, "window": 1}
    ),
    "operator and": lambda client, near: client.search(ENGLISH_QUESTION, near.tolist(), options={"operator": "and"}),
    "list_missing_embeddings": lambda client, near: client.list_missing_embeddings(
        "clustered", after_chunk_id=CHUNKS - 100
    ),
}


@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES.keys())
def test_what_works_on_chosen_chunks_reads_those_chunks(
    corpus: Corpus, near: Array, stage: Callable[[Client, Array], object]
) -> None:
    with reading(corpus.client):
        assert stage(corpus.client, near) is not None


def test_the_plans_do_not_depend_on_the_settings_of_the_session(corpus: Corpus, near: Array) -> None:
    connection = corpus.client.connection
    with connection.transaction(force_rollback=True):
        connection.execute("set local enable_bitmapscan = on; set local hnsw.ef_search = 1; set local jit = on")
        connection.execute("set local jit_above_cost = 0; set local work_mem = '64kB'")
        stages = corpus.client.check_plans(ENGLISH_QUESTION, near.tolist())
        assert len(corpus.client.search_vector(near.tolist(), top_n=100)) == 100
    assert all("Seq Scan" not in stage.node for stage in stages)


# Titles and fields


@pytest.mark.parametrize("query", ["rare", "rare xylophonist data", "+rare data"])
@wide
def test_fields_are_looked_up_in_their_own_index(corpus: Corpus, query: str, scope: Mapping[str, Any]) -> None:
    *told, search = corpus.client.check_plans(query, **scope)
    (fields,) = (stage for stage in told if stage.stage == "fields")

    assert (fields.expected_index, fields.uses_index) == ("pages_fields_tsv_gin", True)
    assert "pages_fields_tsv_gin" in {node.get("Index Name") for node in nodes(fields)}
    assert search.uses_index


@pytest.mark.parametrize("collections", [None, "encyclopedia", ["encyclopedia", "news"]], ids=["all", "one", "two"])
def test_a_title_is_looked_up_by_its_normal_form(corpus: Corpus, collections: str | list[str] | None) -> None:
    before = _scans(corpus.client)["seq pages"]
    with reading(corpus.client, through="pages_title_key"):
        hits = corpus.client.search_hybrid("XYLOPHONE restoration-handbook", collections=collections)

    assert hits[0].title == "Xylophone restoration handbook"
    assert _scans(corpus.client)["seq pages"] == before


def test_a_tag_of_nearly_every_page_is_looked_up_too(corpus: Corpus) -> None:
    before = _scans(corpus.client)["seq pages"]
    with reading(corpus.client, through="pages_fields_tsv_gin"):
        hits = corpus.client.search_hybrid("usual", collections="encyclopedia")

    assert {hit.match_reason for hit in hits} == {"tags"}
    assert _scans(corpus.client)["seq pages"] == before
