"""What becomes of a text and a query before they meet."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pgsearch import Client
from tests.properties import examples


def test_a_bigram_a_whole_and_a_particle_are_told_with_what_they_count(library: Client) -> None:
    rows = {row.lexeme: row for row in library.explain_analysis("전기차의 node.js", "전기차는 무엇인가요 node.js")}

    assert (rows["전기"].kind, rows["전기"].matched, rows["전기"].weight) == ("bigram", True, 1)
    assert (rows["차는"].matched, rows["차는"].weight, rows["차는"].korean_weight) == (False, 0.5, 0.5)
    assert (rows["차의"].matched, rows["차의"].weight) == (False, None)
    assert (rows["무엇"].weight, rows["무엇"].korean_weight) == (0, 0)
    assert (rows["node-js"].kind, rows["node-js"].weight, rows["node-js"].matched) == ("whole", 1, True)
    assert (rows["node"].kind, rows["node"].weight) == ("word", 0.5)


@given(st.text(max_size=60), st.text(max_size=60))
@examples(10)
def test_what_is_told_is_what_the_query_weighs(library: Client, content: str, query: str) -> None:
    content, query = content.replace("\0", ""), query.replace("\0", "")
    rows = library.explain_analysis(content, query)
    (parsed,) = library.parse_query(query)

    assert sorted(row.weight for row in rows if row.weight) == sorted(parsed.weights)
    for row in rows:
        assert row.matched == bool(row.positions and row.weight)
