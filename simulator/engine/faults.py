"""API failures that a scenario asks for: applied at the gateway, before the body is read, never in a handler."""

from __future__ import annotations

import copy

from simulator.engine.call import Call
from simulator.engine.runtime import Runtime
from simulator.kernel.refusals import Faulted


def strike(runtime: Runtime, call: Call) -> None:
    """Raises `Faulted` when an armed scenario says that this call fails, and counts it."""
    if not call.workspace.scenarios:
        return
    facts = {"provider": call.provider, "method": call.method, **call.facts, **_body_facts(call)}
    effect = runtime.scenarios.find(call.workspace.scenarios, "api", facts)
    if effect is None or effect.source is None:
        return
    index, rule = effect.source
    armed = list(copy.deepcopy(call.workspace.scenarios))
    scope = armed[index].get("scope") or {}
    if effect.params.times is not None:
        used = armed[index].setdefault("used", {})
        used[str(rule)] = used.get(str(rule), 0) + 1
    if scope.get("next"):
        scope["next"] -= 1
    if effect.params.times is not None or "next" in scope:
        call.workspace = runtime.change_workspace(call.workspace, scenarios=tuple(armed))
    raise Faulted(effect.params.status, {"code": effect.params.code, "message": effect.params.message})


_REFERENCES = ("reference", "merchantPaymentChargeReference", "merchant_order_id", "payment_id", "merchantReference")


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
