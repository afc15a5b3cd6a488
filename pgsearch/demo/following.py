"""A table of notices that is followed, and reports of past weeks, made up: what the pages Sources and Reports show.

The table `pgsearch_demo.notices` is an ordinary one. Into the title of one of its rows somebody has pasted a log, so
that it is refused, and two that were changed since wait for `pgsearch work`.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from pgsearch.client import Client

COLLECTION = "notices"
_TABLE = "pgsearch_demo.notices"
_NOTICES = (
    ("지하 주차장 도색 공사", "12월 첫째 주에 지하 2층 주차장을 도색합니다. 차량은 지하 3층을 이용해 주세요."),
    ("정기 전기 점검에 따른 정전", "토요일 오전 6시부터 8시까지 본관 전기를 점검합니다. 서버실은 제외됩니다."),
    ("화재 대피 훈련", "금요일 오후 2시에 대피 훈련이 있습니다. 승강기를 타지 말고 계단으로 나와 주세요."),
    ("사내 도서관 새 책", "이달에 들어온 책 40권을 3층 서가에 두었습니다. 대출은 2주입니다."),
    ("보안 교육 일정", "모든 직원은 연 1회 온라인 보안 교육을 마쳐야 합니다. 마감은 12월 15일입니다."),
    ("휴게실 새 단장", "5층 휴게실의 의자와 조명을 바꾸었습니다. 소음이 나는 통화는 전화 부스를 이용해 주세요."),
)
_REPORTS = 2
_WEEK = timedelta(days=7)


def simulate_following(client: Client) -> int:
    """Make and follow the table, and keep the reports; returns how many notices there are. Once: it stays as it is."""
    if any(one.collection == COLLECTION for one in client.list_followed()):
        return 0
    with client.connected() as connection:
        connection.execute("create schema if not exists pgsearch_demo")
        connection.execute(
            "create table if not exists pgsearch_demo.notices (id bigserial primary key, title text, body text)"
        )
        statement = "insert into pgsearch_demo.notices (title, body) values (%s, %s)"
        for title, body in (*_NOTICES, ("ERROR: 연결 시간 초과 " * 200, "제목 칸에 로그를 붙여 넣었습니다.")):
            connection.execute(statement, [title, body])
    client.follow_table(_TABLE, COLLECTION, title="title", content="body")
    with client.connected() as connection:
        connection.execute("update pgsearch_demo.notices set body = body || ' (수정)' where id <= 2")
    monday = datetime.combine(datetime.now(UTC).date(), time(), UTC)
    monday -= timedelta(days=monday.weekday())
    for weeks in range(_REPORTS, 0, -1):
        client.keep_report(None, monday - weeks * _WEEK, monday - (weeks - 1) * _WEEK)
    return len(_NOTICES)
