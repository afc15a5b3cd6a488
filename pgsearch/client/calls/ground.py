"""Calls about the settings."""

from __future__ import annotations

from typing import Any

from pgsearch.client.calls.call import (
    Call,
    _value,
)


def default_settings() -> Call[dict[str, Any]]:
    """Every option with its default."""
    return _value("default_settings", dict, {})
