"""Which model the searches of collections use."""

from __future__ import annotations

from pgsearch.client.calls import Call, Names


def default_model_call(collections: Names | None = None) -> Call[str | None]:
    """The call of default_model, for clients of either kind."""
    names = [collections] if isinstance(collections, str) else None if collections is None else list(collections)
    return Call(
        "select (pgsearch._embedding_model('', %(collections)s::text[])).model",
        {"collections": names},
        lambda found: next((row[0] for row in found), None),
    )
