"""One call of every operation of every provider, signed, so that the engine's promises can be held against all of them.

What is special about a provider stands with its tests, in `tests/providers/<name>/calls.py`: `sign(account, endpoint, request)`
for a second key or a credential inside the body, `accepts(sim, headers, body, arrived)` for the check that receivers of its
webhooks make who hold the time of a signature against their own clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from toy.acme import ACME
from toy.hasty import HASTY
from toy.once import ONCE
from toy.slow import SLOW
from toy.terse import TERSE
from toy.told import TOLD
from toy.unsigned import UNSIGNED

from simulator.engine.provider import Endpoint, Provider
from simulator.engine.shop import Account, Request, json_request
from simulator.providers import built_in

PROVIDERS = {provider.name: provider for provider in (*built_in(), ACME)}

assert ACME.shop is not None
UNREADABLE = replace(ACME, title="Acme, unreadable", shop=replace(ACME.shop, read=None, status_of=None))
"""The toy as a provider whose API has no call that reads a payment."""

TOYS = (ACME, UNREADABLE, TOLD, UNSIGNED, HASTY, ONCE, TERSE, SLOW)


def everybody(*toys: Provider) -> dict[str, Provider]:
    """Those that are registered, and some toys, by title."""
    return {provider.title: provider for provider in (*built_in(), *toys)}


EVERYBODY = everybody(*TOYS)
"""By title: what holds for all of them holds for the kinds of API too that only a toy has."""

_PARAMETER = re.compile(r"\{(\w+)(:digits)?\}")


@dataclass(frozen=True, repr=False)
class Operation:
    """One row of one provider's table of routes."""

    provider: Provider
    endpoint: Endpoint

    def __repr__(self) -> str:
        return f"{self.provider.name} {self.endpoint.method} {self.endpoint.path}"

    def request(self, account: Account, query: str = "", body: Any = None) -> Request:
        """A signed call about something that does not exist."""
        path = _PARAMETER.sub(lambda found: self._parameter(account, found), self.endpoint.path)
        target = f"{path}?{query}" if query else path
        request = Request(self.endpoint.method, target)
        if body is not None:
            request = json_request(self.endpoint.method, target, body)
        return _signer(self.provider)(account, self.endpoint, request)

    @staticmethod
    def _parameter(account: Account, found: re.Match[str]) -> str:
        own = account.credentials.get("merchant_id")
        if found[1] == "merchantId" and own is not None:
            return str(own)
        return "1" if found[2] else "nobody"


def own(provider: Provider, name: str) -> Any:
    """What the provider's tests have under this name; None where they have nothing."""
    module = f"providers.{provider.name}.calls"
    if provider.name == ACME.name or find_spec(module) is None:
        return None
    return getattr(import_module(module), name, None)


def _signer(provider: Provider) -> Callable[[Account, Endpoint, Request], Request]:
    signer: Callable[[Account, Endpoint, Request], Request] | None = own(provider, "sign")
    if signer is not None:
        return signer
    assert provider.shop is not None
    sign = provider.shop.sign
    return lambda account, endpoint, request: sign(account, request)


OPERATIONS = [Operation(provider, endpoint) for provider in PROVIDERS.values() for endpoint in provider.endpoints]
