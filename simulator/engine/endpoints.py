"""What may be set as a provider's account endpoint: which events, which secret, which key id. `AccountEndpoint` reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from simulator.engine.provider import Provider
from simulator.engine.unreadable import Fault

SECRET_LIMIT = 512
ENDPOINTS_LIMIT = 10
_KEY_ID = re.compile(r"[\x21-\x7e]{1,100}")


def faults(provider: Provider, given: Mapping[str, Any], prefix: str = "") -> list[Fault]:
    """What is wrong with an endpoint's `events`, `secret` and `key_id`. `prefix` goes before each field's name.

    What is absent or null is not set, and the provider chooses.
    """
    webhooks, found = provider.webhooks, []
    if (several := given.get("endpoints")) is not None:
        return _faults_of_several(provider, given, several, prefix)
    events, secret, key_id = given.get("events"), given.get("secret"), given.get("key_id")
    if events is not None:
        allowed, field = nameable(provider), f"{prefix}events"
        unknown = [event for event in events if event not in allowed] if isinstance(events, list) else []
        if unknown:
            found.append(Fault(field, f"{field}: {provider.title} has no event {unknown[0]!r}", allowed))
        elif not isinstance(events, list) or not events:
            found.append(Fault(field, f"{field}: must be a list of events; leave it out for all", allowed))
    if secret is not None and (problem := _problem(secret) or webhooks.refuse_secret(secret)) is not None:
        field = f"{prefix}secret"
        found.append(Fault(field, f"{field}: must be {problem}", (problem,)))
    if key_id is not None:
        field = f"{prefix}key_id"
        if not webhooks.names_its_key:
            message = f"{field}: {provider.title}'s webhooks do not name their key"
            found.append(Fault(field, message, ("url", "secret", "events")))
        elif not isinstance(key_id, str) or _KEY_ID.fullmatch(key_id) is None:
            problem = "1 to 100 visible characters in ASCII"
            found.append(Fault(field, f"{field}: must be {problem}", (problem,)))
    return found


def _faults_of_several(provider: Provider, given: Mapping[str, Any], several: Any, prefix: str) -> list[Fault]:
    field = f"{prefix}endpoints"
    if not provider.webhooks.several_endpoints:
        message = f"{field}: {provider.title} has one endpoint for each account"
        return [Fault(field, message, ("url", "secret", "events"))]
    if any(given.get(name) is not None for name in ("url", "secret", "events", "key_id")):
        return [
            Fault(
                field,
                f"{field}: stands alone, and each endpoint has its own url, key_id, secret and events",
                ("endpoints",),
            )
        ]
    if not 1 <= len(several) <= ENDPOINTS_LIMIT:
        problem = f"a list of 1 to {ENDPOINTS_LIMIT} endpoints"
        return [Fault(field, f"{field}: must be {problem}", (problem,))]
    return [fault for index, one in enumerate(several) for fault in faults(provider, one, f"{field}.{index}.")]


def nameable(provider: Provider) -> tuple[str, ...]:
    """The events that an endpoint of this provider may name."""
    return tuple(dict.fromkeys((*provider.webhooks.events, *provider.webhooks.nameable)))


def every_event(providers: Iterable[Provider]) -> frozenset[str]:
    """The events that may be named somewhere."""
    return frozenset(event for provider in providers for event in nameable(provider)) - {"*"}


def _problem(secret: Any) -> str | None:
    """What is wrong with a secret, if anything. Any text can be the key of an HMAC, but one that would be changed on its way into a
    merchant's configuration is refused."""
    if (
        isinstance(secret, str)
        and 1 <= len(secret) <= SECRET_LIMIT
        and secret.isprintable()
        and secret == secret.strip()
    ):
        return None
    return f"a text of 1 to {SECRET_LIMIT} printable characters without spaces around it"
