"""Files as many generators and programs write them, and what their authors would say stands in them."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.ingest.test_readers import pages, read_with, refusals

KOREAN = "직원은 매년 15일의 연차를 쓴다. 신청은 시청에서 한다. 저 글가를 본다."

# name, content, title, what is said, what is not
HTML: dict[str, tuple[str | bytes, str, str, str]] = {
    "label in a comment": (
        f'<!-- <meta charset="shift_jis"> --><meta charset="utf-8"><p>{KOREAN}'.encode(),
        "a",
        KOREAN,
        "\ufffd",
    ),
    "label of windows": ('<meta charset="windows-949"><p>똠방'.encode("cp949"), "a", "똠방", "\ufffd"),
    "label of latin five": ('<meta charset="iso-8859-9"><p>“İstanbul”'.encode("cp1254"), "a", "“İstanbul”", "\x93"),
    "label by http-equiv": (
        '<meta http-equiv="Content-Type" content="text/html; charset=x-sjis"><p>①東京'.encode("cp932"),
        "a",
        "①東京",
        "\ufffd",
    ),
    "label of thai": ("<meta charset=tis-620><p>กรุงเทพ".encode("cp874"), "a", "กรุงเทพ", "\ufffd"),
    "label late in the head": (
        (f"<head><style>{'a{}' * 900}</style><meta charset=euc-kr></head><p>뷁 글씨").encode("cp949"),
        "a",
        "뷁 글씨",
        "\ufffd",
    ),
    "escapes of mail": (
        "<meta charset=iso-2022-jp><p>東京の天気".encode("iso2022_jp"),
        "a",
        "東京の天気",
        "$B",
    ),
    "utf-16 without a mark": ("<html><title>표</title><p>글 text and more".encode("utf-16-le"), "표", "글 text", "\0"),
    "marks within a word": ("<p><b>H</b>yper<b>T</b>ext and <b>전기차</b>를", "a", "HyperText and 전기차를", "*"),
    "marks around words": ("<p>Lazy <em>tasks</em>.", "a", "Lazy *tasks*.", "none"),
    "readings": (
        "<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rp>(</rp><rt>じ</rt><rp>)</rp></ruby>を読む",
        "a",
        "漢字",
        "漢(",
    ),
    "formula": (
        "<p>so <math><semantics><mi>x</mi><annotation encoding='application/x-tex'>\\displaystyle x</annotation>"
        "</semantics></math> holds",
        "a",
        "so x holds",
        "displaystyle",
    ),
    "numbers of lines": (
        '<table class="highlighttable"><tr><td class="linenos"><pre>1\n2</pre></td><td class="code"><pre>import os\n'
        "os.getcwd()</pre></td></tr></table>",
        "a",
        "import os\nos.getcwd()",
        "1\n2",
    ),
    "found by the browser": (
        "<p>one</p><div hidden=until-found><p>Folded answer.</p></div>",
        "a",
        "Folded answer.",
        "none",
    ),
    "shadow root": (
        "<x-a><template shadowrootmode=open><p>Inside it.</p></template></x-a><p>one</p>",
        "a",
        "Inside it.",
        "none",
    ),
    "breadcrumbs": ('<ol class="breadcrumb"><li>Home</li></ol><h1>T</h1><p>one</p>', "T", "one", "Home"),
    "edit of a wiki": (
        '<h2>History<span class="mw-editsection">[edit]</span></h2><p>one</p>',
        "a",
        "## History",
        "edit",
    ),
    "definitions": (
        "<dl><dt>Pool</dt><dd>Connections.</dd><dt>Queue</dt></dl>",
        "a",
        "Pool\n:   Connections.",
        "PoolC",
    ),
    "details": ("<details><summary>More</summary>Text below.</details>", "a", "More\n\nText below.", "MoreT"),
    "title with a comment": ("<title>Leave <!-- 2 --> policy</title><p>one", "Leave policy", "one", "2"),
    "title in a drawing": ("<svg><title>Logo</title></svg><h1>Page</h1><p>one", "Page", "one", "Logo"),
    "base and links": ('<base href="/x/"><p>See <a href="y">there</a>.', "a", "See there.", "/x"),
    "nested tables": (
        "<table><tr><td><table><tr><td>a</td><td>b</td></tr></table></td></tr></table>",
        "a",
        "| a | b |",
        "ab",
    ),
    "broken word": ("<p>super<wbr>cali and co&shy;op", "a", "supercali and coop", "super cali"),
    "words in the head": ("<head><title>t</title><p>Lost?</p></head><body><p>one</p></body>", "t", "Lost?", "none"),
    "keys": ("<p>Press <kbd>Ctrl</kbd>+<kbd>C</kbd> now.", "a", "Press `Ctrl`+`C` now.", "kbd"),
    "words in two marks": ("<p><b>전기</b><i>차</i>를 <b>a</b> <i>b</i>", "a", "전기차를 **a** *b*", "****"),
    "heading of a picture": ("<h1><img src=l.png alt='Acme CLI'></h1><p>one", "Acme CLI", "# Acme CLI", "l.png"),
    "no text but pictures": ('<p><img src="cat.png" alt="cat.png"><img src="b.png" alt="A dog">', "a", "A dog", "cat"),
}

MARKDOWN: dict[str, tuple[str, str, str, str]] = {
    "blocks of pymdown": ("# T\n\n/// note | Mind this\nOne two.\n///\n\nthree", "T", "Mind this\n\nOne two.", "///"),
    "tabs of pymdown": ("# T\n\n/// tab | Linux\none\n///\n\n/// tab | Mac\ntwo\n///\n", "T", "Linux\n\none", "tab"),
    "box with a link": ('# T\n\n!!! tip "See [it](x)"\n    One.\n', "T", "See it\n\nOne.", "!!!"),
    "box that opens": ("# T\n\n???+ warning\n    One.\n", "T", "One.", "???"),
    "directives of myst": (
        "(start)=\n# T\n\n```{note}\n:class: dropdown\nBe **careful**.\n```\n\n```{toctree}\n:maxdepth: 2\n"
        "intro\n```\n\nend",
        "T",
        "Be **careful**.",
        "intro",
    ),
    "code of myst": ("# T\n\n```{code-block} python\n:linenos:\nx = 1\n```\n", "T", "```python\nx = 1\n```", "linenos"),
    "roles of myst": ("# T\n\nSee {ref}`the guide <guide>` and {doc}`intro`.\n", "T", "See the guide and intro.", "{"),
    "colons of myst": (":::{note}\nMind it.\n:::\n\n# T\n", "a", "Mind it.", ":::"),
    "chunk of quarto": ("# T\n\n```{r, echo=FALSE}\nx <- 1\n```\n\n```{python}\ny = 2\n```\n", "T", "y = 2", "echo"),
    "div of pandoc": ('# T\n\n::: {.callout-note title="x"}\nMind it.\n:::\n', "T", "Mind it.", "callout"),
    "docusaurus in md": (
        "import Tabs from '@theme/Tabs';\n\n# T\n\n<Tabs values={[{label: 'a', value: 'b'}]}>\n\nRun it.\n\n</Tabs>\n",
        "T",
        "Run it.",
        "label",
    ),
    "box of docusaurus": ("# T\n\n:::info[Your **title**]{.x}\n\nOne.\n\n:::\n", "T", "One.", ":::"),
    "details of vitepress": (
        "# T\n\n::: details Click me\nOne.\n:::\n\n<<< @/snippets/x.js{2}\n",
        "T",
        "Click me",
        "<<<",
    ),
    "listing of jekyll": (
        "# T\n\n{% highlight bash linenos %}\n# install it\ngem install x\n{% endhighlight %}\n",
        "T",
        "```bash\n# install it\ngem install x\n```",
        "highlight",
    ),
    "listing of hugo": (
        '# T\n\n{{< highlight go "linenos=table" >}}\n# no heading\n{{< /highlight >}}\n',
        "T",
        "```go\n# no",
        "{{",
    ),
    "comment of jekyll": ("# T\n\n{% comment %}\nhidden words\n{% endcomment %}\n\none\n", "T", "one", "hidden"),
    "link of jekyll": (
        "# T\n\nSee [the guide]({{ site.baseurl }}/guide/) and {{ site.title }}.\n",
        "T",
        "the guide and",
        "site",
    ),
    "shown liquid": (
        "# T\n\n```\n{% comment %}kept{% endcomment %}\n```\n",
        "T",
        "{% comment %}kept{% endcomment %}",
        "none",
    ),
    "contents of kramdown": ("# T\n{: .no_toc }\n\n* The contents\n{:toc}\n\none\n", "T", "one", "contents"),
    "contents of gitlab": ("# T\n\n[[_TOC_]]\n\none\n", "T", "one", "TOC"),
    "shortcode of hugo": (
        '# T\n\n{{% notice tip %}}\nMind it.\n{{% /notice %}}\n{{< figure src="x" >}}\n',
        "T",
        "Mind it.",
        "notice",
    ),
    "alert": ("# T\n\n> [!WARNING]\n> Mind it.\n", "T", "Mind it.", "WARNING"),
    "reference": (
        "# T\n\nSee [the guide][g] and [g].\n\n[g]: http://x.org 'Of g'\n",
        "T",
        "See the guide and g.",
        "x.org",
    ),
    "footnote": ("# T\n\nOne.[^n]\n\n[^n]: The note\n    goes on.\n", "T", "The note", "[^"),
    "setext": ("Title\n===\n\nPart\n---\n\none\n", "Title", "## Part\n\none", "==="),
    "picture in a heading": ("# :rocket: Quick start\n\nat 12:30:45 :tada:\n", "Quick start", "at 12:30:45", "rocket"),
    "keys of a language": ("# T\n\nPass `:key` and a::b or key:value: here\n", "T", "a::b or key:value: here", "none"),
    "version as title": ("---\ntitle: 1.10\ntags: [1.10, no]\n---\none", "1.10", "one", "1.1\n"),
    "truth as title": ("---\ntitle: No\n---\none", "No", "one", "none"),
    "time as title": ("---\ntitle: 12:30\n---\none", "12:30", "one", "750"),
    "no such day": ("---\ntitle: T\ndate: 2024-02-30\n---\none", "T", "one", "date"),
    "title of nothing": ("---\ntitle: ~\n---\n# Real\n", "Real", "# Real", "~"),
    "header of pelican": (
        "Title: My page\nDate: 2024-05-01 10:20\nTags: a, b\n\nThe text.\n",
        "My page",
        "The text.",
        "Date",
    ),
    "no header": ("Note: this is text\nAnd more: of it\n\none", "a", "Note: this is text", "none"),
    "toml with a list": ('+++\ntitle = "T"\n[params]\nx = 1\n+++\none', "T", "one", "params"),
    "html around": ('<div align="center">\n\n# T\n\n</div>\n\n<p align=center>one</p>\n', "T", "one", "align"),
    "code in html": ("# T\n\n<pre><code>a\n\n\nb</code></pre>\n", "T", "a\n\n\nb", "<"),
    "placed by microsoft": (
        '# T\n\n:::row:::\n:::column span="2":::\none\n:::column-end:::\n:::row-end:::\n\n'
        ':::image type="content" source="a.png" alt-text="Shown words":::\n\n> [!div class="nextstepaction"]\n'
        "> [Next](y)\n\n[!INCLUDE [a](b.md)]\n",
        "T",
        "one\n\nShown words\n\n> Next",
        "[",
    ),
    "title of a box": ("# T\n\n:::note[Mind this]\nOne.\n:::\n", "T", "Mind this\n\nOne.", "]"),
    "tabs of gitbook": ('# T\n\n{% tabs %}\n{% tab title="Linux" %}\none\n{% endtab %}\n', "T", "Linux\n\none", "%"),
    "links of a wiki": (
        "# [[Page|Shown]]\n\nSee [[Other Page]], [[A#sec]], ![[p.png]] and `[[x]]`, [[1]](u).\n",
        "Shown",
        "See Other Page, A, and `[[x]]`, [1].",
        "|",
    ),
    "tagline above the heading": (
        '<p align="center"><img src="l.png" alt="Logo"></p>\n<h3>A line</h3>\n\n# Acme\n\none\n',
        "Acme",
        "### A line",
        "l.png",
    ),
    "picture as heading": ("# ![Logo of Acme](l.png)\n\none\n", "Logo of Acme", "one", "l.png"),
    "lines of an old mac": ("---\rtitle: T\r---\r\r# H\r\rone\r", "T", "# H\n\none", "\r"),
    "tags of zola": ('+++\ntitle = "T"\n[taxonomies]\ntags = ["a"]\n+++\none', "T", "one", "tax"),
    "bold with a particle": ("# T\n\n**전기차**를 산다.\n", "T", "전기차를 산다.", "*"),
}

MDX: dict[str, tuple[str, str, str, str]] = {
    "exports": (
        "import {\n  b\n} from 'b'\nexport { d } from 'd'\nexport * from 'e'\nexport type A = B\n\n# T\n\none\n",
        "T",
        "one",
        "export",
    ),
    "card with a title": (
        '# T\n\n<CardGrid>\n\t<Card title="Update" icon="pencil">\n\t\tEdit `src` now.\n\t</Card>\n</CardGrid>\n',
        "T",
        "Update\n\nEdit `src` now.",
        "pencil",
    ),
    "field of an interface": (
        '# T\n\n<ParamField path="user_id" type="string" required>\n  The id.\n</ParamField>\n',
        "T",
        "user_id\n\nThe id.",
        "string",
    ),
    "question that opens": (
        "# T\n\n<Accordion title='How many days?'>\n  Fifteen.\n</Accordion>\n",
        "T",
        "How many days?\n\nFifteen.",
        "title",
    ),
    "properties in braces": (
        "# T\n\n<div style={{ color: 'red' }} className=\"x\">\n  shown\n</div>\n\n"
        "<img src={require('./x.png').default} alt=\"Alt words\" />\n",
        "T",
        "shown\n\nAlt words",
        "require",
    ),
    "expression over lines": (
        "# T\n\n{items.map((i) => (\n  <li key={i}>{i.name}</li>\n))}\n\nafter\n",
        "T",
        "after",
        "map",
    ),
    "component in a line": ('# T\n\nSee <Tip title="hidden">this</Tip> now.\n', "T", "See this now.", "hidden"),
}

RST: dict[str, tuple[str, str, str, str]] = {
    "tabs": ("T\n=\n\n.. tabs::\n\n   .. group-tab:: Python\n\n      Run it.\n", "T", "Python\n\nRun it.", "group"),
    "glossary": ("T\n=\n\n.. glossary::\n\n   broker\n      Moves messages.\n", "T", "Moves messages.", "glossary"),
    "rows": (
        "T\n=\n\n.. csv-table:: Sizes\n   :header: a, b\n\n   one, two\n\n.. list-table::\n\n   * - three\n"
        "     - four\n",
        "T",
        "| one | two |",
        "header",
    ),
    "drawing": (
        "T\n=\n\none\n\n.. mermaid::\n\n   graph TD;\n      A-->B;\n\n.. uml::\n\n   a -> b\n",
        "T",
        "one",
        "::",
    ),
    "options": ("T\n=\n\n.. option:: -v, --verbose\n\n   Says more.\n", "T", "-v, --verbose\n\nSays more.", "option"),
    "substitution": (
        "T\n=\n\n.. |name| replace:: the **product**\n\nBuy |name| now.\n",
        "T",
        "Buy the **product** now.",
        "|",
    ),
    "unknown substitution": ("T\n=\n\nVersion |release| is out.\n", "T", "Version", "System Message"),
    "confval": (
        "T\n=\n\n.. confval:: timeout\n   :type: int\n\n   How long it waits.\n",
        "T",
        "How long it waits.",
        ":type",
    ),
    "anonymous": (
        "T\n=\n\nSee `the docs <http://x.org/y>`__ and `here`_.\n\n.. _here: http://z.org\n",
        "T",
        "the docs and here",
        "x.org",
    ),
    "table that is broken": ("T\n=\n\n+---+---+\n| a | b |\n+---+\n\nafter\n", "T", "| a | b |", "Error"),
    "list that is no table": (
        "T\n=\n\n.. list-table::\n\n   * - one\n     - two\n   * - three\n",
        "T",
        "* - three",
        "Error",
    ),
    "heading of a level that is none": (
        "A\n=\n\nB\n-\n\nC\n~\n\nD\n-\n\nEnd of it\n^^^^^^^^^\n\ntext\n",
        "A",
        "End of it\n\ntext",
        "^",
    ),
    "options of sphinx": (
        "T\n=\n\n.. math::\n   :label: eq\n\n   a = b\n\n.. note::\n   :collapsible:\n\n   Mind it.\n",
        "T",
        "a = b",
        "label",
    ),
    "caption of code": (
        "T\n=\n\n.. code-block:: sh\n   :caption: To run\n\n   run\n",
        "T",
        "To run\n\n```sh",
        "caption",
    ),
    "cards": (
        "T\n=\n\n.. grid:: 2\n\n    .. grid-item-card::\n        :img-top: a.png\n\n        Start here\n"
        "        ^^^^^^^^^^\n\n        New?\n\n"
        "        +++\n\n        .. button-ref:: target\n\n            To the guide\n",
        "T",
        "Start here\n\nNew?\n\nTo the guide",
        "target",
    ),
    "admonition": (
        "T\n=\n\n.. admonition:: And, by the way\n\n   One.\n\n.. rubric:: Notes\n",
        "T",
        "And, by the way",
        "::",
    ),
}

OTHERS: dict[str, tuple[str, str | bytes, str, str, str]] = {
    "notebook": (
        "n.ipynb",
        json.dumps(
            {
                "cells": [
                    {"cell_type": "markdown", "source": ["# Sales\n", "\n", "Of May."]},
                    {
                        "cell_type": "code",
                        "source": "import os\nprint(1)",
                        "outputs": [{"data": {"image/png": "iVBORw0"}, "output_type": "display_data"}],
                    },
                    {"cell_type": "markdown", "source": "![x.png](attachment:x.png)"},
                ],
                "metadata": {"kernelspec": {"language": "python", "name": "python3"}},
                "nbformat": 4,
            }
        ),
        "Sales",
        "Of May.\n\n```python\nimport os\nprint(1)\n```",
        "iVBOR",
    ),
    "old notebook": (
        "n.ipynb",
        json.dumps({"worksheets": [{"cells": [{"cell_type": "heading", "level": 1, "source": "Old"}]}], "nbformat": 3}),
        "Old",
        "# Old",
        "cells",
    ),
    "subrip": (
        "talk.srt",
        "1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>Hello</i> all.\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\n"
        "We begin.\r\n",
        "talk",
        "Hello all.\nWe begin.",
        "-->",
    ),
    "webvtt": (
        "talk.vtt",
        "WEBVTT - Talk\n\nNOTE by hand\n\nSTYLE\n::cue {}\n\nintro\n00:01.000 --> 00:02.000 align:start\n"
        "<v Kim>We &amp; you\n\n"
        "00:02.000 --> 00:03.000\nWe<00:02.500><c> begin</c>\n\n00:03.000 --> 00:04.000\nWe begin\n",
        "talk",
        "Kim: We & you\nWe begin",
        "align",
    ),
    "mail": (
        "m.eml",
        "From: Kim <kim@example.org>\r\nTo: lee@example.org\r\nSubject: =?utf-8?b?7ZqM7J2Y?= notes\r\n"
        "Date: Fri, 03 May 2024 10:00:00 +0900\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nWe met.\r\n",
        "회의 notes",
        "We met.",
        "Subject",
    ),
    "mail in cp949": (
        "m.eml",
        b"Subject: x\r\nContent-Type: text/html; charset=ks_c_5601-1987\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<p>"
        + "뷁 글씨".encode("cp949"),
        "x",
        "뷁 글씨",
        "<p>",
    ),
    "org": (
        "o.org",
        "#+TITLE: The plan\n#+FILETAGS: :a:\n\n* TODO [#A] First :work:\n:PROPERTIES:\n:ID: 7\n:END:\n"
        "See [[http://x.org][the site]].\n\n"
        "#+BEGIN_SRC python\n# kept\nx = 1\n#+END_SRC\n",
        "The plan",
        "# First\n\nSee the site.\n\n```python\n# kept\nx = 1\n```",
        "PROPERTIES",
    ),
    "latex": (
        "p.tex",
        "\\documentclass{article}\n\\title{On \\emph{roses}}\n\\begin{document}\n\\maketitle % no\n"
        "\\section{Sun}\\label{s}\n"
        "Roses want \\textbf{sun}~\\cite{k}.\n\\begin{itemize}\n\\item one\n\\end{itemize}\n\\end{document}\n",
        "On roses",
        "## Sun\n\nRoses want sun .",
        "\\",
    ),
    "accents of latex": (
        "p.tex",
        "\\title{Caf\\'e}\\section{Na\\\"{\\i}ve}\nS\\o ren, \\v{s}koda, stra{\\ss}e, l\\'eon \\\\ 'x' 5\\% a\n",
        "Café",
        "## Naïve\n\nSøren, škoda, straße, léon   'x' 5% a",
        "\\",
    ),
    "packed text": ("p.md.gz", gzip.compress(b"one\n"), "p", "one", "\x1f"),
    "asciidoc": (
        "a.adoc",
        "= T\n\n.Example\n[NOTE]\n====\nMind it.\n====\n\nTIP: Use it.\n\n* one\n** two\n",
        "T",
        "Mind it.",
        "====",
    ),
    "r markdown": ("r.Rmd", '---\ntitle: "R"\n---\n\n```{r}\nx <- 1\n```\n', "R", "```r\nx <- 1\n```", "{r}"),
    "old japanese": ("j.txt", "東京の天気\n".encode("iso2022_jp"), "j", "東京の天気", "$B"),
    "old korean": ("k.txt", "서울의 날씨\n".encode("iso2022_kr"), "k", "서울의 날씨", "$)C"),
    "utf-16 of korean without a mark": ("k.txt", f"{KOREAN}\n{KOREAN}\n".encode("utf-16-le"), "k", KOREAN, "\0"),
    "utf-16 of letters with a zero": (
        "k.txt",
        "저는 가글을 합니다. 그리고 간다.\n".encode("utf-16-be") * 3,
        "k",
        "저는 가글을 합니다.",
        "\0",
    ),
    "empty": ("e.md", "", "e", "", "none"),
}

PAGES = (
    {f"html, {name}": ("a.html", *case) for name, case in HTML.items()}
    | {f"markdown, {name}": ("a.md", *case) for name, case in MARKDOWN.items()}
    | {f"mdx, {name}": ("a.mdx", *case) for name, case in MDX.items()}
    | {f"rst, {name}": ("a.rst", *case) for name, case in RST.items()}
    | OTHERS
)


@pytest.mark.parametrize(("name", "data", "title", "said", "unsaid"), PAGES.values(), ids=PAGES)
def test_a_file_says_what_its_author_would_say_that_it_says(
    name: str, data: str | bytes, title: str, said: str, unsaid: str
) -> None:
    (page,) = pages(name, data)

    assert page["title"] == title
    assert said in page["content"]
    assert unsaid not in page["content"]


# name, content, rows as (external_id, title, content)
TABLES: dict[str, tuple[str, str | bytes, list[tuple[str, str, str]]]] = {
    "quotes over lines": ("t.csv", 'id,text\n1,"one\ntwo"\n', [("1", "", "one\ntwo")]),
    "delimiter within quotes": ("t.csv", '"id";"text";"last, first"\n1;"a, b";x\n', [("1", "", "a, b")]),
    "empty rows": ("t.csv", "id,text\n1,one\n,\n,,\n2,two\n", [("1", "", "one"), ("2", "", "two")]),
    "cp949": ("t.csv", f"번호,제목,내용\n1,휴가,{KOREAN}\n".encode("cp949"), [("t.csv:1", "휴가", KOREAN)]),
    "a column twice": ("t.csv", "id,text,note,note\n1,one,a,b\n", [("1", "", "one")]),
    "a year as name": ("t.csv", "id,text,2023,2024\n1,one two,5,6\n", [("1", "", "one two")]),
    "questions of a form": (
        "t.csv",
        "Timestamp,What did you like most about it?\n2024/05/01 10:00:00,The food was good\n"
        "2024/05/02 9:10:00,All of it was\n",
        [("t.csv:1", "", "The food was good"), ("t.csv:2", "", "All of it was")],
    ),
    "quotes after a backslash": (
        "t.csv",
        'id,text\n1,"He said \\"hi\\", and left"\n',
        [("1", "", 'He said "hi", and left')],
    ),
    "separator of excel after a mark": ("t.csv", "\ufeffsep=;\nid;text\n1;one, two\n", [("1", "", "one, two")]),
    "lines of an old mac": ("t.csv", "id,text\r1,one\r2,two\r", [("1", "", "one"), ("2", "", "two")]),
    "more commas at the end": ("t.csv", "id,text,,\n1,one,,\n", [("1", "", "one")]),
    "tabs in csv": ("t.csv", "id\ttext\n1\tone, two\n", [("1", "", "one, two")]),
    "one column": ("t.csv", "text\nhello world\n", [("t.csv:1", "", "hello world")]),
    "blank lines": (
        "t.jsonl",
        '\n{"id": 1, "text": "one"}\n\n\n{"id": 2, "text": "two"}\n',
        [("1", "", "one"), ("2", "", "two")],
    ),
    "objects over lines": (
        "t.json",
        '{\n "id": 1,\n "text": "one"\n}\n{\n "id": 2,\n "text": "two"\n}\n',
        [("1", "", "one"), ("2", "", "two")],
    ),
    "objects over lines in jsonl": (
        "t.jsonl",
        '{\n "id": 1,\n "text": "one"\n}\n{\n "id": 2,\n "text": "two"\n}\n',
        [("1", "", "one"), ("2", "", "two")],
    ),
    "columns of pandas": (
        "t.json",
        '{"id": {"0": 1, "1": 2}, "text": {"0": "one", "1": "two"}}',
        [("1", "", "one"), ("2", "", "two")],
    ),
    "split by pandas": (
        "t.json",
        '{"columns": ["id", "text"], "index": [0], "data": [[1, "one"]]}',
        [("1", "", "one")],
    ),
    "table of pandas": (
        "t.json",
        '{"schema": {"fields": [{"name": "id", "type": "integer"}]}, "data": [{"id": 1, "text": "one"}]}',
        [("1", "", "one")],
    ),
    "lists as columns": ("t.json", '{"id": [1, 2], "text": ["one", "two"]}', [("1", "", "one"), ("2", "", "two")]),
    "numbers of pandas": (
        "t.json",
        '[{"id": 1.0, "text": "one"}, {"id": 2.0, "text": "two"}]',
        [("1", "", "one"), ("2", "", "two")],
    ),
    "elasticsearch": (
        "t.jsonl",
        '{"_index": "i", "_id": "x", "_source": {"title": "T", "body": "one"}}\n',
        [("x", "T", "one")],
    ),
    "json api": (
        "t.json",
        '{"data": [{"type": "a", "id": "7", "attributes": {"title": "T", "text": "one"}}]}',
        [("7", "T", "one")],
    ),
    "rarer separators": ("t.csv", "id^title^text\n1^x^one, two\n", [("1", "x", "one, two")]),
    "single quotes": ("t.csv", "id,text\n1,'one, two'\n2,'it''s'\n", [("1", "", "one, two"), ("2", "", "it's")]),
    "text of excel": ("t.csv", 'id,text\n="001",one two\n', [("001", "", "one two")]),
    "nothing of a database": ("t.csv", "id,title,text\n1,\\N,one two\n", [("1", "", "one two")]),
    "django": (
        "t.json",
        '[{"model": "blog.post", "pk": 5, "fields": {"title": "T", "body": "one"}}]',
        [("5", "T", "one")],
    ),
    "airtable": (
        "t.json",
        '{"records": [{"id": "rec1", "createdTime": "x", "fields": {"title": "T", "text": "one"}}]}',
        [("rec1", "T", "one")],
    ),
    "geojson": (
        "t.json",
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "id": 3, "properties": {"text": "one"}}]}',
        [("3", "", "one")],
    ),
    "a property that is one": (
        "t.json",
        '[{"id": 1, "text": "one", "properties": {"text": "two"}}]',
        [("1", "", "one")],
    ),
    "packed": ("t.tsv.gz", gzip.compress(b"id\ttext\n1\tone, two\n"), [("1", "", "one, two")]),
    "packed json": ("t.json.gz", gzip.compress(b'{"id": 1, "text": "one"}\n'), [("1", "", "one")]),
    "packed lines in json": (
        "t.json.gz",
        gzip.compress(b'{"id": 1, "text": "one"}\n{"id": 2, "text": "two"}\n'),
        [("1", "", "one"), ("2", "", "two")],
    ),
    "utf-16 of excel": ("t.csv", "id\ttext\r\n1\t글씨\r\n".encode("utf-16"), [("1", "", "글씨")]),
}


@pytest.mark.parametrize(("name", "data", "rows"), TABLES.values(), ids=TABLES)
def test_a_table_gives_the_rows_that_its_program_wrote(
    name: str, data: str | bytes, rows: list[tuple[str, str, str]]
) -> None:
    assert [(page["external_id"], page.get("title", ""), page["content"]) for page in pages(name, data)] == rows


@pytest.mark.parametrize("cut", [0, 12, 40], ids=["plain", "end", "middle"])
def test_a_packed_table_that_is_not_whole_is_refused(cut: int) -> None:
    data = gzip.compress(b"id,text\n1,one two\n" * 1000)[:-cut] if cut else b"id,text\n1,one two\n"

    assert "not a whole gzip file" in refusals("t.csv.gz", data)[-1]


def test_columns_of_one_name_are_told_apart() -> None:
    (record,), notes = read_with("t.csv", "id,text,note,note\n1,one,a,b\n")

    assert record.page["metadata"] == {"note": "a", "note 2": "b"}  # type: ignore[union-attr]
    assert "note 2" in notes[0]


@pytest.mark.parametrize(
    "data", ["", "{", "[]", '{"a": 1}', '{"cells": 3}'], ids=["none", "cut", "list", "other", "number"]
)
def test_what_is_no_notebook_is_refused(data: str) -> None:
    assert "no notebook" in refusals("n.ipynb", data)[0]
