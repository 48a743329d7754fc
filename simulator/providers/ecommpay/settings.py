"""The project's settings, and what a scenario says instead of them for one purchase."""

from __future__ import annotations

from typing import Any

from simulator.engine.uow import UnitOfWork

# Source: reference/ecommpay.md, section 7.
ALIPAY_CURRENCIES = ("AUD", "CAD", "CNY", "EUR", "GBP", "HKD", "JPY", "SGD", "USD")

# Source: reference/ecommpay.md, section 3.10. The times are inferred (sections 4.3 and 4.4).
DEFAULTS: dict[str, Any] = {
    "alipay_flow": "redirect",
    "redirect_method": "GET",
    "qr_type": "qr_data",
    "qr_timeout_s": 600,
    "threshold_s": 1800,
    "clarification_s": 1800,
    "processing_delay_s": 0.5,
    "refund_delay_s": 1.0,
    "status_delay_s": 0,
    "required_customer_fields": [],
    "currencies": list(ALIPAY_CURRENCIES),
    "amount_alone_decides": False,
    "merchant_name": "Tea House Online",
}


def setting(uow: UnitOfWork, name: str) -> Any:
    return uow.workspace.setting("ecommpay", name, DEFAULTS[name])


def options(uow: UnitOfWork, amount: int, currency: str, reference: str) -> dict[str, Any]:
    """All settings as they hold for one purchase: what a scenario's `provider` rule says, else what the project has set."""
    facts = {"amount": amount, "currency": currency, "reference": reference}
    effect = uow.rule("provider", "ecommpay", operation="sale", **facts)
    ruled = dict(effect.params) if effect is not None else {}
    if "flow" in ruled:
        ruled["alipay_flow"] = ruled.pop("flow")
    return {name: ruled.get(name, setting(uow, name)) for name in DEFAULTS}
