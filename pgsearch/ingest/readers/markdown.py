"""Markdown and its dialects: what is rendered is read, so that marks of a dialect are no words."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from pgsearch.errors import from_extra
from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.html import convert
from pgsearch.ingest.readers.pages import page, refusal
from pgsearch.ingest.readers.source import Source

with from_extra("ingest", "Markdown needs markdown-it-py and PyYAML"):
    import yaml
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore

# A blank line after the first rule is none of front matter: then it is a rule, and text follows.
_FRONT_MATTER = re.compile(
    r"\s*?^(?P<rule>---|\+\+\+)[ \t]*\n(?:(?=[^\s])(?P<inner>.*?\n))?(?:(?P=rule)|\.\.\.)[ \t]*(?:\n|\Z)", re.S | re.M
)
# Anchors of headings: {#id}, {: #id .class}, {/*id*/}, <a id="x"> is HTML already.
_ANCHOR = re.compile(r"\s*(?:\{:?\s*[#.][^{}]*\}|\{/\*.*?\*/\})\s*$")
# Containers (::: tip Title), callouts ([!NOTE]), comments of JSX, calls of template languages.
_DIALECT = re.compile(
    r"^:{3,}[ \t]*(?:[\w-]+(?:\{[^}\n]*\}|\[(?=[^\]\n]*\]))?)?[ \t]*|^\[!\w+\][+-]?[ \t]*|\{/\*.*?\*/\}"
    r"|\{\{[<%].*?[%>]\}\}|\{%.*?%\}|\{:[^{}\n]*\}",
    re.MULTILINE | re.DOTALL,
)
# In MDX: modules, components and expressions, none of it in code.
_CODE = r"(?P<code>^[ \t]*(?P<fence>`{3,}|~{3,}).*?(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)|(?P<tick>`+)[^`\n].*?(?P=tick))"
_MDX = re.compile(
    _CODE + r"|^(?:import\s[^;\n]*?(?:\{[^}]*\}[^;\n]*?)?(?:from\s+)?[\"'][^\"'\n]+[\"'];?[ \t]*$"
    r"|export\s+(?:default|const|let|function|async|class)\b.*?(?=^[ \t]*$|\Z))"
    r"|\{/\*.*?\*/\}"
    r"|(?<!\w)</?[A-Z][\w.]*(?:\s+(?:[^<>{}\"']|\"[^\"]*\"|'[^']*'|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*)?/?>|</?>",
    re.MULTILINE | re.DOTALL,
)
_ELEMENT = re.compile(r"<(/?)([A-Za-z][\w.-]*)([^<>]*)>")
# Elements of HTML; what else stands in angle brackets and is never closed is a placeholder, as in List<String>.
_HTML_NAMES = """
a abbr acronym address area article aside audio b base bdi bdo big blockquote body br button canvas caption center cite
code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer
form frame frameset g h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main
map mark menu meta meter nav noscript object ol optgroup option output p param path picture pre progress q rp rt ruby s
samp script search section select slot small source span strike strong style sub summary sup svg table tbody td template
textarea tfoot th thead time title tr track tt u ul var video wbr
"""
_HTML = frozenset(_HTML_NAMES.split())
# Elements that swallow what follows where they are spoken of and not closed.
_SWALLOWING = frozenset(
    {"button", "iframe", "noscript", "script", "select", "style", "svg", "template", "textarea", "title"}
)


def read_markdown(source: Source) -> Iterator[Record | Refusal]:
    """Title: that of the front matter, else the first heading, else the name of the file."""
    try:
        text = source.text().replace("\r\n", "\n")
        yield markdown_page(source, text)
    except ValueError as error:
        yield refusal(source, error)


def markdown_page(source: Source, text: str) -> Record:
    """The page of Markdown text, whatever it was made from."""
    front, text = _front_matter(source, text)
    if source.external_id.lower().endswith(".mdx"):
        text = _MDX.sub(lambda found: found["code"] or "", text)
    found = convert(_rendered(text))
    title = front.pop("title", None)
    if not isinstance(title, (str, int, float, date)) or isinstance(title, bool) or not str(title).strip():
        title = found.heading if found.opens else ""
    tags = front.get("tags")
    if isinstance(tags, str):
        tags = re.split(r"\s*,\s*", tags) if "," in tags else tags.split()
    if isinstance(tags, list) and all(isinstance(tag, (str, int, float)) for tag in tags):
        front.pop("tags")
        tags = list(dict.fromkeys(str(tag).strip() for tag in tags if str(tag).strip()))
    else:
        tags = None
    return page(source, str(title).strip() or source.stem, found.text, "markdown", tags=tags, metadata=front)


def _front_matter(source: Source, text: str) -> tuple[dict[str, Any], str]:
    """The mapping that a document begins with, and what follows it; text between two rules is text."""
    found = _FRONT_MATTER.match(text)
    if found is None:
        return {}, text
    inner = found["inner"] or ""
    try:
        if found["rule"] == "+++":
            front: object = tomllib.loads(inner)
        elif any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(inner, yaml.SafeLoader)):
            # ten lines of them can mean gigabytes
            raise ValueError("it holds an alias")
        else:
            front = yaml.safe_load(inner)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if re.match(r"[\w-]+\s*[:=]", inner):
            told = " ".join(str(getattr(error, "problem", None) or error).split())
            source.notes.append(f"begins with front matter that cannot be read and was kept as text: {told}")
        return {}, text
    if front is None:
        front = {}
    if not isinstance(front, dict):
        return {}, text
    return {str(key): _plain(value) for key, value in front.items() if value is not None}, text[found.end() :]


def _plain(value: object) -> Any:
    """What JSON can hold of a value of YAML or TOML."""
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner) for inner in value]
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value)


def _rendered(text: str) -> str:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.core.ruler.before("inline", "dialect", _drop_dialect)
    closed = {name.lower() for slash, name, _ in _ELEMENT.findall(text) if slash}

    def kept(found: re.Match[str]) -> str:
        slash, name, rest = found.groups()
        if slash or name.lower() in closed:
            return found[0]
        is_element = name.lower() not in _SWALLOWING and (name.lower() in _HTML or rest.strip())
        return found[0] if is_element else f"&lt;{name}{rest}&gt;"

    tokens = parser.parse(text)
    for token in tokens:
        for inner in token.children or [token]:
            if inner.type in ("html_inline", "html_block") and "<!--" not in inner.content:
                inner.content = _ELEMENT.sub(kept, inner.content)
    return str(parser.renderer.render(tokens, parser.options, {}))


def _drop_dialect(state: StateCore) -> None:
    for before, token in zip([None, *state.tokens], state.tokens, strict=False):
        if token.type != "inline":
            continue
        if before is not None and before.type == "heading_open":
            token.content = _ANCHOR.sub("", token.content)
        if any(mark in token.content for mark in (":::", "[!", "{")):
            token.content = _without_dialect(token.content)


def _without_dialect(content: str) -> str:
    parts = re.split(r"(`+)(.*?)(\1)(?!`)", content, flags=re.DOTALL)
    return "".join(_DIALECT.sub("", part) if index % 4 == 0 else part for index, part in enumerate(parts))
