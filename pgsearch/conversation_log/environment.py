"""What the environment of a process says about the log of conversations.

The settings have one home, the database: every process decides by the same. A process whose environment names one
writes it there when it starts to serve, and before upkeep.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pgsearch.client.calls import Call
from pgsearch.client.calls.conversations import set_chat_settings
from pgsearch.client.calls.log import set_log_retention
from pgsearch.errors import InvalidValueError

SAMPLE_RATE = "CONVERSATION_SAMPLE_RATE"
RETENTION_DAYS = "CONVERSATION_RETENTION_DAYS"
COMPRESS_AFTER_DAYS = "CONVERSATION_COMPRESS_AFTER_DAYS"

MOST_DAYS = 36500


@dataclass(frozen=True, slots=True)
class ConversationSettings:
    """The share of conversations kept without a reason, how long texts are kept, when files are compressed.

    None is not said: what the database has stays.
    """

    sample_rate: float | None = None
    keep_contents: timedelta | None = None
    compress_archive_after: timedelta | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        return self == ConversationSettings()

    def calls(self) -> Iterator[Call[Any]]:
        """What writes into the database that which is said; for the run of a client."""
        if self.sample_rate is not None:
            yield set_chat_settings({"sample_rate": self.sample_rate})
        if self.keep_contents is not None or self.compress_archive_after is not None:
            yield set_log_retention(
                keep_contents=self.keep_contents, compress_archive_after=self.compress_archive_after
            )


def settings_of_environment(environment: Mapping[str, str] | None = None) -> ConversationSettings:
    """The settings of the three variables; InvalidValueError for one that is no number, or out of range."""
    told = os.environ if environment is None else environment
    kept = _number(told, RETENTION_DAYS, 1, MOST_DAYS, "days")
    compressed = _number(told, COMPRESS_AFTER_DAYS, 0, MOST_DAYS, "days")
    return ConversationSettings(
        sample_rate=_number(told, SAMPLE_RATE, 0, 1, "share of the conversations"),
        keep_contents=None if kept is None else timedelta(days=kept),
        compress_archive_after=None if compressed is None else timedelta(days=compressed),
    )


def _number(told: Mapping[str, str], name: str, least: float, most: float, of: str) -> float | None:
    text = told.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise InvalidValueError(
            f"{name} is {text!r}, which is no {of}.",
            hint=f"Give a number from {least:g} to {most:g}, or unset it: then the database says.",
        )
    return value
