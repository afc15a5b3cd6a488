"""What is syntax in a query, what is told of it, and what becomes of pasted text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_postgresql.executors import NoopExecutor

from pgsearch import Client
from tests.clones import cloned
from tests.conftest import Server

COMMANDS = {
    "Unpacking archives": "Use tar -xzf backup.tgz to unpack the archive. Add -C to choose the folder.",
    "Archive policy": "Every archive is kept for ten years. The archive room is on floor two.",
    "JVM out of memory": "Start the service with -Xmx512m. When java runs out of memory, raise it to -Xmx2g.",
    "Memory of the office": "An old photograph of the office, out of the archive, in memory of the founder.",
    "Deleting build folders": "rm -rf build removes the folder; there is no way back.",
    "Build folders": "The build folder holds the objects. Do not commit the build folder.",
    "동파 예방": "기온이 -10도 아래로 내려가면 수도관이 동파될 수 있으니 물을 조금 틀어 두세요.",
    "겨울 기온": "서울의 겨울 기온은 평균 0도 안팎이며 수도관 동파 사고가 잦다.",
}
OPTIONS = {
    "Listing": "find . -name 'notes' and kill -9 of a process; grep -rn TODO.",
    "Owners": "We find a name for each of the notes of the process.",
    "GC tuning": "java -XX:+UseG1GC -XX:MaxGCPauseMillis=200 -jar app.jar --dry-run",
    "Garbage": "The java app has a jar of coffee, and nothing runs dry: run it dry.",
    "Statute": "제15조의2에 따라 시ㆍ군ㆍ구의 조례를 제39조에서 살핀다.",
    "Other statute": "제39조의3은 시의 군과 구를 정한다. 15조.",
    "Network": "The server 10.0.12.7 and commit 3f2a1bc, with $HOME set.",
    "Other network": "The server 10.0.12.9 and commit 3f2a1bd are set.",
}
TROUBLES = {
    "Duplicate order reference": "When the import says that the unique constraint uq_orders_reference is violated "
    "(duplicate key value), delete the older order and run the import again.",
    "Spring servlet basics": "The dispatcher servlet of org.springframework.web.servlet.FrameworkServlet hands "
    "requests on.",
    "Parking": "A garage pass opens the barrier of the north garage for visitors.",
}


@pytest.fixture(scope="module")
def shelves(pg_server: Server, pg_template: NoopExecutor) -> Iterator[Client]:
    """Two small collections, which tests only read."""
    with cloned(pg_server, pg_template.template_dbname) as dsn, Client(dsn) as client:
        for name, pages in (("commands", COMMANDS), ("options", OPTIONS), ("troubles", TROUBLES)):
            client.create_collection(name, text_config="english")
            client.put_pages(
                name, [{"external_id": title, "title": title, "content": text} for title, text in pages.items()]
            )
        yield client


def titles(client: Client, query: str, collection: str = "commands") -> list[str | None]:
    return [hit.title for hit in client.search(query, collections=collection).hits]


def told(client: Client, query: str, collection: str = "commands") -> list[str]:
    """What the notes say of how the query was read."""
    return [note for note in client.search(query, collections=collection).notes if "embedding" not in note]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("tar -xzf archive", "Unpacking archives"),
        ("java -Xmx512m out of memory", "JVM out of memory"),
        ("rm -rf build", "Deleting build folders"),
        ("기온 -10도 수도관 동파", "동파 예방"),
        ("tar --extract -xzf archive", "Unpacking archives"),
    ],
    ids=["tar", "java", "rm", "degrees", "long-option"],
)
def test_what_was_pasted_finds_its_page(shelves: Client, query: str, first: str) -> None:
    assert titles(shelves, query)[0] == first


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("find -name notes", "Listing"),
        ("kill -9 process", "Listing"),
        ("java -jar", "GC tuning"),
        ("java run --dry-run", "GC tuning"),
        ("-XX:+UseG1GC", "GC tuning"),
        ("-jar", "GC tuning"),
    ],
)
def test_an_option_finds_first_what_has_it_with_its_sign_also_alone(shelves: Client, query: str, first: str) -> None:
    assert titles(shelves, query, "options")[0] == first


def test_an_exclusion_alone_that_nothing_has_with_its_sign_excludes(shelves: Client) -> None:
    assert titles(shelves, "-coffee", "options") == []


@pytest.mark.parametrize(
    ("query", "kept", "gone"),
    [
        ("server -10.0.12.7", "Other network", "Network"),
        ("commit -3f2a1bc", "Other network", "Network"),
        ("server -$HOME", "Other network", "Network"),
        ("조례 제39조 -시·군·구", "Other statute", "Statute"),
        ("+제15조의2 조례", "Statute", "Other statute"),
        ('"제39조" 조례', "Statute", None),
        ("❝제39조의3은❞", "Other statute", "Statute"),
    ],
)
def test_addresses_codes_and_what_a_particle_follows_are_excluded_and_required(
    shelves: Client, query: str, kept: str, gone: str | None
) -> None:
    found = titles(shelves, query, "options")
    assert kept in found
    assert gone not in found


@pytest.mark.parametrize(
    ("query", "gone"),
    [
        ("archive -policy", "Archive policy"),
        ('archive -"floor two"', "Archive policy"),
        ('tar archive -"xzf"', "Unpacking archives"),
        ("수도관 -서울", "겨울 기온"),
    ],
    ids=["word", "phrase", "option-in-quotes", "korean"],
)
def test_what_was_meant_as_an_exclusion_excludes(shelves: Client, query: str, gone: str) -> None:
    found = titles(shelves, query)
    assert found
    assert gone not in found


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("archive -policy", "-policy was read as an exclusion: 1 chunk is left out."),
        ("build +objects", "+objects was read as a requirement: 1 chunk is left out."),
        (
            'memory "build folder" -java',
            '"build folder" was read as a requirement: 3 chunks are left out.',
        ),
        ("archive -the", "Stop words exclude and require nothing: -the."),
        ('+the -"of the" archive', 'Stop words exclude and require nothing: +the, -"of the".'),
        ('archive "of the"', None),
        ("archive -zebra", None),
        ("archive room", None),
        ('"build folder"', "left out"),
    ],
    ids=[
        "exclusion",
        "requirement",
        "phrase",
        "stop-word-excluded",
        "stop-words-required",
        "stop-words-quoted",
        "nothing-excluded",
        "no-syntax",
        "phrase-alone",
    ],
)
def test_notes_tell_what_was_left_out_and_are_silent_otherwise(shelves: Client, query: str, note: str | None) -> None:
    notes = told(shelves, query)
    assert any(note in each for each in notes) if note else notes == []


@pytest.mark.parametrize(
    ("option", "note"),
    [
        ({"operator": "and"}, "Every word was read as a requirement: 4 chunks are left out."),
        ({"require_keywords": True}, "Of 4 candidates 4 lack a word of the query: they are left out."),
    ],
    ids=["and", "keywords"],
)
def test_an_option_that_leaves_hits_out_is_told_where_it_does(
    shelves: Client, option: dict[str, Any], note: str
) -> None:
    assert note in shelves.search("archive java memory", collections="commands", options=option).notes
    assert shelves.search("floor two", collections="commands", options=option).notes == []


def test_a_word_with_a_sign_that_is_none_is_told(shelves: Client) -> None:
    (note,) = told(shelves, "tar -xzf archive")
    assert "-xzf" in note
    assert "as a word" in note


def trace(frames: int) -> str:
    lines = [
        f"\tat org.springframework.web.servlet.FrameworkServlet.doGet{n}(FrameworkServlet.java:{880 + n})"
        for n in range(frames)
    ]
    return "\n".join(
        [
            "2026-11-28 ERROR Servlet.service() threw exception",
            "org.springframework.web.util.NestedServletException: Request processing failed",
            *lines,
            "Caused by: org.postgresql.util.PSQLException: ERROR: duplicate key value violates unique constraint "
            '"uq_orders_reference"',
        ]
    )


@pytest.mark.parametrize("frames", [14, 230], ids=["1,600-characters", "20,000-characters"])
def test_of_a_pasted_log_the_cause_at_its_end_counts(shelves: Client, frames: int) -> None:
    assert titles(shelves, trace(frames), "troubles")[0] == "Duplicate order reference"


def test_of_a_pasted_mail_the_question_at_its_end_counts(shelves: Client) -> None:
    mail = "Dear all, thank you for the friendly welcome last week, it was a pleasure to meet everybody. " * 24
    query = mail + "My question: how do I get a pass for the garage?"
    assert len(query) > 2200
    assert titles(shelves, query, "troubles")[0] == "Parking"


def test_of_many_words_the_most_telling_are_looked_for_and_that_is_told(client: Client) -> None:
    client.create_collection("letters")
    words = [f"word{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(60)]
    client.put_pages(
        "letters",
        [{"external_id": str(n), "title": "", "content": " ".join(words[:40] if n else words)} for n in range(8)],
    )
    client.refresh_text_stats()
    result = client.search(" ".join(words), collections="letters")

    assert result.hits[0].external_id == "0"
    assert any(
        n == "Of 60 different words the 32 that tell most were looked for; 28 were left out." for n in result.notes
    )
    assert words[-1] in result.hits[0].snippet
