"""What people type into a search box: beginnings of words, initial consonants, the wrong keyboard, misspelt words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pgsearch import Client
from tests.clones import Server, cloned
from tests.conftest import Select
from tests.refusals import refused

PAGES = (
    ("장바구니", "장바구니에 담은 상품은 30일 동안 보관됩니다."),
    ("회원 탈퇴", "회원 탈퇴는 설정 화면에서 합니다."),
    ("전기차 보조금", "전기차를 사면 보조금을 받습니다."),
    ("VPN 접속 안내", "재택근무를 할 때에는 먼저 접속하세요."),
    ("Electric cars", "Charging electric cars at home needs a socket of its own."),
    ("Billing", "Write to the support. Subscriptions renew monthly, and Kubernetes secrets hold the rest."),
    ("Configuration of the mail gateway", "The gateway is restarted after each change."),
    ("100% wool_and \\ silk", "Wash it cold."),
)


@pytest.fixture(scope="module")
def box(pg_server: Server, pg_template: Any) -> Iterator[Client]:
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        for name, config in (("plain", "simple"), ("stemmed", "english")):
            client.create_collection(name, text_config=config)
            client.put_pages(
                name, [{"external_id": title, "title": title, "content": content} for title, content in PAGES]
            )
            client.refresh_text_stats(name)
        yield client


def first(client: Client, query: str, collection: str = "plain") -> str | None:
    return next((hit.title for hit in client.search(query, collections=collection)), None)


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("ㅈㅂㄱㄴ", "장바구니"),
        ("ㅈㅂㄱ", "장바구니"),
        ("ㅈㅂ", "장바구니"),
        ("장ㅂㄱㄴ", "장바구니"),
        ("ㅎㅇㅌㅌ", "회원 탈퇴"),
        ("ㅎㅇ ㅌㅌ", "회원 탈퇴"),
        ("ㅂㅈㄱ", "전기차 보조금"),
        ("ㅈㅅㅇㄴ", "VPN 접속 안내"),
    ],
)
def test_initial_consonants_find_titles(box: Client, typed: str, title: str) -> None:
    assert first(box, typed) == title
    assert [row.suggestion for row in box.suggest(typed)][:1] == [title]


@pytest.mark.parametrize("typed", ["ㅈㅂㄱㅎ", "ㅋㅋㅋ", "ㅋㅋ", "바ㅈㄱㄴ"])
def test_other_initial_consonants_find_none_of_them(box: Client, typed: str) -> None:
    assert first(box, typed) is None
    assert box.suggest(typed) == []


def test_a_korean_particle_is_no_part_of_the_word_before_it(box: Client) -> None:
    box.put_pages("plain", [{"external_id": "grafana", "title": "모니터링", "content": "Grafana에서 그래프를 봅니다."}])
    box.refresh_text_stats("plain")
    try:
        assert box.search("grafnaa를", collections="plain").did_you_mean == "grafana를"
    finally:
        box.delete_pages("plain", ["grafana"])
        box.refresh_text_stats("plain")


@pytest.mark.parametrize("collection", ["plain", "stemmed"])
@pytest.mark.parametrize(
    ("typed", "meant", "title"),
    [
        ("wjsrlck", "전기차", "전기차 보조금"),
        ("ghldnjs xkfxhl", "회원 탈퇴", "회원 탈퇴"),
        ("ghldnjsxkfxhl", "회원탈퇴", "회원 탈퇴"),
        ("WJSRLCK", "전기차", "전기차 보조금"),
        ("딛ㅊㅅ걏 ㅊㅁㄱㄴ", "electric cars", "Electric cars"),
        ("supprot", "support", "Billing"),
        ("subscrip", "subscriptions", "Billing"),
        ("kubenretes", "kubernetes", "Billing"),
        ("Kubernetse", "kubernetes", "Billing"),
        ("chargign", "charging", "Electric cars"),
    ],
)
def test_what_finds_nothing_is_searched_for_as_it_was_probably_meant(
    box: Client, collection: str, typed: str, meant: str, title: str
) -> None:
    result = box.search(typed, collections=collection)

    assert result.did_you_mean == meant
    assert result.hits[0].title == title
    assert any(typed in note and meant in note for note in result.notes)
    assert [hit.title for hit in box.search_hybrid(typed, collections=collection)][:1] == [title]


@pytest.mark.parametrize("collection", ["plain", "stemmed"])
@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("subscr*", "Billing"),
        ("Kuber*", "Billing"),
        ("configura*", "Configuration of the mail gateway"),
        ("mail gatew*", "Configuration of the mail gateway"),
        ("+charg* home", "Electric cars"),
        ("보조*", "전기차 보조금"),
        ("탈*", "회원 탈퇴"),
        ("charg* -elec*", None),
        ("+charg* +subscr*", None),
        ("zzz*", None),
        ("*", None),
        ("***", None),
    ],
)
def test_a_star_stands_for_the_rest_of_a_word(box: Client, collection: str, query: str, title: str | None) -> None:
    assert first(box, query, collection) == title


@pytest.mark.parametrize("collection", ["plain", "stemmed"])
@pytest.mark.parametrize("typed", ["su", "subs", "secrets hold", "renew mont", "subscriptions renew mo"])
def test_while_it_is_typed_the_last_word_is_a_beginning(box: Client, collection: str, typed: str) -> None:
    result = box.search(typed, collections=collection, options={"prefix": True})
    assert result.hits[0].title == "Billing"
    assert result.did_you_mean is None


def test_a_blank_ends_the_word(box: Client) -> None:
    whole = box.search("subs ", collections="plain", options={"prefix": True})
    assert whole.did_you_mean == "subscriptions "


def test_all_words_that_begin_so_weigh_as_one(box: Client) -> None:
    box.create_collection("forms")
    texts = [*["alpha common filler"] * 30, "reporta beta filler", "reportb beta filler", "reportb gamma filler"]
    box.put_pages("forms", [{"external_id": str(n), "title": "", "content": text} for n, text in enumerate(texts)])
    box.refresh_text_stats("forms")

    hits = box.search_hybrid("report*", collections="forms", options={"group_by_page": True})

    assert sorted(hit.external_id for hit in hits) == ["30", "31", "32"]
    assert len({round(hit.signals["text"]["score"], 9) for hit in hits}) == 1


def test_what_finds_something_is_told_only(box: Client) -> None:
    result = box.search("electric supprot", collections="plain")

    assert result.did_you_mean == "electric support"
    assert [hit.title for hit in result] == ["Electric cars"]
    assert not any("supprot" in note for note in result.notes)


@pytest.mark.parametrize("query", ["support", "electric cars", "전기차", "", "1234 5678", "zzzzqqqq", "!!!"])
def test_what_is_known_or_like_nothing_is_left_alone(box: Client, query: str) -> None:
    assert box.search(query, collections="plain").did_you_mean is None


@pytest.mark.parametrize(("query", "meant"), [("secret renewed", None), ("secret supprot", "secret support")])
def test_a_word_that_one_of_several_languages_knows_is_spelt_right(box: Client, query: str, meant: str | None) -> None:
    """The English collection knows both by their stems, the plain one neither of them as they are."""
    assert box.search(query, collections=["plain", "stemmed"]).did_you_mean == meant


def test_a_filter_that_lets_nothing_through_is_no_misspelling(box: Client) -> None:
    result = box.search("support", collections="plain", filter={"source": "nowhere"})
    assert (result.did_you_mean, result.hits) == (None, [])


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("elec", ["Electric cars"]),
        ("ELECTRIC C", ["Electric cars"]),
        ("mail", ["Configuration of the mail gateway"]),
        ("장바ㄱ", ["장바구니"]),
        ("장박", ["장바구니"]),
        ("전ㄱ", ["전기차 보조금"]),
        ("보ㅈ", ["전기차 보조금"]),
        ("wjsrlck", ["전기차 보조금"]),
        ("configuraton", ["Configuration of the mail gateway"]),
        ("100% w", ["100% wool_and \\ silk"]),
        ("%", []),
        ("_", []),
        ("", []),
        ("   ", []),
        ("\\", ["100% wool_and \\ silk"]),
    ],
)
def test_titles_are_suggested_by_what_was_typed_so_far(box: Client, typed: str, titles: list[str]) -> None:
    assert [row.suggestion for row in box.suggest(typed, collections="plain")] == titles


def test_queries_that_found_something_come_before_titles(box: Client) -> None:
    asked = [("Electric bikes", 5, 0), ("electric shock", 9, 9), ("electric kim", 2, 0), ("electric cars", 3, 0)]
    for query, count, without in asked:
        box.connection.execute(
            "insert into pgsearch.top_queries_daily"
            " (day, collection, query_normalized, user_query, query_count, no_result_count)"
            " values (%s, 'plain', pgsearch.normalize_query(%s), %s, %s, %s)",
            (datetime.now(UTC).date(), query, query, count, without),
        )

    assert [(row.suggestion, row.kind) for row in box.suggest("electric", collections="plain")] == [
        ("Electric bikes", "query"),
        ("electric cars", "query"),
    ]
    assert [row.suggestion for row in box.suggest("electric", collections="stemmed")] == ["Electric cars"]


def test_what_one_or_two_people_ask_is_suggested_to_nobody(box: Client) -> None:
    def asked(query: str, people: Sequence[str | None], days_ago: int = 0) -> None:
        at = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
        for person in people:
            box.log_search({"query": query, "collection": "plain", "result_count": 3, "ts": at, "user_id": person})

    asked("granite kim lee", ["kim"] * 5 + ["lee"] * 3)
    asked("granite fence", ["kim", "lee", "park"])
    asked("granite floor", ["kim", "lee"])
    asked("granite floor", ["kim", "park"], days_ago=1)
    # nobody known: one person a day
    asked("granite table", [None] * 9)
    asked("granite wall", [None] * 3)
    asked("granite wall", [None], days_ago=1)
    asked("granite wall", [None], days_ago=2)
    box.refresh_search_stats()

    offered = [row.suggestion for row in box.suggest("granite", collections="plain")]
    assert offered == ["granite wall", "granite floor", "granite fence"]


def test_a_role_that_may_only_search_is_suggested_titles(box: Client) -> None:
    box.connection.execute("create role typist")
    try:
        box.grant_rights("typist", ["search"])
        with box.connection.transaction(force_rollback=True):
            box.connection.execute("set local role typist")
            assert [(row.suggestion, row.kind) for row in box.suggest("electric")] == [("Electric cars", "title")]
            assert box.search("wjsrlck", context={"log": False}).did_you_mean == "전기차"
    finally:
        box.connection.execute("drop owned by typist; drop role typist")


def test_what_is_looked_up_for_a_box_is_looked_up_in_indexes(box: Client) -> None:
    read = """
    select coalesce(sum(s.seq_tup_read), 0), array_agg(s.relname order by s.relname) filter (where s.idx_scan > 0)
      from pg_stat_xact_user_tables as s
     where s.relname in ('pages', 'chunks', 'lexeme_stats', 'top_queries_daily')
    """
    with box.connection.transaction(force_rollback=True):
        box.connection.execute("select pg_stat_force_next_flush()")
    with box.connection.transaction(force_rollback=True):
        box.suggest("elec")
        box.suggest("ㅈㅂㄱㄴ")
        assert box.search_hybrid("supprot")
        (sequential, by_index) = box.connection.execute(read).fetchone() or (None, None)

    assert sequential == 0
    assert by_index == ["chunks", "lexeme_stats", "pages", "top_queries_daily"]


def test_what_a_suggestion_cannot_be_asked_is_refused(select: Select) -> None:
    with refused("PS003", names="top_k"):
        select("select pgsearch.suggest('a', top_k => 101)")
    with refused("PS001", names="nowhere"):
        select("select pgsearch.suggest('a', array['nowhere'])")


@pytest.fixture(scope="module")
def named(box: Client) -> Client:
    """Names of letters, digits and signs, each beside a text with the same parts elsewhere."""
    pages = (
        ("개인정보 처리방침", "개인정보보호법 제15조제1항제2호에 따라 모은 정보를 2023년 9월 15일부터 지킨다."),
        ("연차", "근로기준법 제60조."),
        ("겨울", "기온이 영하 15도 아래로 내려가면 조심한다."),
        ("조례", "시ㆍ군ㆍ구의 조례와 읍·면·동의 규칙."),
        ("시장", "시에 군이 있고 구가 있다."),
        ("Release", "Python 3.11.4 mends the crash of 3.9."),
        ("Lessons", "Lesson 3 has 11 pages, lesson 11 has 3 pages and 3 pictures."),
        ("Addresses", "The server 10.0.12.7 answers."),
        ("Rooms", "Room 12, floor 10, building 0, door 12."),
        ("Network", "Wi-Fi 6E is well-known."),
        ("麺", "ラーメンは一杯八百円です。"),
        ("野菜", "さらだは六百円です。"),
        ("Codes", "ISBN 978-3-16-148410-0, MAC 00:1A:2B:3C:4D:5E, serial DS-7604NI-E1/4P/A."),
        ("Contacts", "Call Mr. O'Brien of health care, 010-2332-7781 or 02-555-0142."),
    )
    box.create_collection("named")
    box.put_pages("named", [{"external_id": title, "title": title, "content": content} for title, content in pages])
    box.refresh_text_stats("named")
    return box


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("제15조", "개인정보 처리방침"),
        ("15도", "겨울"),
        ("3.11", "Release"),
        ("10.0.12", "Addresses"),
    ],
)
@pytest.mark.parametrize("search_mode", ["auto", "fts"])
def test_parts_that_were_typed_side_by_side_stand_side_by_side_in_the_first_hit(
    named: Client, query: str, title: str, search_mode: Any
) -> None:
    hits = named.search(query, collections="named", search_mode=search_mode).hits
    assert hits[0].title == title
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.parametrize(
    ("query", "meant", "titles"),
    [
        ("wifi", "wi-fi", ["Network"]),
        ("wellknown", "well-known", ["Network"]),
        ("시군구", "시·군·구", ["조례"]),
        ("읍면동", "읍·면·동", ["조례"]),
        ("obrien", "o-brien", ["Contacts"]),
        ("healthcare", "health-care", ["Contacts"]),
        ("01023327781", "010-2332-7781", ["Contacts"]),
        ("025550142", "02-555-0142", ["Contacts"]),
        ("9783161484100", "978-3-16-148410-0", ["Codes"]),
        ("001A2B3C4D5E", "00-1a-2b-3c-4d-5e", ["Codes"]),
        ("9783161484101", None, []),
        ("らーめん", "ラーメン", ["麺"]),
        ("サラダ", "さらだ", ["野菜"]),
        ("らめん", None, []),
        # known words, and nowhere one after the other
        ("careohealth", None, []),
        ("77812332010", None, []),
        # each character stands somewhere, and nowhere one after the other
        ("군시구", None, []),
    ],
)
def test_signs_that_were_left_out_are_put_in(named: Client, query: str, meant: str | None, titles: list[str]) -> None:
    result = named.search(query, collections="named")
    assert result.did_you_mean == meant
    assert [hit.title for hit in result.hits][:1] == titles


@pytest.mark.parametrize(
    ("query", "used", "title"),
    [
        ("wifi room", "wi-fi room", "Network"),
        ("healthcare call", "health-care call", "Contacts"),
        ("server 01023327781", "server 010-2332-7781", "Contacts"),
        ("시군구 규칙", "시·군·구 규칙", "조례"),
        ("らーめん 八百円", "ラーメン 八百円", "麺"),
        ("wifi supprot room", "wi-fi supprot room", "Network"),
    ],
)
def test_a_word_without_its_signs_is_found_beside_words_that_are_found(
    named: Client, query: str, used: str, title: str
) -> None:
    result = named.search(query, collections="named")
    assert result.hits[0].title == title
    assert f'"{query}" was searched for as "{used}".' in result.notes
    rows = named.search_hybrid(query, collections="named")
    assert [(hit.title, hit.score) for hit in rows] == [(hit.title, hit.score) for hit in result.hits]
