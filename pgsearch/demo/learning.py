"""Ratings, a configuration and an experiment, made up over the searches of usage.py: what the pages of learning show.

Two raters, `demo-ann` and `demo-ben`, rate the first hits of the queries that are asked most, as people do: better the
further up, and not always alike. The configuration beside what is in force is fusion by ranks alone.
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
_GRADES = (3, 2, 1, 1, 0)


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
        for hit, grade in zip(hits, _GRADES, strict=False):
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
