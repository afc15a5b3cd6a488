"""JSON over HTTP to a service that is busy, down or wrong now and then: one `post` with patience and plain errors.

Embeddings and chat completions go through here, so that how often to ask again, how long to wait and where the key
comes from is decided once. The key is read from the environment for each request and stands nowhere else: not in the
database, not in the object, not in an error.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pgsearch.errors import InvalidValueError, PgsearchError, from_extra

if TYPE_CHECKING:
    import urllib3

_CONNECT_SECONDS = 10.0
_MOST_DETAIL = 400  # characters of the server's own words in an error


class EndpointError(PgsearchError):
    """An endpoint did not answer as asked.

    `status` is the HTTP status, None when there was no whole answer; `temporary` is true when asking again later may
    help (it was busy, down or slow), false when it will not (wrong key, model, URL or text).
    """

    def __init__(
        self, message: str, *, hint: str | None = None, status: int | None = None, temporary: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.temporary = temporary


class Endpoint:
    """A base URL such as "https://api.openai.com/v1", and how to talk to it; threads may share it.

    `key_variable` names the environment variable of the bearer key, None when there is none. `timeout` is the longest
    silence of the server in seconds. 408, 425, 429, 5xx, timeouts and broken connections are tried again, in all
    `attempts` times, after what Retry-After asks for, else after `first_wait` seconds, doubled each time, jittered; a
    server that asks for more than `longest_wait` seconds is given up at once.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key_variable: str | None = None,
        headers: Mapping[str, str] | None = None,
        attempts: int = 6,
        timeout: float = 60.0,
        first_wait: float = 0.5,
        longest_wait: float = 60.0,
    ) -> None:
        self._http = _connections(base_url, timeout)
        self.base_url = base_url.rstrip("/")
        self.key_variable = key_variable
        self._headers = dict(headers or {})
        self._attempts = max(1, attempts)
        self._first_wait = first_wait
        self._longest_wait = longest_wait

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url!r})"

    def post(self, path: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Send the payload as JSON to a path below the base URL; gives the JSON object that comes back."""
        from urllib3.exceptions import HTTPError, SSLError

        url = f"{self.base_url}/{path.lstrip('/')}"
        body = json.dumps(payload).encode()
        for attempt in range(1, self._attempts + 1):
            # read each time: a key may be replaced while a worker runs
            key = self._key()
            headers = {"Content-Type": "application/json", "Accept": "application/json", **self._headers}
            if key:
                headers["Authorization"] = f"Bearer {key}"
            asked_to_wait = None
            try:
                answer = self._http.request("POST", url, body=body, headers=headers, retries=False, redirect=False)
            except SSLError as error:
                raise EndpointError(
                    f"{url} cannot be trusted: {_without(key, str(error))}",
                    hint="Check the certificate, or the scheme of the base URL.",
                ) from None
            except HTTPError as error:
                failed = EndpointError(
                    f"{url} did not answer: {_without(key, _reason(error))}",
                    hint="Check that the server runs and that the base URL is right.",
                    temporary=True,
                )
            else:
                if answer.status != 200:
                    failed = self._refusal(url, answer, key)
                    asked_to_wait = _asked_to_wait(answer)
                elif (value := _object(answer.data)) is not None:
                    return value
                else:
                    failed = _no_object(url, answer.data, key)
            if not failed.temporary or attempt == self._attempts:
                raise _after(failed, attempt)
            wait = asked_to_wait
            if wait is None:
                wait = min(self._longest_wait, self._first_wait * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0)
            elif wait > self._longest_wait:
                raise EndpointError(
                    f"{failed.message} It asks to wait {wait:,.0f} s, and {self._longest_wait:g} s are allowed.",
                    hint="Try again later.",
                    status=failed.status,
                    temporary=True,
                )
            else:
                # not all who were told the same must come back at the same moment
                wait += random.uniform(0.0, self._first_wait)
            time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._http.clear()

    def _key(self) -> str | None:
        if self.key_variable is None:
            return None
        key = os.environ.get(self.key_variable, "").strip()
        if not key:
            raise EndpointError(
                f"{self.base_url} needs a key, and the environment variable {self.key_variable} is not set.",
                hint=f"Set {self.key_variable} where this program runs.",
            )
        if not (key.isascii() and key.isprintable()):
            raise EndpointError(
                f"The key in {self.key_variable} holds characters that no HTTP header can carry.",
                hint=f"Set {self.key_variable} anew, without line breaks or quotes of a word processor.",
            )
        return key

    def _refusal(self, url: str, answer: urllib3.BaseHTTPResponse, key: str | None) -> EndpointError:
        status = answer.status
        detail, code = _detail(answer.data)
        if status in (401, 403):
            # the server's words may quote the key
            return EndpointError(
                f"{url} refused the key (HTTP {status}).",
                hint=f"Check the environment variable {self.key_variable}."
                if self.key_variable
                else "Name the environment variable that holds the key.",
                status=status,
            )
        message = f"{url} answered HTTP {status}{f': {_without(key, detail)}' if detail else ''}".rstrip(".") + "."
        if status == 404:
            hint = "Check the base URL (for OpenAI-compatible servers it ends with /v1) and the name of the model."
        elif status == 429 and code == "insufficient_quota":
            return EndpointError(message, hint="The account has no credit left.", status=status)
        elif status in (400, 413, 422):
            hint = "The request was refused; it may be too long, or the model does not take it."
        elif 300 <= status < 400:
            hint = "Give the base URL where the service really is; redirects are not followed, for the key's sake."
        else:
            hint = "Try again later." if _is_temporary(status) else "Read what the server says."
        return EndpointError(message, hint=hint, status=status, temporary=_is_temporary(status))


def _connections(base_url: str, timeout: float) -> urllib3.PoolManager:
    with from_extra("http", "Models behind HTTP need urllib3"):
        import urllib3
    # slow to import, and nothing else of this module needs it
    import urllib.request

    try:
        parts = urllib3.util.parse_url(base_url)
    except urllib3.exceptions.LocationParseError:
        parts = urllib3.util.Url()
    if parts.scheme not in ("http", "https") or not parts.host or parts.auth or parts.query:
        raise InvalidValueError(
            "The base URL of an endpoint must be http:// or https:// with a host, without name, password or query.",
            hint="Write it as https://api.openai.com/v1; a key belongs into an environment variable.",
        )
    silence = urllib3.Timeout(connect=min(_CONNECT_SECONDS, timeout), read=timeout)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.host):
        return urllib3.ProxyManager(proxy, timeout=silence, maxsize=16)
    return urllib3.PoolManager(timeout=silence, maxsize=16)


def _is_temporary(status: int) -> bool:
    return status in (408, 425, 429) or status >= 500


def _asked_to_wait(answer: urllib3.BaseHTTPResponse) -> float | None:
    """Seconds until the time in Retry-After, which is a number of seconds or an HTTP date; None when there is none."""
    import urllib3

    value = answer.headers.get("Retry-After")
    if value is None:
        return None
    try:
        return max(0.0, urllib3.Retry().parse_retry_after(value))
    except urllib3.exceptions.InvalidHeader:
        return None


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _no_object(url: str, data: bytes, key: str | None) -> EndpointError:
    start = _without(key, data[:80].decode("utf-8", "replace"))
    return EndpointError(
        f"{url} answered something that is no JSON object: {start!r}.",
        hint="Check the base URL: it may be that of a web page or of another service.",
        status=200,
        # an object that was cut off on the way may come whole the next time, a web page stays one
        temporary=data.lstrip().startswith(b"{"),
    )


def _detail(data: bytes) -> tuple[str, str | None]:
    """The server's own words and its code of the error: {"error": {"message", "code"}} in OpenAI's form, or others."""
    try:
        value = json.loads(data)
    except ValueError:
        return " ".join(data[:_MOST_DETAIL].decode("utf-8", "replace").split()), None
    error = value.get("error", value) if isinstance(value, dict) else value
    code = None
    if isinstance(error, dict):
        code = error.get("code")
        error = error.get("message") or error.get("detail") or error
    text = error if isinstance(error, str) else json.dumps(error, ensure_ascii=False)
    return " ".join(text.split())[:_MOST_DETAIL], code if isinstance(code, str) else None


def _reason(error: Exception) -> str:
    """What went wrong, without the connection object that urllib3 puts in front of it."""
    return f"{type(error).__name__}: {str(error).rpartition('>: ')[2]}"


def _without(key: str | None, text: str) -> str:
    return text.replace(key, "***") if key else text


def _after(error: EndpointError, attempts: int) -> EndpointError:
    if attempts == 1:
        return error
    return EndpointError(
        f"{error.message.rstrip('.')}, after {attempts} attempts.",
        hint=error.hint,
        status=error.status,
        temporary=error.temporary,
    )
