"""Two weeks in which nobody searched, made up: what the console shows after `pgsearch demo`.

The searches are real ones of this database, asked once each without the log; who asked them, when, and what was clicked
is drawn from a generator with a fixed seed. People come on weekdays in the morning and after lunch, look at a hit the
less the further down it stands, ask again in other words when they found nothing, and some chat. Every row of it has
the application `demo intranet` or `demo mobile` and users `demo-1` and so on, so that it is told apart, and
`pgsearch forget demo-1` removes one of them.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pgsearch.client import Client
from pgsearch.client.calls import SearchMode
from pgsearch.client.calls.search import LOGGED_OF_A_HIT, SearchResult
from pgsearch.uuids import uuid7

# every third person uses the other one
APPLICATIONS = ("demo mobile", "demo intranet", "demo intranet")
_DAYS = 14
_USERS = 40
_SESSIONS_A_DAY = 22
_HOURS = (0, 1, 1, 2, 2, 3, 5, 5, 6, 7, 8)  # 9 to 17 o'clock in Seoul, in UTC
_CLICKS = (0.46, 0.2, 0.11, 0.06, 0.04)
_HITS = 8
_BATCH = 1000

# What is asked, how often beside the others, and by what words it is asked next when that was nothing.
_QUERIES: tuple[tuple[str, int, SearchMode, str | None], ...] = (
    ("전기차 보조금", 14, "auto", None),
    ("전기차 지원금", 5, "auto", "전기차 보조금"),
    ("연말정산", 12, "auto", None),
    ("주휴수당 계산", 9, "auto", None),
    ("여권 재발급", 9, "auto", None),
    ("이사한 뒤에 보증금을 지키려면 무엇을 해야 하나요", 6, "auto", None),
    ("분리수거 요일", 6, "auto", None),
    ("건강검진 예약", 7, "auto", None),
    ("VPN 접속 오류", 8, "auto", None),
    ("VPN 안됨", 4, "auto", "VPN 접속 오류"),
    ("KTX 환불", 5, "auto", "열차 승차권 반환"),
    ("열차 승차권 반환", 3, "auto", None),
    ("개인정보 열람 청구", 4, "auto", None),
    ("딥러닝 옵티마이저", 5, "auto", None),
    ("learning rate", 4, "auto", None),
    ("김치찌개", 3, "auto", None),
    ("구내식당 메뉴", 9, "fts", "식단표"),
    ("식단표", 4, "fts", None),
    ("연차 잔여일", 7, "fts", None),
    ("명함", 4, "fts", None),
    ("wifi password", 4, "fts", None),
)
_ANSWERED = 8  # the queries from the first that chats ask


def simulate_usage(client: Client, now: datetime | None = None) -> int:
    """Log two weeks of searches, clicks and chats that end now; returns how many rows. Once: a log is left as it is."""
    if any(client.search_stats(step="all")):
        return 0
    now = now or datetime.now(UTC)
    chance = random.Random(20)
    client.ensure_partitions((now - timedelta(days=_DAYS)).date(), now.date() + timedelta(days=7))
    found = [_found(client, query, mode) for query, _, mode, _ in _QUERIES]
    entries = list(_entries(found, chance, now))
    for start in range(0, len(entries), _BATCH):
        client.log_batch(entries[start : start + _BATCH])
    client.finalize_conversations()
    client.refresh_search_stats()
    client.refresh_chat_stats()
    return len(entries)


def _found(client: Client, query: str, mode: SearchMode) -> SearchResult:
    return client.search(query, collections="korean", search_mode=mode, top_k=_HITS, context={"log": False})


def _entries(found: Sequence[SearchResult], chance: random.Random, now: datetime) -> Iterator[dict[str, Any]]:
    weights = [weight for _, weight, _, _ in _QUERIES]
    numbers = {query: number for number, (query, _, _, _) in enumerate(_QUERIES)}
    for back in range(_DAYS, -1, -1):
        day = (now - timedelta(days=back)).replace(minute=0, second=0, microsecond=0)
        many = _SESSIONS_A_DAY * (0.25 if day.weekday() >= 5 else 1.0) * (1 + 0.3 * (_DAYS - back) / _DAYS)
        for _ in range(round(many * chance.uniform(0.85, 1.15))):
            at = day.replace(hour=chance.choice(_HOURS)) + timedelta(seconds=chance.randrange(3600))
            if at > now - timedelta(minutes=5):
                continue
            person = min(int(chance.expovariate(0.09)) + 1, _USERS)
            user = f"demo-{person}"
            session = f"demo-{uuid.UUID(int=chance.getrandbits(128)).hex[:12]}"
            who = {"user_id": user, "session_id": session, "application": APPLICATIONS[person % len(APPLICATIONS)]}
            number: int | None = chance.choices(range(len(_QUERIES)), weights)[0]
            for _ in range(chance.choice((1, 1, 2, 3))):
                if number is None:
                    break
                yield from _search(found[number], number, at, who, chance)
                again = _QUERIES[number][3]
                at += timedelta(seconds=chance.randrange(15, 50))
                number = numbers[again] if again else None
            if chance.random() < 0.12:
                yield from _chat(found, at + timedelta(seconds=60), who, chance)


def _search(
    result: SearchResult, number: int, at: datetime, who: dict[str, str], chance: random.Random
) -> Iterator[dict[str, Any]]:
    query_id = str(uuid7(at))
    yield {
        "type": "search",
        "query_id": query_id,
        "query": _QUERIES[number][0],
        "collection": "korean",
        "search_mode": result.search_mode,
        "fusion_strategy": result.fusion,
        "confidence": result.confidence,
        "top_k": _HITS,
        "candidate_count": result.candidates.get("union", 0),
        "latency_ms": result.timings.get("total_ms", 5.0) * chance.lognormvariate(0.0, 0.5),
        "results": [{name: getattr(hit, name) for name in LOGGED_OF_A_HIT} for hit in result.hits],
        **who,
    }
    for rank, (hit, likely) in enumerate(zip(result.hits, _CLICKS, strict=False), 1):
        if chance.random() < likely:
            yield {
                "type": "feedback",
                "query_id": query_id,
                "clicked_rank": rank,
                "clicked_chunk_id": str(hit.chunk_id),
                "dwell_ms": chance.lognormvariate(9.5, 0.8),
                "ts": (at + timedelta(seconds=3 + 2 * rank)).isoformat(),
                **({"was_helpful": chance.random() < 0.8} if chance.random() < 0.2 else {}),
                **who,
            }
            break


def _chat(
    found: Sequence[SearchResult], at: datetime, who: dict[str, str], chance: random.Random
) -> Iterator[dict[str, Any]]:
    conversation = f"demo-{uuid.UUID(int=chance.getrandbits(128)).hex[:12]}"
    for turn in range(chance.choice((1, 1, 2, 3))):
        number = chance.randrange(_ANSWERED)
        result = found[number]
        failed = chance.random() < 0.06
        question_at = at + timedelta(seconds=90 * turn)
        seconds = chance.lognormvariate(0.7, 0.4)
        yield {
            "type": "turn",
            "question": _QUERIES[number][0],
            "answer": None if failed or not result.hits else f"{result.hits[0].content[:400]} [1]",
            "conversation_id": conversation,
            "question_id": str(uuid7(question_at)),
            "answer_id": str(uuid7(question_at + timedelta(seconds=seconds))),
            "collection": "korean",
            "llm_model": chance.choice(("gemma3", "gemma3", "gpt-oss")),
            "response_time_ms": 1000 * seconds,
            "input_tokens": chance.randrange(600, 1800),
            "output_tokens": chance.randrange(60, 300),
            "retrieval_score": min(1.0, max(0.0, result.confidence * chance.uniform(0.6, 1.05))),
            "retrieved_docs": [
                {"id": str(hit.chunk_id), "page": hit.external_id, "title": hit.title, "score": hit.display_score}
                for hit in result.hits[:3]
            ],
            **({"error_type": "timeout"} if failed else {}),
            **({"is_regeneration": True} if turn and chance.random() < 0.2 else {}),
            **who,
        }
