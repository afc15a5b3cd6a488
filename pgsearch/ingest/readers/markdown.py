"""Markdown and its dialects: what is rendered is read, so that marks of a dialect are no words."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from html import unescape
from typing import Any

from pgsearch.errors import from_extra
from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.front_matter import FRONT_MATTER
from pgsearch.ingest.readers.html import convert
from pgsearch.ingest.readers.pages import page, refusal
from pgsearch.ingest.readers.source import Source
from pgsearch.ingest.readers.tables import tags_of

with from_extra("ingest", "Markdown needs markdown-it-py and PyYAML"):
    import yaml
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore

# Anchors of headings: {#id}, {: #id .class}, {/*id*/}, <a id="x"> is HTML already.
_ATTRIBUTES = r"\{:?[ \t]*(?:[#.][\w-]|[\w-]+[ \t]*=[ \t]*[\"'\w])[^{}\n]*\}|\{:?[ \t]+[a-z]+(?:-[a-z]+)+[ \t]*\}"
_ANCHOR = re.compile(rf"\s*(?:{_ATTRIBUTES}|\{{/\*.*?\*/\}})\s*$")
# Containers (::: tip Title), callouts ([!NOTE]), comments of JSX, calls of template languages.
_DIALECT = re.compile(
    r"^:{3,}[ \t]*(?:\{[^}\n]*\}|[\w-]+(?:\{[^}\n]*\}|\[(?=[^\]\n]*\]))?)?[ \t]*|^\[!\w+\][+-]?[ \t]*|\{/\*.*?\*/\}"
    r"|\{\{[<%].*?[%>]\}\}|\{%.*?%\}|\{:[^{}\n]*\}"
    # values that the site fills in
    r"|\{\{-?[ \t]*\$?[\w-]+(?:\.[\w-]+)+[^{}\n]*\}\}"
    # notes at the foot, boxes to tick, places for a table of contents
    # attributes of what stands before, pictures of sets of icons
    rf"|(?<=[)\]`*_:])(?:{_ATTRIBUTES})|(?<![\w:/]):[a-z][a-z0-9_+-]*:(?![\w:`/])"
    r"|\[\^[^\]\s]+\]|^\[[ xX]\][ \t]+|^\[{1,2}_?(?:toc|TOC)_?\]{1,2}$",
    re.MULTILINE | re.DOTALL,
)
_UNKNOWN = re.compile(r"\[(?P<words>[^\[\]^][^\[\]]*)\]\s?\[(?P<place>[\w.:#/-]+)\](?!\()")
# Boxes and tabs of MkDocs, whose text is indented, and what it fills in by itself.
_BOX = re.compile(
    r"(?P<indent> *)(?:(?:!!!|\?\?\?\+?)[ \t]+[\w -]*?|===[!+]?[ \t]*)(?:[ \t]*\"(?P<title>[^\"\n]*)\")?[ \t]*"
)
_FILLED_IN = re.compile(r"(?P<indent> *)(?::::[ \t]+(?P<name>[A-Za-z_]\w*(?:\.\w+)+)|-{1,2}8<-{1,2}.*)[ \t]*")
# Blocks of PyMdown and directives of MyST, whose text is not indented.
_BLOCK = re.compile(r"[ ]{0,3}(?P<mark>/{3,})[ \t]*(?P<name>[\w-]+)?(?:[ \t]*\|[ \t]*(?P<title>.*?))?[ \t]*")
_DIRECTIVE = re.compile(r"[ ]{0,3}(?P<mark>`{3,}|~{3,}|:{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<title>.*?)[ \t]*")
_DIRECTIVES_OF_CODE = frozenset({"code", "code-block", "code-cell", "sourcecode", "math", "mermaid", "parsed-literal"})
# of R Markdown and Quarto
_LANGUAGES = frozenset({"bash", "cpp", "css", "dot", "js", "julia", "ojs", "python", "r", "sas", "sh", "sql", "stata"})
_SILENT_DIRECTIVES = frozenset(
    {
        "bibliography",
        "contents",
        "eval-rst",
        "image",
        "include",
        "index",
        "literalinclude",
        "tableofcontents",
        "toctree",
    }
)
_ROLE = re.compile(r"\{[a-z][\w:-]*\}\Z")
# Lines that a site generator takes out: targets of MyST, snippets of VitePress, the place for a list of headings.
_TAKEN_OUT = re.compile(r"\([\w.:/-]+\)=[ \t]*|<<<[ \t]+\S+.*")
_HEADER_LINES = re.compile(r"\A(?:[A-Za-z][\w -]{0,30}:[ \t]+\S.*\n(?:[ \t]{4,}\S.*\n)*)+(?=\n)")
_MODULE = re.compile(r"^import\s[^\n]*?\sfrom\s+[\"'][^\"'\n]+[\"'];?[ \t]*$", re.MULTILINE)
_TITLE_BLOCK = re.compile(
    r"%[ \t]*(?P<title>\S.*(?:\n[ \t]+\S.*)*)"
    r"(?:\n%(?P<author>.*(?:\n[ \t]+\S.*)*))?(?:\n%(?P<date>.*))?(?=\n[ \t]*(?:\n|\Z))"
)
# [[Page]], [[Page#Part|shown]], ![[picture.png]]
_WIKI = re.compile(
    r"(?P<picture>!)?\[\[(?=\S)(?P<page>[^\[\]|#\n]*)(?:#(?P<place>[^\[\]|\n]*))?(?:\|(?P<shown>[^\[\]\n]*))?\]\](?!\()"
)
_FOOTNOTE = re.compile(r"^ {0,3}\[\^[^\]\s]+\]:[ \t]*")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
# In MDX: modules, components and expressions, none of it in code. Docusaurus takes all its Markdown for MDX.
_CODE = r"(?P<code>^[ \t]*(?P<fence>`{3,}|~{3,}).*?(?:^[ \t]*(?P=fence)[`~]*[ \t]*$|\Z)|(?P<tick>`+)[^`\n].*?(?P=tick))"
_BRACES = r"\{(?:[^{}]++|\{(?:[^{}]++|\{[^{}]*+\})*+\})*+\}"
_PROPERTIES = rf"(?:\s+(?:[^<>{{}}\"']|\"[^\"]*\"|'[^']*'|{_BRACES})*)?"
_MDX = re.compile(
    _CODE + r"|^(?:import\s[^;\n]*?(?:\{[^}]*\}[^;\n]*?)?(?:from\s+)?[\"'][^\"'\n]+[\"'];?[ \t]*$"
    r"|export\s*(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?)(?:\s*from\s+[\"'][^\"'\n]+[\"'])?;?[ \t]*$"
    r"|export\s+(?:default|const|let|var|function|async|class|type|interface)\b.*?(?=^[ \t]*$|\Z))"
    r"|\{/\*.*?\*/\}"
    r"|\{[ \t]*(?:`(?P<template>[^`]*)`|\"(?P<string>[^\"\n]*)\"|[^{}`\"'\n<]*|'[^'\n]*')[ \t]*\}"
    rf"|^[ \t]*{_BRACES}[ \t]*$"
    rf"|(?P<component>(?<!\w)<(?P<name>[A-Z][\w.]*){_PROPERTIES}/?>)|</[A-Z][\w.]*\s*>|</?>"
    rf"|(?P<element><[a-z][\w-]*{_PROPERTIES}/?>)",
    re.MULTILINE | re.DOTALL,
)
_EXPRESSION = re.compile(rf"(?<==){_BRACES}")
_GIVEN = r"\s*=\s*(?:\"([^\"]+)\"|'([^']+)'|\{\s*[\"'`]([^\"'`{}]+)[\"'`]\s*\})"
_TITLE_OF_COMPONENT = re.compile(rf"\s(?:title|label|summary|heading|question|caption|alt){_GIVEN}")
_NAME_OF_FIELD = re.compile(rf"\s(?:path|query|body|header|name){_GIVEN}")
_ELEMENTS_IN_TITLES = re.compile(
    r"<(b|code|em|i|kbd|mark|small|span|strong|sub|sup|u)(?:\s[^<>]*)?>(.*?)</\1>", re.IGNORECASE
)
# What Jekyll and Hugo make of text before it is Markdown: listings, comments, the place for a list of headings, and
# addresses, which Markdown does not know for such where a blank is in them.
_FILLED = re.compile(
    _CODE + r"|^[ \t]*(?:\{%-?[ \t]*highlight[ \t]+(?P<liquid>[\w+#.-]+)[^%\n]*%\}"
    r"|\{\{[<%][ \t]*highlight[ \t]+\"?(?P<hugo>[\w+#.-]+)[^\n]*?[>%]\}\})[ \t]*\n(?P<listed>.*?)"
    r"^[ \t]*(?:\{%-?[ \t]*endhighlight[^%\n]*%\}|\{\{[<%][ \t]*/[ \t]*highlight[ \t]*[>%]\}\})"
    r"|\{%-?\s*comment\s*-?%\}.*?\{%-?\s*endcomment\s*-?%\}"
    r"|\{\{[<%]\s*comment\s*[>%]\}\}.*?\{\{[<%]\s*/\s*comment\s*[>%]\}\}"
    r"|^[*-][ \t][^\n]*\n\{:[ \t]*toc[^}\n]*\}"
    # of GitBook, Docusaurus and Microsoft
    r"|\{%-?[ \t]*[a-z]+\b[^%\n]*?\btitle=\"(?P<tab>[^\"\n]+)\"[^%\n]*%\}"
    r"|^[ \t]*:{3,}[ \t]*[\w-]+\[(?P<box>[^\]\n]*)\](?:\{[^}\n]*\})?[ \t]*$"
    r"|^[ \t>]*:::[ \t]*(?P<placed>[a-z][\w-]*[^\n]*?):::[ \t]*$"
    r"|\[!(?:div|include|video|code[\w-]*)\b(?:[^\[\]\n]|\[[^\[\]\n]*\](?:\([^()\n]*\))?)*\]"
    r"|(?P<place>(?<=\]\()[^()\n]*?(?:\{\{.*?\}\}|\{%.*?%\})[^()\n]*(?=\)))",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
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


class _Loader(yaml.SafeLoader):
    """Plain values as YAML 1.2 reads them: no, 1:30 and 007 are texts; of a tag its value."""


_Loader.yaml_implicit_resolvers = {
    first: [known for known in resolvers if known[0].rpartition(":")[2] not in ("bool", "int", "float")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _timestamp(loader: _Loader, node: yaml.ScalarNode) -> object:
    # a date that is none stays a text
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError:
        return loader.construct_scalar(node)


def _untagged(loader: _Loader, _: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return str(node.value)


def _as_written(_: _Loader, node: yaml.Node) -> object:
    return str(node.value)


for _kind, _pattern, _first in (
    ("bool", r"[tT]rue|TRUE|[fF]alse|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_pattern})\Z"), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _timestamp)
_Loader.add_constructor("tag:yaml.org,2002:binary", _as_written)
_Loader.add_multi_constructor("", _untagged)
_MOST_VALUES = 10_000  # of front matter, with what aliases stand for


def read_markdown(source: Source) -> Iterator[Record | Refusal]:
    """Title: that of the front matter, else the first heading, else the name of the file."""
    try:
        text = re.sub(r"\r\n?", "\n", source.text())
        yield markdown_page(source, text)
    except ValueError as error:
        yield refusal(source, error)


def markdown_page(source: Source, text: str) -> Record:
    """The page of Markdown text, whatever it was made from."""
    front, text = _front_matter(source, text)
    is_mdx = source.external_id.lower().endswith(".mdx") or bool(
        _MODULE.search(re.sub(_CODE, "", text, flags=re.M | re.S))
    )
    if is_mdx:
        text = _MDX.sub(_shown, text)
    found = convert(_rendered(_without_boxes(_filled_in(text)), has_indented_code=not is_mdx))
    title = _taken(front, "title")
    if isinstance(title, list) and not _is_nested(title):
        title = ", ".join(map(str, title))
    elif isinstance(title, (dict, list)):
        # one of several languages: which, only the site knows
        front["title"], title = title, ""
    title = _bare(str(title)) if title is not None and str(title).strip() else found.heading if found.opens else ""
    given = _taken(front, "tags")
    if given is None and isinstance(front.get("taxonomies"), dict):
        given = front["taxonomies"].get("tags")
    if isinstance(given, (int, float)):
        given = str(given)
    if isinstance(given, str) and ";" not in given and "," not in given:
        given = given.split()
    tags = tags_of(given) if isinstance(given, (str, list)) and not _is_nested(given) else None
    if given is not None and tags is None:
        front["tags"] = given
    return page(source, " ".join(str(title).split()) or source.stem, found.text, "markdown", tags=tags, metadata=front)


def _bare(title: str) -> str:
    """The words of a title, in which elements and marks stand that the site renders."""
    title = re.sub(r"&(?:#\d+|#[xX][\da-fA-F]+|[A-Za-z][A-Za-z\d]*);", lambda entity: unescape(entity[0]), title)
    before = ""
    while before != title:
        before, title = title, _ELEMENTS_IN_TITLES.sub(r"\2", title)
    return re.sub(r"(`+)(.+?)\1|\*\*(?=\S)(.+?)(?<=\S)\*\*", r"\2\3", title)


def _shown(found: re.Match[str]) -> str:
    """Of MDX what is seen: text in braces, titles of components that stand in a line of their own."""
    if found["element"]:
        return _EXPRESSION.sub('""', found["element"])
    if found["component"] and not found.string[found.string.rfind("\n", 0, found.start()) + 1 : found.start()].strip():
        of_field = _NAME_OF_FIELD.search(found[0]) if found["name"].endswith("Field") else None
        said = of_field or _TITLE_OF_COMPONENT.search(found[0])
        return f"\n\n{next(filter(None, said.groups()))}\n\n" if said else ""
    return found["code"] or found["template"] or found["string"] or ""


def _taken(front: dict[str, Any], name: str) -> Any:
    """The value of a key, which some write with a capital letter; it is taken out."""
    key = next((key for key in front if key.lower() == name), None)
    return front.pop(key) if key is not None else None


def _is_nested(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(inner, (dict, list)) for inner in value)


def _front_matter(source: Source, text: str) -> tuple[dict[str, Any], str]:
    """The mapping that a document begins with, and what follows it; text between two rules is text."""
    found = FRONT_MATTER.match(text)
    if found is None:
        return _other_front_matter(text)
    inner = found["inner"] or ""
    try:
        if found["rule"] == "+++":
            front: object = tomllib.loads(inner)
        else:
            front = _yaml(inner)
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


def _yaml(text: str) -> object:
    """What the YAML says; plain values that are none, such as `Search: the guide`, are what they look like."""
    try:
        _check_size(yaml.compose(text, yaml.SafeLoader), {})
        read = yaml.load(text, _Loader)
        if isinstance(read, dict):
            # 1.10 is no number there, and No no truth value
            written = yaml.load(text, yaml.BaseLoader)
            read |= {
                key: _written(value, written[str(key)])
                for key, value in read.items()
                if str(key).lower() in ("title", "tags") and value is not None and str(key) in written
            }
        return read
    except yaml.YAMLError:
        quoted = _quoted(text.replace("\t", "    ").replace("\u00a0", " "))
        if quoted == text:
            raise
        return _yaml(quoted)


def _written(value: object, written: object) -> object:
    """A value as it is written; what is null in a list is not in it."""
    if isinstance(value, list) and isinstance(written, list):
        return [said for said, read in zip(written, value, strict=True) if read is not None]
    return written


def _check_size(node: yaml.Node | None, sizes: dict[int, int]) -> int:
    """Values below a node, aliases followed; ten lines of them can mean gigabytes."""
    if node is None or id(node) in sizes:
        return sizes[id(node)] if node is not None else 0
    # that of a node which holds itself
    sizes[id(node)] = _MOST_VALUES
    inner: list[yaml.Node] = []
    if isinstance(node, yaml.MappingNode):
        inner = [one for pair in node.value for one in pair]
    elif isinstance(node, yaml.SequenceNode):
        inner = node.value
    size = 1 + sum(_check_size(one, sizes) for one in inner)
    if size > _MOST_VALUES:
        raise ValueError("it holds too many values")
    sizes[id(node)] = size
    return size


def _quoted(text: str) -> str:
    """Lines that alone are no YAML, with quotes around their values: [Draft] Note, *Mind* it, 'It's so'."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        found = re.fullmatch(r"(\s*(?:- +)?[\w.-]+: +|\s*- +)(\S.*?) *", line)
        following = next((after for after in lines[number + 1 :] if after.strip()), "")
        if found is None or len(following) - len(following.lstrip()) > len(line) - len(line.lstrip()):
            continue
        said = found[2]
        if said[0] in "[{" and said.count("[") + said.count("{") != said.count("]") + said.count("}"):
            continue
        try:
            yaml.load(line.strip(), _Loader)
        except (yaml.YAMLError, ValueError):
            bare = said[1:-1] if len(said) > 1 and said[0] == said[-1] and said[0] in "\"'" else said
            lines[number] = f"{found[1]}{json.dumps(bare, ensure_ascii=False)}"
    return "\n".join(lines)


def _other_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """Lines of MultiMarkdown with a title, as Pelican has them; Pandoc's lines; an object of JSON, as Hugo has it."""
    header = _HEADER_LINES.match(text)
    if header is not None and re.search(r"^title:", header[0], re.MULTILINE | re.IGNORECASE):
        lines = re.sub(r"\n[ \t]+", " ", header[0]).splitlines()
        return {name.strip().lower(): said.strip() for name, _, said in (line.partition(":") for line in lines)}, text[
            header.end() :
        ]
    block = _TITLE_BLOCK.match(text)
    if block is not None:
        return {name: " ".join(said.split()) for name, said in block.groupdict().items() if said}, text[block.end() :]
    start = len(text) - len(text.lstrip())
    if not text.startswith("{", start):
        return {}, text
    try:
        front, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return {}, text
    if not isinstance(front, dict) or not front or text[end:].partition("\n")[0].strip():
        return {}, text
    return {str(key): _plain(value) for key, value in front.items() if value is not None}, text[end:]


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


def _filled_in(text: str) -> str:
    """Listings of Jekyll and Hugo as code, their comments and their addresses as nothing."""
    if not any(mark in text for mark in ("{%", "{{", "{:", ":::", "[!")):
        return text

    def filled(found: re.Match[str]) -> str:
        if found["listed"] is not None:
            return f"```{found['liquid'] or found['hugo']}\n{found['listed']}```"
        if found["tab"] or found["box"]:
            return f"\n\n{found['tab'] or found['box']}\n\n"
        if found["placed"]:
            picture = re.search(r"\balt-text=\"([^\"]*)\"", found["placed"])
            return picture[1] if picture else ""
        return found["code"] or ("x" if found["place"] else "")

    return _FILLED.sub(filled, text)


def _without_boxes(text: str) -> str:
    """The text of boxes where text stands, else it would be code; notes at the foot as paragraphs."""
    if not any(mark in text for mark in ("!!!", "???", "===", ":::", "8<", "[^", "///", "`{", "~{", ")=", "<<<")):
        return text
    lines: list[str] = []
    fence = ""
    # how far the lines of each box that is open are indented
    boxes: list[int] = []
    silent: int | None = None
    # the marks of blocks that are open, and the name of the last one, of which nothing is said where it is a silent one
    blocks: list[tuple[str, str]] = []
    options = False
    for line in text.split("\n"):
        bare = line.lstrip(" ")
        if blocks and not fence and line.strip() == blocks[-1][0]:
            blocks.pop()
            lines.append("")
            continue
        if blocks and blocks[-1][1] in _SILENT_DIRECTIVES:
            continue
        # what a directive is told, between its name and its text
        options = options and re.match(r":[\w-]+:", bare) is not None
        if options:
            continue
        opens = None if fence else _DIRECTIVE.fullmatch(line) or _BLOCK.fullmatch(line)
        if opens and (opens["name"] or not opens["mark"].startswith("/")):
            options = True
            if opens["name"] in _DIRECTIVES_OF_CODE | _LANGUAGES and opens["mark"][0] in "`~":
                fence = opens["mark"]
                options = opens["name"] in _DIRECTIVES_OF_CODE
                lines.append(fence + (opens["name"] if not options else (opens["title"] or "").partition(" ")[0]))
            else:
                blocks.append((opens["mark"], opens["name"]))
                told = "" if opens["name"] in _SILENT_DIRECTIVES else opens["title"] or ""
                lines += ["", told, ""]
            continue
        if not fence and _TAKEN_OUT.fullmatch(line):
            continue
        indent = len(line) - len(bare)
        if silent is not None and (not bare or indent > silent):
            continue
        silent = None
        if bare and not fence:
            while boxes and indent < boxes[-1]:
                boxes.pop()
        inner = line[min(indent, boxes[-1] if boxes else 0) :]
        opened = _FENCE.match(inner)
        if fence or opened:
            if opened and not fence:
                fence = opened[1]
            elif opened and opened[1].startswith(fence) and inner.strip() == opened[1]:
                fence = ""
        elif box := _BOX.fullmatch(line):
            # `===` below a line makes it a heading
            if box["title"] is not None or not bare.startswith("="):
                boxes.append(len(box["indent"]) + 4)
                lines += ["", box["title"] or "", ""]
                continue
        elif filled := _FILLED_IN.fullmatch(line):
            silent = len(filled["indent"])
            lines += [filled["name"] or "", ""]
            continue
        else:
            inner = _FOOTNOTE.sub("", inner)
        lines.append(inner)
    return "\n".join(lines)


def _rendered(text: str, *, has_indented_code: bool) -> str:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    if not has_indented_code:
        # of MDX elements are indented
        parser.disable("code")
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
    known = state.env.get("references", {})

    def unresolved(found: re.Match[str]) -> str:
        """The words of a link to what another file defines."""
        return found[0] if " ".join(found["place"].split()).upper() in known else found["words"]

    for before, token in zip([None, *state.tokens], state.tokens, strict=False):
        if token.type != "inline":
            continue
        if before is not None and before.type == "heading_open":
            token.content = _ANCHOR.sub("", token.content)
        if any(mark in token.content for mark in (":", "[", "{")):
            token.content = _without_dialect(_UNKNOWN.sub(unresolved, token.content))


def _without_dialect(content: str) -> str:
    parts = re.split(r"(`+)(.*?)(\1)(?!`)", content, flags=re.DOTALL)
    # {ref}`the guide <guide>` of MyST: what is said stands in the code span
    for index in range(0, len(parts) - 4, 4):
        if _ROLE.search(parts[index]):
            parts[index] = _ROLE.sub("", parts[index]) + re.sub(r"\s*<[^<>]*>\Z", "", parts[index + 2])
            parts[index + 1 : index + 4] = ["", "", ""]
    # code may have attributes behind it, which begin the part that follows
    parts = [
        re.sub(rf"^(?:{_ATTRIBUTES})", "", part) if index and index % 4 == 0 else part
        for index, part in enumerate(parts)
    ]
    return "".join(
        _WIKI.sub(_of_wiki, _DIALECT.sub("", part)) if index % 4 == 0 else part for index, part in enumerate(parts)
    )


def _of_wiki(found: re.Match[str]) -> str:
    """What a link of a wiki shows, of a picture nothing."""
    if found["picture"] and re.search(r"\.\w{2,4}\Z", found["page"]):
        return ""
    return found["shown"] or found["page"] or found["place"] or ""
