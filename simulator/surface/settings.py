"""Settings from the command line, the environment (`PSP_SIMULATOR_*`) and a YAML file. The only place that reads them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

PREFIX = "PSP_SIMULATOR_"


@dataclass(frozen=True)
class Settings:
    """`db` is a file, `:memory:` or a `postgresql://` address. `credentials` replace those of workspace `default`."""

    host: str = "127.0.0.1"
    port: int = 8080
    db: str = ".psp-simulator/simulator.db"
    strict: bool = False
    public_url: str | None = None
    admin_token: str | None = None
    scenarios: str | None = None
    lan: bool = False
    open_console: bool = False
    tls: bool = False
    auto_return: int = 5
    credentials: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "localhost" if self.host in ("127.0.0.1", "0.0.0.0", "::1", "::") else self.host  # noqa: S104
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    @property
    def is_loopback(self) -> bool:
        return self.host in ("127.0.0.1", "localhost", "::1")


def variable(name: str) -> str | None:
    """One variable of the environment; None when it is unset or empty."""
    return os.environ.get(name) or None


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """`PSP_SIMULATOR_PORT=9000`, `PSP_SIMULATOR_CONFIG=settings.yaml`, `PSP_SIMULATOR_PPRO_API_KEY=…`.

    Raises `ValueError` naming the variable or the member of the file that cannot be used.
    """
    environ = os.environ if environ is None else environ
    settings = Settings()
    if config := environ.get(f"{PREFIX}CONFIG"):
        settings = _from_file(settings, Path(config))
    changes: dict[str, Any] = {}
    credentials = {provider: dict(values) for provider, values in settings.credentials.items()}
    simple = {f.name: f for f in fields(Settings) if f.name != "credentials"}
    for name, value in environ.items():
        if not name.startswith(PREFIX) or name == f"{PREFIX}CONFIG":
            continue
        key = name.removeprefix(PREFIX).lower()
        if key in simple:
            changes[key] = _typed(key, value, getattr(settings, key))
        else:
            provider, _, member = key.partition("_")
            if member:
                credentials.setdefault(provider, {})[member] = value
    return replace(settings, **changes, credentials=credentials)


def _typed(key: str, value: str, like: Any) -> Any:
    try:
        if isinstance(like, bool):
            return value.lower() in ("1", "true", "yes", "on")
        return int(value) if isinstance(like, int) else value
    except ValueError as error:
        raise ValueError(f"{PREFIX}{key.upper()}: {value!r} is not a number") from error


def _from_file(settings: Settings, path: Path) -> Settings:
    import yaml

    raw = yaml.safe_load(path.read_text("utf-8")) or {}
    known = {f.name for f in fields(Settings)}
    if unknown := sorted(set(raw) - known):
        raise ValueError(f"{path}: {unknown[0]!r} is not a setting; known are {', '.join(sorted(known))}")
    return replace(settings, **raw)
