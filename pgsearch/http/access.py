"""Who may ask: everybody who shows the token, where there is one, and administrators."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from pgsearch.http.services import Services
from pgsearch.http.settings import ServerSettings

SHOW_IT = "Show the token: Authorization: Bearer TOKEN."

_BEARER = HTTPBearer(auto_error=False, description="PGSEARCH_TOKEN, or PGSEARCH_ADMIN_TOKEN of an administrator.")

Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]


async def services(request: Request) -> Services:
    """What the app was started with."""
    found: Services = request.app.state.services
    return found


Served = Annotated[Services, Depends(services)]


async def asking(served: Served, bearer: Bearer) -> None:
    """401 unless the token was shown, where one is set; that of administrators does too."""
    if not may_ask(served.settings, "" if bearer is None else bearer.credentials):
        raise HTTPException(401, SHOW_IT)


async def administering(served: Served, bearer: Bearer) -> None:
    """401 without the token of administrators, 403 where the server has none."""
    if not served.settings.needed_to_administer:
        raise HTTPException(403, "This server was started without a token, so nobody may do that: set PGSEARCH_TOKEN.")
    if not may_administer(served.settings, "" if bearer is None else bearer.credentials):
        raise HTTPException(401, "Show the token of administrators: Authorization: Bearer TOKEN.")


def may_ask(settings: ServerSettings, shown: str) -> bool:
    """Whether the token that was shown, empty for none, is one that opens this server."""
    return not settings.token or _is_one_of(shown, settings.token, settings.admin_token)


def may_administer(settings: ServerSettings, shown: str) -> bool:
    """Whether the token that was shown is that of administrators; without one nobody is."""
    return _is_one_of(shown, settings.needed_to_administer)


def _is_one_of(shown: str, *tokens: str) -> bool:
    given = shown.encode("utf-8", "replace")
    return any(hmac.compare_digest(given, token.encode()) for token in tokens if token)
