"""Where a model is asked, and how: from its name, the environment and the table of models."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from pgsearch import home
from pgsearch.errors import InvalidValueError, UnknownNameError

PROVIDERS = ("openai", "ollama", "st")
_AT_LEAST_ONE = ("batch_size", "batch_characters", "attempts", "timeout")
_OPENAI = "https://api.openai.com/v1"
_OLLAMA = "http://localhost:11434"


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """How a model is asked.

    `model` is the name the provider knows. A key is only named here, by its environment variable. `batch_size` texts
    and `batch_characters` characters are the most that go into one request, `longest_text` characters of a text are
    sent (0: all). `dimensions` asks for shorter vectors, where the model can (0: as it gives them). The prefixes are
    put before queries and passages, as models of the e5 family want them.
    """

    provider: str
    model: str
    base_url: str = ""
    key_variable: str = ""
    query_prefix: str = ""
    document_prefix: str = ""
    dimensions: int = 0
    batch_size: int = 128
    batch_characters: int = 100_000
    longest_text: int = 0
    timeout: float = 60.0
    attempts: int = 6


def settings_for(model: str, provider: str | None = None) -> ProviderSettings | None:
    """The settings of a model: from the table of models, else from its prefix, else from the provider given.

    None when nothing says where a model of that name is asked.
    """
    described = configured().get(model)
    if described is not None:
        return described
    prefix, separator, name = model.partition(":")
    if separator and name and prefix in PROVIDERS:
        return _with_defaults(ProviderSettings(prefix, name))
    chosen = provider or os.environ.get("PGSEARCH_PROVIDER") or None
    if chosen is None:
        return None
    return _with_defaults(ProviderSettings(_known(chosen, "--provider or PGSEARCH_PROVIDER"), model))


def table_path() -> Path:
    """The file that describes models: PGSEARCH_PROVIDERS, else providers.toml in the home of pgsearch."""
    given = os.environ.get("PGSEARCH_PROVIDERS")
    return Path(given) if given else home.folder() / "providers.toml"


def configured() -> dict[str, ProviderSettings]:
    """The models of the table, by the name under which they are registered; none when there is no file."""
    path = table_path()
    try:
        text = path.read_bytes().decode()
    except (FileNotFoundError, NotADirectoryError):
        if os.environ.get("PGSEARCH_PROVIDERS"):
            raise InvalidValueError(
                f"PGSEARCH_PROVIDERS names {path}, which does not exist.", hint="Make it, or unset the variable."
            ) from None
        return {}
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidValueError(f"{path} is not TOML: {error}.", hint="See docs/how-to/embedding-workers.md.") from None
    return {name: _described(path, name, entry) for name, entry in table.items()}


def _described(path: Path, name: str, entry: object) -> ProviderSettings:
    kinds = {field.name: str(field.type) for field in fields(ProviderSettings)}
    where = f'["{name}"] in {path}'
    if not isinstance(entry, dict) or "provider" not in entry:
        raise InvalidValueError(f"{where} names no provider.", hint=f"Providers: {', '.join(PROVIDERS)}.")
    values: dict[str, Any] = {"model": name}
    for key, value in entry.items():
        if key not in kinds:
            raise UnknownNameError(f'unknown key "{key}" of {where}', hint=f"Known keys: {', '.join(kinds)}.")
        if not _fits(value, kinds[key]):
            raise InvalidValueError(
                f"{key} of {where} must be {'text' if kinds[key] == 'str' else 'a number'}, not {value!r}.",
                hint="See docs/how-to/embedding-workers.md.",
            )
        if not isinstance(value, str) and value < (1 if key in _AT_LEAST_ONE else 0):
            raise InvalidValueError(f"{key} of {where} is too small: {value}.", hint="Leave it out for the default.")
        values[key] = value
    _known(values["provider"], where)
    return _with_defaults(ProviderSettings(**values))


def _fits(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, {"str": str, "int": int, "float": (int, float)}[kind])  # type: ignore[arg-type]


def _known(provider: str, where: str) -> str:
    if provider not in PROVIDERS:
        raise UnknownNameError(
            f'unknown provider "{provider}" of {where}',
            hint=f"Providers: {', '.join(PROVIDERS)} (openai with base_url is any OpenAI-compatible endpoint).",
        )
    return provider


def _with_defaults(given: ProviderSettings) -> ProviderSettings:
    """The URL and the key's variable of the provider, where the settings do not say otherwise."""
    if given.base_url or given.provider == "st":
        # an endpoint of one's own has a key only when its variable is named
        return given
    if given.provider == "ollama":
        host = os.environ.get("OLLAMA_HOST") or _OLLAMA
        if "://" not in host:
            host = f"http://{host}"
        return replace(given, base_url=f"{host.rstrip('/')}/v1")
    return replace(
        given,
        base_url=os.environ.get("OPENAI_BASE_URL") or _OPENAI,
        key_variable=given.key_variable or "OPENAI_API_KEY",
    )
