"""Answers without a model, settings of the chat, and the log of turns, without a server."""

from __future__ import annotations

import pytest

from pgsearch.chat.extracts import extract_answer
from pgsearch.chat.passages import Passage, Source
from pgsearch.chat.settings import EXTRACTS, ChatSettings
from pgsearch.errors import InvalidValueError


def passage(number: int, text: str) -> Passage:
    return Passage(
        Source(number, "wiki", number, number, str(number), "title", "", "", 1.0, 1.0, "content", None), text
    )


FOUND = [
    passage(1, "Roses want sun. Tulips bloom early in spring.\nWater the garden in the evening!"),
    passage(2, "전기차를 사면 정부가 보조금을 준다. 충전은 집에서 한다."),
]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When do tulips bloom?", "Tulips bloom early in spring. [1]"),
        ("보조금은 누가 주나요?", "전기차를 사면 정부가 보조금을 준다. [2]"),
        ("???", "Roses want sun. [1]"),
    ],
    ids=["english", "korean", "no words"],
)
def test_the_answer_is_the_sentence_that_shares_most_with_the_question(question: str, answer: str) -> None:
    assert extract_answer(question, FOUND) == answer


def test_every_sentence_of_an_answer_stands_in_the_source_that_it_names() -> None:
    for line in extract_answer("garden spring sun evening", FOUND).splitlines():
        sentence, _, number = line.rpartition(" [")
        assert sentence in FOUND[int(number.rstrip("]")) - 1].text


def test_lines_that_were_broken_to_fit_are_one_sentence_and_others_are_not() -> None:
    text = (
        "Roses\n\nWhoever plants a rose in the shade of a wall\nwaits for its blossoms until another year.\n"
        "- A rose that is cut early in the morning\n- A rose that stands in water lives longer"
    )

    answer = extract_answer("rose", [passage(1, text)]).splitlines()

    assert answer == [
        "Roses [1]",
        "Whoever plants a rose in the shade of a wall waits for its blossoms until another year. [1]",
        "A rose that is cut early in the morning [1]",
        "A rose that stands in water lives longer [1]",
    ]


def test_nothing_comes_of_nothing_and_long_sentences_are_cut() -> None:
    assert extract_answer("roses", []) == ""
    assert extract_answer("roses", [passage(1, " \n ")]) == ""
    assert len(extract_answer("roses", [passage(1, "roses " * 1000)])) < 500


def test_the_same_question_has_the_same_answer() -> None:
    assert len({extract_answer("sun spring 보조금", FOUND) for _ in range(5)}) == 1


def test_settings_come_from_the_environment_unless_said_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSEARCH_CHAT_MODEL", "ollama:small")
    monkeypatch.setenv("PGSEARCH_CHAT_MODELS", "ollama:large, openai:best")
    monkeypatch.setenv("PGSEARCH_CHAT_PASSAGES", "3")
    monkeypatch.setenv("PGSEARCH_CHAT_LEAST_CONFIDENCE", "0.2")
    settings = ChatSettings.from_environment(passages=9, model=None)

    assert (settings.passages, settings.least_confidence) == (9, 0.2)
    assert settings.known_models == ("ollama:small", "ollama:large", "openai:best", EXTRACTS)


@pytest.mark.parametrize(("name", "value"), [("PASSAGES", "many"), ("PASSAGES", "0"), ("LEAST_CONFIDENCE", "2")])
def test_wrong_settings_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"PGSEARCH_CHAT_{name}", value)
    with pytest.raises(InvalidValueError):
        ChatSettings.from_environment()
