"""reStructuredText by docutils, with the directives and roles of Sphinx, of which docutils knows none.

What is included or evaluated is not: a document may come from anybody.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from pgsearch.errors import from_extra
from pgsearch.ingest.bulk import Record, Refusal
from pgsearch.ingest.readers.html import convert
from pgsearch.ingest.readers.pages import page, refusal
from pgsearch.ingest.readers.source import Source

with from_extra("ingest", "reStructuredText needs docutils"):
    from docutils import nodes
    from docutils.core import publish_parts
    from docutils.parsers.rst import Directive, directives, roles
    from docutils.readers import standalone
    from docutils.transforms import Transform
    from docutils.utils import SystemMessage

# Directives whose body is for the machine, and those whose body is code.
_SILENT_NAMES = """
autoattribute autoclass autodata autoexception autofunction automethod automodule autosummary codeauthor contents
currentmodule default-domain default-role graphviz highlight include index inheritance-diagram literalinclude meta
module moduleauthor program raw sectionauthor tabularcolumns testcleanup testsetup toctree
"""
_SILENT = frozenset(_SILENT_NAMES.split())
_SIGNATURES = frozenset({"function", "class", "method", "attribute", "data", "exception", "option"})
_CODE_NAMES = "code code-block console doctest parsed-literal productionlist prompt sourcecode testcode testoutput"
_CODE = frozenset(_CODE_NAMES.split())
# What is shown where, and not what.
_BARE = frozenset(
    {"button-link", "button-ref", "card-carousel", "column", "cssclass", "grid", "grid-item", "ifconfig", "only"}
    | {"rst-class", "tab-set"}
)
_CARDS = frozenset({"card", "grid-item-card"})
# Fields of the file and not of the document; before a title they would keep it from being one.
_FILE_WIDE = re.compile(
    r"\A(?:\s*^:(?:orphan|nocomments|nosearch|no-search|tocdepth|allow-backlinks):[^\n]*\n)+", re.MULTILINE
)
_VERSIONS = {
    "versionadded": "New in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "versionremoved": "Removed in version",
}
_SETTINGS = {
    "report_level": 5,
    "halt_level": 5,
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "doctitle_xform": True,
    "sectsubtitle_xform": False,
    "syntax_highlight": "none",
    "toc_backlinks": False,
    "footnote_backlinks": False,
    "embed_stylesheet": False,
    "math_output": "LaTeX",
    "input_encoding": "unicode",
    "output_encoding": "unicode",
}
# docutils has one table of directives for the process
_LOCK = threading.Lock()


class _AnyDirective(Directive):
    """A directive of Sphinx or of somebody: what it is called with and what stands below it are text."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[defaultdict[str, Any]] = defaultdict(
        # not empty, for then options would be arguments
        lambda: directives.unchanged,
        {"class": directives.unchanged},
    )

    def run(self) -> list[nodes.Node]:
        name = self.name.rsplit(":", 1)[-1].lower()
        argument = self.arguments[0].strip() if self.arguments else ""
        if name in _SILENT or (not self.content and self._is_target(name, argument)):
            return []
        if name in _CODE:
            code = "\n".join(self.content)
            language = argument.split()[:1] if name != "productionlist" else []
            block = nodes.literal_block(code, code, classes=["code", *(f"language-{name}" for name in language)])
            caption = self.options.get("caption") or ""
            return [nodes.paragraph(caption, caption), block] if caption else [block]
        found: list[nodes.Node] = []
        if name in _VERSIONS:
            version, said = [*argument.split(None, 1), "", ""][:2]
            children, messages = self.state.inline_text(
                f"{_VERSIONS[name]} {version}: {said}".removesuffix(": "), self.lineno
            )
            found.append(nodes.paragraph("", "", *children, *messages))
        elif ":" in self.name or name in _SIGNATURES:
            # signatures, in which a star is a star
            found += [nodes.paragraph(line, line.strip()) for line in argument.splitlines() if line.strip()]
        elif argument and name not in _BARE:
            children, messages = self.state.inline_text(argument, self.lineno)
            found.append(nodes.paragraph("", "", *children, *messages))
        below = nodes.container()
        if name in _CARDS:
            # what parts a card into its head, its body and its foot
            for number, line in enumerate(self.content):
                if re.fullmatch(r"\s*(?:\^{3,}|\+{3,})\s*", line):
                    self.content[number] = ""
        self.state.nested_parse(self.content, self.content_offset, below, match_titles=True)
        return [*found, *below.children]

    def _is_target(self, name: str, argument: str) -> bool:
        """Whether it only marks a place for links, as `.. setting:: timezone` above a section of that title."""
        is_signature = ":" in self.name or name in _SIGNATURES or name in _VERSIONS or name == "centered"
        return not is_signature and bool(re.fullmatch(r"[\w.@-]+", argument))


class _KeepText(Transform):
    """What docutils cannot read stands in its messages, which are taken out: a table, a heading, a directive."""

    default_priority = 860  # before FilterMessages

    def apply(self) -> None:
        for message in list(self.document.findall(nodes.system_message)):
            kept = [child for child in message.children if isinstance(child, nodes.literal_block)]
            if not kept or message.parent is None or message["level"] < 3:
                continue
            for block in kept:
                text = block.astext()
                heading = re.fullmatch(r"(?:[^\w\s]+\n)?(.*\S.*)\n\s*([^\w\s])\2*\s*", text)
                message.parent.insert(
                    message.parent.index(message), nodes.paragraph(text, heading[1].strip()) if heading else block
                )


class _Reader(standalone.Reader):  # type: ignore[type-arg]
    def get_transforms(self) -> list[Any]:
        return [*super().get_transforms(), _KeepText]


def _any_role(
    name: str, rawtext: str, text: str, lineno: int, inliner: Any, options: Any = None, content: Any = None
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    text = text.replace("\x00", "")
    named = re.match(r"(?P<said>.+?)\s*<[^<>]*>$", text, re.DOTALL)
    if named:
        text = named["said"]
    elif text.startswith("~"):
        text = text.rsplit(".", 1)[-1].lstrip("~")
    return [nodes.inline(rawtext, text.lstrip("!"))], []


def _with_options(directive: Any) -> Any:
    """A directive of docutils that takes the options of Sphinx, too, for which it would be none."""
    known = getattr(directive, "option_spec", None)
    if not isinstance(directive, type) or not known:
        return directive
    return type(directive.__name__, (directive,), {"option_spec": defaultdict(lambda: directives.unchanged, known)})


@contextmanager
def _of_sphinx() -> Iterator[None]:
    """Unknown directives and roles are known while this lasts, the way Sphinx makes its own known."""
    with _LOCK:
        directive, role = directives.directive, roles.role

        def any_directive(name: str, *others: Any) -> Any:
            bare = name.rsplit(":", 1)[-1].lower()
            # in Sphinx a class is one of the language that is documented
            found = (None, []) if bare in _SILENT | _CODE | {"class"} else directive(name, *others)
            return (_with_options(found[0]), found[1]) if found[0] is not None else (_AnyDirective, [])

        def any_role(name: str, *others: Any) -> Any:
            found = role(name, *others)
            return found if found[0] is not None else (_any_role, [])

        directives.directive, roles.role = any_directive, any_role  # type: ignore[assignment]
        try:
            yield
        finally:
            directives.directive, roles.role = directive, role


def read_restructuredtext(source: Source) -> Iterator[Record | Refusal]:
    """Title: that of the document, else its first section's, else the name of the file."""
    try:
        text = _FILE_WIDE.sub("", source.text())
        with _of_sphinx():
            parts = publish_parts(
                text, source_path=source.origin, reader=_Reader(), writer="html5", settings_overrides=_SETTINGS
            )
        # a section that is the only one is a section all the same
        found = convert(
            re.sub(r'<p class="subtitle"[^>]*>(.*?)</p>', r"<h2>\1</h2>", parts["html_body"], flags=re.DOTALL)
        )
    except ValueError as error:
        yield refusal(source, error)
    except (SystemMessage, RecursionError, AttributeError, IndexError, TypeError, AssertionError) as error:
        # of broken tables docutils makes errors of its own code
        yield Refusal(source.origin, f"docutils cannot read it: {str(error) or type(error).__name__}")
    else:
        first = re.search(r"^#+ (.+)$", found.text, re.MULTILINE)
        yield page(source, found.heading or (first[1] if first else source.stem), found.text, "markdown")
