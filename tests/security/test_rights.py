"""What each right of grant_rights opens, and what stays closed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pgsearch import Client, uuid7
from pgsearch.database.deploy import deploy
from pgsearch.errors import EmbeddingMismatchError, InvalidValueError, UnknownModelError
from tests.library import CARS, put_library

SEARCHER, OTHER, READER, GROUP = (
    "pgsearch_test_searcher",
    "pgsearch_test_other",
    "pgsearch_test_reader",
    "pgsearch_test_group",
)


@pytest.fixture
def client(dsn: str) -> Iterator[Client]:
    """The owner, on the library, and four roles that may do nothing."""
    with Client(dsn) as client:
        put_library(client)
        roles = (SEARCHER, OTHER, READER, GROUP)
        client.connection.execute(" ".join(f"create role {role} login;" for role in roles).encode())
        yield client
        client.connection.execute(f"drop owned by {', '.join(roles)}; drop role {', '.join(roles)}".encode())


@pytest.fixture
def as_role(dsn: str, client: Client) -> Iterator[Callable[..., Client]]:
    opened: list[Client] = []

    def make(role: str, options: str = "") -> Client:
        opened.append(Client(make_conninfo(dsn, user=role, options=options)))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def users(client: Client) -> list[str | None]:
    rows = client.connection.execute(
        "select user_id from pgsearch.queries union all select user_id from pgsearch.events"
    )
    return sorted((row[0] for row in rows), key=str)


# The cache of query vectors


def test_who_may_search_keeps_and_finds_vectors_and_cannot_read_what_was_asked(
    client: Client, as_role: Callable[..., Client]
) -> None:
    client.put_query_embedding("subjects", "a secret question", [1, 0, 0, 0])
    client.grant_rights(SEARCHER, ["search"])
    searcher = as_role(SEARCHER)

    assert searcher.cached_query_embedding("subjects", "A secret  question") == [1, 0, 0, 0]
    for guess in ("a secret questio", "a secret question?", "a secret%", "%", "", "_ secret question"):
        assert searcher.cached_query_embedding("subjects", guess) is None
    assert searcher.put_query_embedding("subjects", "mine", CARS)
    assert searcher.cached_query_embedding("subjects", "mine") == list(CARS)
    for statement in (
        "select * from pgsearch.query_embeddings",
        "select count(*) from pgsearch.query_embeddings",
        "insert into pgsearch.query_embeddings select 1, 'x', '[1,0,0,0]', now()",
        "update pgsearch.query_embeddings set used_at = now()",
        "delete from pgsearch.query_embeddings",
        "select * from pgsearch.granted_rights",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            searcher.connection.execute(statement.encode())


def test_who_may_search_neither_replaces_nor_empties_nor_overfills_the_cache(
    client: Client, as_role: Callable[..., Client]
) -> None:
    client.put_query_embedding("subjects", "kept", [1, 0, 0, 0])
    client.connection.execute(
        "insert into pgsearch.query_embeddings (model_id, query_normalized, embedding, used_at)"
        " select m.model_id, 'old ' || n, '[1,0,0,0]', now() - interval '1 day'"
        " from pgsearch.embedding_models as m, generate_series(1, 9999) as n"
    )
    client.grant_rights(SEARCHER, ["search"])
    searcher = as_role(SEARCHER)

    assert searcher.put_query_embedding("subjects", "kept", CARS, most_kept=1)
    assert client.cached_query_embedding("subjects", "kept") == [1, 0, 0, 0]
    count = "select count(*) from pgsearch.query_embeddings"
    assert client.connection.execute(count).fetchone() == (10_000,)
    assert searcher.put_query_embedding("subjects", "one more", CARS, most_kept=10_000_000)
    assert 9_800 < client.connection.execute(count).fetchall()[0][0] <= 10_000
    assert client.cached_query_embedding("subjects", "kept") == [1, 0, 0, 0]


def test_what_is_no_vector_of_a_known_model_is_refused_to_searchers_too(
    client: Client, as_role: Callable[..., Client]
) -> None:
    client.grant_rights(SEARCHER, ["search"])
    searcher = as_role(SEARCHER)
    with pytest.raises(EmbeddingMismatchError):
        searcher.put_query_embedding("subjects", "q", [1, 0])
    with pytest.raises(InvalidValueError):
        searcher.put_query_embedding("subjects", "q", [float("nan")] * 4)
    with pytest.raises(UnknownModelError):
        searcher.put_query_embedding("nobody", "q", CARS)
    assert searcher.put_query_embedding("subjects", " ".join(map(str, range(2000))), CARS) is False


def test_without_the_right_there_is_no_look_up(client: Client, as_role: Callable[..., Client]) -> None:
    client.grant_rights(OTHER, ["log"])
    other = as_role(OTHER)
    for statement in (
        "select pgsearch._cached_query_embedding(1, 'q')",
        "select pgsearch._share_query_embedding('subjects', 'q', '[1,0,0,0]')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.connection.execute(statement.encode())


# Who is logged


def test_a_role_that_is_bound_to_a_user_logs_for_that_one_only(client: Client, as_role: Callable[..., Client]) -> None:
    client.grant_rights(SEARCHER, ["search", "log"], "u1")
    bound = as_role(SEARCHER)

    assert bound.search("roses", context={"user_id": "u1"}).logged
    assert bound.search("roses").logged
    result = bound.search("roses", context={"user_id": "u2"})
    assert result.hits
    assert not result.logged
    assert any("one user" in note for note in result.notes)
    asked = bound.log_search({"query": "tulips"})
    assert asked is not None
    bound.log_feedback(asked, clicked_rank=1)
    outcome = bound.log_batch(
        [
            {"type": "search", "query": "a", "query_id": str(uuid7())},
            {"type": "search", "query": "b", "query_id": str(uuid7()), "user_id": "u2"},
            {"type": "event", "action_name": "click", "event_id": str(uuid7()), "user_id": "u2"},
        ]
    )
    assert (outcome["stored"], len(outcome["rejected"])) == (1, 2)
    refused: list[Callable[[], object]] = [
        lambda: bound.log_search({"query": "a", "user_id": "u2"}),
        lambda: bound.log_search({"query": "a", "user_id": 7}),
        lambda: bound.log_feedback(asked, clicked_rank=1, context={"user_id": "u2"}),
    ]
    for call in refused:
        with pytest.raises(InvalidValueError, match=SEARCHER) as caught:
            call()
        assert "u2" not in str(caught.value)
    for statement in (
        f'select pgsearch._store_searches(\'[{{"query_id": "{uuid7()}", "query": "q", "user_id": "u2"}}]\')',
        f'select pgsearch._store_events(\'[{{"event_id": "{uuid7()}", "action_name": "a", "user_id": "u2"}}]\')',
    ):
        with pytest.raises(psycopg.Error, match="may log for one user only"):
            bound.connection.execute(statement.encode())
    for table in ("queries", "events"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bound.connection.execute(f"delete from pgsearch.{table}".encode())
    assert set(users(client)) == {"u1"}


def test_no_setting_and_no_other_role_frees_from_the_bond(client: Client, as_role: Callable[..., Client]) -> None:
    client.grant_rights(SEARCHER, ["search", "log"], "u1")
    client.grant_rights(GROUP, ["search", "log"])
    client.connection.execute(f"grant {GROUP} to {SEARCHER}".encode())
    bound = as_role(SEARCHER)
    for statement in ("set role pgsearch_test_group", "set pgsearch.user_id = 'u2'", "reset role"):
        bound.connection.execute(statement.encode())
        with pytest.raises(InvalidValueError):
            bound.log_search({"query": "a", "user_id": "u2"})


def test_a_pool_that_changes_role_is_bound_as_the_role_and_members_as_their_group(
    client: Client, as_role: Callable[..., Client]
) -> None:
    client.grant_rights(SEARCHER, ["log"], "u1")
    client.grant_rights(GROUP, ["log"], "g")
    client.connection.execute(f"grant {SEARCHER} to {READER}; grant {GROUP} to {OTHER}".encode())

    as_role(OTHER).log_search({"query": "a"})
    pool = as_role(READER)
    pool.connection.execute(f"set role {SEARCHER}".encode())
    pool.log_search({"query": "a"})
    with pytest.raises(InvalidValueError):
        pool.log_search({"query": "a", "user_id": "g"})
    # the owner may still say whatever is true, and is bound where it takes the place of another
    client.log_search({"query": "a", "user_id": "u2"})
    with client.connection.transaction():
        client.connection.execute(f"set local role {SEARCHER}".encode())
        client.log_search({"query": "a"})
    assert users(client) == ["g", "u1", "u1", "u2"]


def test_a_bond_stays_when_rights_are_granted_again_and_goes_when_it_is_said(
    client: Client, as_role: Callable[..., Client], dsn: str
) -> None:
    client.grant_rights(SEARCHER, ["log"], "u1")
    client.grant_rights(SEARCHER, ["search", "log"])
    deploy(dsn, force=True)
    bound = as_role(SEARCHER)
    with pytest.raises(InvalidValueError):
        bound.log_search({"query": "a", "user_id": "u2"})

    client.grant_rights(SEARCHER, ["log"], "")
    bound.log_search({"query": "a", "user_id": "u2"})
    bound.log_search({"query": "a"})
    assert users(client) == [None, "u2"]


def test_a_bond_without_the_right_to_log_is_refused(client: Client) -> None:
    with pytest.raises(InvalidValueError, match="right log"):
        client.grant_rights(SEARCHER, ["search"], "u1")
    with pytest.raises(InvalidValueError, match="300 characters"):
        client.grant_rights(SEARCHER, ["log"], "u" * 300)


def test_a_bound_user_is_hashed_like_any_other(client: Client, as_role: Callable[..., Client]) -> None:
    client.set_log_privacy(hash_users=True)
    client.grant_rights(SEARCHER, ["log"], "u1")
    as_role(SEARCHER).log_search({"query": "a"})
    assert users(client) == [client.hash_user("u1")]


# Views, extensions, several at once, deploys


def test_row_level_security_on_the_log_holds_in_its_views(client: Client, as_role: Callable[..., Client]) -> None:
    for user in ("u1", "u2"):
        result = client.search("roses", context={"user_id": user})
        client.search("nothing like it: zebra", context={"user_id": user})
        client.log_feedback(result.query_id, clicked_rank=1, context={"user_id": user})
        client.connection.execute(
            "select pgsearch.log_turn('a', 'b', context => jsonb_build_object('user_id', %s::text))", [user]
        )
    client.refresh_search_stats()
    client.grant_rights(READER, ["read_log"])
    client.connection.execute(
        "alter table pgsearch.queries enable row level security; alter table pgsearch.events enable row level security;"
        "alter table pgsearch.search_failures enable row level security;"
        "create policy own on pgsearch.queries using (user_id = 'u1');"
        "create policy own on pgsearch.events using (user_id = 'u1');"
        "create policy own on pgsearch.search_failures using (user_id = 'u1')"
    )
    reader = as_role(READER).connection
    seen = {
        view: reader.execute(f"select * from pgsearch.{view}".encode()).fetchall()
        for (view,) in client.connection.execute(
            "select relname from pg_class where relnamespace = 'pgsearch'::regnamespace and relkind = 'v'"
            # these hold texts of conversations, which read_log does not open
            " and relname not in ('chat_logs', 'conversation_history')"
        )
    }
    assert len(seen) == 14
    assert [len(seen[view]) for view in ("search_logs", "query_logs", "ubi_queries", "ubi_events")] == [2, 2, 2, 1]
    assert [view for view, rows in seen.items() if not rows] == []
    assert "u2" not in str(seen)


def test_vectors_are_found_where_the_extensions_have_a_schema_of_their_own(
    new_database: Callable[..., str], client: Client
) -> None:
    dsn = new_database()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create schema extensions; create extension vector schema extensions")
        connection.execute("create extension pg_trgm schema extensions")
    deploy(dsn)
    with Client(dsn) as owner:
        put_library(owner)
        owner.grant_rights(SEARCHER, ["search", "log"])
        with Client(make_conninfo(dsn, user=SEARCHER)) as searcher:
            assert searcher.search_hybrid("전기차", CARS, search_mode="vector")[0].external_id == "subsidy"
            assert searcher.search_lexical("Postgers")
            assert searcher.put_query_embedding("subjects", "q", CARS)
        owner.connection.execute(f"drop owned by {SEARCHER}".encode())


def test_an_owner_who_may_not_open_the_schema_of_the_extensions_says_so(
    new_database: Callable[..., str], client: Client
) -> None:
    dsn = new_database()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create schema extensions; create extension vector schema extensions;"
            f"create extension pg_trgm schema extensions; grant usage on schema extensions to {OTHER};"
            f"create schema pgsearch authorization {OTHER}".encode()
        )
        deploy(make_conninfo(dsn, user=OTHER))
        with Client(make_conninfo(dsn, user=OTHER)) as owner:
            with pytest.raises(InvalidValueError, match='"extensions"') as caught:
                owner.grant_rights(SEARCHER, ["search"])
            owner.grant_rights(SEARCHER, ["log"])
            cure = str(caught.value.hint).split(": ", 1)[1].split(";")[0]
            connection.execute(cure.encode())
            owner.grant_rights(SEARCHER, ["search"])
        connection.execute(f"drop owned by {SEARCHER}, {OTHER} cascade".encode())


def test_several_processes_may_grant_at_once_and_while_a_deploy_runs(dsn: str, client: Client) -> None:
    failures: list[Exception] = []
    roles = (SEARCHER, OTHER, READER, GROUP)

    def grant(role: str) -> None:
        try:
            with Client(dsn) as own:
                for _ in range(15):
                    own.grant_rights(role, ["search", "log", "read_log"])
        except Exception as error:
            failures.append(error)

    def redeploy() -> None:
        try:
            deploy(dsn, force=True)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=grant, args=(role,)) for role in roles for _ in range(2)]
    threads.append(threading.Thread(target=redeploy))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_an_upgrade_closes_the_cache_and_gives_older_grants_what_they_need_now(
    dsn: str, client: Client, as_role: Callable[..., Client]
) -> None:
    """As grant_rights left them before it kept a record, and a role that was given every table by hand."""
    client.grant_rights(SEARCHER, ["search", "log"])
    client.grant_rights(READER, ["read_log"])
    client.connection.execute(
        f"""
        drop table pgsearch.granted_rights;
        grant select on pgsearch.query_embeddings to {SEARCHER};
        revoke execute on function pgsearch._cached_query_embedding(integer, text) from {SEARCHER};
        revoke execute on function pgsearch._share_query_embedding(text, text, text) from {SEARCHER};
        revoke select (chunk_id, collection) on pgsearch.chunks from {READER};
        grant usage on schema pgsearch to {OTHER};
        grant select on all tables in schema pgsearch to {OTHER};
        delete from pgsearch._yoyo_migration where migration_id >= '0010'
        """.encode()
    )

    deploy(dsn, force=True)

    searcher = as_role(SEARCHER)
    assert searcher.put_query_embedding("subjects", "mine", CARS)
    assert searcher.cached_query_embedding("subjects", "mine") == list(CARS)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        searcher.connection.execute("select * from pgsearch.query_embeddings")
    assert searcher.search("roses").logged
    assert as_role(READER).connection.execute("select * from pgsearch.node_popularity").fetchall() == []
    assert as_role(OTHER).connection.execute("select query_normalized from pgsearch.query_embeddings").fetchall()
    assert client.connection.execute("select * from pgsearch.granted_rights order by 1, 2").fetchall() == [
        (READER, "read_log", None),
        (SEARCHER, "log", None),
        (SEARCHER, "search", None),
    ]


def test_a_right_that_was_taken_back_by_hand_stays_taken(
    dsn: str, client: Client, as_role: Callable[..., Client]
) -> None:
    client.grant_rights(SEARCHER, ["search", "log"])
    client.connection.execute(
        f"revoke all on all tables in schema pgsearch from {SEARCHER};"
        f"revoke all on all functions in schema pgsearch from {SEARCHER}".encode()
    )
    deploy(dsn, force=True)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_role(SEARCHER).search("roses")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_role(SEARCHER).log_search({"query": "a"})
