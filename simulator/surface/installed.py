"""The providers that are served: our own, and those that other distributions bring."""

from __future__ import annotations

from importlib import import_module

from simulator.engine.distributions import GROUP, Entry, entries
from simulator.engine.provider import Provider, ProviderError
from simulator.engine.routes import Routes
from simulator.providers import built_in


class NotServable(ProviderError):
    """What a distribution brings cannot be served; `distribution` is what to correct or to uninstall."""

    def __init__(self, entry: Entry, problem: str) -> None:
        super().__init__(f"provider {entry.name!r} of {entry.distribution}: {problem}")
        self.distribution = entry.distribution


def installed() -> tuple[Provider, ...]:
    """Ours first. Raises `NotServable`."""
    own = built_in()
    if not entries():
        return own
    owners = {provider.name: "psp-simulator" for provider in own}
    routes = Routes()
    for provider in own:
        _route(routes, provider)
    found = []
    for entry in entries():
        if entry.name in owners:
            raise NotServable(entry, f"{owners[entry.name]} has a provider of that name already")
        owners[entry.name] = entry.distribution
        provider = _loaded(entry)
        try:
            _route(routes, provider)
        except ValueError as error:
            raise NotServable(entry, str(error)) from error
        found.append(provider)
    return (*own, *found)


def _loaded(entry: Entry) -> Provider:
    where = f"{entry.module}:{entry.attribute}"
    try:
        value = getattr(import_module(entry.module), entry.attribute)
        if isinstance(value, Provider):
            _ = value.endpoints  # so that what is imported later fails here
    except Exception as error:  # somebody else's code: whatever it is, the start says whose
        raise NotServable(entry, f"{where} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(value, Provider):
        raise NotServable(entry, f"{where} is no Provider; name one in the entry point group {GROUP}")
    if value.name != entry.name:
        raise NotServable(entry, f"{where} is named {value.name!r}; the entry point must have the provider's name")
    return value


def _route(routes: Routes, provider: Provider) -> None:
    for endpoint in provider.endpoints:
        routes.add(provider, endpoint)
    for page in provider.pages:
        routes.add(provider, page)
