"""Excerpts of pages as they may stand in a page of ours."""

from __future__ import annotations

from markupsafe import Markup

from pgsearch.client import in_html


def marked(snippet: str) -> Markup:
    """An excerpt, in which <mark> is the only element that is let through."""
    return Markup(in_html.marked(snippet))
