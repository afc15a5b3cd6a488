"""A call as the statement that a person types: to run it in psql, or to put it into a dashboard."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from psycopg.sql import Literal
from psycopg.types.json import Json, Jsonb

from pgsearch.client.calls import Call

_PARAMETER = re.compile(r"%\((\w+)\)s")
_LEFT_OUT = re.compile(r"\w+ => (?:null|'\{\}'::jsonb|ARRAY\[\]::text\[\])(?:::[\w\[\]]+)?(?:, )?")
_LONGEST = 2000


def statement(call: Call[Any]) -> str:
    """The statement with its values in it; arguments that were not given are left out."""
    written = _PARAMETER.sub(lambda found: _literal(call.parameters, found[1]), call.statement)
    return f"{re.sub(r', [)]', ')', _LEFT_OUT.sub('', written))};"


def _literal(parameters: Mapping[str, object], name: str) -> str:
    value = parameters[name]
    if value is None:
        return "null"
    if isinstance(value, Jsonb | Json) and value.obj == {}:
        return "'{}'::jsonb"
    try:
        text = Literal(value).as_string(None).strip()
    except Exception:  # a value that only a connection can write, such as a vector
        return "null"
    # a vector has hundreds of numbers, which nobody reads
    return "null" if len(text) > _LONGEST else text
