"""Settings from the command line, the environment (`PSP_SIMULATOR_*`) and a YAML file. The only place that reads them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from simulator.engine.callers import as_compared, host_name
from simulator.engine.reach import Network

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
    reports: str | None = None
    """A folder into which report files are put as soon as they are there, by workspace and provider."""
    lan: bool = False
    open_console: bool = False
    default_credentials: bool = False
    """Whether the network may use the credentials that stand in the README."""
    allow_host: tuple[str, ...] = ()
    """Further names under which this machine's browsers reach `/_sim` and the console."""
    tls: bool = False
    trust: str | None = None
    """A file of certificate authorities that webhook receivers may be certified by, beside the public ones."""
    webhooks_to: str | None = None
    """How far webhooks go that another machine named: `anywhere`, `private` or `public` (`engine/reach.py`)."""
    workers: int = 1
    """Processes that serve the port together; more than one share a PostgreSQL."""
    replica_url: str | None = None
    """Where other processes on the same PostgreSQL reach this one, if it cannot be told by itself."""
    auto_return: int | None = 5
    """Seconds of browser time, 0 to 30; None leaves the buyer where he is."""
    credentials: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "localhost" if self.host in ("127.0.0.1", "0.0.0.0", "::1", "::") else self.host  # noqa: S104
        return f"{self.scheme}://[{host}]:{self.port}" if ":" in host else f"{self.scheme}://{host}:{self.port}"

    @property
    def is_shared(self) -> bool:
        """Whether other processes may use the same store."""
        return self.db.startswith(("postgresql://", "postgres://"))

    @property
    def scheme(self) -> str:
        return "https" if self.tls else "http"

    @property
    def own_names(self) -> tuple[str, ...]:
        """The hosts' names that are the simulator's own, beside those of loopback."""
        public = urlsplit(self.public_url).hostname if self.public_url else None
        listening = None if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104 - no name of its own
        return tuple(name for name in (public, listening, *self.allow_host) if name)

    @property
    def network_reach(self) -> Network:
        """A team's merchants, and those of containers, live at private addresses; phones of a `--lan` have none to name."""
        return cast("Network", self.webhooks_to or ("public" if self.lan else "private"))

    @property
    def is_loopback(self) -> bool:
        return self.host in ("127.0.0.1", "localhost", "::1")


def variable(name: str) -> str | None:
    """One variable of the environment; None when it is unset or empty."""
    return os.environ.get(name) or None


def default_port() -> int:
    """Where clients look for a simulator that was not given another port than its settings say. Raises `ValueError`."""
    given = variable(f"{PREFIX}PORT")
    return Settings.port if given is None else int(_typed(f"{PREFIX}PORT", given, Settings.port)) or Settings.port


def without_plugins() -> None:
    """Keeps pydantic from asking every installed distribution for plugins, of which we use none. To be called before it
    builds its first model."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def from_environment(environ: Mapping[str, str] | None = None) -> Settings:
    """`PSP_SIMULATOR_PORT=9000`, `PSP_SIMULATOR_CONFIG=settings.yaml`, `PSP_SIMULATOR_<PROVIDER>_<CREDENTIAL>=…`.

    An empty variable counts as not set. Raises `ValueError` naming the variable or the member of the file that cannot
    be used, `OSError` when the file cannot be read.
    """
    environ = os.environ if environ is None else environ
    given = {name.removeprefix(PREFIX).lower(): v for name, v in environ.items() if name.startswith(PREFIX) and v}
    settings = Settings()
    if config := given.pop("config", None):
        settings = _from_file(Path(config))
    changes: dict[str, Any] = {}
    credentials = {provider: dict(values) for provider, values in settings.credentials.items()}
    for key, value in given.items():
        if key in _SIMPLE:
            changes[key] = _typed(f"{PREFIX}{key.upper()}", value, _SIMPLE[key])
        else:
            provider, _, member = key.partition("_")
            if member:
                credentials.setdefault(provider, {})[member] = value
    return replace(settings, **changes, credentials=credentials)


_SIMPLE = {f.name: f.default for f in fields(Settings) if f.name != "credentials"}
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


WEBHOOKS_TO = ("anywhere", "private", "public")

LONGEST_RETURN_S = 30


def _auto_return(name: str, value: Any) -> int | None:
    """Seconds, or None for "off" (which is a boolean in YAML). Raises `ValueError`."""
    text = str(value).lower()
    if text in ("off", "false", "no"):
        return None
    if not text.isdecimal() or int(text) > LONGEST_RETURN_S:
        raise ValueError(f"{name}: {value!r} is neither off nor a number from 0 to {LONGEST_RETURN_S}")
    return int(text)


def hosts(name: str, value: Any) -> tuple[str, ...]:
    """Names or addresses of hosts, from a list or divided by commas. Raises `ValueError` for what is none."""
    listed = value.split(",") if isinstance(value, str) else value
    if not isinstance(listed, list | tuple):
        raise ValueError(f"{name}: {value!r} is not a list of names")
    given = tuple(str(one).strip() for one in listed)
    for one in given:
        if host_name(f"[{one}]" if one.count(":") > 1 and one[0] != "[" else one) != as_compared(one):
            raise ValueError(f"{name}: {one!r} is not the name of a host, like shop.example (no scheme, no port)")
    return given


def _typed(name: str, value: Any, like: Any) -> Any:
    """The value in the type of the setting's default. Raises `ValueError`."""
    if name.lower().endswith("auto_return"):
        return _auto_return(name, value)
    if isinstance(like, tuple):
        return hosts(name, value)
    text = str(value).lower()
    if name.lower().endswith("webhooks_to") and value is not None:
        if text not in WEBHOOKS_TO:
            raise ValueError(f"{name}: {value!r} is none of {', '.join(WEBHOOKS_TO)}")
        return text
    if isinstance(like, bool):
        if text not in _YES + _NO:
            raise ValueError(f"{name}: {value!r} is neither yes nor no")
        return text in _YES
    if isinstance(like, int):
        if not text.isdecimal():
            raise ValueError(f"{name}: {value!r} is not a number")
        return int(text)
    return None if value is None else str(value)


def _from_file(path: Path) -> Settings:
    import yaml

    try:
        raw = yaml.safe_load(path.read_text("utf-8")) or {}
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: is no YAML: {error}") from error
    if not isinstance(raw, dict):
        raise ValueError(f"{path}: must be a mapping of settings")
    if unknown := sorted(set(raw) - {*_SIMPLE, "credentials"}):
        known = ", ".join(sorted({*_SIMPLE, "credentials"}))
        raise ValueError(f"{path}: {unknown[0]!r} is not a setting; known are {known}")
    credentials = raw.pop("credentials", None) or {}
    for provider, values in credentials.items():
        if not isinstance(values, dict):
            raise ValueError(f"{path}: credentials.{provider}: must be a mapping")
    return Settings(
        **{name: _typed(f"{path}: {name}", value, _SIMPLE[name]) for name, value in raw.items()},
        credentials=credentials,
    )
