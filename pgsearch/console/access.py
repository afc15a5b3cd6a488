"""Who sees a page: a browser shows the token once, and a signed cookie stands for it from then on.

The cookie holds no token: it says what its bearer may do and until when, signed with a key made of the tokens, so that
it ends with them. Where the server has no token everybody on this machine may ask, and nobody administers. A form
carries a signature of a cookie that other sites cannot send, so that none of them can fill it in.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pgsearch.http.access import may_administer, may_ask
from pgsearch.http.settings import ServerSettings

_SESSION = "pgsearch_session"
_FORM = "pgsearch_form"
_SECONDS = 12 * 3600
_FORM_SECONDS = 90 * 24 * 3600
_ROLES = ("asks", "administers")


class Gate:
    """Signs and reads the cookies of one server."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        tokens = f"{settings.token}\0{settings.admin_token}".encode()
        # several processes of one server have one key, where they have a token
        self._key = hashlib.sha256(
            b"pgsearch console\0" + (tokens if self.has_token else secrets.token_bytes(32))
        ).digest()

    @property
    def has_token(self) -> bool:
        """Whether there is anything to show."""
        return bool(self._settings.token or self._settings.admin_token)

    def role(self, request: Request) -> str:
        """What whoever asks may do: asks, administers, or nothing."""
        # programs show the token itself
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        return self._role_of_session(request) or self._role_of(shown if kind.lower() == "bearer" else "")

    def is_logged_in(self, request: Request) -> bool:
        """Whether a cookie stands for a token."""
        return bool(self._role_of_session(request))

    def _role_of_session(self, request: Request) -> str:
        role, _, rest = request.cookies.get(_SESSION, "").partition(".")
        expires, _, signature = rest.partition(".")
        known = role in _ROLES and expires.isascii() and expires.isdigit() and int(expires[:12]) > time.time()
        expected = self._signed("session", role, expires)
        return role if known and hmac.compare_digest(signature.encode(), expected.encode()) else ""

    def _role_of(self, shown: str) -> str:
        if may_administer(self._settings, shown):
            return "administers"
        return "asks" if may_ask(self._settings, shown) else ""

    def log_in(self, request: Request, response: Response, shown: str) -> bool:
        """Give a cookie for a token; False when it is none of ours."""
        role = self._role_of(shown) if shown else ""
        if not role or not (may_administer(self._settings, shown) or self._settings.token):
            return False
        expires = str(int(time.time()) + _SECONDS)
        value = f"{role}.{expires}.{self._signed('session', role, expires)}"
        self._set(request, response, _SESSION, value, _SECONDS)
        return True

    def log_out(self, response: Response) -> None:
        """Take the cookie back."""
        response.delete_cookie(_SESSION, path="/")

    def nonce(self, request: Request) -> str:
        """What the cookie of forms holds, or will hold."""
        found = request.cookies.get(_FORM, "")
        return found if len(found) == 32 and found.isalnum() else secrets.token_hex(16)

    def browser(self, request: Request) -> str:
        """A name for the browser that asks, which the same cookie gives: whose chats are shown to it."""
        return f"console-{hashlib.sha256(f'pgsearch browser{self.nonce(request)}'.encode()).hexdigest()[:32]}"

    def keep_nonce(self, request: Request, response: Response, nonce: str) -> None:
        """Set the cookie of forms, where it does not stand."""
        if request.cookies.get(_FORM) != nonce:
            self._set(request, response, _FORM, nonce, _FORM_SECONDS)

    def field(self, nonce: str) -> str:
        """What every form carries."""
        return self._signed("form", nonce)

    async def form(self, request: Request) -> Mapping[str, str]:
        """The fields of a form of ours; 403 for one that another site has filled in."""
        fields = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        nonce = request.cookies.get(_FORM, "")
        if not nonce or not hmac.compare_digest(fields.pop("csrf", "").encode(), self.field(nonce).encode()):
            raise HTTPException(
                403, "This form does not come from a page of this server, or is too old: load it again."
            )
        return {name: value.replace("\0", "") for name, value in fields.items()}

    def _signed(self, *parts: str) -> str:
        return hmac.new(self._key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()

    @staticmethod
    def _set(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path="/",
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )


def local(address: str) -> str:
    """An address of this server; anything else is the first page."""
    is_ours = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if is_ours else "/"
