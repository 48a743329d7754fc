"""What a call says of its payment, for a scenario's `when`. Nothing is looked up: a call that names no amount has none."""

from __future__ import annotations

from contextlib import suppress

from simulator.engine.call import Call
from simulator.engine.provider import Provider
from simulator.engine.shop import Account, Request
from simulator.kernel.clock import time_of_day
from simulator.kernel.ids import Ids
from simulator.kernel.refusals import MalformedBody

_REFERENCES = ("reference", "merchantPaymentChargeReference", "merchant_order_id", "payment_id", "merchantReference")


def said_by(call: Call, provider: Provider) -> dict[str, object]:
    """What a call says of the payment, for `when`: as every API may write it, and as its provider reads it. Amounts are in minor
    units."""
    found = _body_facts(call)
    with suppress(
        MalformedBody, ValueError, LookupError, TypeError, AttributeError
    ):  # the body has not been checked yet
        found |= provider.compares(call)
    return found


def amounts_are_read(provider: Provider) -> bool:
    """Whether `when` knows the amount of a purchase or a refund as the provider's calls write it; True where nobody knows how."""
    if provider.shop is None:
        return True
    account = Account(provider.credentials(Ids(), True), "http://localhost", time_of_day())
    sample = provider.shop.sample
    made = (provider.shop.create(account, sample), provider.shop.refund(account, "1", sample.amount))
    return any(said_by(_unsent(provider, one), provider).get("amount") == sample.amount.value for one in made)


def _unsent(provider: Provider, request: Request) -> Call:
    path, _, query = request.path.partition("?")
    return Call(
        provider=provider.name, method=request.method, target=path, raw_path=path, raw_query=query,
        headers={name.lower(): value for name, value in request.headers.items()}, raw_body=request.body,
        base_url="http://localhost",
    )  # fmt: skip


def _body_facts(call: Call) -> dict[str, object]:
    """Amount, currency and reference as far as the raw body tells them, whichever provider's names it uses."""
    if not call.raw_body or call.media_type == "application/x-www-form-urlencoded":
        pairs = dict(call.form_pairs) if call.raw_body else {}
        amount = pairs.get("amount", "")
        return {
            "amount": int(amount) if amount.isascii() and amount.isdigit() and len(amount) < 19 else None,
            "currency": pairs.get("currency"),
            "reference": next((pairs[name] for name in _REFERENCES if name in pairs), None),
        }
    found: dict[str, object] = {}
    _search(call.json, found, 0)
    return found


def _search(value: object, found: dict[str, object], depth: int) -> None:
    if not isinstance(value, dict) or depth > 4:
        return
    for name, inner in value.items():
        if name in ("amount", "value") and isinstance(inner, int):
            found.setdefault("amount", inner)
        elif name in ("currency", "currencyCode") and isinstance(inner, str):
            found.setdefault("currency", inner)
        elif name in _REFERENCES and isinstance(inner, str):
            found.setdefault("reference", inner)
        elif isinstance(inner, dict):
            _search(inner, found, depth + 1)
