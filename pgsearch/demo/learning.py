"""Ratings, a configuration and an experiment, made up over the searches of usage.py: what the pages of learning show.

Two raters, `demo-ann` and `demo-ben`, rate the first hits of the queries that are asked most: by what the pages say,
wherever they stand, and as people do not always alike. The configuration beside what is in force is fusion by ranks
alone.
"""

from __future__ import annotations

import random

from pgsearch.client import Client
from pgsearch.embedding.queries import query_embedding

QUERY_SET = "demo-frequent"
FAILURES = "demo-failures"
CONFIGURATION = "demo-ranks"
EXPERIMENT = "demo-ranks-beside-as-set"
_COLLECTION = "korean"
_QUERIES = 15
_DEPTH = 5
# Which pages answer what is asked (3), and which are about something near it (1); all others are 0.
_CARS = {"electric-car-subsidy": 3, "electric-car-charging": 1}
_ANSWERS: dict[str, dict[str, int]] = {
    "전기차 보조금": _CARS,
    "전기차 지원금": _CARS,
    "연말정산": {"year-end-tax": 3},
    "주휴수당 계산": {"weekly-holiday-pay": 3},
    "여권 재발급": {"passport": 3},
    "이사한 뒤에 보증금을 지키려면 무엇을 해야 하나요": {"rent-deposit": 3},
    "분리수거 요일": {"recycling": 3},
    "건강검진 예약": {"health-checkup": 3},
    "VPN 접속 오류": {"ticket-vpn": 3},
    "VPN 안됨": {"ticket-vpn": 3},
    "KTX 환불": {"train-tickets": 3},
    "열차 승차권 반환": {"train-tickets": 3},
    "개인정보 열람 청구": {"privacy-request": 3},
    "딥러닝 옵티마이저": {"deep-learning-optimizers": 3, "learning-rate": 1},
    "learning rate": {"learning-rate": 3, "deep-learning-optimizers": 1},
    "김치찌개": {"kimchi-stew": 3},
}


def simulate_learning(client: Client) -> int:
    """Rate, and compare two ways to search; returns how many ratings there are. Once: what is there stays."""
    if any(one.query_set == QUERY_SET for one in client.list_query_sets()):
        return 0
    client.create_query_set(QUERY_SET, sampling="topn", size=_QUERIES, collection=_COLLECTION)
    client.create_query_set(FAILURES, sampling="failures", size=_QUERIES, collection=_COLLECTION)
    chance = random.Random(21)
    ratings = 0
    vectors = {}
    for entry in client.list_queries(QUERY_SET):
        vectors[entry.query], _ = query_embedding(client, entry.query, [_COLLECTION])
        hits = client.search_pages(entry.query, vectors[entry.query], collections=[_COLLECTION], page_limit=_DEPTH)
        for hit in hits:
            grade = _ANSWERS.get(entry.query, {}).get(hit.external_id, 0)
            for judge, doubt in (("demo-ann", 0.1), ("demo-ben", 0.3)):
                said = grade + (chance.choice((-1, 1)) if chance.random() < doubt else 0)
                rating = float(min(max(said, 0), 3))
                client.put_rating(QUERY_SET, entry.query, hit.external_id, judge, rating=rating, collection=_COLLECTION)
                ratings += 1
    client.put_configuration(CONFIGURATION, _COLLECTION, {"fusion": "rrf", "rrf_k": 60})
    client.create_experiment(
        EXPERIMENT,
        "offline",
        [{"name": "as set"}, {"name": CONFIGURATION, "configuration": CONFIGURATION}],
        collection=_COLLECTION,
        query_set=QUERY_SET,
        judgment_list=QUERY_SET,
    )
    for judged in client.list_experiment_queries(EXPERIMENT):
        client.evaluate_query(EXPERIMENT, judged.query, vectors[judged.query])
    return ratings
