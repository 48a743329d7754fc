"""Settings from the command line, the environment (`PSP_SIMULATOR_*`) and a YAML file. The only place that reads them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import field, fields, replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from simulator.engine.callers import as_compared, host_name
from simulator.engine.reach import Network
from simulator.kernel.values import dataclass

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
    """Seconds of browser time, 0 to 30; None leaves the buyer where they are."""
    credentials: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises `ValueError` for what would be of no use, or tell a password to whoever reads an address."""
        for name, check in _CHECKED.items():
            if (value := getattr(self, name)) is not None:
                check(f"the {name.replace('_', ' ')}", value)

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
    return Settings.port if given is None else int(_typed(f"{PREFIX}PORT", "port", given)) or Settings.port


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
            changes[key] = _typed(f"{PREFIX}{key.upper()}", key, value)
        else:
            provider, _, member = key.partition("_")
            if member:
                credentials.setdefault(provider, {})[member] = value
    return replace(settings, **changes, credentials=credentials)


def with_options(settings: Settings, options: Mapping[str, Any]) -> Settings:
    """The settings with what the command line says. Raises `ValueError` naming the option that cannot be used."""
    changes = {name: _typed(f"--{name.replace('_', '-')}", name, value) for name, value in options.items()}
    return replace(settings, **changes)


_SIMPLE = {f.name: f.default for f in fields(Settings) if f.name != "credentials"}
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_NUMBERS = {"port": (0, 65535), "workers": (1, 64)}

WEBHOOKS_TO = ("anywhere", "private", "public")

LONGEST_RETURN_S = 30

LONGEST_TOKEN = 1000
"""Characters; a header has to carry it, and a cookie."""

SHOWN = 100
"""Characters of a value that a complaint repeats."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TOKEN = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_ORIGIN = re.compile(r"https?://([^/?#]+)/?", re.IGNORECASE)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _number(value: Any, least: int, most: int) -> int | None:
    """None for what is no whole number from `least` to `most`."""
    text = str(value)
    is_one = text.isascii() and text.isdecimal() and len(text) < 10
    return int(text) if is_one and least <= int(text) <= most else None


def _auto_return(name: str, value: Any) -> int | None:
    """Seconds, or None for "off" (which is a boolean in YAML). Raises `ValueError`."""
    if str(value).lower() in ("off", "false", "no"):
        return None
    if (seconds := _number(value, 0, LONGEST_RETURN_S)) is None:
        raise ValueError(f"{name}: {_shown(value)} is neither off nor a number from 0 to {LONGEST_RETURN_S}")
    return seconds


def hosts(name: str, value: Any) -> tuple[str, ...]:
    """Names or addresses of hosts, from a list or divided by commas. Raises `ValueError` for what is none."""
    listed = value.split(",") if isinstance(value, str) else value
    if not isinstance(listed, list | tuple):
        raise ValueError(f"{name}: {_shown(value)} is not a list of names")
    given = tuple(one.strip() if isinstance(one, str) else one for one in listed)
    for one in given:
        if not isinstance(one, str) or not _is_host(one):
            raise ValueError(f"{name}: {_shown(one)} is not the name of a host, like shop.example (no scheme, no port)")
    return given


def _is_host(one: str) -> bool:
    return host_name(f"[{one}]" if one.count(":") > 1 and one[0] != "[" else one) == as_compared(one)


def _text(name: str, value: Any) -> str:
    """A text in one line. Raises `ValueError`, which does not repeat it: it may be a secret."""
    if not isinstance(value, str):
        raise ValueError(f"{name}: {_shown(value)} is not a text (a number that is one stands in quotes)")
    if not value.strip():
        raise ValueError(f"{name}: is empty; leave it out, or give it a value")
    if _CONTROL.search(value):
        raise ValueError(f"{name}: must be one line, without control characters")
    return value


def _host(name: str, value: Any) -> str:
    text = _text(name, value)
    try:
        text.encode("idna")
    except UnicodeError as error:
        raise ValueError(f"{name}: {_shown(text)} is not the name or address of a host") from error
    return text


def _token(name: str, value: Any) -> str:
    text = _text(name, value)
    if len(text) > LONGEST_TOKEN or _TOKEN.fullmatch(text) is None:
        what = f"at most {LONGEST_TOKEN} ASCII characters without spaces around them"
        raise ValueError(f"{name}: must be {what}: a header has to carry it")
    return text


def _origin(name: str, value: Any) -> str:
    """The address at which others reach this process. Raises `ValueError`."""
    text = _text(name, value)
    which = "replica" if "replica" in name.lower() else "public"
    if "@" in text:
        raise ValueError(f"{name}: the {which} URL takes no user and no password")
    if not _is_origin(text):
        what = f"{_shown(text)} cannot be the {which} URL"
        raise ValueError(f"{name}: {what}: it is a scheme and a host, like https://sandbox.example.com")
    return text


def _is_origin(text: str) -> bool:
    match = _ORIGIN.fullmatch(text)
    try:
        return match is not None and host_name(match[1]) is not None and urlsplit(text).port != 0
    except ValueError:
        return False


def _webhooks_to(name: str, value: Any) -> str:
    if (text := str(value).lower()) not in WEBHOOKS_TO:
        raise ValueError(f"{name}: {_shown(value)} is none of {', '.join(WEBHOOKS_TO)}")
    return text


_CHECKED: Mapping[str, Callable[[str, Any], str]] = {
    "public_url": _origin,
    "replica_url": _origin,
    "admin_token": _token,
}
"""What is looked at however the settings are made."""

_OWN: Mapping[str, Callable[[str, Any], Any]] = {
    **_CHECKED,
    "auto_return": _auto_return,
    "allow_host": hosts,
    "host": _host,
    "webhooks_to": _webhooks_to,
}


def _typed(name: str, key: str, value: Any) -> Any:
    """The value of setting `key` in its type; a complaint calls it `name`. Raises `ValueError`."""
    like = _SIMPLE[key]
    if like is None and value is None:
        return None
    if key in _OWN:
        return _OWN[key](name, value)
    if isinstance(like, bool):
        text = str(value).lower()
        if text not in _YES + _NO:
            raise ValueError(f"{name}: {_shown(value)} is neither yes nor no")
        return text in _YES
    if key in _NUMBERS:
        least, most = _NUMBERS[key]
        if (number := _number(value, least, most)) is None:
            raise ValueError(f"{name}: {_shown(value)} is not a number from {least} to {most}")
        return number
    return _text(name, value)


def _read(path: Path) -> Any:
    """What a YAML file says; nothing at all is an empty mapping. Raises `ValueError`, `OSError`."""
    import yaml

    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: cannot be read as UTF-8 text") from error
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        # beside its own errors: dates that are none, numbers without end, tags whose value does not fit, too many levels
        raise ValueError(f"{path}: is no YAML: {error}") from error
    return {} if raw is None else raw


def _from_file(path: Path) -> Settings:
    raw = _read(path)
    if not isinstance(raw, dict):
        raise ValueError(f"{path}: must be a mapping of settings")
    known = {*_SIMPLE, "credentials"}
    if unknown := [name for name in raw if name not in known]:
        raise ValueError(f"{path}: {_shown(unknown[0])} is not a setting; known are {', '.join(sorted(known))}")
    return Settings(
        **{name: _typed(f"{path}: {name}", name, value) for name, value in raw.items() if name != "credentials"},
        credentials=_credentials(f"{path}: credentials", raw.get("credentials")),
    )


def _credentials(name: str, given: Any) -> dict[str, dict[str, Any]]:
    """By provider. What a value may be is for the provider to say. Raises `ValueError`."""
    by_provider = {} if given is None else _mapping(name, given)
    return {provider: _mapping(f"{name}.{provider}", values) for provider, values in by_provider.items()}


def _mapping(name: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise ValueError(f"{name}: must be a mapping")
    for member in given:
        if not isinstance(member, str):
            raise ValueError(f"{name}: {_shown(member)} is not a name (one that is a number stands in quotes)")
    return given
