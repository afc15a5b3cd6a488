"""Where front matter ends and the document begins; split_content knows it by the same rule, which a test holds."""

from __future__ import annotations

import re

# A blank line after the first rule is none of front matter: then it is a rule, and text follows.
FRONT_MATTER = re.compile(
    r"(?:\s*<!--.*?-->)*\s*?^(?P<rule>---|\+\+\+)[ \t]*\n(?:(?=[^\s])(?P<inner>.*?\n))??"
    r"(?:(?P=rule)|\.\.\.)[ \t]*(?:\n|\Z)",
    re.S | re.M,
)
