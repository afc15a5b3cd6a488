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
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pgsearch.errors import InvalidValueError, PgsearchError, from_extra

if TYPE_CHECKING:
    import urllib3

Taken = TypeVar("Taken")

_CONNECT_SECONDS = 10.0
_LONGEST_LINE = 1_000_000  # bytes of an event
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


class EventStream:
    """The JSON objects of an answer in server-sent events, as they come; `close` may be called from another thread."""

    def __init__(self, url: str, answer: urllib3.BaseHTTPResponse, key: str | None) -> None:
        self._url = url
        self._answer = answer
        self._key = key
        self._closed = False

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The objects up to [DONE]; EndpointError when the answer breaks off, is no JSON, or tells of an error."""
        from urllib3.exceptions import HTTPError

        try:
            for line in _lines(self._answer):
                data = line.removeprefix(b"data:").strip()
                if data == line or not data:
                    continue
                if data == b"[DONE]":
                    return
                if (value := _object(data)) is None:
                    raise _no_object(self._url, data, self._key)
                if value.get("error"):
                    said = _without(self._key, _detail(data)[0])
                    raise EndpointError(f"{self._url} broke off with an error: {said}.", status=200, temporary=True)
                yield value
        except (HTTPError, OSError, ValueError) as error:
            if self._closed:
                return
            raise _silence(self._url, error, self._key) from None
        finally:
            self._answer.close()
        if not self._closed:
            raise EndpointError(f"{self._url} broke off in the middle of its answer.", status=200, temporary=True)

    def close(self) -> None:
        """End it, also where another thread waits for more of it."""
        self._closed = True
        try:
            self._answer.shutdown()
        except (ValueError, RuntimeError, OSError):
            # it has ended already
            self._answer.close()


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
        return self._ask(path, payload, "application/json", _whole)

    def stream(self, path: str, payload: Mapping[str, Any]) -> EventStream:
        """Send the payload; gives what comes back bit by bit. Only until it begins is it asked for again."""
        return self._ask(path, payload, "text/event-stream", _begun)

    def _ask(self, path: str, payload: Mapping[str, Any], accept: str, take: Callable[..., Taken]) -> Taken:
        from urllib3.exceptions import HTTPError, SSLError

        url = f"{self.base_url}/{path.lstrip('/')}"
        body = json.dumps(payload).encode()
        for attempt in range(1, self._attempts + 1):
            # read each time: a key may be replaced while a worker runs
            key = self._key()
            headers = {"Content-Type": "application/json", "Accept": accept, **self._headers}
            if key:
                headers["Authorization"] = f"Bearer {key}"
            asked_to_wait = None
            try:
                answer = self._http.request(
                    "POST",
                    url,
                    body=body,
                    headers=headers,
                    retries=False,
                    redirect=False,
                    preload_content=take is _whole,
                )
                if answer.status == 200:
                    return take(url, answer, key)
                failed = self._refusal(url, answer, key)
                asked_to_wait = _asked_to_wait(answer)
            except SSLError as error:
                raise EndpointError(
                    f"{url} cannot be trusted: {_without(key, str(error))}",
                    hint="Check the certificate, or the scheme of the base URL.",
                ) from None
            except HTTPError as error:
                failed = _silence(url, error, key)
            except EndpointError as error:
                failed = error
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


def _whole(url: str, answer: urllib3.BaseHTTPResponse, key: str | None) -> dict[str, Any]:
    value = _object(answer.data)
    if value is None:
        raise _no_object(url, answer.data, key)
    return value


def _begun(url: str, answer: urllib3.BaseHTTPResponse, key: str | None) -> EventStream:
    return EventStream(url, answer, key)


def _lines(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    rest = b""
    while piece := answer.read1():
        *lines, rest = (rest + piece).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise ValueError("a line without end")
        yield from lines
    if rest:
        yield rest


def _silence(url: str, error: Exception, key: str | None) -> EndpointError:
    return EndpointError(
        f"{url} did not answer: {_without(key, _reason(error))}",
        hint="Check that the server runs and that the base URL is right.",
        temporary=True,
    )


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
