"""A call of the journal as it can be sent once more: this workspace's own credentials put back where they were masked, and signed
anew. A credential that was wrong stays masked, and is refused again.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from simulator.engine import journal
from simulator.engine.provider import Provider
from simulator.engine.runtime import Runtime
from simulator.engine.sandbox import with_wrong_secrets
from simulator.engine.shop import Account, Request, Shop
from simulator.engine.stars import hidden
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import time_of_day
from simulator.kernel.refusals import Refusal
from simulator.kernel.values import dataclass
from simulator.surface.control.errors import ControlError

OF_THE_CONNECTION = frozenset(
    {
        "host",
        "content-length",
        "connection",
        "accept-encoding",
        "transfer-encoding",
        "keep-alive",
        "expect",
        "user-agent",
    }
)
"""Headers that a client makes by itself."""

MASKED = b"***"
"""Still in a body when everything that is the workspace's own is back in it: what cannot be sent again as it came."""

A_DAY = timedelta(days=1)

TELLING = 4
"""A masked secret that is shown by fewer characters (`***`) could be any."""


@dataclass(frozen=True)
class Prospect:
    """What will come of a call that is sent again: a key of the catalogue, `requests_will_{outcome}`."""

    outcome: str


def is_whole(view: Mapping[str, Any]) -> bool:
    """Whether the journal has kept the body as it came, but for what is masked."""
    request = view["request"]
    body = request["body"].encode("utf-8", "surrogatepass")
    return len(body) < journal.BODY_LIMIT and "\ufffd" not in request["body"] and request["size"] is not None


def request_of(runtime: Runtime, workspace: Workspace, view: Mapping[str, Any], base_url: str) -> Request:
    """The call as a merchant would send it now. Raises 409 where the journal has not kept it whole, or nobody can sign it."""
    if not is_whole(view):
        raise ControlError(409, "not_whole", "the journal has not kept this call whole: it was too long, or is no text")
    made = _made(runtime, workspace, view, base_url)
    if is_known(view) and (MASKED in made.body or MASKED.decode() in made.path):
        masked = "the journal has not kept this call whole: it masks a secret or a card number that it held"
        raise ControlError(409, "not_whole", masked)
    return made


def _made(runtime: Runtime, workspace: Workspace, view: Mapping[str, Any], base_url: str) -> Request:
    restored = as_sent(runtime, workspace, view)
    provider = runtime.providers.get(view["provider"])
    if provider is None or provider.shop is None or not is_known(view):
        return restored
    if provider.verify_request is None and _has_own(view, restored):
        return restored
    account = Account(workspace.credentials[provider.name], base_url, time_of_day())
    try:
        signed = provider.shop.sign(account, restored)
    except Refusal as refusal:
        raise ControlError(409, "not_signed", f"the call cannot be signed: {refusal}") from refusal
    kept = {name: value for name, value in restored.headers.items() if name != "authorization"}
    made = {name.lower(): value for name, value in signed.headers.items()}
    renewed = {name: made[name] for name in of_the_signature(provider.shop, account, restored, signed) if name in made}
    named = {name.lower(): name for name in signed.headers}
    headers = {**{name: value for name, value in made.items() if name in kept}, **kept, **renewed}
    return Request(signed.method, signed.path, {named.get(n, n): v for n, v in headers.items()}, signed.body)


def of_the_signature(shop: Shop, account: Account, request: Request, signed: Request) -> set[str]:
    """The headers, in small letters, that are made anew with the signature of a request: those of `signed` that another instant
    and other secrets alter. What the merchant chose, such as for whom a call is, is none of them."""
    then = replace(account, now=account.now + A_DAY)
    found = {"authorization", "date"}
    for other in (then, with_wrong_secrets(account)):
        try:
            another = shop.sign(other, request).headers
        except (Refusal, ValueError):  # a secret of that shape is none there
            continue
        found |= {name.lower() for name, value in signed.headers.items() if another.get(name) != value}
    return found


def as_sent(runtime: Runtime, workspace: Workspace, view: Mapping[str, Any]) -> Request:
    """The call as it came, with this workspace's own secrets where they were masked."""
    provider = view["provider"]
    known = workspace.secrets_of(provider, runtime.masking_of(provider)) if provider in runtime.providers else ()
    masked = {hidden(secret.decode()): secret.decode() for secret in known}
    masked = {shown: secret for shown, secret in masked.items() if len(shown) > TELLING}
    request = view["request"]

    def restored(text: str) -> str:
        for shown, secret in masked.items():
            text = text.replace(shown, secret)
        return text

    headers = {
        name.lower(): restored(value)
        for name, value in request["headers"].items()
        if name.lower() not in OF_THE_CONNECTION
    }
    body = restored(request["body"]).encode("utf-8", "surrogatepass")
    return Request(view["method"], restored(view["path"]), headers, body)


def as_signed(
    runtime: Runtime, workspace: Workspace, provider: Provider, view: Mapping[str, Any], account: Account
) -> Request:
    """The call as it came, with a header where a masked signature stood: by that it is known how the call was signed.
    Raises `Refusal` for what nobody can sign."""
    came = as_sent(runtime, workspace, view)
    assert provider.shop is not None
    made = {name.lower(): value for name, value in provider.shop.sign(account, came).headers.items()}
    if "authorization" not in came.headers or "authorization" not in made:
        return came
    return replace(came, headers={**came.headers, "authorization": made["authorization"]})


def is_known(view: Mapping[str, Any]) -> bool:
    """Whether the call's credential was one of its workspace's."""
    return bool(view.get("why", {}).get("known", True))


def _has_own(view: Mapping[str, Any], restored: Request) -> bool:
    """Whether a credential of the workspace stood masked in the head, so that it can be put back as it was."""
    given = {name.lower(): value for name, value in view["request"]["headers"].items()}
    return restored.headers.get("authorization") != given.get("authorization")


def prospect(provider: Provider | None, view: Mapping[str, Any]) -> Prospect:
    """What will come of it, as far as that can be known beforehand."""
    why = view.get("why", {})
    failed = next((check["name"] for check in why.get("checks", ()) if check["result"] == "failed"), None)
    if failed is None and view["status"] >= 400:
        return Prospect("refuse")
    if failed is None and why.get("rules"):
        return Prospect("later")
    if failed is None:
        keyed = provider is not None and provider.idempotency is not None
        key = provider.idempotency.header.lower() if keyed and provider and provider.idempotency else ""
        is_kept = key in {name.lower() for name in view["request"]["headers"]}
        return Prospect("repeat" if is_kept else "read" if view["method"] == "GET" else "execute")
    if failed == "signature":
        return Prospect("accept" if why.get("sound") else "reach")
    if failed in ("rate", "scenario"):
        return Prospect("pass")
    if failed == "date":
        return Prospect("accept" if why.get("sound") else "reach")
    return Prospect("refuse")


def as_curl(request: Request, base_url: str) -> str:
    """As a command. The body goes as it stands."""
    parts = ["curl", "-X", request.method, base_url + request.path]
    for name, value in request.headers.items():
        parts += ["-H", f"{name}: {value}"]
    if request.body:
        parts += ["--data-raw", request.body.decode("utf-8", "surrogateescape")]
    return " ".join(shlex.quote(part) for part in parts)
