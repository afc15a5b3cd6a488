"""What functions say is said in Korean too: each sentence of their sources is in the catalogue, and nothing else is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from pgsearch.client.translated import catalogue, translated
from pgsearch.console.texts import catalogue as catalogue_of_pages

ROOT = Path(__file__).resolve().parents[2]

# of these every sentence is read by people, wherever it stands
_SAY = (
    "fusion/calibrate_fusion",
    "operate/_foreign_objects",
    "operate/doctor",
    "pages/put_pages",
    "search/_answered",
    "search/_arrange",
    "search/_ask",
    "search/_counted",
    "search/_fuse_and_boost",
    "search/_gather",
    "search/_listed",
    "search/_query_notes",
    "search/_search",
    "search/explain_hit",
    "statistics/log_health",
    "statistics/prompt_suggestions",
)
# of these the errors are what somebody can bring about on a page
_REFUSE = (
    "conversations/get_conversation",
    "conversations/list_conversations",
    "conversations/set_consent",
    "embeddings/_embedding_model",
    "experiments/add_queries",
    "experiments/compare_queries",
    "experiments/create_experiment",
    "experiments/create_query_set",
    "experiments/experiment_results",
    "experiments/list_queries",
    "experiments/put_judgments",
    "experiments/put_rating",
    "ground/_check_collections",
    "ground/_check_fusion",
    "ground/_check_name",
    "ground/_check_range",
    "ground/_check_times",
    "ground/_search_mode",
    "ground/_settings",
    "learned/_learned_scores",
    "learning/activate_configuration",
    "learning/roll_back_configuration",
    "log/_feedback_events",
    "log/forget",
    "pages/get_page",
    "search/_reranked",
    "search/explain_hit",
    "search/search",
    "sources/_store_rows",
    "statistics/_period",
    "statistics/anomalies",
    "statistics/mark_answered",
    "statistics/page_attention",
    "text/_qualified_text_config",
    "text/parse_query",
)
_PYTHON = (
    "chat/answering.py",
    "console",
    "embedding/queries.py",
    "http/access.py",
    "http/chatting.py",
    "http/problems.py",
    "learning/tuning.py",
    "models/http_endpoint.py",
    "models/names.py",
)
# what of the above is nobody's to read on a page: statements and commands, ways to make an error of many pages
_STATEMENT = re.compile(
    r"(?:%s)? *(?:select|create|drop|alter|update|delete|vacuum|reindex|revoke|on pgsearch|where|group by|limit|from"
    r"|pgsearch [a-z]+ |pgsearch maintain|\$\[|YYYY| +and).*",
    re.DOTALL,
)
_ELSEWHERE = {
    "%s of %s pages cannot be stored, so none was: %s",
    "Mend them, or say keep_going => true to store the others and get the reasons as rows.",
    "pages must be a JSON array of page objects, not %s",
    'Write it as \'[{"external_id": "a", "title": "A", "content": "Text of the page."}]\'.',
    "page %s%s: %s",
    "The model answered nothing.",
    "composite type",
    "%s does not name a fitted embedder.",
    "The name %s is too long for a file.",
    "Choose a shorter one.",
    "Such names begin with %s, as in svd:wiki.",
    "%s judged questions are too few: %s are the least to learn from.",
    "Judge %s more, or let users do it: clicks are judgments (judgments_from_clicks).",
    "PGSEARCH_QUERY_CACHE is no number: %s.",
    "Say how many query vectors to keep, 0 for none.",
    "an answer ends with Answer",
    "a line without end",
    "the last attempt returns or raises",
    "The base URL of an endpoint must be http:// or https:// with a host, without name, password or query.",
    "Write it as https://api.openai.com/v1; a key belongs into an environment variable.",
}
_TOKEN = re.compile(
    r"--[^\n]*|(?P<text>[eE]?'(?:[^'\\]|''|\\.)*')|(?P<word>\w+)|(?P<joined>\|\|)|(?P<gap>\s+)|(?P<other>.)", re.DOTALL
)


def literals(source: str) -> Iterator[tuple[str, bool]]:
    """The texts of a file of SQL as sentences, %s for what is joined to them, and whether an error says them."""
    found: list[tuple[str, str]] = []
    for token in _TOKEN.finditer(re.sub(r"^comment on .*?';$", "", source, flags=re.DOTALL | re.MULTILINE)):
        kind, text = token.lastgroup, token[0]
        if kind == "text":
            text = text[text.index("'") + 1 : -1].replace("''", "'")
            if len(found) > 1 and found[-1] == ("gap", "\n") and found[-2][0] == "text":
                found.pop()
                text = found.pop()[1] + text
            found.append(("text", text))
        elif kind == "gap":
            if "\n" in text:
                found.append(("gap", "\n"))
        elif kind is not None:
            found.append((kind, text.lower()))
    tokens: list[tuple[str, str]] = []
    for kind, text in (one for one in found if one[0] != "gap"):
        if kind == "text" and [one[0] for one in tokens[-2:]] == ["text", "joined"]:
            tokens.pop()
            text = tokens.pop()[1] + text
        tokens.append((kind, text))
    part = ""
    for at, (kind, text) in enumerate(tokens):
        if kind == "word":
            part = text if text in ("raise", "message", "hint", "errcode") else part
        elif text == ";":
            part = ""
        if kind == "text":
            before, after = tokens[at - 1] if at else ("", ""), tokens[at + 1] if at + 1 < len(tokens) else ("", "")
            said = f"{'%s' if before[0] == 'joined' else ''}{text}{'%s' if after[0] == 'joined' else ''}"
            yield _sentence(said), part in ("message", "hint")


def _sentence(text: str) -> str:
    """The sentence of a text; one that is put behind others in an array is no part of them."""
    text = re.sub(r"%(?:\d\$)?[sLI]", "%s", text).replace("%%", "%")
    return re.sub("^(?:%s(?=[A-Z])|; )", "", text)


def is_prose(text: str) -> bool:
    return bool(re.search(r"[A-Za-z]{2} (?:[A-Za-z]|%s)", text)) and not _STATEMENT.fullmatch(text)


def of_sql() -> Iterator[str]:
    for name in sorted({*_SAY, *_REFUSE}):
        for said, is_error in literals((ROOT / "sql" / f"{name}.sql").read_text(encoding="utf-8")):
            if (name in _SAY or is_error) and is_prose(said):
                yield said


def of_python() -> Iterator[str]:
    for name in _PYTHON:
        path = ROOT / "pgsearch" / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield from _raised(ast.parse(file.read_text(encoding="utf-8")))


def _raised(tree: ast.AST) -> Iterator[str]:
    """What errors and answers of functions say."""
    for node in ast.walk(tree):
        given: list[ast.expr | None] = []
        if isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith(("Exception", "Error")):
            given = [*node.args, *(word.value for word in node.keywords)]
        elif isinstance(node, ast.Return):
            given = list(node.value.elts) if isinstance(node.value, ast.Tuple) else [node.value]
        for one in given:
            for part in (one.body, one.orelse) if isinstance(one, ast.IfExp) else (one,):
                text = _written(part)
                if text is not None and is_prose(text):
                    yield text


def _written(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "%s" for part in node.values)
    return None


def test_every_sentence_of_functions_has_its_korean() -> None:
    said = {*of_sql(), *of_python()} - _ELSEWHERE

    assert len(said) > 250
    assert said - catalogue("ko").keys() - catalogue_of_pages("ko").keys() == set()


def test_the_catalogue_has_no_sentence_that_nobody_says() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8").replace("''", "'")
        for folder, kind in (("sql", "*.sql"), ("pgsearch", "*.py"))
        for path in (ROOT / folder).rglob(kind)
    )
    # the phrase of 422 is another one in another Python
    phrases = {*(status.phrase for status in HTTPStatus), "Unprocessable Entity", "Unprocessable Content"}
    said = {*of_sql(), *of_python(), *phrases}

    for english in catalogue("ko"):
        parts = re.split(r"%s|(?<=[.]) ", english)
        assert english in said or all(part.strip() in sources for part in parts), english


@pytest.mark.parametrize("english", catalogue("ko"))
def test_a_translation_has_values_of_its_sentence_alone(english: str) -> None:
    korean = catalogue("ko")[english]

    places = {int(number) for number in re.findall(r"{(\d+)\*?}", korean)}
    assert places <= set(range(1, english.count("%s") + 1))
    assert re.search("[가-힣]", korean) or korean == english.replace("%s", "{1}")


@pytest.mark.parametrize(
    ("english", "korean"),
    [
        ("Its page does not pass the filter.", "문서가 필터 조건에 맞지 않습니다."),
        ("It is at rank 37; 8 are shown.", "37위에 있습니다. 8개까지만 보여 줍니다."),
        (
            '-"a" was read as an exclusion: at least 1,000 chunks are left out.',
            '-"a"은(는) 제외로 보았습니다. 문단 1,000개 이상이 빠집니다.',
        ),
        ("2 changes wait; 1 rows refused, such as: title is 2001 characters long, at most 2000 are allowed",
         "변경 2건 대기; 1행 거부, 예: title이 2001자입니다. 2000자까지 됩니다"),
        ("words weigh 2.1 times as much as by default, found at 2026-11-29 10:22. 0 % of the embeddings changed since.",
         "단어 가중치는 기본값의 2.1배입니다(2026-11-29 10:22 측정). 그 뒤 임베딩의 0%가 바뀌었습니다."),
        ("64MB; the largest HNSW index has 5 GB: building it again would leave memory and take many times longer",
         "64MB; 가장 큰 HNSW 색인이 5 GB입니다. 다시 만들면 메모리를 넘어 몇 배 오래 걸립니다"),
        ('unknown option "nonsense"', "모르는 옵션 “nonsense”"),
        ("select pgsearch.ensure_partitions();", "select pgsearch.ensure_partitions();"),
        ("", ""),
    ],
    ids=["whole", "values", "within another", "several", "sentences", "half known", "error", "statement", "nothing"],
)  # fmt: skip
def test_a_sentence_is_found_by_its_form_with_its_values(english: str, korean: str) -> None:
    assert translated(english, "ko") == korean
    assert translated(english, "en") == english
